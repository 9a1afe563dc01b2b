"""The display: a handful of lines at any width, readable without colour, and nothing in it taken for markup."""

from __future__ import annotations

import io
import logging
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console, RenderableType

from crawler.run.progress import Hold, Phase, ProgressSnapshot, progress_table
from crawler.run.terminal import Terminal, is_terminal
from tests.run.moments import ANY, NOW, moment


def lines(shown: RenderableType, width: int = 80) -> list[str]:
    """What stands on a terminal so wide, without colours."""
    console = Console(file=io.StringIO(), width=width, force_terminal=True, no_color=True, highlight=False)
    with console.capture() as capture:
        console.print(shown)
    return [re.sub(r"\x1b\[[\d;]*m", "", line).rstrip() for line in capture.get().splitlines()]


def test_the_middle_of_a_long_run_at_80_columns() -> None:
    shown = lines(progress_table(moment(later=3, later_at=NOW + 40)))
    assert re.fullmatch(r"Articles ━+[╸╺]?\s+25\.1%", shown[0])
    assert shown[1:] == [
        "         12,345 of 49,122, 36,777 left",
        "         12,300 articles recovered in all, 40 given up, 5 waiting",
        "         3 wait for a later pass, the next in 40 s",
        "Requests captures 231 of 240, index 2 of 24 a minute",
        "Time     51 min so far, about 2.7 h left for the articles, until 10:41 UTC",
    ]


def test_phases_without_a_bar() -> None:
    assert [
        lines(progress_table(moment(phase, source="wayback", rows=15_000)))[0]
        for phase in (Phase.LISTING, Phase.GAPS, Phase.ENDED)
    ] == [
        "Listing  wayback: 15,000 rows so far, 49,122 articles known",
        "Gaps     asking for articles that no listing has, 49,122 articles known",
        "Ended    the run has ended",
    ]


def test_a_pause_counts_down() -> None:
    paused = moment(hold=Hold("the archive asked for a pause", NOW + 45))
    assert "Held     the archive asked for a pause: 0:45 left, until 08:00:45 UTC" in lines(progress_table(paused))
    assert "Held     the archive asked for a pause: 0:15 left, until 08:00:45 UTC" in lines(
        progress_table(paused, NOW + 30)
    )


def test_the_share_is_a_hundred_only_when_nothing_is_left() -> None:
    assert lines(progress_table(moment(due=49_122, left=1)))[0].endswith("99.9%")
    assert lines(progress_table(moment(due=49_122, left=0)))[0].endswith("100.0%")


@given(any_moment=ANY, width=st.sampled_from([40, 80, 132, 250]))
def test_no_line_is_wider_than_the_terminal(width: int, any_moment: ProgressSnapshot) -> None:
    assert max(cell_len(line) for line in lines(progress_table(any_moment), width)) <= width


def test_on_a_narrow_terminal_nothing_is_lost() -> None:
    said = " ".join(" ".join(lines(progress_table(moment()), 40)).split())
    for words in ("36,777 left", "12,300 articles recovered", "captures 231 of 240", "about 2.7 h"):
        assert words in said


def test_a_source_named_like_markup_is_shown_as_it_is() -> None:
    assert lines(progress_table(moment(Phase.LISTING, source="[bold]x[/] :smile:")))[0].startswith(
        "Listing  [bold]x[/] :smile:: 0 rows"
    )


def test_colours_are_left_out_when_they_are_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    file = io.StringIO()
    Console(file=file, force_terminal=True, width=80).print(progress_table(moment()))
    assert "25.1%" in file.getvalue()
    assert not re.search(r"\x1b\[[\d;]*[34]\d", file.getvalue())


# The terminal


class _Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_only_terminals_that_can_draw_over_lines_are_drawn_on(monkeypatch: pytest.MonkeyPatch) -> None:
    for term, drawn in (("xterm-256color", True), ("dumb", False), ("", False)):
        monkeypatch.setenv("TERM", term)
        assert is_terminal(_Screen()) is drawn
        assert not is_terminal(io.StringIO())


def test_log_records_go_above_the_display_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    screen = _Screen()
    handler = logging.StreamHandler(screen)
    root = logging.getLogger()
    root.addHandler(handler)
    terminal = Terminal(screen)
    record = "[bold]not markup[/bold] :smile: " + "x" * 300
    try:
        terminal.show(progress_table(moment()))
        root.warning("%s", record)
        terminal.show(progress_table(moment(left=1)))
        terminal.stop()
        terminal.stop()
        root.warning("afterwards")
    finally:
        root.removeHandler(handler)
    written = screen.getvalue()
    assert f"{record}\n" in written
    assert written.endswith("afterwards\n")
    assert handler.stream is screen
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")
