"""How long it takes: limits that grow, speeds below them, pauses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.politeness.rate_limiter import AdaptiveRate, RateLimiter
from crawler.run.estimate import LEAST, WINDOW, Speed, seconds_left, sending_seconds

RATES = st.floats(15, 480)


def test_requests_take_the_time_that_the_limit_gives_them() -> None:
    takes = {
        (0, 60, 240): 0,
        (240, 240, 240): 60,
        (49_122, 240, 240): 12_280.5,
        (1_125, 60, 240): 450,  # the ramp: 7.5 minutes at 150 on average
        (1_365, 60, 240): 510,
        (72, 60, 240): 60,  # the first of its minutes: from 60 to 84
    }
    assert {one: sending_seconds(*one) for one in takes} == pytest.approx(takes)


def test_the_ramp_is_the_one_that_the_limiter_has() -> None:
    """Sent one after the other, each answered well, in virtual time."""
    now = 0.0
    limiter = RateLimiter(60, now)
    adaptation = AdaptiveRate(limiter, 240)
    for number in range(1, 2_001):
        now += limiter.wait(now)
        limiter.take(now)
        adaptation.healthy(number)
    assert now == pytest.approx(sending_seconds(2_000, 60, 240), rel=0.05)


@given(st.integers(0, 10**6), st.integers(1, 1_000), RATES, RATES)
def test_more_requests_never_take_less_time(requests: int, more: int, one: float, other: float) -> None:
    permitted, most = sorted((one, other))
    assert sending_seconds(requests, permitted, most) <= sending_seconds(requests + more, permitted, most)


def test_the_longer_of_limit_and_speed_counts() -> None:
    cases: dict[str, tuple[int, float, int, float | None, float, float]] = {
        "at the limit": (240, 1, 240, 240, 0, 60),
        "two requests each": (240, 2, 240, 120, 0, 120),
        "answers are slow": (240, 1, 60, 60, 0, 240),
        "and after a pause": (240, 1, 60, 60, 90, 330),
        "nothing measured yet": (240, 1, 0, None, 0, 60),
        "the limit grew meanwhile": (240, 1, 200, 20, 0, 60),
        "without requests": (240, 0, 0, 480, 0, 30),
        "nothing left": (0, 1, 0, None, 45, 45),
    }
    found = {
        name: seconds_left(left, each, permitted=240, most=240, minute=minute, speed=speed, held=held)
        for name, (left, each, minute, speed, held, _) in cases.items()
    }
    assert found == pytest.approx({name: case[-1] for name, case in cases.items()})


def test_without_an_archive_only_the_speed_tells() -> None:
    assert seconds_left(60, 1.0, permitted=0, most=0, minute=0, speed=30) == 120
    assert seconds_left(60, 1.0, permitted=0, most=0, minute=0, speed=None) is None


def test_speed_is_that_of_the_last_minutes() -> None:
    speed = Speed()
    for second in range(0, 1_000, 5):
        speed.note(second, second if second < 500 else 500 + 2 * (second - 500), held=False)
    assert speed.a_minute == pytest.approx(120, rel=0.02)
    assert WINDOW < 490


def test_pauses_are_no_part_of_the_speed() -> None:
    speed = Speed()
    speed.note(0, 0, held=False)
    speed.note(60, 120, held=False)
    speed.note(960, 120, held=True)
    assert speed.a_minute == pytest.approx(120)


def test_too_little_tells_no_speed() -> None:
    cases: tuple[list[tuple[float, int]], ...] = ([], [(0, 0)], [(0, 0), (LEAST / 2, 50)], [(0, 5), (600, 5)])
    for notes in cases:
        speed = Speed()
        for now, settled in notes:
            speed.note(now, settled, held=False)
        assert speed.a_minute is None, notes
