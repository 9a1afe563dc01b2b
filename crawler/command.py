"""What the commands share. `crawl` replaces Scrapy's own, which exits with 0 even when everything failed."""

from __future__ import annotations

import argparse
import os
import sqlite3
import sys
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from scrapy.commands import ScrapyCommand
from scrapy.settings import default_settings

from crawler import settings as ours
from crawler.ending import Ending, Fatal, Status
from crawler.options import check_names, wrong

_ELSEWHERE = ("CONCURRENT_REQUESTS_PER_IP", "META_COPY_WARN_SKIP_KEYS", "LOG_FORMATTER", "SCRAPY_CHECK")
"""Names that Scrapy reads and its table of defaults leaves out."""


def check_settings(opts: argparse.Namespace) -> None:
    """Refuse `-s` names that neither Scrapy nor this project knows; raises Fatal."""
    known = {name for module in (default_settings, ours) for name in dir(module) if name.isupper()}
    check_names((given.split("=", 1)[0] for given in opts.set or ()), known.union(_ELSEWHERE), "setting")


def refuse_options(args: Iterable[str]) -> None:
    """Refuse what looks like an option and is none: Scrapy leaves it among the arguments. Raises Fatal."""
    for given in args:
        if given.startswith("-") and given != "-":
            raise wrong(f"unknown option {given}; --help lists those that there are")


def report(ending: Ending) -> int:
    """Say how it ended, if there is something to say; gives the exit status."""
    if ending.message:
        print(f"{'note' if not ending.status else 'stopped'}: {ending.message}", file=sys.stderr)
    return int(ending.status)


@contextmanager
def unless_nobody_reads() -> Iterator[None]:
    """Around printing to standard output, whose reader may have gone, as with `scrapy status | head`: that is no error."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class ProjectCommand(ScrapyCommand):
    """A command that looks at the output directory; `act` does the work and gives the exit status."""

    requires_project = True
    requires_crawler_process = False
    default_settings = {"LOG_ENABLED": False}  # noqa: RUF012 - Scrapy's own attribute

    def syntax(self) -> str:
        return "[options]"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        try:
            check_settings(opts)
            refuse_options(args)
            with unless_nobody_reads():
                self.exitcode = self.act(args, opts)
        except Fatal as fatal:
            self.exitcode = report(fatal.ending)
        except sqlite3.DatabaseError as error:
            message = f"the ledger cannot be read: {error}. If it is damaged, restore a copy or choose another OUTPUT_DIR"
            self.exitcode = report(Ending(Status.STORAGE, message))

    @abstractmethod
    def act(self, args: list[str], opts: argparse.Namespace) -> int:
        """Do the work; gives the exit status. Raises Fatal."""

    def setting(self, name: str) -> Any:
        """A setting's value."""
        assert self.settings is not None
        return self.settings.get(name)
