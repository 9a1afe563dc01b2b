"""`scrapy export --wacz FILE`, `--bag DIR` or `--jsonl FILE`: what was recovered, in a form that other software
reads."""

from __future__ import annotations

import argparse
import sys
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from crawler import __version__
from crawler.ledger import Ledger, State
from crawler.ledger.file import ledger_path
from crawler.recovery.store import OPEN_SUFFIX
from crawler.run.command import ProjectCommand, report
from crawler.utils.exit_status import ExitStatus, RunResult, StorageError, UsageError
from crawler.utils.files import atomic_file, check_is_new, writing
from crawler.utils.text import first_few

if TYPE_CHECKING:
    from crawler.preserve.wacz import UnindexedRange

SUFFIX = ".wacz"
FORMATS = {"wacz": "--wacz FILE", "bag": "--bag DIR", "jsonl": "--jsonl FILE"}
STANDARD_OUTPUT = "-"
TITLE = "Citizen News (hkcnews.com)"


class Command(ProjectCommand):
    """Reads the store and the ledger of OUTPUT_DIR; writes one file, and changes nothing else."""

    uses = ("OUTPUT_DIR",)

    def syntax(self) -> str:
        return "[options] --wacz FILE | --bag DIR | --jsonl FILE"

    def short_desc(self) -> str:
        return "Write the store as a WACZ file, everything as a BagIt bag, or the articles as JSON lines"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--wacz", metavar="FILE", help="all captures of the store, for pywb and ReplayWeb.page")
        parser.add_argument(
            "--bag", metavar="DIR", help="articles, captures, images and ledger as a BagIt bag, a new directory"
        )
        parser.add_argument(
            "--jsonl",
            metavar="FILE",
            help="fields and plain text of all articles, a JSON object a line; - for standard output",
        )
        parser.add_argument("--force", action="store_true", help="replace FILE if it is there")

    def act(self, args: list[str], opts: argparse.Namespace) -> int:
        chosen = [name for name in FORMATS if getattr(opts, name) is not None]
        if args or len(chosen) != 1:
            unknown = f" ({' '.join(args)} is none)" if args else ""
            raise UsageError(
                f"what to export, and where to: exactly one of {', '.join(FORMATS.values())} is needed{unknown}"
            )
        if opts.bag is not None:
            if opts.force or not opts.bag.strip():
                raise UsageError(
                    "--bag: the name of a new directory is needed; none is replaced, so --force is no help"
                )
            return _bag(self.setting("OUTPUT_DIR"), Path(opts.bag))
        if opts.jsonl is not None:
            return self._jsonl(opts.jsonl, opts.force)
        path = Path(opts.wacz)
        if path.suffix.lower() != SUFFIX:
            raise UsageError(f"--wacz {path}: the name of a file that ends in {SUFFIX} is needed")
        check_is_new(path, force=opts.force)
        return _wacz(self.setting("OUTPUT_DIR"), path)

    def _jsonl(self, name: str, force: bool) -> int:
        if not name.strip():
            raise UsageError("--jsonl: the name of a file is needed, or - for standard output")
        output = self.setting("OUTPUT_DIR")
        if name == STANDARD_OUTPUT:
            return _jsonl(output, None)
        check_is_new(Path(name), force=force)
        return _jsonl(output, Path(name))


def _jsonl(output: Path, path: Path | None) -> int:
    """Export the articles, to standard output without a path; gives the exit status. Raises CommandError."""
    from crawler.preserve.jsonl import FOLDER, write_jsonl
    from crawler.preserve.verify import open_locked as open_places

    has_ledger = ledger_path(output).exists()
    if not has_ledger:
        if not (output / FOLDER).is_dir():
            raise StorageError(f"there is nothing to export: no ledger and no folder {FOLDER} in {output}")
        _note(
            f"there is no ledger {ledger_path(output)}: lines have what the files in {output / FOLDER} say by"
            " themselves"
        )
    with open_places(output) if has_ledger else nullcontext() as ledger, writing(path or Path("standard output")):
        with atomic_file(path) if path is not None else nullcontext(sys.stdout.buffer) as out:
            lines = write_jsonl(out, output, ledger)
            out.flush()
        adopted = ledger.counts()[State.ADOPTED] if ledger is not None else 0
    if adopted:
        _note(f"{adopted} adopted articles are not in it: their files are elsewhere")
    if lines.others:
        _note(f"{len(lines.others)} further files of articles that have a line are left out: {first_few(lines.others)}")
    about = f"{path or 'standard output'}: {lines.articles} articles, {lines.size} bytes"
    print(about, file=sys.stdout if path is not None else sys.stderr)
    if not (lines.left_out or lines.changed):
        return ExitStatus.DONE
    left = (
        f"{len(lines.left_out)} files cannot be read and have no line: {first_few(lines.left_out)}"
        if lines.left_out
        else ""
    )
    changed = (
        f"{len(lines.changed)} files are not as the ledger has them: {first_few(lines.changed)}"
        if lines.changed
        else ""
    )
    return report(RunResult(ExitStatus.DAMAGED, f"{'; '.join(filter(None, (left, changed)))}. See `scrapy verify`"))


