"""The versions of an article: which captures are noted, what the store tells of them, and how two texts differ."""

from __future__ import annotations

import re
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.hkcnews.extract import Extraction
from crawler.hkcnews.verdict import Judgement, Verdict
from crawler.ledger.ledger import VersionRow
from crawler.markdown.style import Style
from crawler.recovery import versions as worddiff
from crawler.recovery.judge import ReadPage, read_page
from crawler.recovery.store import Store
from crawler.recovery.versions import MISMATCH, CaptureText, Version, diff_lines, diff_pieces, versions_of
from crawler.wayback.capture import StoredCapture
from tests.pages import FAREWELL, address, article, cut
from tests.recovering import FIRST, SECOND, THIRD, Bench, capture, memento

# Noted while articles are recovered


def noted(bench: Bench) -> list[tuple[str, int]]:
    return [(row.timestamp, row.capture) for row in bench.ledger.versions(5)]


def test_captures_with_a_fault_are_noted_like_the_one_that_is_chosen(tmp_path: Path) -> None:
    """Bytes without their digest have the recovery look at the next capture too."""
    old, new = article(5, "舊文字。"), article(5, "新文字。")
    late, early = capture(5, SECOND, digest="A" * 32), capture(5, FIRST, digest="B" * 32)
    bench = Bench(tmp_path).lists(late, early).serve({late: memento(late, new), early: memento(early, old)}).run()
    assert len(bench.requests) == 2
    assert noted(bench) == [(FIRST, bench.row(early).id), (SECOND, bench.row(late).id)]
    assert len({row.sha256 for row in bench.ledger.versions(5)}) == 2


