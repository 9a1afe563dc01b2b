"""Which articles are asked for that no listing has: read from lists and links, or between the ids that are known."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from crawler.hkcnews.extract import Extraction
from crawler.hkcnews.verdict import Judgement, Verdict
from crawler.ledger import Ledger
from crawler.markdown.style import SeedStyle
from crawler.recovery.judge import read_page
from crawler.recovery.listing import GapEvidence, gap_candidates, gap_status, ids_in, linked_ids, unread
from crawler.wayback.capture import Capture, StoredCapture
from crawler.wayback.digest import payload_digest
from tests.demo.lists import LISTS, list_page
from tests.demo.pages import article_page
from tests.demo.sources import read_sources

NAMED: tuple[tuple[str, set[int]], ...] = (
    ('<a href="/article/33951/x">', {33951}),
    ("<a href='https://www.hkcnews.com/article/33951'>", {33951}),
    (r'{"items": ["<a href=\"\/article\/40001\/%E7%87%88\">"]}', {40001}),
    (r'"https:\/\/hkcnews.com\/article\/40002"', {40002}),
    ("[燈](/web/20210712013906/https://hkcnews.com:80/article/174/-)", {174}),
    ("https://elsewhere.example/article/5 /article/6 article/7", set()),
    ("hkcnews.com/article/0 hkcnews.com/article/1234567890 hkcnews.com/article/100000", set()),
    ("<a href=/article/40003>", {40003}),
    ('<a href="article/40003?page=2">', {40003}),
    ("onclick=\"location.href='./article/40003'\"", {40003}),
    (r'{"url":"\u002Farticle\u002F40003","html":"<a href=\\\"\\\/article\\\/40004\\\">"}', {40003, 40004}),
    (r"<a href=\u0022\/article\/40003\u0022>", {40003}),
    ('<div data-card="&quot;&#x2f;article&#47;40003&quot;">', {40003}),
    ("sharer.php?u=https%3A%2F%2Fwww.hkcnews.com%2Farticle%2F40003%2Fx", {40003}),
    ('<a href="https://elsewhere.example/article/5"> <a href="/articles/6"> <a href="//article/7">', set()),
    ("", set()),
)


def test_articles_that_a_text_names() -> None:
    assert [(text, ids_in(text)) for text, _ in NAMED] == [*NAMED]


def listed(path: str, timestamp: str, digest: str = "", status: str = "200", mimetype: str = "text/html") -> Capture:
    digest = digest or payload_digest(f"{path} {timestamp}".encode())
    original = f"https://www.hkcnews.com/{path}"
    return Capture(
        urlkey=path, timestamp=timestamp, original=original, mimetype=mimetype, statuscode=status, digest=digest
    )


def test_lists_are_read_by_turns_and_of_each_the_newest_capture_of_every_address_first() -> None:
    front = [listed("", str(year)) for year in (2018, 2019, 2020)]
    pages = [
        listed(f"data/allposts?page={number}", year, mimetype="application/json")
        for year in ("2019", "2020")
        for number in (1, 2)
    ]
    order = [front[2], pages[3], front[1], pages[2], front[0], pages[1], pages[0]]
    assert list(unread([front, pages], [])) == order
    read = {(capture.timestamp, capture.original) for capture in order[:3]}
    assert list(unread([front, pages], read)) == [front[0], *(pages[number] for number in (2, 1, 0))]


def test_the_same_bytes_name_the_same_articles() -> None:
    newest, same, revisit = (
        listed("news", "2021", "A" * 32),
        listed("news", "2020", "A" * 32),
        listed("news", "2019", "A" * 32, status="-"),
    )
    unknown = [listed("srs", year, "-") for year in ("2019", "2018")]
    assert list(unread([[newest, same, revisit], unknown], [])) == [newest, *unknown]
    assert list(unread([[newest, same, revisit]], [(newest.timestamp, newest.original)])) == []


def test_what_is_no_list_is_not_read() -> None:
    others = [
        listed("news", "2020", status="302"),
        listed("news", "2020", status="404"),
        listed("news_新聞/hk-discuss/2020/05/a_large.jpg", "2020", mimetype="image/jpeg"),
        listed("news_新聞/hk-discuss/2020/05/a_large.jpg", "2020"),
        listed("videos/a.mp4", "2020", mimetype="video/mp4"),
        listed("eventually", "2020"),
        listed("article/5", "2020"),
    ]
    assert list(unread([others], [])) == []


def recovered(page: str, article: int) -> Extraction:
    """What a page gives that was captured under an article's address."""
    original = f"https://www.hkcnews.com/article/{article}"
    style = SeedStyle("https://web.archive.org/web", "20210712013906", original)
    headers = (("Content-Type", "text/html; charset=utf-8"),)
    return read_page(StoredCapture(original, "20210712013906", 200, headers, page.encode()), article, style)


def test_a_list_is_no_article_whatever_its_cards_say() -> None:
    sources = read_sources()
    assert [of.path for of in LISTS if recovered(list_page(of, sources), of.ids[0]).article is not None] == []


def test_no_card_gives_an_article_its_title() -> None:
    source, *others = read_sources()
    page = article_page(source, others[:12], at="20210712013906")
    untitled = re.sub(r"<h1.*?</h1>|<title>.*?</title>|<meta property=\"og:title\"[^>]*>", "", page, flags=re.DOTALL)
    assert "article-block-title" in untitled
    assert "text-lg" in untitled
    assert recovered(page, source.id).judgement.verdict is Verdict.ARTICLE
    assert recovered(untitled, source.id).judgement == Judgement(Verdict.BLANK, "no title anywhere on the page")


def test_files_that_are_gone_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("[x](/web/20210712013906/https://hkcnews.com/article/9/y)", "utf-8")
    assert linked_ids(tmp_path, ["a.md", "gone.md"]) == {9}


def test_the_best_evidence_first_then_the_smallest_holes() -> None:
    evidence = {GapEvidence.ON_A_LIST: {12, 5}, GapEvidence.LINKED: {5, 13, 40}}
    assert list(gap_candidates([10, 12, 20, 22, 24], evidence, [23])) == [
        (5, GapEvidence.ON_A_LIST),
        (13, GapEvidence.LINKED),
        (40, GapEvidence.LINKED),
        (11, GapEvidence.BETWEEN),
        (21, GapEvidence.BETWEEN),
        *((article, GapEvidence.BETWEEN) for article in range(14, 20)),
    ]


def test_nothing_known_is_no_gap() -> None:
    assert list(gap_candidates([], {}, [])) == []
    assert list(gap_candidates([5], {}, [])) == []


some = st.sets(st.integers(1, 300), max_size=30)


@given(some, some, some, some)
def test_each_is_asked_for_once_and_never_what_is_known(
    known: set[int], listed: set[int], links: set[int], asked: set[int]
) -> None:
    found = [
        article
        for article, _ in gap_candidates(
            sorted(known), {GapEvidence.ON_A_LIST: listed, GapEvidence.LINKED: links}, asked
        )
    ]
    assert len(found) == len(set(found))
    assert not set(found) & (known | asked)
    inside = set(range(min(known), max(known))) if known else set()
    assert set(found) == (listed | links | inside) - known - asked


def test_ranges_are_those_of_the_folders(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        assert gap_status(ledger)["ranges"] == []
        ledger.adopt([1, 1000, 1001, 3001], "elsewhere")
        assert [tuple(one.values()) for one in gap_status(ledger)["ranges"]] == [
            (1, 1000, 2),
            (1001, 2000, 1),
            (2001, 3000, 0),
            (3001, 4000, 1),
        ]
