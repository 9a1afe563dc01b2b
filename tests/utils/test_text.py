"""What pages hold cannot end a line, move a cursor or turn a text around. JSON, progress, lists that are cut."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import crawler
from crawler.utils.text import (
    by_reason,
    counted,
    escape_controls,
    explained,
    first_lines,
    format_size,
    json_line,
    progress_line,
    shortened,
)

anything = st.text(st.characters(), max_size=40)


def test_what_is_shown() -> None:
    shown = {
        "燈塔，全形 ａ 😀": "燈塔，全形 ａ 😀",
        "\x1b[31m紅\x07": "\\u001b[31m紅\\u0007",
        "一\u2028二\x85三\n": "一\\u2028二\\u0085三\\u000a",
        "\u202e轉\u2066": "\\u202e轉\\u2066",
        "\ud800": "\\ud800",
    }
    assert {text: escape_controls(text) for text in shown} == shown


@given(anything)
def test_nothing_that_commands_a_terminal_is_left(text: str) -> None:
    for shown in (escape_controls(text), json_line([text])):
        assert len(shown.splitlines()) <= 1
        assert not {"Cc", "Cs", "Zl", "Zp"} & {unicodedata.category(one) for one in shown}
        shown.encode("utf-8")


plain = anything | st.none() | st.booleans() | st.integers()


@given(plain | st.lists(plain | st.lists(plain, max_size=3), max_size=3) | st.dictionaries(anything, plain, max_size=3))
def test_json_reads_back_the_same(value: object) -> None:
    assert json.loads(json_line(value)) == value


def test_numbers_and_sizes_are_spelt_in_one_way() -> None:
    assert [counted(number, "WARC file") for number in (0, 1, 1234)] == [
        "0 WARC files",
        "1 WARC file",
        "1,234 WARC files",
    ]
    sizes = {
        1: "1 byte",
        999: "999 bytes",
        1000: "1.0 kB",
        93_700: "94 kB",
        1_500_000: "1.5 MB",
        3_100_000_000: "3.1 GB",
    }
    assert {size: format_size(size) for size in sizes} == sizes
    assert explained("blank, odd", {"blank": "no text"}) == "blank (no text), odd"


def test_no_message_spells_a_number_of_things_or_a_size_by_itself() -> None:
    """`{number} files` is wrong for one, and `{size / 1e6} MB` for what is small."""
    things = "(?:articles|captures|files|images|pages|places|records|requests|rows)"
    by_itself = re.compile(rf"{{(?!PUBLISHED)[^{{}}'\"]+}} {things}\b|%d {things}\b|\b1e[369]\b")
    spelt = {
        f"{path.name}: {found[0]}"
        for path in sorted(Path(crawler.__file__).parent.glob("*/**/*.py"))
        if path.parent.name not in ("warc", "wayback", "hkcnews", "markdown")
        for found in by_itself.finditer(path.read_text("utf-8"))
    }
    assert spelt == set()


def test_reasons_come_by_number_each_with_its_first_examples() -> None:
    found = {"no date": [5], "blank": list(range(1, 11)), "again": [7]}
    assert list(by_reason(found, "Left ", 3)) == [
        "Left  10  blank: 1, 2, 3, 4, 5, 6, 7, 8, …",
        "Left   1  again: 7",
        "Left   1  no date: 5",
    ]


def test_many_lines_are_cut_and_it_is_said_how_many_are_left_out() -> None:
    assert list(first_lines(["a", "b"], 2, "files")) == ["a", "b"]
    assert list(first_lines(["a", "b", *"x" * 1200], 2, "files")) == ["a", "b", "… and 1,200 more files"]
    assert (shortened("燈塔", 2), shortened("燈塔下", 2), shortened("", 5)) == ("燈塔", "燈…", "")


KEPT = "\x1b[K"
STEPS = [(0.1, 1, 4), (0.3, 2, 4), (5.0, 3, 4), (5.1, 4, 4)]
"""Seconds since the beginning, things done, and all of them."""
SHOWN = [(2, 7, KEPT), (3, 1, KEPT), (4, 1, "\n")]


@pytest.mark.parametrize(
    ("terminal", "seconds", "said"),
    [
        (False, 5.0, "read 3 of 4 files, 1 a second\n"),
        (False, 0.0, ""),
        (True, 0.0, ""),
        (
            True,
            60.0,
            "".join(f"\rread {done} of 4 files, {rate} a second{end}" for done, rate, end in SHOWN),
        ),
    ],
)
def test_progress_is_a_line_now_and_then_and_on_a_terminal_one_that_changes(
    terminal: bool, seconds: float, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    tell = progress_line("read", "files", seconds, lambda: now)
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal)
    for now, done, of in STEPS:  # noqa: B007 - the clock reads it
        tell(done, of)
    assert capsys.readouterr().err == said


def test_progress_towards_an_unknown_total_is_never_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([0.0, 1.0, 3.0])
    tell = progress_line("audited", "files", 2.0, lambda: next(times))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    tell(1000, 0)
    tell(3000, 0)
    assert capsys.readouterr().err == "audited 3,000 files, 1,000 a second\n"
