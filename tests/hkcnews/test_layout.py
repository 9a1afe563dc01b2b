"""What is left aside: asked of single nodes, with the same answer as a search of the whole page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from crawler.hkcnews.layout import CITIZEN_NEWS, Boilerplate, ancestors, simple

SELECTORS = ("nav", ".related", "[hidden]", ".ad-slot")
TAGS = [
    "<div>",
    "</div>",
    "<nav>",
    "</nav>",
    "<p hidden>",
    "<p>",
    "<NAV>",
    "<svg>",
    '<div class="a related">',
    "<div class=Related>",
    "甲",
]
TAGS += [
    '<p class="unrelated">',
    '<p class="a\tAD-slot\fb">',
    '<div class="x\u00a0related">',
    "<!-- x -->",
    "<div class>",
    "<template>",
]


@given(st.sampled_from(["", "<!doctype html>"]), st.lists(st.sampled_from(TAGS), max_size=12))
def test_it_holds_what_the_selectors_find(doctype: str, tags: list[str]) -> None:
    tree = LexborHTMLParser(doctype + "".join(tags))
    found, aside = {node.mem_id for node in tree.css(", ".join(SELECTORS))}, Boilerplate(tree, SELECTORS)
    assert tree.root is not None
    for node in tree.root.traverse(include_text=True):
        assert aside.holds(node) == any(around.mem_id in found for around in ancestors(node))


def test_in_an_element_what_is_around_it_does_not_count() -> None:
    tree = LexborHTMLParser('<div hidden><div id="whole"><p>甲</p><p class="related">乙</p></div></div>')
    whole = tree.css_first("#whole")
    assert whole is not None
    aside = Boilerplate(whole, SELECTORS)
    assert [aside.holds(node) for node in whole.css("p")] == [False, True]


def test_what_layouts_leave_aside_is_simple() -> None:
    assert simple(SELECTORS) == (frozenset({"nav"}), frozenset({"related", "ad-slot"}), frozenset({"hidden"}))
    for selectors in (CITIZEN_NEWS.aside, CITIZEN_NEWS.dropped):
        assert sum(map(len, simple(selectors))) == len(selectors)
    with pytest.raises(AssertionError, match="not simple"):
        simple(("p a",))
