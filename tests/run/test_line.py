"""The line without a terminal: what each phase says."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from crawler.politeness.policy import RequestPace as Pace
from crawler.run.progress import Hold, Phase, ProgressSnapshot, clock, countdown, describe_progress
from tests.run.moments import ANY, HOST, NOW, moment

REQUESTS = "captures 231 of 240, index 2 of 24 a minute"


LINES: list[tuple[Phase, dict[str, Any], str]] = [
    (
        Phase.LISTING,
        {"source": "wayback", "rows": 15_000, "known": 12_345, "eta": None},
        f"listing: wayback: 15,000 rows so far, 12,345 articles known; {REQUESTS}; 51 min so far",
    ),
    (
        Phase.ARTICLES,
        {},
        (
            "articles: 12,345 of 49,122, 36,777 left; 12,300 articles recovered in all, 40 given up, 5 waiting;"
            f" {REQUESTS}; 51 min so far, about 2.7 h left for the articles, until 10:41 UTC"
        ),
    ),
    (
        Phase.ARTICLES,
        {"later": 3, "later_at": NOW + 40, "eta": None, "paces": ()},
        (
            "articles: 12,345 of 49,122, 36,777 left; 12,300 articles recovered in all, 40 given up, 5 waiting;"
            " 3 wait for a later pass, the next in 40 s; 51 min so far"
        ),
    ),
    (
        Phase.ARTICLES,
        {"hold": Hold("the archive asked for a pause", NOW + 845), "later": 3, "eta": None, "paces": ()},
        (
            "articles: 12,345 of 49,122, 36,777 left; 12,300 articles recovered in all, 40 given up, 5 waiting;"
            " the archive asked for a pause: 14:05 left, until 08:14:05 UTC; 51 min so far"
        ),
    ),
    (
        Phase.GAPS,
        {"eta": None, "hold": Hold("connections refused", NOW - 1), "paces": ()},
        (
            "gaps: asking for articles that no listing has, 49,122 articles known; connections refused: until a probe"
            " is answered; 51 min so far"
        ),
    ),
    (
        Phase.IMAGES,
        {"due": 100, "left": 60, "have": 38, "missing": 2, "eta": 60_000.0, "paces": ()},
        (
            "images: 40 of 100, 60 left; 38 images fetched in this run, 2 missing;"
            " 51 min so far, about 16.7 h left for the images, until 2027-01-16 00:40 UTC"
        ),
    ),
    (
        Phase.ENDED,
        {"have": 38, "missing": 2},
        (
            "the run has ended: 12,300 articles recovered in all, 40 given up, 5 waiting; 38 images fetched in this"
            " run, 2 missing"
        ),
    ),
]


def test_each_phase_has_its_line() -> None:
    assert [describe_progress(moment(phase, **more)) for phase, more, _ in LINES] == [text for _, _, text in LINES]


def test_a_rate_that_may_grow_and_several_archives_are_told() -> None:
    paces = (
        Pace(HOST, "playback", 9, 9, 60.0, 240.0),
        Pace("http://other.example:8080", "playback", 0, 0, 240.0, 240.0),
    )
    said = describe_progress(moment(paces=paces))
    assert (
        "archive.example: captures 9 of 60 (at most 240) a minute; other.example:8080: captures 0 of 240 a minute"
        in said
    )


def test_what_is_left_gets_less_as_time_goes_by() -> None:
    assert "about 2.0 h left for the articles, until 10:41 UTC" in describe_progress(moment(), NOW + 9_660 - 7_200)
    assert "about 0 s left" in describe_progress(moment(), NOW + 20_000)


@given(ANY)
def test_every_moment_has_one_line_of_plain_text(any_moment: ProgressSnapshot) -> None:
    assert describe_progress(any_moment).isprintable()


def test_a_countdown_reads_like_a_clock() -> None:
    told = {0: "0:00", 0.6: "0:01", 45: "0:45", 845: "14:05", 3_599.7: "1:00:00", 3_723: "1:02:03", -5: "0:00"}
    assert {seconds: countdown(seconds) for seconds in told} == told


def test_a_time_of_another_day_has_its_date() -> None:
    assert clock(NOW, NOW + 60) == "08:00 UTC"
    assert clock(NOW + 86_400, NOW, seconds=True) == "2027-01-16 08:00:00 UTC"
