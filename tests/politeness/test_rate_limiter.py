from dataclasses import replace

from crawler.politeness.rate_limiter import CDX_RATE_CEILING, PLAYBACK_RATE_CEILING, RequestBudget, cap_rates


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
