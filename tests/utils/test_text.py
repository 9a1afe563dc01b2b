"""What pages hold cannot end a line, move a cursor or turn a text around; and JSON reads back the same."""

from __future__ import annotations

import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from crawler.utils.text import escape_controls, json_line

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
