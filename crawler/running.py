"""Running the spider in a session, and what every run leaves behind: its end in the ledger, its record, and a word to ON_VERDICT."""

from __future__ import annotations

import logging
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from scrapy.commands import BaseRunSpiderCommand

from crawler.command import unless_nobody_reads
from crawler.ending import MEANING, Ending, Fatal, Status
from crawler.health import Breach, breaches
from crawler.offline.relink import after_run
from crawler.onverdict import tell
from crawler.options import Arguments, is_loopback, read_arguments
from crawler.runfile import FOLDER, Mark, Numbers, gather, record, write_record
from crawler.session import Session
from crawler.summary import describe

logger = logging.getLogger(__name__)

QUIET = {
    "scrapy.utils.log": logging.WARNING,  # its version, and the versions of its libraries
    "scrapy.core.downloader.handlers.http11": logging.ERROR,  # advice on cut answers, which are tried again here
}
"""Loggers of Scrapy's with nothing to say to a user of this crawl."""

Conclude = Callable[[Ending, Numbers, Sequence[Breach]], Ending]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run: the command's name, the spider's arguments as given, how many files a changed extractor had written anew before, what
    is printed after the summary, and how the run ends in the eyes of its command (None: as its crawl did)."""

    command: str
    given: Mapping[str, str]
    rewritten: int = 0
    afterwards: Callable[[], Iterator[str]] | None = None
    conclude: Conclude | None = None

    def arguments(self, session: Session) -> Arguments:
        """The arguments, read, and narrowed to what the run is about."""
        arguments = read_arguments(self.given)
        return arguments if session.only is None else arguments.narrowed(session.only)


def hush(level: object) -> None:
    """Before Scrapy makes its process and speaks; by filters, because it then resets the levels of its loggers."""
    if level != "DEBUG":
        for name, least in QUIET.items():
            logging.getLogger(name).addFilter(partial(_at_least, least))


def _at_least(level: int, said: logging.LogRecord) -> bool:
    return said.levelno >= level


def run_spider(command: BaseRunSpiderCommand, session: Session, plan: Plan) -> Ending:
    """Run the spider in a session, close the session whatever happens, and leave the run's record; gives how it ended."""
    with _leaving_a_record(session, plan):
        if session.ending is None:
            _crawl(command, session, plan)
        with unless_nobody_reads():
            print(*describe(session.ledger), *session.manners.summary(), sep="\n")
            if plan.afterwards is not None:
                print(*plan.afterwards(), sep="\n")
    return session.ending or Ending(Status.DONE)


def _crawl(command: BaseRunSpiderCommand, session: Session, plan: Plan) -> None:
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
    if session.unwritten and session.ending.status in (Status.DONE, Status.UNAVAILABLE):
        about = f"{len(session.unwritten)} articles were not written, by an error of this software; please report it"
        session.ending = Ending(Status.ERROR, f"{about}: {session.unwritten[0]}")
    if not dry_run:
        after_run(session)


def _introduce(command: BaseRunSpiderCommand, session: Session) -> None:
    """Say who we are to the archive, or that we are nobody to it."""
    assert command.settings is not None
    command.settings.set("USER_AGENT", session.user_agent, priority="cmdline")
    if not session.contact and not is_loopback(session.archive_url):
        session.warnings.append(
            "CONTACT is empty: the archive cannot reach you before it blocks you. Set it, as in -s CONTACT=mailto:you@example.org"
        )
    for warning in session.warnings:
        print(f"warning: {warning}", file=sys.stderr)


def _was_stopped() -> bool:
    """Whether a second signal stopped Scrapy at once: it leaves the handling of further ones so."""
    return signal.getsignal(signal.SIGTERM) == signal.SIG_IGN


def _scrapys(failed: bool, reason: object, *, stopped: bool) -> Ending:
    """How Scrapy ended, where the spider did not say."""
    if stopped:
        return Ending(Status.INTERRUPTED, "interrupted; run again to go on")
    if failed or reason is None:
        return Ending(Status.ERROR, "the crawl could not begin; the log says why")
    if reason == "finished":
        return Ending(Status.DONE)
    return (
        Ending(Status.INTERRUPTED, "interrupted; run again to go on") if reason == "shutdown" else Ending(Status.ERROR, f"ended: {reason}")
    )


@contextmanager
def _leaving_a_record(session: Session, plan: Plan) -> Iterator[None]:
    """Around a run: however it ends, its record is written, the session closed after that, and the word given last of all."""
    path: Path | None = None
    try:
        mark = Mark.of(session)
        try:
            yield
        except Fatal as fatal:
            session.end(fatal.ending.status, fatal.ending.message)
        except KeyboardInterrupt:
            session.ending = Ending(Status.INTERRUPTED, "interrupted; run again to go on")
        except Exception as error:
            if session.ending is not None and session.ending.status is Status.DONE:
                session.ending = None
            session.failed(error, "in the run")
        finally:
            path = _record(session, plan, mark)
    except sqlite3.Error as error:
        session.failed(error, "when the run began")
    finally:
        session.close()
        if path is not None and session.on_verdict and (why := tell(session.on_verdict, path)):
            print(f"warning: ON_VERDICT: {session.on_verdict[0]} {why}; the run's record is {path}", file=sys.stderr)


def _record(session: Session, plan: Plan, mark: Mark) -> Path | None:
    """Decide how the run ends, write it down, and leave its record; without it where it cannot be written, and after a dry run."""
    arguments = plan.arguments(session)
    if arguments.dry_run:
        return None
    try:
        numbers = gather(session, mark, arguments.choice)
        found = breaches(numbers.measures, session.health)
        ending = session.ending or Ending(Status.DONE)
        if plan.conclude is not None:
            session.ending = ending = plan.conclude(ending, numbers, found)
        session.conclude()
        told = replace(ending, message=ending.message or MEANING[ending.status])
        return write_record(session.output, record(session, mark, plan.command, plan.given, numbers, found, plan.rewritten, told))
    except (OSError, sqlite3.Error) as error:
        before = session.ending
        failed = f"the run's record could not be written into {session.output / FOLDER}: {error}. What was recovered is kept"
        session.ending = Ending(Status.STORAGE, "; ".join(filter(None, (failed, before.message if before else ""))))
        with suppress(sqlite3.Error):
            session.conclude()
        return None
