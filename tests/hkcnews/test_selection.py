"""One search finds what single searches would have found."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from crawler.hkcnews.layout import CITIZEN_NEWS
from crawler.hkcnews.page import Selection
from tests.walking import walked

SELECTORS = ("h1", "img", "meta", *CITIZEN_NEWS.tags, *CITIZEN_NEWS.content, *CITIZEN_NEWS.info, *CITIZEN_NEWS.blogger)
PIECES = [
    "<h1>",
    '<h1 class="group tags">',
    "</h1>",
    "<div>",
    "</div>",
    "甲",
    '<img class="tags">',
    '<a class="tags" href="/tag/x">',
    "</a>",
]
PIECES += [
    '<div class="article-info\tgroup">',
    '<ul class="tags a tags">',
    "</ul>",
    "<a>",
    '<div class="x\u00a0group">',
    '<p class="untagged">',
]
PIECES += [
    '<div class="article-content">',
    '<div itemprop="articleBody">',
    '<meta name="x">',
    '<span class="blogger-intro group">',
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14), st.permutations(SELECTORS))
def test_it_finds_what_the_page_has(pieces: list[str], selectors: list[str]) -> None:
    tree = LexborHTMLParser("<!doctype html><html><body>" + "".join(pieces))
    selection = Selection(tree)
    for selector in selectors:
        assert [node.mem_id for node in selection.of(selector)] == [node.mem_id for node in tree.css(selector)], (
            selector
        )


@walked("selector", [".tags a", "h1"])
def test_each_is_looked_for_once(selector: str) -> None:
    selection = Selection(LexborHTMLParser('<h1>題</h1><ul class="tags"><li><ul class="tags"><li><a>甲</a></ul></ul>'))
    assert selection.of(selector) is selection.of(selector)
    assert len(selection.of(selector)) == 1
