from dataclasses import replace
from typing import Any

import pytest

from crawler.politeness.rate_limiter import CDX_RATE_CEILING, PLAYBACK_RATE_CEILING, RequestBudget, cap_rates
from tests.walking import walked


@walked(
    ("wrong", "name"),
    [
        ({"cdx_rate": 0}, "cdx_rate"),
        ({"cdx_rate": -1.0}, "cdx_rate"),
        ({"playback_rate": float("nan")}, "playback_rate"),
        ({"playback_rate": float("inf")}, "playback_rate"),
        ({"playback_rate_start": 0}, "playback_rate_start"),
        ({"connections_per_minute": 0}, "connections_per_minute"),
        ({"pause_seconds": -60.0}, "pause_seconds"),
        ({"pause_seconds": 901.0}, "pause_max_seconds"),
        ({"outage_seconds": 601.0}, "outage_max_seconds"),
        ({"breaker_seconds": ()}, "breaker_seconds"),
        ({"breaker_seconds": (300.0, 0.0)}, "breaker_seconds"),
        ({"breaker_trips": 0}, "breaker_trips"),
        ({"outage_after": 0}, "outage_after"),
    ],
)
def test_a_wrong_setting_is_named(wrong: dict[str, Any], name: str) -> None:
    with pytest.raises(ValueError, match=rf"^{name}: "):
        RequestBudget(**wrong)


def test_the_default_budget_is_below_the_ceilings() -> None:
    assert cap_rates(RequestBudget(), loopback=False) == (RequestBudget(), [])


def test_rates_above_the_ceilings_are_lowered_and_said() -> None:
    eager = RequestBudget(cdx_rate=31, playback_rate=481, playback_rate_start=1000)
    lowered, warnings = cap_rates(eager, loopback=False)
    assert lowered == replace(
        eager, cdx_rate=CDX_RATE_CEILING, playback_rate=PLAYBACK_RATE_CEILING, playback_rate_start=PLAYBACK_RATE_CEILING
    )
    assert [warning.split()[0] for warning in warnings] == ["cdx_rate", "playback_rate", "playback_rate_start"]
    assert "481/min" in warnings[1]
    assert "480/min" in warnings[1]


def test_an_archive_on_loopback_may_be_asked_at_any_rate() -> None:
    eager = RequestBudget(cdx_rate=60_000, playback_rate=60_000)
    assert cap_rates(eager, loopback=True) == (eager, [])
