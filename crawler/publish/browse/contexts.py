"""What the templates show of archive.db, whoever fills them in: the pages of `browse`, and a static site."""

import hashlib
import re
import sqlite3
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from string import ascii_letters
from typing import Any

from markupsafe import Markup, escape

from crawler.markdown.reader import plain_text
from crawler.preserve.article_file import split_parts
from crawler.publish.addresses import is_web, readable_address, readable_time
from crawler.publish.browse import overviews, queries
from crawler.publish.browse.catalogue import Facet
from crawler.publish.browse.render import Links, Pictures, excerpt, finder, lines_of, marked, to_html
from crawler.publish.browse.replay import Replay
from crawler.publish.browse.rows import searched
from crawler.publish.browse.search import ListQuery, QueryCache, Search, address, asked_for
from crawler.publish.citation import FORMATS, Citation, in_chinese, in_english
from crawler.publish.report.parts import SOURCES, reason
from crawler.publish.words import LANGUAGES, day_words, fault_words, month_words, say

HERE = Path(__file__).parent
TEMPLATES = HERE / "templates"
_ENGLISH = 0.9
"""The share of letters in an English text without spaces, digits and the like."""
_STYLE = f"/static/style.css?v={hashlib.sha256((HERE / 'static' / 'style.css').read_bytes()).hexdigest()[:8]}"


class Contexts:
    """What is shown of one output directory. `replay`: what shows articles as they were archived, if that is there."""

    def __init__(self, output: Path, replay: Replay | None = None) -> None:
        self.replay = replay
        self.pictures = Pictures(output)
        self.cache = QueryCache()

    def list_context(self, db: sqlite3.Connection, wanted: ListQuery) -> dict[str, Any]:
        """What a list's template shows."""
        search = Search(db, wanted, self.cache.get)
        found = search.find()
        find = finder(found.match)
        return {
            "wanted": wanted,
            "found": found,
            "rows": [self.row_context(row, find) for row in found.rows],
            "facets": search.facets(),
            "asked": asked_for(wanted),
            "address": partial(address, wanted),
            "months": overviews.months(db, wanted.chosen.get(Facet.YEAR, ""))
            if len(wanted.chosen) == 1 and not wanted.text
            else [],
        }

    def row_context(self, row: Mapping[str, Any], find: re.Pattern[str] | None) -> dict[str, Any]:
        """What it shows of one article."""
        source = row["picture"]
        picture = self.pictures.address(source, row["url"] or "", row["original_url"] or "") if source else None
        found = excerpt(lines_of(plain_text(searched(row["body"]))), find) if "body" in row else []
        return {
            **row,
            **{name: _highlighted(marked(row[name] or "", find)) for name in ("title", "author", "category")},
            # Tags are shown where they are why the article is in the list.
            "tags": [_highlighted(marked(tag, find)) for tag in row["tags"] if find and find.search(tag)],
            "excerpt": _highlighted(found) or row["summary"],
            "picture": picture,
        }

    def article_context(self, db: sqlite3.Connection, number: int) -> dict[str, Any] | None:
        """What an article's template shows; None for one that is not in the archive."""
        got = queries.article(db, number)
        if got is None:
            return None
        url, original = got["url"] or "", got["original_url"] or ""
        links = Links(url, original, partial(queries.is_known, db))

        def html(markdown: str) -> Markup:
            # `to_html` gives what nh3 has cleaned with a list of what is allowed.
            return Markup(
                to_html(
                    markdown,
                    local_image=lambda src: self.pictures.address(src, url, original),
                    link=links.address,
                )
            )

        body, note, bloggers = split_parts(got["body"])
        words = plain_text(body)
        return {
            "article": got,
            "archived": self.replay.page(number, url) if self.replay else None,
            "body": html(body),
            "note": html(note),
            "bloggers": html(bloggers),
            "words": words,
            "english": is_english(words),
            "neighbours": queries.neighbours(db, got["date"], number),
            "twins": queries.twins(db, number, got["text_sha256"]),
            "versions": queries.versions(db, number),
            "citation": Citation.of(got),
            "in_chinese": in_chinese,
            "in_english": in_english,
            "citation_formats": FORMATS,
            "cited": f"/article/{number}/cite.{{}}".format,
            "compared": True,
        }

    def byline_context(self, db: sqlite3.Connection, name: str) -> dict[str, Any] | None:
        """What a byline's page shows; None for a name that nothing is signed with."""
        found = overviews.byline(db, name)
        newest = self.article_context(db, found["newest"]) if found else None
        return {**found, "bloggers": newest["bloggers"]} if found and newest else None

    def overview(self, db: sqlite3.Connection) -> dict[str, Any]:
        """How much of everything there is."""
        return self.cache.get(db, "overview", partial(queries.overview, db))


def _highlighted(pieces: Iterable[tuple[str, bool]]) -> Markup:
    return Markup("").join(Markup("<mark>{}</mark>").format(text) if hit else escape(text) for text, hit in pieces)


def missing_context(db: sqlite3.Connection, number: int) -> dict[str, Any] | None:
    """What the page of an article shows that is known to be missing; None where nothing is known."""
    found = queries.missing(db, number)
    return {"missing": found, "neighbours": queries.beside(db, number), "reason": reason} if found else None


def common_context() -> dict[str, Any]:
    """What every template is given beside its own."""
    return {
        "is_web": is_web,
        "time": readable_time,
        "day": day_words,
        "month_words": month_words,
        "say": say,
        "fault_words": fault_words,
        "sources": SOURCES,
        "languages": LANGUAGES,
        "language": "",
        "switch": None,
        "readable": readable_address,
        "style": _STYLE,
        "wanted": None,
    }


def is_english(words: str) -> bool:
    """Whether a text has next to no Chinese in it."""
    plain = words.encode("ascii", "ignore")
    letters = len(plain) - len(plain.translate(None, ascii_letters.encode()))
    return letters > _ENGLISH * (letters + len(words) - len(plain))
