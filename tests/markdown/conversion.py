"""From a piece of HTML to Markdown by the real converter, as the tests of this room need it."""

from __future__ import annotations

from crawler.hkcnews.layout import CITIZEN_NEWS
from crawler.hkcnews.region import clean_region, parse, prepare_region
from crawler.markdown.converter import Converter
from crawler.markdown.style import SeedStyle

TIMESTAMP = "20200102030405"
STYLE = SeedStyle("https://web.archive.org/web", TIMESTAMP, "https://www.hkcnews.com/article/12/x")
ABROAD = f"https://web.archive.org/web/{TIMESTAMP}"
HERE = f"/web/{TIMESTAMP}/https://www.hkcnews.com"
CONVERTER = Converter()


def markdown_of(html: str) -> str:
    """The Markdown of what stands in a body."""
    region = parse(f"<div>{html}</div>")
    clean_region(region, CITIZEN_NEWS)
    prepare_region(region)
    return CONVERTER.convert_region(region, STYLE)
