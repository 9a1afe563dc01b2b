"""What a long job comes to: supposed at first, then measured; and how long it takes, by limits that grow, speeds below
them, and pauses."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.ledger import ArticleRow, Ledger, State
from crawler.ledger.images import ImageState
from crawler.politeness.rate_limiter import AdaptiveRate, RateLimiter
from crawler.recovery.case import Selection
from crawler.run.progress import ENOUGH, LEAST, WINDOW, Speed, describe_estimate, seconds_left, sending_seconds
from crawler.wayback.capture import Capture
from crawler.wayback.cdx import CdxPage

COUNT = 49_122
ALL = Selection()


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.sqlite", "https://archive.example")


def listed(ledger: Ledger, count: int) -> None:
    ledger.add_source("wayback", "https://archive.example/web")
    listing, _ = ledger.open_listing("x")
    captures = [
        (n, Capture(timestamp="20210712013906", original=f"https://www.hkcnews.com/article/{n}"))
        for n in range(1, count + 1)
    ]
    ledger.add_page(listing, "wayback", captures, 0, CdxPage())


def recovered(ledger: Ledger, output: Path, article: int) -> None:
    """An article that took two requests, and has 1,000 bytes in the store and 500 as a file."""
    row = ledger.captures(article)[0]
    for _ in range(2):
        ledger.attempt(1, row.id, "capture", "")
    ledger.note(row.id, verdict="article", warc="a.warc.gz", warc_offset=0, warc_length=1_000)
    (output / f"{article}.md").write_bytes(b"x" * 500)
    ledger.settle(ArticleRow(article, State.RECOVERED, capture=row.id, file=f"{article}.md", sha256="x"), 1)


def test_the_whole_site_before_anything_is_known(ledger: Ledger, tmp_path: Path) -> None:
    everything = range(1, COUNT + 1)
    articles, images = describe_estimate(ledger, everything, ALL, tmp_path, 240.0, 0)
    assert articles == (
        "49,122 articles to recover. An estimate: 51,578 requests, 3.6 h at least at 240 a minute, 1.3 GB on the disk"
        " (26 kB each is supposed, in the store and as a file)"
    )
    assert images.startswith("After the articles, by their number about 118,970 images to fetch. An estimate: 237,940 ")
    assert list(describe_estimate(ledger, everything, ALL, tmp_path, 240.0)) == [articles]
    assert list(describe_estimate(ledger, [], ALL, tmp_path, 240.0, 0)) == ["0 articles to recover"]


def test_what_was_recovered_already_tells(ledger: Ledger, tmp_path: Path) -> None:
    listed(ledger, ENOUGH + 10)
    for article in range(1, ENOUGH):
        recovered(ledger, tmp_path, article)
    assert "(26 kB each is supposed" in next(describe_estimate(ledger, ledger.due(), ALL, tmp_path, 60.0))
    recovered(ledger, tmp_path, ENOUGH)
    (found,) = describe_estimate(ledger, ledger.due(), ALL, tmp_path, 60.0)
    assert found == (
        "10 articles to recover. An estimate: 20 requests, 20 s at least at 60 a minute, 15 kB on the disk"
        " (1.5 kB each is measured so far, in the store and as a file)"
    )


def test_what_is_stored_is_not_asked_for(ledger: Ledger, tmp_path: Path) -> None:
    listed(ledger, 3)
    recovered(ledger, tmp_path, 1)
    recovered(ledger, tmp_path, 2)
    ledger.note(ledger.captures(2)[0].id, verdict="farewell")
    ledger.reopen([1, 2])
    without = "1 of them without a request from what is stored"
    (found,) = describe_estimate(ledger, ledger.due(), ALL, tmp_path, 240.0)
    assert found.startswith(f"3 articles to recover, {without}. An estimate: 2 requests, 0 s at least")
    assert list(describe_estimate(ledger, [1], ALL, tmp_path, 240.0)) == [f"1 article to recover, {without}"]


def test_images_of_recovered_articles_tell_how_many_there_will_be(ledger: Ledger, tmp_path: Path) -> None:
    listed(ledger, ENOUGH + 10)
    for article in range(1, ENOUGH + 1):
        recovered(ledger, tmp_path, article)
        shown = [(f"images/{article}-{n}.jpg", f"https://x.example/{article}-{n}.jpg") for n in range(3)]
        ledger.want_images(article, 1, shown)
    assert ledger.image_counts()[ImageState.WANTED] == 60
    _, images = describe_estimate(ledger, ledger.due(), ALL, tmp_path, 240.0, 60)
    assert images.startswith("After the articles, by their number about 90 images to fetch")


# How long

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
