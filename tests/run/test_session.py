"""What a run takes over from the one before."""

from __future__ import annotations

import asyncio
from pathlib import Path

from crawler.ledger import Ledger
from crawler.politeness.rate_limiter import Endpoint
from crawler.run.session import HostPoliteness
from crawler.run.settings import SETTINGS, RunSettings
from crawler.wayback.playback import Outcome
from tests.clock import VirtualClock

SOURCES = "pywb+http://one.example/all,pywb+http://two.example/all,pywb+http://TWO.example/other"


def test_the_pauses_of_all_hosts_hold_for_the_next_run(tmp_path: Path) -> None:
    """Also when a hold that begins anew is saved at once, as a session does it."""
    settings = RunSettings({**{name: row.default for name, row in SETTINGS.items()}, "SOURCES": SOURCES})
    clock, ledger = VirtualClock(), Ledger(tmp_path / "ledger.sqlite", "https://archive.example")

    def opened() -> HostPoliteness:
        made = HostPoliteness(settings, clock, lambda message, seconds: made.save(ledger))
        made.restore(ledger)
        return made

    before = opened()
    assert list(before.hosts) == ["http://one.example", "http://two.example"]
    for politeness in before.hosts.values():
        permit = asyncio.run(clock.finish(politeness.permit(Endpoint.CDX)))
        politeness.report(permit, Outcome.RATE_LIMITED, 600.0)
    after = opened()
    assert [after.towards(site.name).holding() for site in settings.sites] == [before.holding()] * 3
