"""What the commands share. `crawl` replaces Scrapy's own, which exits with 0 even when everything failed."""

from __future__ import annotations

import argparse
import logging
import os
import re
import shutil
import sqlite3
import sys
import textwrap
from abc import abstractmethod
from collections.abc import Collection
from pathlib import Path
from typing import Any, ClassVar

from scrapy.commands import BaseRunSpiderCommand, ScrapyCommand, ScrapyHelpFormatter
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import default_settings
from scrapy.spiders import Spider

from crawler import settings as ours
from crawler.run.crawl import quiet_scrapy
from crawler.run.session import Session
from crawler.run.settings import SETTINGS, check_integer, check_names, read_setting
from crawler.utils.exit_status import CommandError, ExitStatus, RunResult, UsageError
from crawler.utils.text import ignore_broken_pipe

_ELSEWHERE = ("CONCURRENT_REQUESTS_PER_IP", "META_COPY_WARN_SKIP_KEYS", "LOG_FORMATTER", "SCRAPY_CHECK")
"""Names that Scrapy reads and its table of defaults leaves out."""


def check_settings(opts: argparse.Namespace) -> None:
    """Refuse `-s` names that neither Scrapy nor this project knows; raises CommandError."""
    scrapys = {name for module in (default_settings, ours) for name in dir(module) if name.isupper()}
    names = (given.split("=", 1)[0] for given in opts.set or ())
    check_names(names, [*SETTINGS, *sorted(scrapys.difference(SETTINGS)), *_ELSEWHERE], "setting")


class _HelpFormatter(argparse.RawDescriptionHelpFormatter, ScrapyHelpFormatter):
    """Leaves the lines of what follows the options as they are."""


def _describe(settings: Collection[str], arguments: Collection[str]) -> str:
    """For `--help`: what the named settings and arguments of the spider are, from their tables."""
    width, lines = max(40, shutil.get_terminal_size().columns - 2), []
    of_settings = {row: text for rows in ours.table.values() for row, text in rows.items()}
    for title, names, rows in (
        ("arguments, as -a name=value (docs/commands.md):", arguments, ours.arguments),
        ("settings, as -s NAME=value (docs/settings.md):", settings, of_settings),
    ):
        for row, text in rows.items():
            if row.name in names:
                about = re.sub(r"\[[^]]*\]\(([^)#]*)[^)]*\)", r"docs/\1", text)  # a link in the documents
                needed = f"  {row.name}={row.default}: {row.needed.rstrip(',')}; {about}"
                lines += [title] * (title not in lines) + textwrap.wrap(needed, width, subsequent_indent=" " * 6)
        lines.append("")
    return "\n".join(lines)


def report(result: RunResult) -> int:
    """Say how it ended, if there is something to say; gives the exit status."""
    message = result.message or (f"{result.status.meaning}; {result.status.next_step}" if result.status else "")
    if message:
        print(f"{'stopped' if result.status else 'note'}: {message}", file=sys.stderr)
    return int(result.status)


def add_workers_option(parser: argparse.ArgumentParser) -> None:
    """Adds `--workers`, which `read_workers` reads."""
    default, about = str(os.cpu_count() or 1), "processes (one for each core by default)"
    parser.add_argument("--workers", metavar="N", default=default, help=about)


def read_workers(opts: argparse.Namespace) -> int:
    """How many processes are asked for. Raises UsageError."""
    return check_integer(opts.workers, "--workers", 1, 256)


class ProjectCommand(ScrapyCommand):
    """A command of this project: `act` does the work and gives the exit status. What ends it early is told here, once
    for all commands."""

    requires_project = True
    requires_crawler_process = False
    default_settings = {"LOG_ENABLED": False}  # noqa: RUF012 - Scrapy's own attribute
    summary: ClassVar[str]
    argument = ""
    """What the command takes beside options, as its syntax has it: `DIR`, `[ID]`; with … any number."""
    argument_hint = "OUTPUT_DIR is what it looks at"
    """Said where the arguments are not these."""
    interrupted = "interrupted; nothing was changed"
    """What Ctrl-C is answered with."""
    uses: Collection[str] = tuple(SETTINGS)
    """The names of the settings that the command reads."""
    takes: Collection[str] = ()
    """The spider's arguments that it takes."""

    def syntax(self) -> str:
        return f"[options] {self.argument}".rstrip()

    def short_desc(self) -> str:
        return self.summary

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.formatter_class, parser.epilog = _HelpFormatter, _describe(self.uses, self.takes)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        try:
            check_settings(opts)
            self._check_arguments(args)
            with ignore_broken_pipe():
                self.exitcode = self.act(args, opts)
        except CommandError as error:
            self.exitcode = report(error.result)
        except KeyboardInterrupt:
            self.exitcode = report(RunResult(ExitStatus.INTERRUPTED, self.interrupted))
        except sqlite3.DatabaseError as error:
            advice = "If it is damaged, restore a copy or choose another OUTPUT_DIR"
            self.exitcode = report(RunResult(ExitStatus.STORAGE, f"the ledger cannot be read: {error}. {advice}"))
        except OSError as error:
            about = f"{error.filename}: " if error.filename else ""
            self.exitcode = report(RunResult(ExitStatus.STORAGE, f"{about}{error.strerror or error}"))

    @abstractmethod
    def act(self, args: list[str], opts: argparse.Namespace) -> int:
        """Do the work; gives the exit status. Raises CommandError, and what `run` answers."""

    def _check_arguments(self, args: list[str]) -> None:
        for given in args:
            if given.startswith("-") and given != "-":  # Scrapy leaves an option that there is not among the arguments
                raise UsageError(f"unknown option {given}; --help lists those that there are")
        optional, name = self.argument.startswith("["), type(self).__module__.rpartition(".")[2]
        if "…" in self.argument or len(args) == bool(self.argument) or (optional and not args):
            return
        takes = "one argument at most" if optional else "one argument" if self.argument else "no arguments"
        found = f" ({' '.join(args)})" if args else ""
        raise UsageError(f"{name} takes {takes}{found}: {self.argument_hint}")

    @property
    def output(self) -> Path:
        """OUTPUT_DIR. Raises UsageError."""
        path: Path = self.setting("OUTPUT_DIR")
        return path

    @property
    def given_settings(self) -> dict[str, object]:
        """The settings as they are given."""
        assert self.settings is not None
        return dict(self.settings)

    def setting(self, name: str) -> Any:
        """A setting's value; only of those that the command says it uses. Raises UsageError."""
        assert name in self.uses, name
        return read_setting(self.given_settings, name)

    def run_quietly(self, spider: type[Spider], session: Session, **arguments: Any) -> Spider | None:
        """Run a spider in a session and a process of Scrapy's own, which logs warnings only; gives it, if it began."""
        assert self.settings is not None
        logging.getLogger("scrapy").setLevel(logging.ERROR)
        settings = self.settings.copy()
        loud = {"LOG_ENABLED": True, "LOG_LEVEL": "WARNING", "USER_AGENT": session.settings.user_agent}
        settings.setdict(loud, priority="cmdline")
        process = AsyncCrawlerProcess(settings)
        crawler = process.create_crawler(spider)
        process.crawl(crawler, session=session, **arguments)
        process.start()
        return crawler.spider


class SpiderCommand(ProjectCommand, BaseRunSpiderCommand):
    """A command that runs the spider, in the process that Scrapy makes for it."""

    requires_crawler_process = True
    default_settings: ClassVar[dict[str, Any]] = {}
    interrupted = "interrupted; run again to go on"

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        assert self.settings is not None
        quiet_scrapy(self.settings.get("LOG_LEVEL"))
