"""Small pages for tests of the crawl: invented articles in the site's attested markup, and the pages that are none."""

from __future__ import annotations

from tests.demo.pages import blank_page, farewell_page

FAREWELL = farewell_page().encode()
BLANK = blank_page().encode()


def address(number: int, slug: str = "") -> str:
    """An article's address."""
    return f"https://www.hkcnews.com/article/{number}{slug}"


def article(number: int, text: str = "燈塔今晚亮起。", canonical: str = "") -> bytes:
    """The page of an invented article; `text` is the HTML of its only paragraph."""
    link = f'<link rel="canonical" href="{canonical}">' if canonical else ""
    return (
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>燈塔日誌{number}</title>{link}</head><body>'
        f'<div class="group">眾聞</div><h1>燈塔日誌{number}</h1>'
        '<div class="article-info">撰文: 記者甄小帆 | 發佈日期: 12.07.20</div>'
        f'<div class="article-content"><p>第{number}日：{text}</p></div></body></html>'
    ).encode()


def cut(number: int) -> bytes:
    """The page of an article up to the middle of its body."""
    whole = article(number)
    return whole[: whole.index(b"</p>") - 6]


def unknown_layout(number: int) -> bytes:
    """A page that holds the article in a way that nothing here knows."""
    return (
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>燈塔日誌{number}</title></head>'
        f"<body><h1>燈塔日誌{number}</h1><table><tr><td>第{number}日</td></tr></table></body></html>"
    ).encode()
