"""What a run works with: the locked output directory, ledger, store, sources, and the politeness towards each host."""

import json
import logging
import os
import shlex
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from urllib.parse import urlsplit

from crawler import __version__
from crawler.ledger import Ledger, LedgerError, State
from crawler.ledger.file import ledger_path
from crawler.politeness.politeness import Politeness
from crawler.politeness.rate_limiter import Clock
from crawler.politeness.summary import RequestPace
from crawler.recovery.formats import Format, Styles, as_bits, format_of, note_extractor, put_site_files, written_in
from crawler.recovery.judge import IsolatedReader
from crawler.recovery.listing import GAP_REQUESTS, PUBLISHED
from crawler.recovery.sources import WAYBACK, WebArchiveFiles
from crawler.recovery.store import Store, mark_known, reconcile
from crawler.run.settings import RunSettings, is_loopback
from crawler.utils.exit_status import ExitStatus, RunResult, StorageError, UsageError
from crawler.utils.lock import lock_output
from crawler.utils.text import counted, first_few, format_duration
from crawler.warc.remote import RemoteError
from crawler.wayback.archive import WebArchive

logger = logging.getLogger(__name__)

OFFLINE_SECONDS = 5.0
"""After so long without a way to any archive a run gives up: a network that is coming up has had its time."""
PATIENCE = 60.0
"""Seconds that a run waits whose very first connection is refused."""


class HostPoliteness:
    """One Politeness for each archive's host: scheme, host and port, whatever its collections. `on_hold` is called when
    one begins to hold requests back. `answered`: sources that have answered something in this run; `warnings`: rates
    that were lowered."""

    def __init__(self, settings: RunSettings, clock: Clock, on_hold: Callable[[str, float], None]) -> None:
        self.hosts: dict[str, Politeness] = {}
        self._by_source: dict[str, Politeness] = {}
        self.answered: set[str] = set()
        self.warnings: list[str] = []
        for site in settings.sites:
            parts = urlsplit(site.address)
            host = f"{parts.scheme}://{parts.netloc.lower()}"
            if host not in self.hosts:
                budget, warnings = settings.budget(host)
                self.warnings += [warning for warning in warnings if warning not in self.warnings]
                self.hosts[host] = Politeness(budget, clock, on_hold)
            self._by_source[site.name] = self.hosts[host]

    def towards(self, source: str) -> Politeness:
        """That towards the archive of a source."""
        return self._by_source[source]

    def close(self, message: str) -> None:
        """No request leaves any more."""
        for politeness in self.hosts.values():
            politeness.close(message)

    def holding(self) -> tuple[str, float] | None:
        """Why and for how many seconds requests are held back, at the archive where that is longest; None when none
        are."""
        holds = filter(None, (politeness.holding() for politeness in self.hosts.values()))
        return max(holds, key=lambda hold: hold[1], default=None)

    def paces(self) -> tuple[RequestPace, ...]:
        """How fast each kind of request goes to each archive."""
        return tuple(pace for host, politeness in self.hosts.items() for pace in politeness.paces(host))

    def summary(self) -> list[str]:
        """What each archive was asked and how it answered, a line each."""
        lines = {host: politeness.summary().describe() for host, politeness in self.hosts.items()}
        return list(lines.values()) if len(lines) == 1 else [f"{host}: {line}" for host, line in lines.items()]

    def save(self, ledger: Ledger) -> None:
        """Write pauses and breakers down."""
        for host, politeness in self.hosts.items():
            ledger.set_meta(f"politeness {host}", json.dumps(politeness.state()))

    def restore(self, ledger: Ledger) -> None:
        """A pause or an open breaker of an earlier run holds for this one too."""
        saved = {host: ledger.meta(f"politeness {host}") for host in self.hosts}  # a hold that begins saves all hosts
        for host, state in saved.items():
            try:
                if state is not None:
                    self.hosts[host].restore(json.loads(state))
            except (ValueError, TypeError, AttributeError):
                logger.warning("what the ledger remembers of the last run's pauses cannot be read; starting slowly")


