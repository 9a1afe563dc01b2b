"""Running the spider in a session, and what every run leaves behind: its end in the ledger, its record, and a word to
ON_VERDICT."""

from __future__ import annotations

import logging
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from scrapy.commands import BaseRunSpiderCommand

from crawler.ledger import Ledger
from crawler.ledger.file import ledger_path
from crawler.recovery import formats as extractor
from crawler.recovery.extraction import extract, relink
from crawler.recovery.extraction_input import ExtractionReport, FromStore
from crawler.recovery.extraction_job import ExtractionPlan, Extractor, Outcome, WorkerLimits, capture_reader
from crawler.recovery.formats import as_bits
from crawler.run.health import Breach, breaches
from crawler.run.record import RECORDS_FOLDER, LedgerMark, RunNumbers, gather_numbers, run_record, write_record
from crawler.run.session import Session
from crawler.run.settings import SpiderArguments, is_loopback, read_arguments, read_format, read_setting
from crawler.run.status import describe_status
from crawler.utils.exit_status import CommandError, ExitStatus, RunResult
from crawler.utils.text import ignore_broken_pipe

COMMAND_SECONDS = 60.0
"""A command that has not ended by then is stopped: a run that is over must not hold up the next one."""


def run_command(words: Sequence[str], record: Path, seconds: float = COMMAND_SECONDS) -> str:
    """Run a command with the path of a run's record as its last argument, without a shell and with nothing to read;
    what it prints goes to standard error. Gives why it failed, or nothing. Only in the main thread."""
    process: subprocess.Popen[bytes] | None = None
    early = False

    def interrupt(*_: object) -> None:
        nonlocal early
        if process is not None:
            raise KeyboardInterrupt
        early = True  # while it is being started, of which nothing may be lost

    handler = signal.signal(signal.SIGINT, interrupt)  # Scrapy's own only asks its loop, which has ended, to stop
    try:
        # In a session of its own, so that all that it started can be stopped with it.
        process = subprocess.Popen([*words, str(record)], stdin=subprocess.DEVNULL, stdout=2, start_new_session=True)
        if early:
            raise KeyboardInterrupt
        status = process.wait(seconds)
    except (OSError, ValueError) as error:
        return f"could not be started: {error}"
    except subprocess.TimeoutExpired:
        _stop(process)
        return f"did not end within {seconds:g} s and was stopped"
    except KeyboardInterrupt:
        _stop(process)
        return "was interrupted"
    finally:
        signal.signal(signal.SIGINT, handler)
    return f"ended with status {status}" if status else ""


def _stop(process: subprocess.Popen[bytes] | None) -> None:
    if process is not None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


_NOT_AFTER = (ExitStatus.STORAGE, ExitStatus.INTERRUPTED)
"""After such an end the next run does it: nothing can be written, or somebody waits for the process to be gone."""


def after_run(session: Session) -> None:
    """Relink at the end of a crawl, out of the store, with the process that read its pages."""
    if not session.format.for_reading or (session.ending is not None and session.ending.status in _NOT_AFTER):
        return
    handler = signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # Scrapy's own only asks its loop, which has ended, to stop
    try:
        session.styles.recovered = as_bits(session.ledger.recovered_ids())
        plan = ExtractionPlan(session.styles, only_changed=True)
        extractor = Extractor(plan, capture_reader(session.store), session.read)
        number = sum(1 for _ in relink(session.ledger, session.styles.has_image, partial(map, extractor)))
        if number:
            logger.info("%d files were written anew because articles or images that they link to came or went", number)
    except KeyboardInterrupt:
        session.ending = RunResult(
            ExitStatus.INTERRUPTED, "interrupted while links were made local; run again to go on"
        )
    except (OSError, sqlite3.Error) as error:
        session.ending = None
        session.failed(error, "when links were made local")
    finally:
        signal.signal(signal.SIGINT, handler)


logger = logging.getLogger(__name__)

QUIET = {
    "scrapy.utils.log": logging.WARNING,  # its version, and the versions of its libraries
    "scrapy.core.downloader.handlers.http11": logging.ERROR,  # advice on cut answers, which are tried again here
}
"""Loggers of Scrapy's with nothing to say to a user of this crawl."""

