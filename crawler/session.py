"""What a run works with: the locked output directory, its ledger and store, and the politeness towards one archive."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path

from crawler import __version__
from crawler.archive.clock import SystemClock
from crawler.archive.politeness import Politeness
from crawler.ending import Ending, Fatal, Status
from crawler.ledger import Ledger, LedgerError
from crawler.lock import Lock
from crawler.markdown.style import SeedStyle
from crawler.options import archive_address, read_budget
from crawler.store import Store

logger = logging.getLogger(__name__)


class Session:
    """Opened by a command before the crawl, closed after it. Raises Fatal when the run cannot begin."""

    def __init__(self, settings: Mapping[str, object], arguments: Mapping[str, str]) -> None:
        self.archive_url = archive_address(settings, "ARCHIVE_URL")
        self.public_url = archive_address(settings, "ARCHIVE_PUBLIC_URL")
        self.output = Path(str(settings.get("OUTPUT_DIR")))
        self.contact = str(settings.get("CONTACT") or "")
        budget, self.warnings = read_budget(settings, self.archive_url)
        self.ending: Ending | None = None
        try:
            self.output.mkdir(parents=True, exist_ok=True)
            self._lock = Lock(self.output)
        except OSError as error:
            raise Fatal(
                Status.STORAGE, f"cannot write to {self.output}: {error.strerror}. Choose another OUTPUT_DIR or make room"
            ) from error
        try:
            self.ledger = Ledger(ledger_path(self.output), self.public_url)
        except LedgerError as error:
            self._lock.release()
            raise Fatal(Status.STORAGE, str(error)) from error
        self.store = Store(self.output / "warc")
        self.politeness = Politeness(budget, SystemClock(), self._told)
        self._remember()
        self.run = self.ledger.begin_run(dict(arguments), __version__)

    def style(self, timestamp: str, original: str) -> SeedStyle:
        """How addresses of a capture's page are written."""
        return SeedStyle(self.public_url, timestamp, original)

    def end(self, status: Status, message: str) -> None:
        """Decide how the run ends; the first decision stands."""
        if self.ending is None:
            self.ending = Ending(status, message)

    def close(self) -> None:
        """Write down how the run ended, and let go of everything."""
        ending = self.ending or Ending(Status.DONE)
        try:
            self._save()
            self.ledger.end_run(self.run, ending.status, ending.message)
        finally:
            self.store.close()
            self.ledger.close()
            self._lock.release()

    def _told(self, message: str, seconds: float) -> None:
        logger.warning("%s", message)
        self._save()

    @property
    def _key(self) -> str:
        return f"politeness {self.archive_url}"

    def _save(self) -> None:
        self.ledger.set_meta(self._key, json.dumps(self.politeness.state()))

    def _remember(self) -> None:
        """A pause or an open breaker of an earlier run holds for this one too."""
        saved = self.ledger.meta(self._key)
        if saved is None:
            return
        try:
            self.politeness.restore(json.loads(saved))
        except ValueError:
            logger.warning("what the ledger remembers of the last run's pauses cannot be read; starting slowly")


def ledger_path(output: Path) -> Path:
    """Where the ledger lies in an output directory."""
    return output / "ledger.sqlite"