def test_pages_that_are_not_the_article_are_no_versions(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    pages = {capture(5, THIRD, FAREWELL): FAREWELL, capture(5, SECOND, cut(5)): cut(5), capture(5, FIRST): article(5)}
    bench.holds(pages).run()
    assert [timestamp for timestamp, _ in noted(bench)] == [FIRST]


def test_an_extraction_that_lost_something_is_no_version(tmp_path: Path) -> None:
    def unfaithful(served: StoredCapture, number: int, style: Style) -> Extraction:
        found = read_page(served, number, style)
        return replace(found, differences=("a word is missing",)) if served.timestamp == SECOND else found

    bench = Bench(tmp_path)
    bench.lists(capture(5, SECOND), capture(5, FIRST, article(5, "別的。")))
    bench.serve({capture(5, FIRST, article(5, "別的。")): memento(capture(5, FIRST), article(5, "別的。"))}).run(
        reader=unfaithful
    )
    assert bench.article(5).capture == bench.row(capture(5, FIRST)).id
    assert [timestamp for timestamp, _ in noted(bench)] == [FIRST]


# Told from the store


BEFORE, AFTER = article(5, "舊文字。"), article(5, "新文字。")
EARLY, LATE = capture(5, FIRST, BEFORE), capture(5, SECOND, AFTER)
GONE = VersionRow(5, "20180101000000", address(5), "0" * 64, 99)


def crawled(folder: Path) -> Bench:
    """Both captures are in the store; the file is from the later one."""
    bench = Bench(folder).lists(EARLY, LATE).serve({EARLY: memento(EARLY, BEFORE), LATE: memento(LATE, AFTER)})
    bench.run(until=FIRST[:4])
    bench.run(again=[5], since=SECOND[:4])
    assert bench.article(5).capture == bench.row(LATE).id
    return bench


def told(bench: Bench, reader: ReadPage = read_page) -> list[Version]:
    return versions_of(bench.ledger, Store(bench.folder / "warc"), bench.article(5), reader)


def tellings(bench: Bench, reader: ReadPage = read_page) -> list[CaptureText]:
    return [one for version in told(bench, reader) for one in version.captures]


def test_each_capture_with_its_text_as_the_ledger_noted_it(tmp_path: Path) -> None:
    bench = crawled(tmp_path)
    first, second = told(bench)
    assert (first.text, second.text) == ("燈塔日誌5\n第5日：舊文字。", "燈塔日誌5\n第5日：新文字。")
    assert (first.is_current, second.is_current) == (False, True)
    assert [first.sha256, second.sha256] == [row.sha256 for row in bench.ledger.versions(5)]


def test_what_the_ledger_has_not_noted_is_found_in_the_store(tmp_path: Path) -> None:
    bench = crawled(tmp_path)
    before = told(bench)
    bench.ledger.renew_versions(5, [row.id for row in bench.ledger.captures(5)], ())
    assert bench.ledger.versions(5) == []
    assert told(bench) == before


def test_a_capture_that_only_the_ledger_has_is_listed_by_its_digest(tmp_path: Path) -> None:
    bench = crawled(tmp_path)
    bench.ledger.note_version(GONE)
    first, *_ = told(bench)
    assert (first.sha256, first.text, first.is_current) == (GONE.sha256, None, False)
    assert first.captures[0].why == "no longer in the store"
    bench.lose_store()
    assert [one.why for one in tellings(bench)] == ["no longer in the store"] * 3
    assert not any(one.damaged for one in tellings(bench))


def test_a_capture_that_cannot_be_read_keeps_its_digest(tmp_path: Path) -> None:
    bench = crawled(tmp_path)
    before = [row.sha256 for row in bench.ledger.versions(5)]
    bench.tear_store()
    found = tellings(bench)
    assert [one.sha256 for one in found] == before
    assert all(one.damaged and one.why.startswith("it cannot be read: ") for one in found)


def test_a_page_that_is_too_much_now_is_said_to_be(tmp_path: Path) -> None:
    def failing(served: StoredCapture, article: int, style: Style) -> Extraction:
        return Extraction(Judgement(Verdict.EXTRACTION_FAILED, "it takes longer than 1 s"))

    bench = crawled(tmp_path)
    assert {one.why for one in tellings(bench, failing)} == {
        "this version of the software cannot extract it: it takes longer than 1 s"
    }
    bench.ledger.renew_versions(5, [row.id for row in bench.ledger.captures(5)], ())
    assert tellings(bench, failing) == []


def test_bytes_that_do_not_match_their_digest_are_told_of(tmp_path: Path) -> None:
    bench = crawled(tmp_path)
    bench.ledger.note(bench.row(EARLY).id, digest_result="mismatch")
    assert [one.fault for one in tellings(bench)] == [MISMATCH, ""]


# How two texts differ, for a reader of Chinese


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


def one_line(old: str, new: str) -> str | None:
    """Both lines as one, where they are shown so."""
    return next((line[2:] for line in diff_lines(old, new) if line.startswith("~")), None)


def test_a_character_shared_by_chance_is_no_island() -> None:
    old, new = "會議定於星期三下午兩點在碼頭舉行，歡迎參加。", "會議定於下月三日晚上八點在碼頭舉行，歡迎參加。"
    marked = one_line(old, new)
    assert marked is not None
    assert all(len(same) > 2 for same in re.split(r"\[-.*?-\]|\{\+.*?\+\}", marked) if same)


letters = st.text(alphabet="甲乙丙丁 ab", max_size=12)


@given(letters, letters)
def test_both_lines_can_be_read_off_one_that_was_changed(old: str, new: str) -> None:
    marked = one_line(old, new)
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
    assert diff_pieces("的" * 2001, "的" * 2000) is None
    pairs: list[int] = []

    class Counting(SequenceMatcher[str]):
        def get_grouped_opcodes(self, n: int = 3) -> Any:
            equal = vars(self)["b2j"]
            pairs.append(sum(len(equal.get(line, ())) for line in vars(self)["a"]))
            return super().get_grouped_opcodes(n)

    monkeypatch.setattr(worddiff, "diff_pieces", lambda old, new: pairs.append(len(old) * len(new)))
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
