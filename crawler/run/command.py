"""What the commands share. `crawl` replaces Scrapy's own, which exits with 0 even when everything failed."""

from __future__ import annotations

import argparse
import sqlite3
import sys
from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

from scrapy.commands import ScrapyCommand
from scrapy.settings import default_settings

from crawler import settings as ours
from crawler.run.settings import check_names
from crawler.utils.exit_status import CommandError, ExitStatus, RunResult, usage_error
from crawler.utils.text import ignore_broken_pipe

_ELSEWHERE = ("CONCURRENT_REQUESTS_PER_IP", "META_COPY_WARN_SKIP_KEYS", "LOG_FORMATTER", "SCRAPY_CHECK")
"""Names that Scrapy reads and its table of defaults leaves out."""


def check_settings(opts: argparse.Namespace) -> None:
    """Refuse `-s` names that neither Scrapy nor this project knows; raises Fatal."""
    known = {name for module in (default_settings, ours) for name in dir(module) if name.isupper()}
    check_names((given.split("=", 1)[0] for given in opts.set or ()), known.union(_ELSEWHERE), "setting")


def check_no_options(args: Iterable[str]) -> None:
    """Refuse what looks like an option and is none: Scrapy leaves it among the arguments. Raises Fatal."""
    for given in args:
        if given.startswith("-") and given != "-":
            raise usage_error(f"unknown option {given}; --help lists those that there are")


def report(ending: RunResult) -> int:
    """Say how it ended, if there is something to say; gives the exit status."""
    if ending.message:
        print(f"{'note' if not ending.status else 'stopped'}: {ending.message}", file=sys.stderr)
    return int(ending.status)


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
            check_no_options(args)
            with ignore_broken_pipe():
                self.exitcode = self.act(args, opts)
        except CommandError as fatal:
            self.exitcode = report(fatal.ending)
        except sqlite3.DatabaseError as error:
            message = (
                f"the ledger cannot be read: {error}. If it is damaged, restore a copy or choose another OUTPUT_DIR"
            )
            self.exitcode = report(RunResult(ExitStatus.STORAGE, message))

    @abstractmethod
    def act(self, args: list[str], opts: argparse.Namespace) -> int:
        """Do the work; gives the exit status. Raises Fatal."""

    def setting(self, name: str) -> Any:
        """A setting's value."""
        assert self.settings is not None
        return self.settings.get(name)
