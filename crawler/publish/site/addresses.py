"""Where what `browse` serves lies in a static site, and pages of `browse` with their links led there."""

from __future__ import annotations

import hashlib
import html
import re
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

from crawler.publish.browse.catalogue import Facet
from crawler.publish.browse.search import FORMS

SEARCH = "search.html"
"""The page that searches: it takes the arguments of `browse`'s lists."""
CATALOGUE = {form: f"articles.{form}" for form in FORMS}
"""The list of all articles, as a file of each kind."""
_PLAIN = {
    "/": "index.html",
    "/search": SEARCH,
    "/about": "about.html",
    "/authors": "authors.html",
    "/contents": "contents.html",
    "/feed.atom": "feed.atom",
    **{f"/search.{form}": file for form, file in CATALOGUE.items()},
}
_ARTICLE = re.compile(r"/article/([0-9]{1,9})(/versions)?")
_MONTH = re.compile(r"/month/([0-9]{4}-[0-9]{2})")
_PERIOD = re.compile(r"[0-9]{4}(?:-[0-9]{2})?|unknown")
_DIGITS = 14
"""Hexadecimal digits of a value's SHA-256 that name its pages."""
_LOCAL = re.compile(r'(<(?:a|form|img|link|script)(?:\s+[a-z-]+(?:="[^"]*")?)*?)\s+(href|src|action)="(/(?!/)[^"]*)"')
"""A start tag up to an address of these pages, as Jinja's escaping and nh3 write it: in no value is there a quotation
mark."""


def article_file(article: int) -> str:
    """The page of an article. A thousand in a folder: on a stick (FAT32) one holds some 20,000 names."""
    return f"article/{article // 1000}/{article}.html"


def list_file(facet: Facet, value: str, page: int = 1) -> str:
    """A page of the articles that have a value of a facet; a year may have a month behind it, `2019-07`."""
    end = f".{page}.html" if page > 1 else ".html"
    if facet is Facet.YEAR and _PERIOD.fullmatch(value):
        return f"{facet}/{value}{end}"
    return f"{facet}/{_digest(value)}{end}"


def byline_file(author: str) -> str:
    """The page about a byline."""
    return f"byline/{_digest(author)}.html"


def versions_file(article: int, old: str = "", new: str = "") -> str:
    """The page that has two versions of an article beside each other; without numbers the last two."""
    end = f"{int(old)}-{int(new)}" if old.isdecimal() and new.isdecimal() else "versions"
    return f"article/{article // 1000}/{article}-{end}.html"


def _digest(value: str) -> str:
    digest = hashlib.sha256(value.encode()).hexdigest()
    return f"{digest[:2]}/{digest[2:_DIGITS]}"


def file_of(address: str) -> str | None:
    """What stands for an address of `browse` in the site, relative to its root, maybe with a query or a fragment; None
    for what it does not have."""
    if (found := _ARTICLE.fullmatch(address)) and not found[2]:
        return article_file(int(found[1]))
    parts = urlsplit(address)
    path, fragment = parts.path, f"#{parts.fragment}" if parts.fragment else ""
    given = dict(parse_qsl(parts.query))
    if path in ("/", "/search") and given:
        return _list_of(parts.query)
    if path in _PLAIN:
        return f"{_PLAIN[path]}{fragment}"
    if found := _ARTICLE.fullmatch(path):
        if found[2]:
            return versions_file(int(found[1]), given.get("old", ""), given.get("new", ""))
        return f"{article_file(int(found[1]))}{fragment}"
    if path == "/author" and "name" in given:
        return byline_file(given["name"])
    if found := _MONTH.fullmatch(path):
        return list_file(Facet.YEAR, found[1])
    if path.startswith(("/images/", "/static/")):
        return address[1:]
    return None


def _list_of(query: str) -> str:
    """The page of the list that `browse` shows for a query: one of its own for a value of a facet alone."""
    given = dict(parse_qsl(query))
    page, one = given.pop("page", "1"), [*given.items()]
    if len(one) == 1 and one[0][0] in {*Facet} and page.isdecimal():
        return list_file(Facet(one[0][0]), one[0][1], int(page))
    return f"{SEARCH}?{query}"


def localised(page: str, file: str) -> str:
    """A page of `browse` for the place `file` in the site: its links are relative, and what leads to nothing there is
    no link any more."""
    up = "../" * file.count("/")
    return _LOCAL.sub(lambda found: f"{found[1]}{_moved(found[2], found[3], up)}", page)


@lru_cache(maxsize=10_000)
def _moved(attribute: str, address: str, up: str) -> str:
    target = file_of(html.unescape(address))
    return "" if target is None else f' {attribute}="{html.escape(up + target)}"'
