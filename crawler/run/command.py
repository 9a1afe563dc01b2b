"""What the commands share: options, the settings of the output directory, and the words with which they end."""

import argparse
import difflib
import logging
import os
import re
import shutil
import sqlite3
import sys
import textwrap
from abc import abstractmethod
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, ClassVar

from scrapy.commands import BaseRunSpiderCommand, ScrapyCommand, ScrapyHelpFormatter
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings, default_settings
from scrapy.spiders import Spider
from scrapy.utils.misc import walk_modules_iter

from crawler import settings as ours
from crawler.run.config import FILE, load_config
from crawler.run.crawl import quiet_scrapy
from crawler.run.session import Session
from crawler.run.settings import ARGUMENTS, SETTINGS, check_integer, check_names, read_setting
from crawler.settings import Kind
from crawler.utils.exit_status import CommandError, ExitStatus, Interrupted, RunResult, StorageError, UsageError
from crawler.utils.text import ignore_broken_pipe

_ELSEWHERE = ("CONCURRENT_REQUESTS_PER_IP", "META_COPY_WARN_SKIP_KEYS", "LOG_FORMATTER", "SCRAPY_CHECK")
"""Names that Scrapy reads and its table of defaults leaves out."""


def check_settings(opts: argparse.Namespace) -> None:
    """Refuse `-s` names that neither Scrapy nor this project knows; raises CommandError."""
    scrapys = {name for module in (default_settings, ours) for name in dir(module) if name.isupper()}
    names = (given.split("=", 1)[0] for given in opts.set or ())
    check_names(names, [*SETTINGS, *sorted(scrapys.difference(SETTINGS)), *_ELSEWHERE], "setting")


class _HelpFormatter(argparse.RawDescriptionHelpFormatter, ScrapyHelpFormatter):
    """Leaves the lines of what follows the options as they are, and makes no heading of a line that ends in a colon."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        lines = super()._split_lines(text, width)
        return [f"{line} " if line.endswith(":") else line for line in lines]


def _describe(settings: Collection[str]) -> str:
    """For `--help`: those of the named settings that most people set, from their table."""
    width, lines = max(40, shutil.get_terminal_size().columns - 2), ["settings, as -s NAME=value:"]
    shown = {row: about for row, about in ours.table[ours.for_everyone].items() if row.name in settings}
    for row, text in shown.items():
        lines += textwrap.wrap(f"  {row.name}={row.default}: {_plain(text)}", width, subsequent_indent=" " * 6)
    others = len(settings) - len(shown)
    if others:
        lines.append(f"  {others} {'more are ' if shown else ''}for experts: docs/settings-expert.md")
    return "\n".join(lines) if settings else ""


def _plain(text: str) -> str:
    """A text of the documents without its links."""
    return re.sub(r"\[[^]]*\]\(([^)#]*)[^)]*\)", r"docs/\1", text)


class _NoFeed(argparse.Action):
    """Scrapy's own way of writing what comes out of a crawl."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        parser.error("-O is not for articles: -o names the output directory, `export --jsonl FILE` writes JSON lines")


def report(result: RunResult, prefix: str = "stopped") -> int:
    """Say how it ended, if there is something to say; gives the exit status."""
    message = result.message or (f"{result.status.meaning}; {result.status.next_step}" if result.status else "")
    if message:
        print(f"{prefix if result.status else 'note'}: {message}", file=sys.stderr)
    return int(result.status)


def say_successor(former: str, successor: str) -> None:
    """Tell who uses a former name of a command what took its place."""
    print(f"note: `{former}` is `{successor}` now; the old name goes with the next release", file=sys.stderr)


WORKERS = {f"--workers N={os.cpu_count() or 1}": "processes (one for each core by default)"}
"""An option of several commands, which `read_workers` reads."""


def read_workers(opts: argparse.Namespace) -> int:
    """How many processes are asked for. Raises UsageError."""
    return check_integer(opts.workers, "--workers", 1, 256)


