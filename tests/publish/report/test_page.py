"""The page: one file, the same each time, with its numbers; and what pages or archives said in it is text and nothing
else."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from selectolax.lexbor import LexborHTMLParser

from crawler.ledger import ArticleRow, State
from crawler.ledger.images import ImageState
from crawler.publish.report.page import POLICY
from crawler.publish.report.parts import Columns, Figure, share
from crawler.publish.words import Bilingual
from tests.pages import address
from tests.publish.report.trees import OLD, PUBLIC, Tree, one, record
from tests.publish.words import shown

EVIL = """"'><script>alert(1)</script><img src=x onerror=alert(1)></style></title><svg/onload=alert(1)>{{ 7*7 }}&lt;b&gt;"""  # noqa: E501


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report on a tree with something of everything."""
    return full(Tree(tmp_path_factory.mktemp("report"))).page()


def full(tree: Tree) -> Tree:
    tree.lists(1, 2, 3, 4, 1001, 1002, 3001).lists(3, timestamp=OLD)
    tree.recovers(1, 2).recovers(1001, date="2021-05-01", digest="mismatch", faults=("the bytes do not match",))
    tree.gives_up(3, "farewell", because="titled “眾新聞告別”").gives_up(4, "blank").gives_up(
        1002, "outage page", State.WAITING
    )
    tree.has_images(1, {"a": ImageState.HAVE, "b": ImageState.MISSING})
    return (
        tree.record(json.dumps(record()))
        .record("{", "20261122T000000Z.json")
        .record(json.dumps(record(9)), "z.json")
        .ends(0, "well")
    )


def evil(tree: Tree) -> Tree:
    """Whatever can come from pages, archives, file names or records is hostile."""
    tree.ledger.add_source(f"pywb+{EVIL}", "javascript:alert(1)//")
    tree.ledger.add_source(f"b{EVIL}", f"https://archive.example/{EVIL}")
    tree.ledger.set_meta("format", EVIL)
    tree.lists(1, 2, 3, original=f"https://www.hkcnews.com/article/1/{EVIL}").lists(3, source=f"pywb+{EVIL}").lists(
        3, source=f"b{EVIL}"
    )
    tree.lists(4, timestamp=OLD[:4] + EVIL)
    tree.recovers(1, faults=(EVIL,), verified="true", **{"x-y": "z"})
    tree.ledger.settle(ArticleRow(2, State.RECOVERED, capture=1, file=EVIL, faults=(EVIL,)), tree.run, {EVIL: EVIL})
    tree.gives_up(3, EVIL, because=EVIL).gives_up(4, EVIL, State.WAITING)
    tree.has_images(1, {EVIL: ImageState.MISSING}, reason=EVIL)
    about: dict[str, Any] = {"verdict": EVIL, "command": EVIL, "breaches": [{"threshold": EVIL, "message": EVIL}]}
    tree.record(json.dumps(record(**about, politeness={EVIL: record()["politeness"], "http://[": {}})))
    return tree.record("{", f"{EVIL.replace('/', '_')}.json").ends(99, EVIL)


def test_the_same_tree_and_moment_give_the_same_bytes(tmp_path: Path, page: str) -> None:
    assert full(Tree(tmp_path)).page() == page


def test_it_holds_its_numbers(page: str) -> None:
    tree = LexborHTMLParser(shown(page, "en"))
    tiles = {one(node, "dt").text().strip(): one(node, "dd").text() for node in tree.css(".tiles div")}
    assert tiles == {
        "listed": "7",
        "recovered": "3 42.9%",
        "waiting": "1 14.3%",
        "not tried yet": "1 14.3%",
        "unrecoverable": "2 28.6%",
    }
    for anchor, *cells in (
        ("ranges", "1–1000", "2", "0", "0", "0", "2", "996"),
        ("years", "2021", "3", "0"),
        ("months", "2021-07", "2", "0"),
        (
            "reasons",
            "unrecoverable",
            "blank",
            "the article template without title and text",
            "1",
        ),
        ("fields", "date", "3", "100%"),
        ("fields", "title", "markup h1", "3", "100%"),
        ("digests", "mismatch", "1", "1"),
        ("images", "missing", "1", "50%"),
        ("captures", "2020", "1"),
        ("runs", "1", "2026-11-23 08:30:00", "12 s", "recover ids=1-9", "2", "0"),
        ("runs", "1", "web.archive.org", "playback", "103", "60", "240", "41%"),
        ("faults", "1001", "articles/1001-2000/article_1001.md", "the bytes do not match"),
    ):
        rows = [[cell.text().strip() for cell in row.css("td")] for row in tree.css(f"#{anchor} tbody tr")]
        assert cells in [row[: len(cells)] for row in rows], (anchor, rows)


def test_the_first_screen_says_in_words_what_is_missing_and_why_and_its_numbers_add_up(page: str) -> None:
    first = one(LexborHTMLParser(shown(page)), "#glance")
    assert one(first, "h1").text() == "典藏庫列出的 7 篇文章，已復原 3 篇"
    assert one(LexborHTMLParser(shown(page, "en")), "h1").text() == "3 of 7 articles recovered"
    assert one(first, "h2").text() == "缺失 4 篇，原因如下："
    listed, *states = [int(node.text().split()[0]) for node in first.css(".tiles dd")]
    assert listed == sum(states)
    groups = [int(node.text()) for node in first.css(".why b")]
    assert (groups, sum(groups)) == ([1, 1, 1, 1], 4)
    assert [node.text() for node in first.css("h3")] == [
        "無法復原：典藏庫的每個快照都看過，沒有一個是該篇文章",
        "待重試：典藏庫當時有問題，下次執行會再試",
        "尚未嘗試：下次執行會處理",
    ]
    links = {node.text(): node.attributes["href"] for node in first.css(".why a")}
    assert [*links] == ["4", "3", "1002", "3001"]
    assert links["3"] == f"{PUBLIC}/web/*/https://www.hkcnews.com/article/3*"
    assert "farewell_page" not in first.text()


def test_a_missing_article_is_named_by_its_address_and_many_lead_to_the_full_list(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    for number, slug in enumerate(("/a-1/%E7%87%88%E5%A1%94", "/a-2/%EF%BF%BD%EF%BF%BD", "/-", "", "/a-5/x%0Ay"), 1):
        tree.lists(number, original=f"{address(number)}{slug}").gives_up(number, "blank")
    tree.lists(*range(11, 41))
    for number in range(11, 41):
        tree.gives_up(number, "farewell")
    first = one(LexborHTMLParser(shown(tree.page())), "#glance")
    many, few = first.css(".why li")
    assert [one(node, "b").text() for node in (many, few)] == ["30", "5"]
    assert [node.text() for node in few.css("a")] == ["1 燈塔", "2", "3", "4", "5"]
    assert (len(many.css("a")), many.css("a")[-1].attributes["href"]) == (13, "#missing")
    assert many.css("a")[-1].text() == "尚有 18 篇"


def test_everything_missing_is_listed_with_its_reason_and_its_captures(page: str) -> None:
    tree = LexborHTMLParser(page)
    rows = {one(row, "th").text(): row for row in tree.css(".absent tbody tr")}
    assert list(rows) == ["3", "4", "1002"]
    assert "farewell page" in rows["3"].text()
    assert "眾新聞告別" in rows["3"].text()
    assert [link.attributes["href"] for link in rows["3"].css("a")] == [
        f"{PUBLIC}/web/*/https://www.hkcnews.com/article/3*",
        f"{PUBLIC}/web/20200801000000/https://www.hkcnews.com/article/3",
        f"{PUBLIC}/web/20210712013906/https://www.hkcnews.com/article/3",
    ]
    assert [link.text() for link in tree.css(".ids a")] == ["3001"]
    assert [node.text() for node in tree.css(".thousand > summary")] == ["1–1000: 2", "1001–2000: 1", "3001–4000: 1"]


def test_records_that_cannot_be_read_or_placed_are_named(page: str) -> None:
    text = one(LexborHTMLParser(page), "#runs").text()
    assert "runs/20261122T000000Z.json: not JSON, or cut off; it is left out." in text
    assert "runs/z.json is of no run that the ledger has." in text
    assert "HEALTH_FIELD_LOSS date is missing" in text


def test_it_is_one_file_with_a_strict_policy(page: str) -> None:
    harmless(page)


def test_bars_are_as_long_as_their_numbers_and_each_look_has_its_words(page: str) -> None:
    tree = LexborHTMLParser(shown(page))
    assert len(tree.css(".bars")) == 4
    assert len(tree.css(".upright[role=img]")) == 4
    assert tree.css("#images .bars li")[0].text() == "已取得50%"
    drawn = [(node.attributes["class"], node.attributes["style"]) for node in tree.css("#glance .whole-bar i")]
    assert drawn == [
        ("solid", "width: 42.86%"),
        ("steep", "width: 14.29%"),
        ("falling", "width: 14.29%"),
        ("crossed", "width: 28.57%"),
    ]
    stacks = [
        [(node.attributes["class"], node.attributes["style"]) for node in column.css("i")]
        for column in tree.css("#ranges .upright > div")
    ]
    assert stacks[:3] == [
        [("solid", "height: 50.0%"), ("crossed", "height: 50.0%")],
        [("solid", "height: 25.0%"), ("steep", "height: 25.0%")],
        [],
    ]
    assert [node.text() for node in tree.css("#ranges .tick")] == ["0", "1", "2", "3", "4"]
    assert [node.text() for node in tree.css("#ranges .upright > div > span")] == ["1", "1001", "2001", "3001"]
    assert [one(node, "i").attributes["class"] for node in tree.css("#ranges .legend li")] == [
        "solid",
        "steep",
        "falling",
        "crossed",
    ]
    assert one(tree, "#reasons .legend").text().split() == ["待重試", "無法復原"]
    assert [node.attributes["style"] for node in tree.css("#runs .upright b")] == ["bottom: 96.0%"] * 2


def test_one_bar_is_a_sentence(tmp_path: Path) -> None:
    page = Tree(tmp_path).lists(1, 2).recovers(1).gives_up(2, "blank").page()
    trees = [LexborHTMLParser(shown(page, language)) for language in ("zh", "en")]
    sentences = {
        "years": ["年份 2021：已復原 1。", "year 2021: recovered 1."],
        "captures": ["年份 2021：網頁典藏庫 2。", "year 2021: the web archive 2."],
        "ranges": ["編號 1–1000：已復原 1，無法復原 1。", "ids 1–1000: recovered 1, unrecoverable 1."],
        "reasons": ["沒有標題和內文的空白範本：1。", "the article template without title and text: 1."],
    }
    assert {anchor: [tree.css(f"#{anchor} > p")[-1].text() for tree in trees] for anchor in sentences} == sentences
    assert trees[0].css(".upright") == []


@pytest.mark.parametrize(
    ("values", "ticks"),
    [([0], [0, 1]), ([3], [0, 1, 2, 3]), ([4, 7], [0, 2, 4, 6, 8]), ([49_122], [*range(0, 50_001, 10_000)])],
)
def test_the_scale_is_round_and_has_room_for_the_longest(values: list[float], ticks: list[int]) -> None:
    figure = Figure(Bilingual("x"), [Bilingual("a")] * 3, [[str(value), value, 0.5] for value in values])
    assert [*Columns({1: "solid"}, limit=2).scale(figure)] == ticks


def test_many_bars_have_few_labels(tmp_path: Path) -> None:
    page = LexborHTMLParser(Tree(tmp_path).lists(*range(1, 61_000, 1000)).page())
    assert len(page.css("#ranges .upright > div")) == 61
    assert len(page.css("#ranges .upright > div > span")) == 11
    assert len(page.css("#ranges .upright > div > span:not(.fine)")) == 4


def test_hostile_words_stay_words(tmp_path: Path) -> None:
    page = evil(Tree(tmp_path)).page()
    harmless(page)
    tree = LexborHTMLParser(page)
    for anchor in ("fields", "images", "runs", "faults", "captures", "missing"):
        assert "<script>alert(1)</script>" in one(tree, f"#{anchor}").text(), anchor
    assert "{{ 7*7 }}" in page
    assert "49&lt;" not in page
    assert len(tree.css("section")) == 12


def harmless(page: str) -> None:
    """Nothing in it can run, load or lead anywhere but to the archive."""
    tree = LexborHTMLParser(page)
    assert one(tree, 'meta[http-equiv="Content-Security-Policy"]').attributes["content"] == POLICY
    assert tree.css("script, iframe, object, embed, form, base, img, audio, video, math, foreignObject, animate") == []
    switch = [(node.attributes["type"], node.attributes["name"]) for node in tree.css("input")]
    assert switch == [("radio", "language")] * 2
    assert [node.attributes for node in tree.css("link")] == [{"rel": "icon", "href": "data:,"}]
    assert len(tree.css("style")) == 1
    assert "@import" not in page
    ids = [node.attributes["id"] for node in tree.css("[id]")]
    assert len(ids) == len(set(ids))
    for node in tree.css("*"):
        assert not [name for name in node.attributes if name.lower().startswith("on") or name == "src"], node.html
        address = node.attributes.get("href") or ""
        if node.tag == "a" and not address.startswith("#"):
            assert (urlsplit(address).scheme, urlsplit(address).netloc) == ("https", "archive.example"), address
            assert node.attributes["rel"] == "noopener noreferrer"
        elif node.tag == "use":
            assert address.removeprefix("#") in ids
    assert {found for found in re.findall(r"url\(([^)]*)\)", page) if found[1:] not in ids} == set()


def test_every_table_has_as_many_heads_as_cells_and_is_in_both_languages(page: str) -> None:
    tree = LexborHTMLParser(page)
    for table in tree.css("table"):
        assert {len(row.css("td, th")) for row in table.css("tr")} == {len(table.css("thead th"))}
    for heading in tree.css("h1, h2"):
        assert one(heading, "in-zh").text() != one(heading, "in-en").text()


def test_a_tree_of_which_nothing_is_listed_yet_has_a_report_too_and_adopted_articles_are_not_missing(
    tmp_path: Path,
) -> None:
    tree = Tree(tmp_path)
    tree.ledger.adopt([5, 6], "backup")
    page = tree.page()
    harmless(page)
    assert "adopted" in one(LexborHTMLParser(page), ".tiles").text()
    assert "Nothing that is listed is missing." in page
    assert "not ended: it goes on, or was killed" in page


def test_all_and_nothing_are_said_of_nothing_else() -> None:
    most = 10**6
    said = {(0, 0): "–", (0, 3): "0%", (3, 3): "100%", (1, 3): "33.3%", (1, most): "0.1%", (most - 1, most): "99.9%"}
    assert {part: share(*part) for part in said} == said
