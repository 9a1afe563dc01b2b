"""What a run works with: the locked output directory, ledger, store, sources, and the politeness towards each host."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlsplit

from crawler import __version__
from crawler.ledger import Ledger, LedgerError
from crawler.ledger.file import ledger_path
from crawler.politeness.policy import RequestPace
from crawler.politeness.politeness import Politeness
from crawler.politeness.rate_limiter import Clock, SystemClock
from crawler.recovery import formats as extractor
from crawler.recovery.formats import Styles, as_bits, format_of, written_in
from crawler.recovery.judge import IsolatedReader
from crawler.recovery.listing import GAP_REQUESTS, PUBLISHED
from crawler.recovery.sources import WAYBACK, WebArchiveFiles
from crawler.recovery.store import Store, mark_known, reconcile
from crawler.run.settings import RunSettings
from crawler.utils.exit_status import ExitStatus, RunResult, StorageError, UsageError
from crawler.utils.lock import lock_output
from crawler.utils.text import first_few, format_duration
from crawler.wayback.archive import WebArchive

logger = logging.getLogger(__name__)


def host_of(site: WebArchive) -> str:
    """What limits belong to: scheme, host and port of an archive, whatever its collections."""
    parts = urlsplit(site.address)
    return f"{parts.scheme}://{parts.netloc.lower()}"


class HostPoliteness:
    """One Politeness for each archive's host. `told` is called when one begins to hold requests back."""

    def __init__(self, settings: RunSettings, clock: Clock, told: Callable[[str, float], None]) -> None:
        self._hosts = {site.name: host_of(site) for site in settings.sites}
        self._all: dict[str, Politeness] = {}
        self.warnings: list[str] = []
        for host in dict.fromkeys(self._hosts.values()):
            budget, warnings = settings.budget(host)
            self.warnings += [warning for warning in warnings if warning not in self.warnings]
            self._all[host] = Politeness(budget, clock, told)
        self.answered: set[str] = set()
        """Sources that have answered something in this run."""

    def towards(self, source: str) -> Politeness:
        """That towards the archive of a source."""
        return self._all[self._hosts[source]]

    def hosts(self) -> Iterator[tuple[str, Politeness]]:
        """Each host with its politeness."""
        yield from self._all.items()

    def close(self, message: str) -> None:
        """No request leaves any more."""
        for politeness in self._all.values():
            politeness.close(message)

    def holding(self) -> tuple[str, float] | None:
        """Why and for how many seconds requests are held back, at the archive where that is longest; None when none
        are."""
        return max(
            (held for one in self._all.values() if (held := one.holding())), key=lambda held: held[1], default=None
        )

    def paces(self) -> tuple[RequestPace, ...]:
        """How fast each kind of request goes to each archive."""
        return tuple(pace for host, one in self._all.items() for pace in one.paces(host))

    def summary(self) -> list[str]:
        """What each archive was asked and how it answered, a line each."""
        lines = {host: one.summary().describe() for host, one in self._all.items()}
        return list(lines.values()) if len(lines) == 1 else [f"{host}: {line}" for host, line in lines.items()]

    def save(self, ledger: Ledger) -> None:
        """Write pauses and breakers down."""
        for host, one in self._all.items():
            ledger.set_meta(f"politeness {host}", json.dumps(one.state()))

    def remember(self, ledger: Ledger) -> None:
        """A pause or an open breaker of an earlier run holds for this one too."""
        for host, one in self._all.items():
            saved = ledger.meta(f"politeness {host}")
            if saved is None:
                continue
            try:
                one.restore(json.loads(saved))
            except (ValueError, TypeError, AttributeError):
                logger.warning("what the ledger remembers of the last run's pauses cannot be read; starting slowly")


PATIENCE = 60.0
"""Seconds that a run waits whose very first connection is refused."""


