"""Where a run stands: it comes back from the ledger as it was, or not at all; what is said of it in one line; and in a
handful of lines at any width, readable without colour, nothing in it taken for markup."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from crawler.politeness.summary import RequestPace as Pace
from crawler.run.progress import Hold, Phase, ProgressSnapshot, clock, countdown, describe_progress, progress_table
from tests.run.moments import ANY, HOST, NOW, moment

REQUESTS = "captures 231 of 240, index 2 of 24 a minute"


@given(ANY)
def test_every_moment_comes_back_as_it_was(any_moment: ProgressSnapshot) -> None:
    assert ProgressSnapshot.from_json(any_moment.to_json()) == any_moment


def test_what_is_none_is_refused() -> None:
    written = json.loads(moment(hold=Hold("a pause", NOW)).to_json())
    changes: tuple[dict[str, object], ...] = (
        {"schema": 2},
        {"phase": "sleeping"},
        {"colour": "red"},
        {"hold": {"reason": "x"}},
        {"hold": 3},
        {"paces": 3},
        {"paces": [{"host": "x"}]},
    )
    for text in (*(json.dumps(written | change) for change in changes), "", "null", "[]", '{"run": 1}', "{"):
        with pytest.raises(ValueError, match=r"."):
            ProgressSnapshot.from_json(text)


def test_what_is_settled_is_what_is_no_longer_left() -> None:
    settled = {(0, 0): 0, (4, 4): 0, (4, 1): 3, (4, 0): 4, (4, 6): 0}
    assert {(due, left): moment(due=due, left=left).settled for due, left in settled} == settled


# The line

LINES: list[tuple[Phase, dict[str, Any], str]] = [
    (
        Phase.LISTING,
        {"source": "wayback", "rows": 15_000, "known": 12_345, "eta": None},
        f"listing: wayback: 15,000 rows so far, 12,345 articles listed; {REQUESTS}; 51 min so far",
    ),
    (
        Phase.ARTICLES,
        {},
        (
            "articles: 12,345 of 49,122, 36,777 left; 12,300 articles recovered in all, 5 waiting, 40 unrecoverable;"
            f" {REQUESTS}; 51 min so far, about 2.7 h left for the articles, until 10:41 UTC"
        ),
    ),
    (
        Phase.ARTICLES,
        {"later": 3, "later_at": NOW + 40, "eta": None, "paces": ()},
        (
            "articles: 12,345 of 49,122, 36,777 left; 12,300 articles recovered in all, 5 waiting, 40 unrecoverable;"
            " 3 wait for a later pass, the next in 40 s; 51 min so far"
        ),
    ),
    (
        Phase.ARTICLES,
        {"hold": Hold("the archive asked for a pause", NOW + 845), "later": 3, "eta": None, "paces": ()},
        (
            "articles: 12,345 of 49,122, 36,777 left; 12,300 articles recovered in all, 5 waiting, 40 unrecoverable;"
            " the archive asked for a pause: 14:05 left, until 08:14:05 UTC; 51 min so far"
        ),
    ),
    (
        Phase.GAPS,
        {"eta": None, "hold": Hold("connections refused", NOW - 1), "paces": ()},
        (
            "gaps: asking for articles that no listing has, 49,122 articles listed; connections refused: until a probe"
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
            "the run has ended: 12,300 articles recovered in all, 5 waiting, 40 unrecoverable; 38 images fetched in"
            " this run, 2 missing"
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


# The table


def lines(snapshot: ProgressSnapshot, now: float | None = None, width: int = 80) -> list[str]:
    """What stands on a terminal so wide, without colours."""
    console = Console(file=io.StringIO(), width=width, force_terminal=True, no_color=True, highlight=False)
    with console.capture() as capture:
        console.print(progress_table(snapshot, now))
    return [re.sub(r"\x1b\[[\d;]*m", "", line).rstrip() for line in capture.get().splitlines()]


def test_the_middle_of_a_long_run_at_80_columns() -> None:
    shown = lines(moment(later=3, later_at=NOW + 40))
    assert re.fullmatch(r"Articles ━+[╸╺]?\s+25\.1%", shown[0])
    assert shown[1:] == [
        "         12,345 of 49,122, 36,777 left",
        "         12,300 articles recovered in all, 5 waiting, 40 unrecoverable",
        "         3 wait for a later pass, the next in 40 s",
        "Requests captures 231 of 240, index 2 of 24 a minute",
        "Time     51 min so far, about 2.7 h left for the articles, until 10:41 UTC",
    ]


def test_phases_without_a_bar() -> None:
    assert [
        lines(moment(phase, source="wayback", rows=15_000))[0] for phase in (Phase.LISTING, Phase.GAPS, Phase.ENDED)
    ] == [
        "Listing  wayback: 15,000 rows so far, 49,122 articles listed",
        "Gaps     asking for articles that no listing has, 49,122 articles listed",
        "Ended    the run has ended",
    ]


def test_a_pause_counts_down() -> None:
    paused = moment(hold=Hold("the archive asked for a pause", NOW + 45))
    assert "Held     the archive asked for a pause: 0:45 left, until 08:00:45 UTC" in lines(paused)
    assert "Held     the archive asked for a pause: 0:15 left, until 08:00:45 UTC" in lines(paused, NOW + 30)


def test_the_share_is_a_hundred_only_when_nothing_is_left() -> None:
    assert lines(moment(due=49_122, left=1))[0].endswith("99.9%")
    assert lines(moment(due=49_122, left=0))[0].endswith("100.0%")


@given(any_moment=ANY, width=st.sampled_from([40, 80, 132, 250]))
def test_no_line_is_wider_than_the_terminal(width: int, any_moment: ProgressSnapshot) -> None:
    assert max(cell_len(line) for line in lines(any_moment, width=width)) <= width


def test_on_a_narrow_terminal_nothing_is_lost() -> None:
    said = " ".join(" ".join(lines(moment(), width=40)).split())
    for words in ("36,777 left", "12,300 articles recovered", "captures 231 of 240", "about 2.7 h"):
        assert words in said


def test_a_source_named_like_markup_is_shown_as_it_is() -> None:
    shown = lines(moment(Phase.LISTING, source="[bold]x[/] :smile:"))
    assert shown[0].startswith("Listing  [bold]x[/] :smile:: 0 rows")


def test_colours_are_left_out_when_they_are_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    file = io.StringIO()
    Console(file=file, force_terminal=True, width=80).print(progress_table(moment()))
    assert "25.1%" in file.getvalue()
    assert not re.search(r"\x1b\[[\d;]*[34]\d", file.getvalue())
