"""The layouts of the site's pages: every selector and every phrase by which a page is read, in one place.

Marked A: attested by public scrapers of the live site. All others are supposed (FACTS section 1), so each part has
several ways to be found, in order, and the last ways do without any class name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

_SIMPLE = re.compile(r"(?:([a-z]+)|\.([a-z0-9_-]+)|\[([a-z]+)\])\Z")


@dataclass(frozen=True, slots=True)
class Layout:
    """CSS selectors in order of trust, for one design of the site; those of `listing`, `aside` and `dropped` are simple."""

    name: str
    content: tuple[str, ...]
    title: tuple[str, ...]
    category: tuple[str, ...]
    info: tuple[str, ...]
    tags: tuple[str, ...]
    note: tuple[str, ...]
    blogger: tuple[str, ...]
    listing: tuple[str, ...]
    aside: tuple[str, ...]
    dropped: tuple[str, ...]


Simple = tuple[frozenset[str], frozenset[str], frozenset[str]]


@cache
def simple(selectors: tuple[str, ...]) -> Simple:
    """The elements, the classes and the attributes that simple selectors (`p`, `.x`, `[y]`) name."""
    found = [_SIMPLE.match(selector) for selector in selectors]
    assert all(found), f"not simple: {selectors}"
    tags, classes, attributes = zip(*(match.groups() for match in found if match), strict=True)
    return frozenset(filter(None, tags)), frozenset(filter(None, classes)), frozenset(filter(None, attributes))


_LISTING = (".article-block", ".article-block-footer", ".related")
CITIZEN_NEWS = Layout(
    name="citizen-news",
    content=(".article-content", "[itemprop=articleBody]", ".article-body"),  # the first: A
    title=("h1",),  # A
    category=(".group", "[itemprop=articleSection]"),  # the first: A
    info=(".article-info",),  # A
    tags=(".tags a", "a.tag", "a[rel~=tag]", 'a[href*="/tag/"]', 'a[href*="/tags/"]', 'a[href*="?tag="]'),
    note=(".subscribe-note",),
    blogger=(".blogger-intro",),
    listing=_LISTING,
    aside=(*_LISTING, "nav", "footer", "aside"),
    dropped=(
        *("script", "style", "template", "noscript", "link", "meta", "svg", "canvas", "button", "input", "select", "textarea"),
        *(".hidden", "[hidden]", ".adsbygoogle", ".advertisement", ".ad-slot", ".google-auto-placed"),
        *(".share", ".share-buttons", ".social-share", ".sharing", ".addthis_toolbox", ".sharethis-inline-share-buttons", ".a2a_kit"),
        *(
            ".fb-like",
            ".fb-share-button",
            ".fb-save",
            ".fb-comments",
            ".fb-send",
            ".fb-follow",
            ".fb-quote",
            ".twitter-share-button",
            ".line-it-button",
            ".wechat-share",
        ),
    ),
)
LAYOUTS = (CITIZEN_NEWS,)
"""Newest first; the first whose content element is on the page reads it."""

FAREWELL = "眾新聞告別"
"""The title of the page that answered every address after the closing (537 files of the public backup)."""
_TITLED = r"^\s*(?:%s)"
NOT_FOUND = re.compile(_TITLED % r"404\b|找不到|頁面不存在|網頁不存在|Page Not Found|Not Found", re.IGNORECASE)
ERROR = re.compile(_TITLED % r"(?:403|429|50[0-4])\b|Just a moment|Attention Required|Access denied|Forbidden|Error\b", re.IGNORECASE)
"""Titles of pages by the site, or by the protection before it, that speak of an error; an article with its line of information may be
called so too."""

NOTE = "請加入成為眾新聞"
"""How the subscription note begins that closes the body of 84% of the articles."""
NOTE_BLOCKS = 4
"""A note of more blocks than this is an article about subscriptions."""
AVATARS = "/uploads/avatars/"
"""Where bloggers' pictures lie (A)."""
BAR = "|｜￨│∣¦"
"""What stands between the parts of a line: a bar of any width."""
ROLES = ("博客", "主筆", "Blogger", "Editorial Writer")
"""What a blogger's block calls him."""
BLOGGER_NAME = re.compile(rf"^\s*[\w\s]{{1,16}}[{BAR}]\s*\S")
"""`博客 | 名`, `主筆 | 名`: a role, a bar, a name."""

_LABEL = r"(?<![A-Za-z])(?:%s)\s*[:：]\s*"
_DATED = r"(?<![A-Za-z])(?:%s)\s*(?:[:：]\s*|(?=\d{1,4}[./．／年-]\d))"
BYLINE = re.compile(_LABEL % "撰文|作者|文字|By|Text|Author|Written by", re.IGNORECASE)
PUBLISHED = re.compile(
    _DATED
    % (
        "發[佈布表](?:日期|時間|於)|[刊上][登載](?:日期|時間|於)|出版日期|(?<![\u4e00-\u9fff])日期|"
        "(?:Publish(?:ed|ing)?|Publication|Posted)(?: Date| Time| on| at)?|Date(?: Published| of Publication| Posted)?"
    ),
    re.IGNORECASE,
)
UPDATED = re.compile(_DATED % "最後更新|更新日期|更新時間|Last Updated?(?: Date| on)?|Last Modified|Updated?|Updated on", re.IGNORECASE)
"""Labels of the parts of `.article-info`; 撰文, 發佈日期, 最後更新, Author and Publish Date are attested."""
UPDATED_WORDS = ("最後更新", "更新日期", "更新時間", "Last Update", "Last Modified", "Updated")
"""What a page holds on which `UPDATED` stands; to look for them in a whole page takes next to nothing."""
