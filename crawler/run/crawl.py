"""Running the spider in a session, and what every run leaves behind: its end in the ledger, its record, and a word to
ON_VERDICT."""

import logging
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from scrapy.commands import BaseRunSpiderCommand

from crawler.ledger import Ledger
from crawler.ledger.file import ledger_path
from crawler.recovery.extraction import ExtractionReport, FromStore, extract, relink
from crawler.recovery.extraction_job import ExtractionPlan, Extractor, LocalWorkers, Outcome
from crawler.recovery.formats import as_bits, is_current_extractor
from crawler.run.health import Breach, RunNumbers, breaches
from crawler.run.record import RECORDS_FOLDER, LedgerMark, gather_numbers, run_record, write_record
from crawler.run.session import Session, format_conflict
from crawler.run.settings import RunSettings, SpiderArguments
from crawler.run.status import describe_end, describe_status
from crawler.utils.exit_status import CommandError, ExitStatus, RunResult, UsageError
from crawler.utils.text import counted, ignore_broken_pipe

logger = logging.getLogger(__name__)

QUIET = {
    "scrapy.utils.log": logging.WARNING,  # its version, and the versions of its libraries
    "scrapy.core.downloader.handlers.http11": logging.ERROR,  # advice on cut answers, which are tried again here
}
"""Loggers of Scrapy's with nothing to say to a user of this crawl."""
COMMAND_SECONDS = 60.0
"""A command that has not ended by then is stopped: a run that is over must not hold up the next one."""
_DONE = RunResult(ExitStatus.DONE)
_INTERRUPTED = RunResult(ExitStatus.INTERRUPTED, "interrupted; run again to go on")
_NO_RELINKING = (ExitStatus.STORAGE, ExitStatus.INTERRUPTED)
"""After such an end the next run does it: nothing can be written, or somebody waits for the process to be gone."""


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What is run: the command's name, the spider's arguments, how many files a changed extractor had written anew
    before, what is printed at the end (None: the usual three lines), and how the run ends in the eyes of its command
    (None: as its crawl did)."""

    command: str
    arguments: SpiderArguments
    rewritten: int = 0
    describe: Callable[[], Iterator[str]] | None = None
    conclude: Callable[[RunResult, RunNumbers, Sequence[Breach]], RunResult] | None = None


def quiet_scrapy(level: object) -> None:
    """Before Scrapy makes its process and speaks; by filters, because it then resets the levels of its loggers."""
    if level != "DEBUG":
        for name, least in QUIET.items():
            logging.getLogger(name).addFilter(partial(_at_least, least))


def _at_least(level: int, said: logging.LogRecord) -> bool:
    return said.levelno >= level


def run_spider(command: BaseRunSpiderCommand, session: Session, plan: RunPlan) -> RunResult:
    """Run the spider in a session; gives how it ended. However that is, the run's record is written, the session closed
    after that, and the word given to ON_VERDICT last of all."""
    path: Path | None = None
    session.verbose |= plan.arguments.dry_run
    try:
        mark = LedgerMark.of(session)
        try:
            if session.ending is None:
                _crawl(command, session, plan)
            with ignore_broken_pipe():
                if session.verbose:
                    print(*describe_status(session.ledger), *session.politeness.summary(), sep="\n")
                describe = plan.describe or partial(describe_end, session.ledger, session.output)
                print("\n".join(describe()))
        except CommandError as error:
            session.end(error.status, str(error))
        except KeyboardInterrupt:
            session.ending = _INTERRUPTED
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
        words = session.settings.on_verdict
        if path is not None and words and (why := run_command(words, path)):
            print(f"warning: ON_VERDICT: {words[0]} {why}; the run's record is {path}", file=sys.stderr)
    return session.ending or _DONE


def _crawl(command: BaseRunSpiderCommand, session: Session, plan: RunPlan) -> None:
    process, settings, dry_run = command.crawler_process, command.settings, plan.arguments.dry_run
    assert process is not None
    assert settings is not None
    if settings.get("LOG_LEVEL") != "DEBUG":
        logging.getLogger("scrapy").setLevel(logging.WARNING)
        signals = logging.getLogger("scrapy.crawler")  # whoever presses Ctrl-C is told that it was heard
        signals.setLevel(logging.INFO)
        signals.addFilter(lambda said: said.levelno >= logging.WARNING or "Received" in said.msg)
    settings.set("USER_AGENT", session.settings.user_agent, priority="cmdline")
    for warning in session.politeness.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    if not dry_run:
        session.keep_format()
    crawler = command._create_crawler("articles")
    process.crawl(crawler, session=session, arguments=plan.arguments)
    process.start()
    if session.ending is None:
        reason = crawler.stats.get_value("finish_reason")
        if signal.getsignal(signal.SIGTERM) == signal.SIG_IGN:  # as Scrapy leaves it when a second signal stops it
            session.ending = _INTERRUPTED
        elif process.bootstrap_failed or reason is None:
            session.ending = RunResult(ExitStatus.ERROR, "the crawl could not begin; the log says why")
        else:
            usual = {"finished": _DONE, "shutdown": _INTERRUPTED}
            session.ending = usual.get(reason, RunResult(ExitStatus.ERROR, f"ended: {reason}"))
    if session.unwritten and session.ending.status in (ExitStatus.DONE, ExitStatus.UNAVAILABLE):
        about = f"{counted(len(session.unwritten), 'article')} not written, by an error of this software"
        session.ending = RunResult(ExitStatus.ERROR, f"{about}; please report it: {session.unwritten[0]}")
    if not dry_run and session.settings.format.for_reading and session.ending.status not in _NO_RELINKING:
        _relink(session)


def _relink(session: Session) -> None:
    """Make links local at the end of a crawl, out of the store, with the process that read its pages."""
    # Scrapy's own handler only asks its loop, which has ended, to stop.
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        session.styles.recovered = as_bits(session.ledger.recovered_ids())
        plan = ExtractionPlan(session.styles, only_changed=True)
        extractor = Extractor(plan, session.store, session.read)
        number = sum(1 for _ in relink(session.ledger, session.styles.has_image, partial(map, extractor)))
        if number:
            logger.info("written anew because of links to what came or went: %s", counted(number, "file"))
    except KeyboardInterrupt:
        message = "interrupted while links were made local; run again to go on"
        session.ending = RunResult(ExitStatus.INTERRUPTED, message)
    except (OSError, sqlite3.Error) as error:
        session.ending = None
        session.failed(error, "when links were made local")
    finally:
        signal.signal(signal.SIGINT, handler)


def _record(session: Session, plan: RunPlan, mark: LedgerMark) -> Path | None:
    """Decide how the run ends, write it down, and leave its record; without it where it cannot be written, and after a
    dry run."""
    if plan.arguments.dry_run:
        return None
    try:
        numbers = gather_numbers(session, mark, plan.arguments.choice, plan.rewritten)
        found = breaches(numbers, session.settings.health)
        ending = session.ending or _DONE
        if plan.conclude is not None:
            session.ending = ending = plan.conclude(ending, numbers, found)
        session.conclude()
        end = replace(ending, message=ending.describe())
        content = run_record(session, mark, plan.command, numbers, found, end)
        return write_record(session.output, content)
    except (OSError, sqlite3.Error) as error:
        folder, before = session.output / RECORDS_FOLDER, session.ending
        failed = f"the run's record could not be written into {folder}: {error}. What was recovered is kept"
        message = "; ".join(filter(None, (failed, before.message if before else "")))
        session.ending = RunResult(ExitStatus.STORAGE, message)
        with suppress(sqlite3.Error):
            session.conclude()
        return None


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
    except (subprocess.TimeoutExpired, KeyboardInterrupt) as error:
        if process is not None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        interrupted = isinstance(error, KeyboardInterrupt)
        return "was interrupted" if interrupted else f"did not end within {seconds:g} s and was stopped"
    finally:
        signal.signal(signal.SIGINT, handler)
    return f"ended with status {status}" if status else ""


def renew_files(settings: RunSettings, tell: Callable[[str], object]) -> tuple[RunResult, int]:
    """Write anew what this extractor makes otherwise of the captures in the store, as `extract --changed` does;
    nothing where all files are of it, or there is no ledger or no store. Gives how it ended, trouble too, and how many
    files are different now. Takes the lock. Raises UsageError, and touches nothing, where the files are of another
    format: a schedule with another FORMAT must not change a whole tree. Other errors only if the ledger cannot be read.
    """
    path, report = ledger_path(settings.output), ExtractionReport(settings.progress_seconds)
    if not path.exists():
        return _DONE, 0
    with Ledger(path) as ledger:
        if mistake := format_conflict(ledger, settings):
            raise UsageError(mistake)
        if is_current_extractor(ledger) or not (ledger.recovered_ids() and ledger.articles_with_captures()):
            return _DONE, 0
    try:
        what = "what it makes otherwise is written anew from the store"
        tell(f"the extractor has changed since the files were written: {what}")
        workers = LocalWorkers(os.cpu_count() or 1, settings.page_seconds, settings.page_memory)
        source = FromStore(settings.output, report)
        ending = extract(source, workers, settings.format, only_changed=True)
        for line in report.describe(dry_run=False, only_changed=True):
            tell(line)
        return ending, report.outcomes[Outcome.NEW] + report.outcomes[Outcome.CHANGED]
    except CommandError as error:
        return error.result, 0
    except KeyboardInterrupt:
        return RunResult(ExitStatus.INTERRUPTED, "interrupted while files were written anew; run again to go on"), 0
