"""How two texts differ, for a reader of Chinese: and both can be read off the difference."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.recovery import versions as worddiff
from crawler.recovery.versions import diff_line, diff_lines

_WAS, _NOW = re.compile(r"\[-(.*?)-\]"), re.compile(r"\{\+(.*?)\+\}")


SHOWN = {
    ("同一\n句子", "同一\n句子"): [],
    ("票價為兩元正。", "票價為三元正。"): ["@@ line 1 @@", "~ 票價為[-兩-]{+三+}元正。"],
    ("標題\n第一段話。\n完", "標題\n第一段的話。\n完"): ["@@ line 1 @@", "  標題", "~ 第一段{+的+}話。", "  完"],
    ("the old harbour", "the new harbour"): ["@@ line 1 @@", "~ the [-old-]{+new+} harbour"],
    ("甲乙丙", "完全不同"): ["@@ line 1 @@", "- 甲乙丙", "+ 完全不同"],
    ("一\n二\n三", "一\n三"): ["@@ line 1 @@", "  一", "- 二", "  三"],
    ("一\n三", "一\n二\n三"): ["@@ line 1 @@", "  一", "+ 二", "  三"],
    ("鐘樓開放日期", "全新一行\n鐘樓開放時期"): ["@@ line 1 @@", "+ 全新一行", "~ 鐘樓開放[-日-]{+時+}期"],
}


def test_what_a_reader_is_shown() -> None:
    assert {texts: list(diff_lines(*texts)) for texts in SHOWN} == SHOWN


def test_a_character_shared_by_chance_is_no_island() -> None:
    old, new = "會議定於星期三下午兩點在碼頭舉行，歡迎參加。", "會議定於下月三日晚上八點在碼頭舉行，歡迎參加。"
    marked = diff_line(old, new)
    assert marked is not None
    assert all(len(same) > 2 for same in re.split(r"\[-.*?-\]|\{\+.*?\+\}", marked) if same)


letters = st.text(alphabet="甲乙丙丁 ab", max_size=12)


@given(letters, letters)
def test_both_lines_can_be_read_off_one_that_was_changed(old: str, new: str) -> None:
    marked = diff_line(old, new)
    if marked is not None:
        assert _WAS.sub(r"\1", _NOW.sub("", marked)) == old
        assert _NOW.sub(r"\1", _WAS.sub("", marked)) == new


@given(st.lists(letters, max_size=8), st.lists(letters, max_size=8))
def test_no_line_that_is_gone_or_new_is_left_out(old: list[str], new: list[str]) -> None:
    shown = list(diff_lines("\n".join(old), "\n".join(new)))
    assert bool(shown) == ("\n".join(old) != "\n".join(new))
    was = {_WAS.sub(r"\1", _NOW.sub("", line[2:])) for line in shown if line[0] in "-~"}
    now = {_NOW.sub(r"\1", _WAS.sub("", line[2:])) for line in shown if line[0] in "+~"}
    assert set(old) - set(new) <= was | {""}
    assert set(new) - set(old) <= now | {""}


def test_texts_made_to_be_slow_to_compare_are_told_by_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in pairs: of characters within lines, and of lines that are the same."""
    assert diff_line("的" * 2001, "的" * 2000) is None
    pairs: list[int] = []

    class Counting(SequenceMatcher[str]):
        def get_grouped_opcodes(self, n: int = 3) -> Any:
            equal = vars(self)["b2j"]
            pairs.append(sum(len(equal.get(line, ())) for line in vars(self)["a"]))
            return super().get_grouped_opcodes(n)

    monkeypatch.setattr(worddiff, "diff_line", lambda old, new: pairs.append(len(old) * len(new)))
    monkeypatch.setattr(worddiff, "SequenceMatcher", Counting)
    same = "的" * 1900
    assert (
        len(
            list(diff_lines("\n".join(f"{same}{n}" for n in range(100)), "\n".join(f"{same}{n}了" for n in range(100))))
        )
        > 100
    )
    assert 50_000_000 < sum(pairs) < 80_000_000
    pairs.clear()
    assert len(list(diff_lines("的\n" * 5_000, "了\n" * 2_500 + "的\n" * 2_500))) > 10
    assert sum(pairs) < 100_000