class Session(RunSettings):
    """Opened by a command before the crawl, closed after it. Raises CommandError when the run cannot begin."""

    def __init__(self, settings: Mapping[str, object], arguments: Mapping[str, str]) -> None:
        super().__init__(settings)
        self.styles = Styles(self.format, self.output)
        self.ending: RunResult | None = None
        self.unwritten: list[str] = []
        self._concluded = False
        self.only: frozenset[int] | None = None
        """The articles that this run is about, when they do not stand in its arguments."""
        self.renewing: bool = False
        """Whether the run lists only what is new and looks for better captures of recovered articles (`scrapy
        recover`)."""
        self.reopened: set[int] = set()
        """The recovered articles that this run made due again, for a capture that would be preferred."""
        self._lock = lock_output(self.output, make=True)
        self.store = Store(self.output / "warc")
        self.read = IsolatedReader(self.page_seconds, self.page_memory)
        self._reading = f"{__version__}, {self.page_seconds:g} s, {self.page_memory} MiB"
        self._outage_since: float | None = None
        self.politeness = HostPoliteness(self, SystemClock(), self._told)
        self.warnings = self.politeness.warnings
        try:
            self._open(arguments)
        except LedgerError:
            self._lock.release()
            raise
        except (sqlite3.Error, OSError) as error:
            self._lock.release()
            raise StorageError(f"{self.output} cannot be used: {error}. Make room or repair it") from error

    def _open(self, arguments: Mapping[str, str]) -> None:
        self.ledger = Ledger(ledger_path(self.output), self.public_url)
        try:
            self._declare()
            self.store.mend()
            reconcile(self.ledger, self.store)
            self._reopen()
            self.styles.recovered = as_bits(self.ledger.recovered_ids()) if self.format.for_reading else 0
            self.politeness.remember(self.ledger)
            self.run = self.ledger.begin_run(dict(arguments), __version__)
        except BaseException:
            self.ledger.close()
            raise

    def _declare(self) -> None:
        """The ledger is told of every source; files without an archive of their own are taken for captures of the
        public one."""
        self.ledger.add_source(WAYBACK, f"{self.public_url}/web")
        for source in self.sources:
            if isinstance(source, WebArchiveFiles):
                self.ledger.add_source(source.name, f"{self.public_url}/web", is_file=True)
            elif source.name != WAYBACK:
                self.ledger.add_source(source.name, source.public)

    def _reopen(self) -> None:
        """What was settled is due again when its file is gone, or when a page was too much for limits that have changed
        since."""
        root = str(self.output)
        gone = [article for article, file in self.ledger.files() if not os.path.isfile(os.path.join(root, file))]  # noqa: PTH113, PTH118 - 49,000 of them
        if gone:
            logger.warning(
                "%d recovered articles have lost their files and are written again: %s", len(gone), first_few(gone)
            )
            self.ledger.reopen(gone)
        if self.ledger.meta("reading") not in (None, self._reading):
            again = self.ledger.reopen_failed()
            if again:
                logger.info("%d articles whose pages could not be read before are tried again", again)
        self.ledger.set_meta("reading", self._reading)

    def keep_format(self) -> None:
        """A tree is of one format: raises CommandError when its files are of another one than this run would write."""
        message = format_conflict(self.ledger, self)
        if not message:
            written_in(self.ledger, self.format)
            extractor.note_extractor(self.ledger)
            return
        self.end(ExitStatus.USAGE, message)
        raise UsageError(message)

    @property
    def gap_requests(self) -> int:
        """How many requests may be spent on what no listing has."""
        if self.given_gap_requests is not None:
            return self.given_gap_requests
        return GAP_REQUESTS if len(self.ledger.known_ids()) * 2 >= PUBLISHED else 0

    def site(self, name: str) -> WebArchive | None:
        """The archive of that name; None when the source is a file."""
        return next((site for site in self.sites if site.name == name), None)

    def known_good(self, source: str) -> str:
        """The address of a capture that the archive of that name gave in an earlier run; empty when none is known."""
        site, known = self.site(source), self.ledger.stored_capture(source)
        return site.playback_url(*known) if site is not None and known is not None else ""

    def end(self, status: ExitStatus, message: str) -> None:
        """Decide how the run ends; the first decision stands."""
        if self.ending is None:
            self.ending = RunResult(status, message)

    def not_written(self, article: int, why: str) -> None:
        """An article that was recovered and could not be written, by a fault of ours: the run goes on, and its status
        tells."""
        logger.error("article %d was not written: %s", article, why)
        self.unwritten.append(f"article {article}: {why}")

    def failed(self, error: Exception, about: str) -> None:
        """End the run: for storage that cannot be used, or for an error of ours."""
        if isinstance(error, (OSError, sqlite3.Error, LedgerError)):
            message = (
                f"cannot write to {self.output}: {error}. Nothing was damaged; make room or repair it, then run again"
            )
            self.end(ExitStatus.STORAGE, message)
        else:
            logger.error("an error of this software: %s", about, exc_info=error)
            self.end(ExitStatus.ERROR, f"an error of this software: {about}: {error!r}; please report it with the log")

    def refused(self, source: str) -> None:
        """A connection was refused. While nothing was answered yet there is no run to keep waiting for long."""
        held, site = self.politeness.towards(source).holding(), self.site(source)
        if source not in self.politeness.answered and held is not None and site is not None and held[1] > PATIENCE:
            refused = f"{site.address} refuses connections (or nothing listens there)"
            message = f"{refused}. A new run asks again after {format_duration(held[1])}"
            self.end(ExitStatus.REFUSING, message)
            self.politeness.close(message)

    def outage_lasts(self, now: float) -> bool:
        """Whether an outage of the whole archive has lasted so long that the run ends. `now` in seconds that only go
        forward."""
        out = [host for host, politeness in self.politeness.hosts() if politeness.in_outage]
        if not out:
            self._outage_since = None
            return False
        self._outage_since = now if self._outage_since is None else self._outage_since
        if now - self._outage_since < self.outage_seconds:
            return False
        self.end(
            ExitStatus.UNAVAILABLE,
            f"the archive {out[0]} has been out of order for {format_duration(self.outage_seconds)}. Run again later",
        )
        self.politeness.close("the archive is out of order")
        return True

    def conclude(self) -> None:
        """Write down how the run ended. Raises sqlite3.Error."""
        ending = self.ending or RunResult(ExitStatus.DONE)
        self._concluded = True
        self.politeness.save(self.ledger)
        mark_known(self.ledger, self.store)
        self.ledger.end_run(self.run, ending.status, ending.message)

    def close(self) -> None:
        """Write down how the run ended, if that was not done yet, and let go of everything."""
        try:
            if not self._concluded:
                self.conclude()
        except sqlite3.Error as error:
            logger.error("how the run ended could not be written down: %s", error)
        finally:
            self.read.close()
            self.store.close()
            self.ledger.close()
            self._lock.release()

    def _told(self, message: str, seconds: float) -> None:
        self.politeness.save(self.ledger)  # whoever reads of a pause may kill the run, and the next one keeps it
        logger.warning("%s", message)


def format_conflict(ledger: Ledger, asked: RunSettings) -> str:
    """A tree is of one format: what is to be said when its files are of another one than is asked for; else nothing."""
    there = format_of(ledger)
    if there in ("", str(asked.format)):
        return ""
    change = "".join(f" -s {part}" for part in str(asked.format).split())
    message = f"the files in {asked.output} are written with {there}, and this run asks for {asked.format}"
    return f"{message}: `scrapy extract{change}` changes them all without a request. Or choose another OUTPUT_DIR"