class Session:
    """Opened by a command before the crawl, closed after it. Raises CommandError when the run cannot begin."""

    def __init__(self, settings: RunSettings, given: Mapping[str, str]) -> None:
        """`given`: the arguments of the run, for ledger and record."""
        self.settings, self.output, self.given = settings, settings.output, dict(given)
        self.styles = Styles(settings.format, self.output)
        self.ending: RunResult | None = None
        self.unwritten: list[str] = []
        self.verbose = False
        """Whether estimates and all figures are told, too."""
        self.renewing: bool = False
        """Whether the run lists only what is new and looks for better captures of recovered articles: `recover`."""
        self.reopened: set[int] = set()
        """The recovered articles that this run made due again, for a capture that would be preferred."""
        clock = Clock()
        self.politeness = HostPoliteness(settings, clock, self._note_hold)
        if not settings.contact and not is_loopback(settings.archive_url):
            advice = "Set it with `citizen-news init`, or as in -s CONTACT=mailto:you@example.org"
            self.politeness.warnings.append(
                f"CONTACT is empty: an archive cannot reach you before it blocks you. {advice}"
            )
        self._seconds, self._began = clock.monotonic, clock.monotonic()
        self._concluded = False
        self._outage_since: float | None = None
        with ExitStack() as opened:
            opened.enter_context(lock_output(self.output, make=True))
            try:
                self.ledger = opened.enter_context(Ledger(ledger_path(self.output), settings.public_url))
                self.store = opened.enter_context(closing(Store(self.output / "warc")))
                self.read = opened.enter_context(closing(IsolatedReader(settings.page_seconds, settings.page_memory)))
                self._begin()
            except (sqlite3.Error, OSError) as error:
                raise StorageError(f"{self.output} cannot be used: {error}. Make room or repair it") from error
            self._opened = opened.pop_all()

    def _begin(self) -> None:
        """Put in order what an earlier run left. Files without an archive of their own are taken for captures of the
        public one."""
        public = f"{self.settings.public_url}/web"
        self.ledger.add_source(WAYBACK, public)
        for source in self.settings.sources:
            if isinstance(source, WebArchiveFiles):
                self.ledger.add_source(source.name, public, is_file=True)
            elif source.name != WAYBACK:
                self.ledger.add_source(source.name, source.public)
        self.store.mend()
        reconcile(self.ledger, self.store)
        self._reopen()
        self.styles.recovered = as_bits(self.ledger.recovered_ids()) if self.settings.format.for_reading else 0
        self.politeness.restore(self.ledger)
        self.run = self.ledger.begin_run(self.given, __version__)

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
        limits = f"{__version__}, {self.settings.page_seconds:g} s, {self.settings.page_memory} MiB"
        if self.ledger.meta("reading") not in (None, limits) and (again := self.ledger.reopen_failed()):
            logger.info("tried again, since their pages could not be read before: %s", counted(again, "article"))
        self.ledger.set_meta("reading", limits)

    def keep_format(self) -> None:
        """A tree is of one format: raises UsageError when its files are of another one than this run would write."""
        if message := format_conflict(self.ledger, self.settings):
            self.end(ExitStatus.USAGE, message)
            raise UsageError(message)
        put_site_files(self.output, self.settings.format)
        written_in(self.ledger, self.settings.format)
        note_extractor(self.ledger)

    @property
    def gap_requests(self) -> int:
        """How many requests may be spent on what no listing has."""
        if self.settings.gap_requests is not None:
            return self.settings.gap_requests
        return GAP_REQUESTS if len(self.ledger.known_ids()) * 2 >= PUBLISHED else 0

    def site(self, name: str) -> WebArchive | None:
        """The archive of that name; None when the source is a file."""
        return next((site for site in self.settings.sites if site.name == name), None)

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
            advice = "Nothing was damaged; make room or repair it, then run again"
            self.end(ExitStatus.STORAGE, f"cannot write to {self.output}: {error}. {advice}")
        elif isinstance(error, RemoteError):
            self.end(error.status, str(error))
        else:
            logger.error("an error of this software: %s", about, exc_info=error)
            self.end(ExitStatus.ERROR, f"an error of this software: {about}: {error!r}; please report it with the log")

    def refused(self, source: str) -> None:
        """A connection was refused. While nothing was answered yet there is no run to keep waiting for long."""
        hold, site = self.politeness.towards(source).holding(), self.site(source)
        if source not in self.politeness.answered and hold is not None and site is not None and hold[1] > PATIENCE:
            refused = f"{site.address} refuses connections (or nothing listens there)"
            message = f"{refused}. A new run asks again after {format_duration(hold[1])}"
            self.end(ExitStatus.REFUSING, message)
            self.politeness.close(message)

    def offline(self, source: str, failure: str) -> None:
        """The archive cannot be reached from here. Before any archive answered, that is no outage to wait out, but
        this machine's network or a wrong address; a network that is only just coming up is given some seconds."""
        site, waited = self.site(source), self._seconds() - self._began
        if self.politeness.answered or site is None or waited < OFFLINE_SECONDS:
            return
        host = urlsplit(site.address).hostname
        advice = f"Is this machine online? Does `ping {host}` find it? Is its address right, and a proxy not needed?"
        self.end(ExitStatus.UNAVAILABLE, f"{site.address} cannot be reached ({failure}): nothing was asked. {advice}")
        self.politeness.close("no network")

    def outage_lasts(self, now: float) -> bool:
        """Whether an outage of the whole archive has lasted so long that the run ends. `now` in seconds that only go
        forward."""
        host = next((host for host, politeness in self.politeness.hosts.items() if politeness.in_outage), None)
        if host is None:
            self._outage_since = None
            return False
        self._outage_since = now if self._outage_since is None else self._outage_since
        patience = self.settings.outage_seconds
        if now - self._outage_since < patience:
            return False
        about = f"the archive {host} has been out of order for {format_duration(patience)}"
        self.end(ExitStatus.UNAVAILABLE, f"{about}. Run again later")
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
        with self._opened:
            try:
                if not self._concluded:
                    self.conclude()
            except sqlite3.Error as error:
                logger.error("how the run ended could not be written down: %s", error)

    def _note_hold(self, message: str, seconds: float) -> None:
        self.politeness.save(self.ledger)  # whoever reads of a pause may kill the run, and the next one keeps it
        logger.warning("%s", message)


def format_conflict(ledger: Ledger, asked: RunSettings) -> str:
    """A tree is of one format: what is to be said when its files are of another one than is asked for; else nothing."""
    there = format_of(ledger)
    if there in ("", str(asked.format)):
        return ""
    change = f"--format {asked.format.name}"
    if asked.format.video != Format().video:
        change += f" -s VIDEO={asked.format.video}"
    files = counted(ledger.counts()[State.RECOVERED], "file")
    message = f"the files in {asked.output} are written with {there}, and this run asks for {asked.format}"
    command = f"citizen-news extract {change} -o {shlex.quote(str(asked.output.absolute()))}"
    return f"{message}: `{command}` writes all {files} anew, without a request"