class ProjectCommand(ScrapyCommand):
    """A command of this project: `act` does the work and gives the exit status. What ends it early is told here, once
    for all commands."""

    requires_project = True
    requires_crawler_process = False
    default_settings = {"LOG_ENABLED": False}  # noqa: RUF012 - Scrapy's own attribute
    settings: Settings  # Scrapy gives it before it calls anything here
    summary: ClassVar[str]
    argument = ""
    """What the command takes beside options, as its syntax has it: `DIR`, `[ID]`; with … any number."""
    argument_hint = "the output directory is what it looks at (-o)"
    """Said where the arguments are not these."""
    interrupted = "interrupted; nothing was changed"
    """What Ctrl-C is answered with."""
    options: ClassVar[Mapping[str, str]] = {}
    """Its options with their help: `--name` is a switch, `--name VALUE` and `--name VALUE=default` take a value."""
    uses: Collection[str] = tuple(SETTINGS)
    """The names of the settings that the command reads."""
    successor = ""
    """What took the place of a command whose name is a former one."""

    def syntax(self) -> str:
        return f"[options] {self.argument}".rstrip()

    def short_desc(self) -> str:
        return self.summary

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        for action in parser._actions:  # Scrapy's, which few need: they work, and are in its own documents
            if not {"-h", "-s"}.intersection(action.option_strings):
                action.help = argparse.SUPPRESS
        parser.usage = f"{_program()} {self.name} {self.syntax()}"
        parser.formatter_class, parser.epilog = _HelpFormatter, _describe(self.uses)
        if "OUTPUT_DIR" in self.uses:
            about = f"the output directory (by default the nearest one upwards that has a {FILE}, else ./output)"
            parser.add_argument("-o", "--output", dest="directory", metavar="DIR", help=about)
        for option, about in self.options.items():
            name, takes_value, value = option.partition(" ")
            metavar, _, default = value.partition("=")
            given = {"metavar": metavar, "default": default or None} if takes_value else {"action": "store_true"}
            parser.add_argument(name, help=about, **given)
        self._parser = parser

    @property
    def name(self) -> str:
        return type(self).__module__.rpartition(".")[2]

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        try:
            check_settings(opts)
            self._check_arguments(args)
            self._load_config(opts)
            if self.successor:
                say_successor(self.name, self.successor)
            with ignore_broken_pipe():
                self.exitcode = self.act(args, opts) or ExitStatus.DONE
        except CommandError as error:
            self.exitcode = report(error.result, "stopped" if isinstance(error, Interrupted) else "error")
        except KeyboardInterrupt:
            self.exitcode = report(RunResult(ExitStatus.INTERRUPTED, self.interrupted))
        except sqlite3.DatabaseError as error:
            advice = "If it is damaged, restore a copy or choose another output directory"
            self.exitcode = report(StorageError(f"the ledger cannot be read: {error}. {advice}").result, "error")
        except OSError as error:
            about = f"{error.filename}: " if error.filename else ""
            self.exitcode = report(StorageError(f"{about}{error.strerror or error}").result, "error")

    def _load_config(self, opts: argparse.Namespace) -> None:
        """What the environment and the output directory say, beside the command line. Raises UsageError."""
        directory = getattr(opts, "directory", None)
        if directory is not None:
            if re.search(r"^-$|:\w+$|\.(json|jsonl|jl|csv|xml)$", directory):
                advice = "-o names the output directory; `export --jsonl FILE` writes JSON lines"
                raise UsageError(f"-o {directory}: {advice}")
            self.settings.set("OUTPUT_DIR", directory, priority="cmdline")
        load_config(self.settings, os.environ, Path.cwd(), format_of_files="FORMAT" in self.uses)

    @abstractmethod
    def act(self, args: list[str], opts: argparse.Namespace) -> int | None:
        """Do the work; gives the exit status, None for 0. Raises CommandError, and what `run` answers."""

    def _check_arguments(self, args: list[str]) -> None:
        for given in args:
            name, mark, value = given.partition("=")
            if given.startswith("-") and given != "-":  # Scrapy leaves an option that there is not among the arguments
                known = [option for action in self._parser._actions for option in action.option_strings]
                near = difflib.get_close_matches(name, known, n=1)
                advice = f"did you mean {near[0]}?" if near else "--help lists those that there are"
                raise UsageError(f"unknown option {name}: {advice}")
            if mark and name.upper() in SETTINGS:
                raise UsageError(f"{given}: did you mean -s {name.upper()}={value}?")
            if mark and name in ARGUMENTS:
                raise UsageError(f"{given}: did you mean --{name.replace('_', '-')} {value}?")
        optional = self.argument.startswith("[")
        if "…" in self.argument or len(args) == bool(self.argument) or (optional and not args):
            return
        takes = "one argument at most" if optional else "one argument" if self.argument else "no arguments"
        found = f" ({' '.join(args)})" if args else ""
        raise UsageError(f"{self.name} takes {takes}{found}: {self.argument_hint}")

    @property
    def output(self) -> Path:
        """OUTPUT_DIR. Raises UsageError."""
        path: Path = self.setting("OUTPUT_DIR")
        return path

    def setting(self, name: str) -> Any:
        """A setting's value; only of those that the command says it uses. Raises UsageError."""
        assert name in self.uses, name
        return read_setting(self.settings, name)

    def run_quietly(self, spider: type[Spider], session: Session, **arguments: Any) -> Spider | None:
        """Run a spider in a session and a process of Scrapy's own, which logs warnings only; gives it, if it began."""
        logging.getLogger("scrapy").setLevel(logging.ERROR)
        settings = self.settings.copy()
        loud = {"LOG_ENABLED": True, "LOG_LEVEL": "WARNING", "USER_AGENT": session.settings.user_agent}
        settings.setdict(loud, priority="cmdline")
        for warning in session.politeness.warnings:
            print(f"warning: {warning}", file=sys.stderr)
        process = AsyncCrawlerProcess(settings)
        crawler = process.create_crawler(spider)
        process.crawl(crawler, session=session, **arguments)
        process.start()
        if crawler.stats is not None and crawler.stats.get_value("finish_reason") == "shutdown":
            session.end(ExitStatus.INTERRUPTED, self.interrupted)
        return crawler.spider