Conclude = Callable[[RunResult, RunNumbers, Sequence[Breach]], RunResult]


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What is run: the command's name, the spider's arguments as given, how many files a changed extractor had written
    anew before, what is printed after the summary, and how the run ends in the eyes of its command (None: as its crawl
    did)."""

    command: str
    given: Mapping[str, str]
    rewritten: int = 0
    afterwards: Callable[[], Iterator[str]] | None = None
    conclude: Conclude | None = None

    def arguments(self, session: Session) -> SpiderArguments:
        """The arguments, read, and narrowed to what the run is about."""
        arguments = read_arguments(self.given)
        return arguments if session.only is None else arguments.narrowed(session.only)


def quiet_scrapy(level: object) -> None:
    """Before Scrapy makes its process and speaks; by filters, because it then resets the levels of its loggers."""
    if level != "DEBUG":
        for name, least in QUIET.items():
            logging.getLogger(name).addFilter(partial(_at_least, least))


def _at_least(level: int, said: logging.LogRecord) -> bool:
    return said.levelno >= level


def run_spider(command: BaseRunSpiderCommand, session: Session, plan: RunPlan) -> RunResult:
    """Run the spider in a session, close the session whatever happens, and leave the run's record; gives how it
    ended."""
    with _leaving_a_record(session, plan):
        if session.ending is None:
            _crawl(command, session, plan)
        with ignore_broken_pipe():
            print(*describe_status(session.ledger), *session.politeness.summary(), sep="\n")
            if plan.afterwards is not None:
                print(*plan.afterwards(), sep="\n")
    return session.ending or RunResult(ExitStatus.DONE)


def _crawl(command: BaseRunSpiderCommand, session: Session, plan: RunPlan) -> None:
    assert command.crawler_process is not None
    assert command.settings is not None
    if command.settings.get("LOG_LEVEL") != "DEBUG":
        logging.getLogger("scrapy").setLevel(logging.WARNING)
        signals = logging.getLogger("scrapy.crawler")  # whoever presses Ctrl-C is told that it was heard
        signals.setLevel(logging.INFO)
        signals.addFilter(lambda said: said.levelno >= logging.WARNING or "Received" in said.msg)
    _introduce(command, session)
    dry_run = plan.arguments(session).dry_run
    if not dry_run:
        session.keep_format()
    crawler = command._create_crawler("articles")
    command.crawler_process.crawl(crawler, session=session, **plan.given)
    command.crawler_process.start()
    if session.ending is None:
        failed = command.crawler_process.bootstrap_failed
        session.ending = _scrapys(failed, crawler.stats.get_value("finish_reason"), stopped=_was_stopped())
    if session.unwritten and session.ending.status in (ExitStatus.DONE, ExitStatus.UNAVAILABLE):
        about = f"{len(session.unwritten)} articles were not written, by an error of this software; please report it"
        session.ending = RunResult(ExitStatus.ERROR, f"{about}: {session.unwritten[0]}")
    if not dry_run:
        after_run(session)


def _introduce(command: BaseRunSpiderCommand, session: Session) -> None:
    """Say who we are to the archive, or that we are nobody to it."""
    assert command.settings is not None
    command.settings.set("USER_AGENT", session.user_agent, priority="cmdline")
    if not session.contact and not is_loopback(session.archive_url):
        session.warnings.append(
            "CONTACT is empty: the archive cannot reach you before it blocks you."
            " Set it, as in -s CONTACT=mailto:you@example.org"
        )
    for warning in session.warnings:
        print(f"warning: {warning}", file=sys.stderr)


def _was_stopped() -> bool:
    """Whether a second signal stopped Scrapy at once: it leaves the handling of further ones so."""
    return signal.getsignal(signal.SIGTERM) == signal.SIG_IGN


def _scrapys(failed: bool, reason: object, *, stopped: bool) -> RunResult:
    """How Scrapy ended, where the spider did not say."""
    if stopped:
        return RunResult(ExitStatus.INTERRUPTED, "interrupted; run again to go on")
    if failed or reason is None:
        return RunResult(ExitStatus.ERROR, "the crawl could not begin; the log says why")
    if reason == "finished":
        return RunResult(ExitStatus.DONE)
    return (
        RunResult(ExitStatus.INTERRUPTED, "interrupted; run again to go on")
        if reason == "shutdown"
        else RunResult(ExitStatus.ERROR, f"ended: {reason}")
    )


@contextmanager
def _leaving_a_record(session: Session, plan: RunPlan) -> Iterator[None]:
    """Around a run: however it ends, its record is written, the session closed after that, and the word given last of
    all."""
    path: Path | None = None
    try:
        mark = LedgerMark.of(session)
        try:
            yield
        except CommandError as error:
            session.end(error.status, str(error))
        except KeyboardInterrupt:
            session.ending = RunResult(ExitStatus.INTERRUPTED, "interrupted; run again to go on")
        except Exception as error:
            if session.ending is not None and session.ending.status is ExitStatus.DONE:
                session.ending = None
            session.failed(error, "in the run")
        finally:
            path = _record(session, plan, mark)
    except sqlite3.Error as error:
        session.failed(error, "when the run began")
    finally:
        session.close()
        if path is not None and session.on_verdict and (why := run_command(session.on_verdict, path)):
            print(f"warning: ON_VERDICT: {session.on_verdict[0]} {why}; the run's record is {path}", file=sys.stderr)


def _record(session: Session, plan: RunPlan, mark: LedgerMark) -> Path | None:
    """Decide how the run ends, write it down, and leave its record; without it where it cannot be written, and after a
    dry run."""
    arguments = plan.arguments(session)
    if arguments.dry_run:
        return None
    try:
        numbers = gather_numbers(session, mark, arguments.choice)
        found = breaches(numbers.measures, session.health)
        ending = session.ending or RunResult(ExitStatus.DONE)
        if plan.conclude is not None:
            session.ending = ending = plan.conclude(ending, numbers, found)
        session.conclude()
        told = replace(ending, message=ending.describe())
        return write_record(
            session.output, run_record(session, mark, plan.command, plan.given, numbers, found, plan.rewritten, told)
        )
    except (OSError, sqlite3.Error) as error:
        before = session.ending
        folder = session.output / RECORDS_FOLDER
        failed = f"the run's record could not be written into {folder}: {error}. What was recovered is kept"
        session.ending = RunResult(
            ExitStatus.STORAGE, "; ".join(filter(None, (failed, before.message if before else "")))
        )
        with suppress(sqlite3.Error):
            session.conclude()
        return None


@dataclass(frozen=True, slots=True)
class Renewed:
    """What a renewal did: captures read, files that are different now, and how it ended."""

    read: int = 0
    rewritten: int = 0
    ending: RunResult = field(default_factory=lambda: RunResult(ExitStatus.DONE))


def renew_files(output: Path, settings: Mapping[str, object], tell: Callable[[str], object]) -> Renewed:
    """Write anew what this extractor makes otherwise of the captures in the store; nothing where all files are of it,
    or there is no ledger or no store. Takes the lock. Trouble is told in the ending; raises nothing but errors of
    ours."""
    try:
        if not _is_due(output):
            return Renewed()
        what = "what it makes otherwise is written anew from the store"
        tell(f"the extractor has changed since the files were written: {what}")
        return _renew(output, settings, tell)
    except CommandError as error:
        return Renewed(ending=error.result)
    except KeyboardInterrupt:
        return Renewed(
            ending=RunResult(ExitStatus.INTERRUPTED, "interrupted while files were written anew; run again to go on")
        )


def _is_due(output: Path) -> bool:
    if not ledger_path(output).exists():
        return False
    with Ledger(ledger_path(output)) as ledger:
        is_current = extractor.is_current_extractor(ledger)
        return not is_current and bool(ledger.recovered_ids()) and bool(ledger.articles_with_captures())


def _renew(output: Path, settings: Mapping[str, object], tell: Callable[[str], object]) -> Renewed:
    """As `scrapy extract --changed` does it."""
    limits = WorkerLimits(
        os.cpu_count() or 1, read_setting(settings, "PAGE_SECONDS"), read_setting(settings, "PAGE_MEMORY_MB")
    )
    told = ExtractionReport(read_setting(settings, "PROGRESS_SECONDS"))
    ending = extract(FromStore(output, dry_run=False), told, limits, read_format(settings), only_changed=True)
    for line in told.describe(dry_run=False, only_changed=True):
        tell(line)
    return Renewed(told.captures, told.outcomes[Outcome.NEW] + told.outcomes[Outcome.CHANGED], ending)
