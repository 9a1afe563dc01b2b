"""Politeness towards every archive that a run asks: one for each host, kept in the ledger from run to run."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from crawler.archive.clock import Clock
from crawler.archive.politeness import Politeness
from crawler.archive.site import Site
from crawler.ledger import Ledger
from crawler.thresholds import read_budget

logger = logging.getLogger(__name__)


def host_of(site: Site) -> str:
    """What limits belong to: scheme, host and port of an archive, whatever its collections."""
    parts = urlsplit(site.address)
    return f"{parts.scheme}://{parts.netloc.lower()}"


class Manners:
    """One Politeness for each archive's host. `told` is called when one begins to hold requests back."""

    def __init__(self, sites: Sequence[Site], settings: Mapping[str, object], clock: Clock, told: Callable[[str, float], None]) -> None:
        self._hosts = {site.name: host_of(site) for site in sites}
        self._all: dict[str, Politeness] = {}
        self.warnings: list[str] = []
        for host in dict.fromkeys(self._hosts.values()):
            budget, warnings = read_budget(settings, host)
            self.warnings += [warning for warning in warnings if warning not in self.warnings]
            self._all[host] = Politeness(budget, clock, told)
        self.answered: set[str] = set()
        """Sources that have answered something in this run."""

    def of(self, source: str) -> Politeness:
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
        """Why and for how many seconds requests are held back, at the archive where that is longest; None when none are."""
        return max((held for one in self._all.values() if (held := one.holding())), key=lambda held: held[1], default=None)

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