def _wacz(output: Path, path: Path) -> int:
    """Export the store; gives the exit status. Raises CommandError."""
    # Scrapy imports every command for each of them; the index's libraries take a fifth of a second that the others need
    # not wait.
    from crawler.preserve.wacz import indexed_pages, recovered_pages, write_wacz

    warcs = _warcs(output / "warc")
    left_out: list[int] = []
    with _ledger(ledger_path(output)) as ledger, writing(path):
        pages = indexed_pages if ledger is None else partial(recovered_pages, ledger, output, left_out)
        with atomic_file(path) as out:
            software = f"citizen-news-recovery/{__version__}"
            packed = write_wacz(out, warcs, pages, title=TITLE, software=software, created=datetime.now(UTC))
        for damage in packed.damages:
            print(f"damaged: {damage}{_articles(ledger, damage)}", file=sys.stderr)
    if left_out:
        _note(
            f"{len(left_out)} recovered articles are no pages in it, since their captures are not in these files:"
            f" {first_few(left_out)}"
        )
    print(
        f"{path}: {packed.captures} captures, {packed.pages} pages, {len(warcs)} WARC files, {path.stat().st_size}"
        " bytes"
    )
    if packed.damages:
        count = len(packed.damages)
        about = (
            f"{count} damaged places in the store: {path} has its files as they are, and everything in them that is"
            " whole in its index"
        )
        return report(RunResult(ExitStatus.DAMAGED, about))
    return ExitStatus.DONE


def _bag(output: Path, bag: Path) -> int:
    """Export everything; gives the exit status. Raises CommandError."""
    from crawler.preserve.bag import write_bag
    from crawler.preserve.verify import open_locked as open_places

    with open_places(output) as ledger, writing(bag):
        bagged = write_bag(output, ledger, bag, software=f"citizen-news-recovery/{__version__}", now=datetime.now(UTC))
    if bagged.left_out:
        _note(f"{len(bagged.left_out)} files are left out, see `scrapy verify`: {first_few(bagged.left_out)}")
    print(f"{bag}: {bagged.files} files, {bagged.size} bytes")
    return ExitStatus.DONE


def _warcs(folder: Path) -> list[tuple[Path, int]]:
    """The store's files with their sizes, by name; says which one is left out because it is not finished. Raises
    Fatal."""
    for unfinished in sorted(folder.glob(f"*.warc.gz{OPEN_SUFFIX}")):
        _note(f"{unfinished} is left out: a run is writing it, or left it when it was killed; the next run finishes it")
    warcs = [
        (path, size) for path in sorted(folder.glob("*.warc.gz")) if path.is_file() and (size := path.stat().st_size)
    ]
    if not warcs:
        raise StorageError(f"there is nothing to export: no *.warc.gz in {folder}")
    return warcs


def _ledger(path: Path) -> AbstractContextManager[Ledger | None]:
    """The ledger, if there is one."""
    if path.exists():
        return Ledger(path)
    _note(f"there is no ledger {path}: every capture of an article's address is a page, with the address for a title")
    return nullcontext()


def _articles(ledger: Ledger | None, damage: UnindexedRange) -> str:
    """The articles whose captures the ledger has in a damaged stretch."""
    if ledger is None:
        return ""
    rows = (row for article in ledger.articles() for row in ledger.captures(article.id))
    ids = sorted(
        {row.article for row in rows if row.warc == damage.file and damage.start <= row.warc_offset < damage.end}
    )
    return f" (articles {', '.join(map(str, ids))})" if ids else ""


def _note(message: str) -> None:
    print(f"note: {message}", file=sys.stderr)
