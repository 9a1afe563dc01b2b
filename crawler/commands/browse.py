"""`citizen-news browse`: the recovered articles read and searched in a browser, on this machine."""

from __future__ import annotations

import argparse
import signal
import socket
import sqlite3
import sys
import webbrowser
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.run.command import ProjectCommand
from crawler.run.settings import check_integer
from crawler.utils.exit_status import NothingError, StorageError, UsageError
from crawler.utils.text import first_lines, progress_line

if TYPE_CHECKING:
    from crawler.publish.browse.replay import Replay

DATABASE = "archive.db"


class Command(ProjectCommand):
    """Brings archive.db up to date with the files of OUTPUT_DIR, then serves it until it is told to end."""

    summary = "Read and search the recovered articles in a browser"
    argument_hint = "the output directory is what it shows (-o)"
    options = {
        "--host HOST=127.0.0.1": "the address to serve on (by default 127.0.0.1, this machine only)",
        "--port N=8001": "the port to serve on, 0 for any free one (8001 by default)",
        "--open": "open it in the browser of this machine",
        "--no-update": "serve archive.db as it is, without looking at the files first",
    }
    uses = ("OUTPUT_DIR", "PROGRESS_SECONDS", "PAGE_SECONDS", "PAGE_MEMORY_MB")
    interrupted = f"interrupted; run again to go on with {DATABASE}"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        about = "replay articles from this WACZ too, beside those in the output directory; may be given again"
        parser.add_argument("--wacz", metavar="FILE", action="append", default=[], help=about)

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        # Scrapy imports every command for each of them; the others need not wait for this.
        from crawler.publish.browse.database import check_usable

        if not opts.host.strip():
            raise UsageError("--host: an address or the name of this machine is needed")
        output, port = self.output, check_integer(opts.port, "--port", 0, 65535)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            with _bound(opts.host, port) as bound:
                if opts.no_update:
                    check_usable(output)
                else:
                    update(output, self.setting("PROGRESS_SECONDS"))
                limits = (self.setting("PAGE_SECONDS"), self.setting("PAGE_MEMORY_MB"))
                with _replay(output, opts.wacz) as replay:
                    _serve(output, opts.host, bound, limits, replay, open_it=opts.open)
        except sqlite3.DatabaseError as error:
            advice = "Delete it; it is made again from the files"
            raise StorageError(f"{output / DATABASE} cannot be used: {error}. {advice}") from error


def _bound(host: str, port: int) -> socket.socket:
    """The place where it will be served, taken before anything that takes long. Raises UsageError."""
    from crawler.publish.browse.server import bind, is_loopback

    if not is_loopback(host):
        exposed = "can be reached from other machines, and whoever reaches it can read everything here"
        print(f"warning: {host} {exposed}", file=sys.stderr)
    try:
        return bind(host, port)
    except (OSError, UnicodeError) as error:  # the latter for what cannot be a name of a host
        why = getattr(error, "strerror", None) or error
        advice = "choose another with --host or --port"
        raise UsageError(f"cannot serve on {host}, port {port} ({why}): {advice}") from error


def update(output: Path, seconds: float) -> None:
    """Bring archive.db of an output directory up to date, with progress and warnings on standard error. Raises
    CommandError."""
    from crawler.publish.browse.database import build

    if not (output / "articles").is_dir():
        raise NothingError(f"there is nothing to read in {output}: no article was recovered into this directory yet")
    try:
        built = build(output, progress_line("indexed", "articles", seconds))
    except OSError as error:
        advice = "--no-update serves one that is there"
        raise StorageError(f"{output / DATABASE} cannot be written: {error}; {advice}") from error
    if built.anew:
        print(f"{DATABASE} was {built.anew}, and was made anew from the files", file=sys.stderr)
    unreadable = [f"left out, since it cannot be read: {why}" for why in built.unreadable]
    for line in first_lines(unreadable, 10, "files; `citizen-news verify` names them all"):
        print(f"warning: {line}", file=sys.stderr)
    changes = f"{built.new:,} new, {built.changed:,} changed, {built.removed:,} removed, {built.same:,} as before"
    print(f"{DATABASE}: {changes}", file=sys.stderr)


def _replay(output: Path, others: list[str]) -> AbstractContextManager[Replay | None]:
    """What shows articles as they were archived, with warnings on standard error. Raises UsageError."""
    from crawler.publish.browse.replay import Unusable, find_replay

    try:
        replay, faults = find_replay(output, [Path(each) for each in others])
    except Unusable as error:
        raise UsageError(f"--wacz {error}") from error
    for fault in faults:
        print(f"warning: not replayed from: {fault}", file=sys.stderr)
    return replay or nullcontext()


def _serve(
    output: Path, host: str, bound: socket.socket, limits: tuple[float, int], replay: Replay | None, *, open_it: bool
) -> None:
    from crawler.publish.browse.archive import close_archive, open_archive
    from crawler.publish.browse.comparison import PageLimits
    from crawler.publish.browse.pages import Pages
    from crawler.publish.browse.server import serve

    opened = open_archive(Pages(output, PageLimits(*limits), replay), host)
    try:
        name = f"[{host}]" if ":" in host else host
        address = f"http://{name}:{bound.getsockname()[1]}/"
        print(f"Serving {output} at {address} until Ctrl-C", flush=True)
        if open_it and not webbrowser.open(address):
            print("warning: there is no browser here to open it in", file=sys.stderr)
        serve(opened, bound)
    except KeyboardInterrupt:
        print(file=sys.stderr)
    finally:
        close_archive(opened)
