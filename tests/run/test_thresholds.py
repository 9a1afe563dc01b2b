"""The limits of a run: what an archive may be asked for, and what a healthy run stays within. Wrong values are in
`test_settings.py`."""

from __future__ import annotations

from typing import Any

from crawler import settings as ours
from crawler.politeness.rate_limiter import RequestBudget
from crawler.run.health import Thresholds
from crawler.run.settings import read_budget, read_health

HERE, PUBLIC = "http://127.0.0.1:8080", "https://web.archive.org"
DEFAULTS = {name: getattr(ours, name) for name in dir(ours) if name.isupper()}


def budget(url: str, **given: Any) -> tuple[RequestBudget, list[str]]:
    return read_budget({**DEFAULTS, **given}, url)


def test_the_defaults_are_those_of_the_settings_and_need_no_warning() -> None:
    for url in (HERE, PUBLIC):
        found, warnings = budget(url)
        assert warnings == []
        assert (found.cdx_rate, found.playback_rate, found.playback_rate_start) == (24, 240, 60)
        assert (found.pause_seconds, found.breaker_seconds, found.breaker_trips) == (60, (300, 900, 3600), 3)


def test_rates_above_what_the_archive_allows_are_lowered_with_a_warning() -> None:
    found, warnings = budget(PUBLIC, CDX_RATE="31", PLAYBACK_RATE="1000")
    assert (found.cdx_rate, found.playback_rate) == (30, 480)
    assert found.connections_per_minute == RequestBudget().connections_per_minute
    assert len(warnings) == 2
    assert all("above what the archive allows" in warning for warning in warnings)


def test_an_archive_on_loopback_may_be_given_any_rate() -> None:
    found, warnings = budget(HERE, CDX_RATE="5000", PLAYBACK_RATE="100000")
    assert (found.cdx_rate, found.playback_rate, found.playback_rate_start) == (5000, 100000, 100000)
    assert found.connections_per_minute > 1000
    assert warnings == []


def test_the_start_is_never_above_the_rate_itself() -> None:
    assert budget(PUBLIC, PLAYBACK_RATE="30")[0].playback_rate_start == 30


def test_what_is_healthy_comes_from_the_settings() -> None:
    assert read_health(DEFAULTS) == Thresholds(20, 0.01, 0.9, 0.2, 0.1, 5)
    given = {
        "LEAST": "1",
        "RECOVERED": "0",
        "OTHER_PAGES": "1",
        "FIELD_LOSS": "0.5",
        "MISMATCHES": "0.03",
        "REFUSALS": "0",
    }
    assert read_health({f"HEALTH_{name}": value for name, value in given.items()}) == Thresholds(1, 0, 1, 0.5, 0.03, 0)
