"""Whatever a body holds, its Markdown says the same: the most important test of the conversion."""

from __future__ import annotations

import re
from urllib.parse import unquote

from hypothesis import given, settings

from crawler.hkcnews.check import differences, visible
from crawler.hkcnews.layout import CITIZEN_NEWS
from crawler.hkcnews.region import parse, prepare, tidy
from crawler.markdown.converter import Converter
from crawler.markdown.reader import read_markdown
from crawler.markdown.style import SeedStyle
from tests.markdown.bodies import bodies, lines
from tests.markdown.outline import Outline, outline_of_html, outline_of_markdown

STYLE = SeedStyle("https://web.archive.org", "20200102030405", "https://www.hkcnews.com/article/12/x")
CONVERTER = Converter()


def convert(html: str) -> tuple[str, list[str]]:
    """The Markdown of a body, and what the check says of it."""
    region = parse(f"<div>{html}</div>")
    tidy(region, CITIZEN_NEWS)
    prepare(region)
    markdown = CONVERTER.convert_region(region, STYLE)
    return markdown, list(differences(visible(region), markdown))


def addresses(found: tuple[str, ...]) -> list[str]:
    return [unquote(address) for address in found]


def words(text: str) -> list[str]:
    """What white space separates, invisible characters aside."""
    return re.sub("[\u200b\ufeff]", "", text).split()


def expected_links(page: Outline) -> list[str]:
    return [unquote(target) for target in (STYLE.link(href) for href in page.links) if target is not None]


def assert_faithful(html: str) -> None:
    markdown, found = convert(html)
    page, file = outline_of_html(html), outline_of_markdown(markdown)
    assert file.texts == page.texts
    assert file.blocks == page.blocks
    assert file.bold == page.bold
    assert file.italic == page.italic
    assert addresses(file.links) == expected_links(page)
    assert addresses(file.pictures) == [unquote(STYLE.image(src)) for src in page.pictures]
    assert addresses(file.frames) == [unquote(STYLE.frame(src)) for src in page.frames]
    assert found == []
    assert words(read_markdown(markdown).text) == words("\n".join(text for _, text in file.blocks))


@settings(max_examples=4000, deadline=None)
@given(bodies())
def test_bodies(html: str) -> None:
    assert_faithful(html)


@settings(max_examples=4000, deadline=None)
@given(lines())
def test_lines(html: str) -> None:
    assert_faithful(f"<p>{html}</p>")
