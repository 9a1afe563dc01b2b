"""Pages with their captures, from the fixtures and made up on the spot, and the way from them to a recovered
article."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

from crawler.hkcnews.extract import Extraction, extract_capture
from crawler.hkcnews.urls import article_id
from crawler.markdown.article import Article
from crawler.markdown.document import render
from crawler.markdown.style import SeedStyle

FIXTURES = Path(__file__).parents[1] / "fixtures"
PUBLIC = "https://web.archive.org/web"
TIMESTAMP = "20210712003330"
ORIGINAL = "https://www.hkcnews.com/article/34011/-"


@dataclass(frozen=True)
class Case:
    """A page as captured, and the address and time of the capture."""

    page: bytes
    timestamp: str = TIMESTAMP
    original: str = ORIGINAL
    content_type: str = "text/html; charset=utf-8"
    status: int = 200

    @property
    def html(self) -> str:
        return self.page.decode()

    def having(self, *changes: tuple[str, str]) -> Case:
        """The same with pieces of the page replaced; each must be there."""
        html = self.html
        for old, new in changes:
            assert old in html, old
            html = html.replace(old, new)
        return replace(self, page=html.encode())

    def without(self, *patterns: str) -> Case:
        """The same without what matches; each pattern must match."""
        html = self.html
        for pattern in patterns:
            html, count = re.subn(pattern, "", html, flags=re.DOTALL)
            assert count, pattern
        return replace(self, page=html.encode())

    def recovered(self) -> Extraction:
        wanted = article_id(self.original)
        assert wanted is not None
        style = SeedStyle(PUBLIC, self.timestamp, self.original)
        return extract_capture(self.page, self.content_type, self.status, wanted, self.timestamp, self.original, style)

    def article(self) -> Article:
        """The article, which must come out without any difference between page and file."""
        recovered = self.recovered()
        assert recovered.article is not None, recovered.judgement
        assert recovered.differences == ()
        return recovered.article

    def file(self) -> str:
        return render(self.article(), PUBLIC)


def case_in(folder: Path) -> Case:
    """The page and capture in a folder, as the fixtures and the seed are laid out."""
    capture = json.loads((folder / "capture.json").read_text(encoding="utf-8"))
    return Case(
        (folder / "page.html").read_bytes(),
        capture["timestamp"],
        capture["original"],
        capture["mimetype"],
        int(capture["statuscode"]),
    )


def twin() -> Case:
    """The fictional page that is built like the seed's."""
    return case_in(FIXTURES / "twin")


def page_with(body: str, *, head: str = "", after: str = "", title: str = "燈塔日誌") -> Case:
    """A small whole page in the attested markup around a body."""
    return Case(
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title} | 眾新聞</title>{head}</head><body><div'
        f' class="container"><div class="article-wrapper"><div class="group">眾聞</div><h1>{title}</h1><div'
        ' class="article-info">撰文: 記者甄小帆 | 發佈日期: 12.07.21</div><div'
        f' class="article-content">{body}</div>{after}</div></div></body></html>'.encode()
    )
