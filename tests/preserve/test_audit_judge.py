"""Each kind of finding by itself, beside what looks like it and is none; and files made to break their reader."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.preserve.article_file import LARGEST, FoundFile
from crawler.preserve.audit import examine, examine_file
from crawler.preserve.defects import OF_FIELDS, OF_TEXT
from crawler.preserve.findings import DAMAGE, REFETCH, AuditKind, Class, Finding, Kind, badness
from tests.preserve.drafts import ARCHIVE, OF_TREES, PLANTS, WHEN, Draft, sound, video
from tests.walking import walked

NUMBER = 33951


def judge_text(text: str, number: int) -> tuple[Finding, ...]:
    return examine(text, number).findings


def kinds(draft: Draft) -> list[Kind]:
    return [finding.kind for finding in judge_text(draft.text(), draft.number)]


def findings(path: Path) -> tuple[Finding, ...]:
    return examine_file(path.parent, FoundFile(path.name)).findings


@walked("flags", [(True, False), (False, False), (True, True), (False, True)])
def test_a_sound_file_has_no_finding(flags: tuple[bool, bool]) -> None:
    draft = sound(NUMBER)
    draft.note, draft.blogger = flags
    assert judge_text(draft.text(), NUMBER) == ()


@walked(("kind", "plant"), [(kind, plant) for kind, plants in PLANTS.items() for plant in plants])
def test_a_planted_defect_is_found_and_nothing_else(kind: AuditKind, plant: Callable[[Draft], None]) -> None:
    draft = sound(NUMBER)
    plant(draft)
    found = judge_text(draft.text(), NUMBER)
    assert [finding.kind for finding in found] == [kind]
    assert "\n" not in found[0].detail
    assert len(found[0].detail) < 300


def test_every_kind_is_planted_explained_and_of_a_class() -> None:
    assert {*PLANTS, *OF_TREES, AuditKind.UNREADABLE} == set(AuditKind)
    tables = [kind for kind, _ in (*OF_FIELDS, *OF_TEXT)]
    assert len(tables) == len(set(tables))
    assert {kind.class_ for kind in AuditKind} == {*Class} - {DAMAGE}
    assert all(kind.meaning for kind in AuditKind)


def _only(draft: Draft, blocks: list[str]) -> None:
    draft.blocks = blocks


def _bare(draft: Draft) -> None:
    draft.tags = ()
    del draft.fields["author"]


@walked(
    ("left", "found"),
    [
        ({"date": "2022-01-02", "author": "甄小帆"}, [AuditKind.NO_CATEGORY]),
        ({"date": "2022-01-02"}, [AuditKind.NO_CATEGORY]),
        ({"author": "甄小帆", "category": "眾聞"}, [AuditKind.NO_DATE]),
        ({"author": "眾新聞"}, [AuditKind.FAREWELL]),
        ({"category": "眾聞"}, [AuditKind.FAREWELL]),
        ({}, [AuditKind.FAREWELL]),
    ],
)
def test_what_is_titled_as_the_farewell_page_is_an_article_if_it_says_who_or_when(
    left: dict[str, str], found: list[AuditKind]
) -> None:
    draft = sound(NUMBER)
    addresses = {key: draft.fields[key] for key in ("url", "original_url")}
    draft.fields = {"title": "眾新聞告別\u3000感謝讀者", "date": "", "author": "", **left, **addresses}
    assert kinds(draft) == found


NEAR_MISSES: dict[str, Callable[[Draft], object]] = {
    "an article about the farewell": lambda d: d.fields.update(title="眾新聞告別演唱會　街坊帶貓"),
    "the site's own article of the farewell": lambda d: d.fields.update(title="眾新聞告別　感謝讀者"),
    "an article titled as an outage": lambda d: d.fields.update(title="Temporarily Offline"),
    "an article that speaks of an outage": lambda d: d.blocks.append("The lamp's website was temporarily offline."),
    "that, with an unfound title": lambda d: d.fields.update(title="找不到出路的貓"),
    "a number that is no status": lambda d: d.fields.update(title="500人上山看燈塔"),
    "an article about being excluded": lambda d: d.blocks.append("It was excluded from the Wayback Machine."),
    "an article about subscriptions": lambda d: d.blocks.extend(["請加入成為眾新聞的訂戶，貓說。", *"一二三四五"]),
    "a lone video": lambda d: _only(d, [video(1, "lamp")]),
    "a lone picture": lambda d: _only(d, d.blocks[:1]),
    "a lone picture in Markdown": lambda d: _only(d, ["![](https://x.example/a.jpg)"]),
    "one character": lambda d: _only(d, ["貓"]),
    "one emoji": lambda d: _only(d, ["🐈"]),
    "three dots": lambda d: _only(d, ["……"]),
    "a table": lambda d: _only(d, ["| 一 | 二 |\n| --- | --- |\n| 三 | 四 |"]),
    "a rule in the body": lambda d: d.blocks.extend(["---", "**貓**說。"]),
    "no tags, author, last update": _bare,
    "an empty author": lambda d: d.fields.update(author=""),
    "a last update": lambda d: d.fields.update(last_updated="2019-04-23 10:00:00"),
    "the first day": lambda d: d.fields.update(date="2016-12-30"),
    "the last day": lambda d: d.fields.update(date="2022-01-03"),
    "a day with a time": lambda d: d.fields.update(date="2019-04-22 10:30:00"),
    "a date without quotes": lambda d: d.finish.append(lambda text: text.replace('"2019-04-22"', "2019-04-22")),
    "single quotes": lambda d: d.finish.append(lambda text: text.replace('"眾聞"', "'眾聞'")),
    "a tab in a title": lambda d: d.fields.update(title="燈塔\t重開"),
    "escapes": lambda d: d.fields.update(title='燈塔\\"重開\\"\\U0001F408'),
    "a key of somebody else's": lambda d: d.fields.update(layout="post"),
    "another number in the slug": lambda d: d.fields.update(original_url="https://hkcnews.com/article/33951/x-33954/y"),
    "http, port, query": lambda d: d.fields.update(original_url="http://hkcnews.com:80/article/33951?fbclid=a.js"),
    "a slug that ends like a file": lambda d: d.fields.update(
        original_url="https://www.hkcnews.com/article/33951/%E7%87%88.js"
    ),
    "another archive": lambda d: d.fields.update(
        url=f"https://arquivo.example/wayback/{WHEN}/https://hkcnews.com/article/33951"
    ),
    "a category in English": lambda d: d.fields.update(category="tri-angles"),
    "a title in French": lambda d: d.fields.update(title="Café à côté — “déjà vu” çà et là"),
    "a title in Russian": lambda d: d.fields.update(title="Маяк снова открыт, кошка пришла первой"),
    "a title in Hebrew, Arabic, Thai": lambda d: d.fields.update(title="מגדלור נפתח منارة مفتوحة ประภาคารเปิดอีกครั้ง"),
    "a title beyond the BMP": lambda d: d.fields.update(title="𨋢𥚃的貓🐈"),
    "rare characters": lambda d: d.fields.update(title="鑫森淼焱垚鐪瀯"),
    "Greek, Russian and French text": lambda d: d.blocks.append(
        "Ο φάρος άνοιξε ξανά. Маяк открыт. L’été dernier, là-haut."
    ),
    "an address of e-mail": lambda d: d.blocks.append("來稿請寄 cat@lamp.example 。"),
    "words about protection": lambda d: d.blocks.append("Is your email protected? [email is protected]"),
    "U+FFFD in a link": lambda d: d.blocks.append(
        '看[前文](https://x.example/\ufffd)和<a href="https://x.example/\ufffd">圖</a>。'
    ),
    "a bracket at the end": lambda d: d.blocks.append("他說[1]（註"),
    "less than": lambda d: d.blocks.append("一 <二，2 < 3 and a <b"),
    "a literal tag": lambda d: d.blocks.append("他寫了 \\<img src="),
    "a link at the end": lambda d: d.blocks.append(f"[漁具店]({ARCHIVE}/{WHEN}/https://x.example/a_(b))"),
    "a link to a day": lambda d: d.blocks.append("看[前文](/news/20190422/x)和[另一篇](/web/about)。"),
    "a link in the archive": lambda d: d.blocks.append(
        f"看[前文]({ARCHIVE}/{WHEN}/https://www.hkcnews.com/article/7)。"
    ),
    "bold in Chinese": lambda d: d.blocks.append("燈塔**漁具店**的人*說*。"),
    "spaces around Latin": lambda d: d.blocks.append("他讀 [Lamp News](https://x.example/) 說 **Lamp** 好。"),
    "a space on one side": lambda d: d.blocks.append("燈塔 [漁具店](https://x.example/)的人**說：** 好。"),
    "bold and italic": lambda d: d.blocks.append("燈塔***漁具店***重開。"),
    "literal asterisks": lambda d: d.blocks.append("罵了一句\\*\\*\\*\\*。"),
    "a byte order mark": lambda d: d.finish.append(lambda text: f"\ufeff{text}"),
    "white space": lambda d: d.blocks.append("燈\u00a0塔\u3000重\u200b開\u2028。\tx"),
}


@walked("change", NEAR_MISSES.values(), ids=NEAR_MISSES)
def test_what_looks_like_a_defect_and_is_none(change: Callable[[Draft], object]) -> None:
    draft = sound(NUMBER)
    change(draft)
    assert judge_text(draft.text(), NUMBER) == ()


def test_of_two_addresses_one_can_be_decoded_and_one_is_lost() -> None:
    draft = sound(NUMBER)
    for kind in (AuditKind.UNDECODED_EMAIL, AuditKind.LOST_EMAIL):
        PLANTS[kind][0](draft)
    assert kinds(draft) == [AuditKind.LOST_EMAIL, AuditKind.UNDECODED_EMAIL]


def test_an_english_article_without_its_date_is_still_an_article() -> None:
    draft = sound(NUMBER)
    del draft.fields["date"]
    draft.blocks.append("The lamp's website was temporarily offline; it was excluded from the Wayback Machine.")
    assert kinds(draft) == [AuditKind.NO_DATE]


@walked(
    ("name", "number"),
    [
        ("article_33951.md", 33951),
        ("ARTICLE_7.MD", 7),
        ("article_00174.md", 174),
        ("article_0.md", None),
        ("article_123456.md", None),
        ("article_7 (1).md", None),
        ("article_٧.md", None),
        ("33951.md", None),
        ("README.md", None),
    ],
)
def test_the_id_of_a_name(name: str, number: int | None) -> None:
    assert FoundFile(f"article_1.md/{name}").article == number


def test_the_better_of_two_files_is_the_one_with_less_to_refetch_then_with_less_at_all() -> None:
    worst, middle, best = (
        [Finding(AuditKind.NO_DATE)],
        [Finding(AuditKind.RELATIVE_LINKS), Finding(AuditKind.INVALID_YAML)],
        [Finding(AuditKind.RELATIVE_LINKS)],
    )
    assert sorted([middle, worst, best], key=badness) == [best, middle, worst]


# Files that are made to break their reader


@given(st.binary(max_size=2000))
def test_any_bytes_are_judged(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "article_7.md"
    path.write_bytes(data)
    assert findings(path)


_PIECES = (
    *("---\n", "\n", "title: ", '"', "'", "a", "&a ", "*a", "[", "]", "{", "}", "- ", "? ", ": ", "!!python/object "),
    *("|\n", "\t", "\r", "\\x", "%YAML 9\n", "<<: ", "...\n", "燈"),
)


@given(st.lists(st.sampled_from(_PIECES), max_size=60).map("".join), st.text(max_size=100))
def test_any_front_matter_is_judged(head: str, body: str) -> None:
    assert judge_text(f"---\n{head}\n---\n{body}", 7)


@given(st.data())
def test_a_sound_file_with_something_in_it_is_judged(data: st.DataObject) -> None:
    text = sound(7).text()
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(at, min(len(text), at + 40)))
    judge_text(text[:at] + data.draw(st.text(max_size=20)) + text[cut:], 7)


_BOMBS = (
    *("[" * 60_000, "{" * 60_000, "- " * 30_000, "? " * 30_000, ">\n" * 900),
    *("&a [*a, *a]", "&a {b: *a}", '"' + "\\u0000" * 900, "!!binary '='"),
)


@walked("value", _BOMBS)
def test_a_bomb_in_one_field_costs_that_field_only(value: str) -> None:
    draft = sound(NUMBER)
    draft.finish.append(lambda text: text.replace('"記者甄小帆"', value))
    assert {kind for kind in kinds(draft) if kind.class_ is REFETCH} <= {AuditKind.NO_FRONT_MATTER}


_ENDLESS = (
    *("[", "](", "中 [甲](x) ", "中 **", "\n---\n", "---", "<img ", "{{<", "[email ", "請加入成為眾新聞\n\n"),
    *("зӘ", "\r\n", " "),
)


@walked("piece", _ENDLESS)
@walked("where", ["---\ntitle: a\ndate: 2020-01-01\ncategory: x\n---\n{0}", "---\n{0}\n---\nx", "{0}"])
def test_lines_without_end_are_judged(piece: str, where: str) -> None:
    assert judge_text(where.format(piece * (60_000 // len(piece))), NUMBER)


def _sparse(path: Path) -> None:
    path.touch()
    os.truncate(path, LARGEST + 1)


UNREADABLE: dict[str, Callable[[Path], object]] = {
    "a directory": Path.mkdir,
    "a pipe": os.mkfifo,
    "a loop": lambda path: path.symlink_to(path.name),
    "nothing": lambda path: None,
    "big5": lambda path: path.write_bytes(sound(7).text().encode("big5", "ignore")),
    "utf-16": lambda path: path.write_text(sound(7).text(), "utf-16"),
    "too large": _sparse,
}


@pytest.mark.parametrize("make", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_a_finding(tmp_path: Path, make: Callable[[Path], object]) -> None:
    path = tmp_path / "article_7.md"
    make(path)
    assert [finding.kind for finding in findings(path)] == [AuditKind.UNREADABLE]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read anything")
def test_a_file_that_may_not_be_read_is_a_finding(tmp_path: Path) -> None:
    path = tmp_path / "article_7.md"
    path.write_text(sound(7).text(), "utf-8")
    path.chmod(0)
    assert [finding.kind for finding in findings(path)] == [AuditKind.UNREADABLE]