def commands() -> dict[str, ProjectCommand]:
    """This project's commands, by their names."""
    modules = {module.__name__.rpartition(".")[2]: module for module in walk_modules_iter(ours.COMMANDS_MODULE)}
    return {name: module.Command() for name, module in modules.items() if hasattr(module, "Command")}


_METAVARS = {Kind.ARTICLES: "IDS", Kind.WHOLE: "N", Kind.TIME: "TIME", Kind.FOLDER: "DIR"}


class SpiderCommand(ProjectCommand, BaseRunSpiderCommand):
    """A command that runs the spider, in the process that Scrapy makes for it."""

    requires_crawler_process = True
    default_settings: ClassVar[dict[str, Any]] = {}
    interrupted = "interrupted; run again to go on"
    takes: Collection[str] = ()
    """The spider's arguments that it takes, as options and as `-a name=value`."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("-O", "--overwrite-output", action=_NoFeed, nargs="?", help=argparse.SUPPRESS)
        parser.set_defaults(output=None, overwrite_output=None)
        for row, text in ours.arguments.items():
            if row.name in self.takes and row.name not in ("repair", "in_place"):  # a command of its own now
                option: dict[str, Any] = {"dest": f"argument_{row.name}", "help": _plain(text)}
                switch = {"action": "store_const", "const": "1"}
                option |= switch if row.kind is Kind.SWITCH else {"metavar": _METAVARS[row.kind]}
                parser.add_argument(f"--{row.name.replace('_', '-')}", **option)
        parser.add_argument("-v", "--verbose", action="store_true", help="say more: all figures at the end")

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        given = {name: getattr(opts, f"argument_{name}", None) for name in self.takes}
        opts.spargs |= {name: value for name, value in given.items() if value is not None}
        quiet_scrapy(self.settings.get("LOG_LEVEL"))


def _program() -> str:
    """What the user called: `citizen-news`, or Scrapy in a checkout."""
    called = Path(sys.argv[0]).stem
    return called if called == "scrapy" else "citizen-news"
