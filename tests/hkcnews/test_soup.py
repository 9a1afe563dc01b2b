"""Tag soup, as real pages serve it: put in order as browsers do, then recovered without loss and without an
exception."""

from __future__ import annotations

from html import escape
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawler.hkcnews.layout import CITIZEN_NEWS
from crawler.hkcnews.page import read_page
from crawler.hkcnews.region import clean_region, parse
from crawler.hkcnews.verdict import Verdict
from crawler.markdown.style import SeedStyle
from tests.hkcnews.cases import ORIGINAL, PUBLIC, TIMESTAMP, Case, page_with, twin
from tests.markdown.outline import outline_of_html, outline_of_markdown

_NAMES = (
    *(
        "p",
        "p",
        "div",
        "span",
        "b",
        "strong",
        "em",
        "i",
        "a",
        "ul",
        "ol",
        "li",
        "blockquote",
        "table",
        "tr",
        "td",
        "th",
        "thead",
        "tbody",
    ),
    *(
        "h2",
        "h3",
        "figure",
        "figcaption",
        "pre",
        "code",
        "br",
        "br",
        "hr",
        "sub",
        "del",
        "u",
        "font",
        "section",
        "center",
        "dl",
        "dt",
        "dd",
    ),
)
_TAGS = st.sampled_from(
    [
        *(f"<{name}>" for name in _NAMES),
        *(f"</{name}>" for name in _NAMES),
        *(
            '<a href="/article/1">',
            '<a href="https://x.example/(a">',
            '<a href="javascript:x">',
            '<img src="/a b.jpg" alt="x">',
        ),
        *(
            '<iframe src="https://www.youtube.com/embed/x"></iframe>',
            '<td colspan="2">',
            '<td rowspan="2">',
            '<ol start="3">',
        ),
        *(
            "<!-- x -->",
            "<script>x</script>",
            "<p class='hidden'>",
            "</body>",
            "</html>",
            "<select>",
            "<template>",
            "<svg>",
            "<x-y>",
        ),
    ]
)
_PIECES = [
    "新聞",
    "自由。",
    "「港",
    "a",
    "B c",
    "1. ",
    "# ",
    "*",
    "_",
    "[",
    "]",
    "(",
    "<",
    "&",
    "|",
    "`",
    "!",
    "\\",
    " ",
    "\u3000",
    "\n",
    "~",
    "{{<",
    "😀",
]
_TEXTS = st.lists(st.sampled_from(_PIECES), max_size=4).map("".join).map(escape)
SOUP = st.lists(st.one_of(_TEXTS, _TAGS), min_size=1, max_size=14).map("".join)
STYLE = SeedStyle(PUBLIC, TIMESTAMP, ORIGINAL)


@example("新聞<span>新聞<p>")
@example("新聞</div><p>新聞")
@example("新聞</div><b><p>新聞</div><ul>新聞")
@example("<ul>新聞<br>新聞")
@example('<a href="/article/1"><p><dl>新聞')
@example('<a href="/article/1"><table><a href="/article/1">新聞')
@example("<pre>新聞<p>新聞<table>")
@example("<b><pre>新聞")
@given(SOUP)
def test_soup_is_recovered_as_a_browser_shows_it(soup: str) -> None:
    case = page_with(soup)
    recovered = case.recovered()
    if recovered.article is None:
        assert recovered.verdict in (Verdict.BLANK, Verdict.CUT_OFF)
        return
    assert recovered.differences == ()
    page = read_page(case.html)
    assert page.content is not None
    region = parse(f"<div>{''.join(node.html or '' for node in (page.content, *page.rest))}</div>")
    clean_region(region, CITIZEN_NEWS)
    shown, file = outline_of_html(str(region)), outline_of_markdown(recovered.article.body)
    assert file.texts == shown.texts
    assert file.bold == shown.bold
    links = [unquote(to) for to in map(STYLE.link, shown.links) if to is not None]
    if region.select_one("a a") is None:  # a link in a link, which tables bring about, has no right answer
        assert [unquote(link) for link in file.links] == links
    assert {unquote(link) for link in file.links} <= set(links)


_PAGE = twin().page


@given(
    st.lists(st.tuples(st.integers(0, len(_PAGE)), st.binary(max_size=6), st.integers(0, 40)), min_size=1, max_size=6)
)
def test_no_damage_to_a_page_raises(damages: list[tuple[int, bytes, int]]) -> None:
    page = _PAGE
    for at, inserted, removed in damages:
        page = page[:at] + inserted + page[at + removed :]
    recovered = Case(page, original=twin().original).recovered()
    assert (recovered.article is not None) == (recovered.verdict is Verdict.ARTICLE)


@given(st.binary(max_size=400) | SOUP.map(str.encode))
def test_nothing_at_all_raises(page: bytes) -> None:
    assert Case(page).recovered().verdict in Verdict


@pytest.mark.parametrize("element", ["iframe", "noscript", "object", "svg", "video", "textarea", "xmp"])
def test_a_marked_section_in_an_element_that_is_read_as_it_stands(element: str) -> None:
    recovered = page_with(f"<p>甲</p><{element}><![x[乙]]></{element}><p>丙</p>").recovered()
    assert recovered.verdict is Verdict.ARTICLE
    assert recovered.article is not None
    assert recovered.article.body.startswith("甲")
