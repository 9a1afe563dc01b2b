"""Bylines, what one of them wrote, and what was recovered last."""

import re
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from xml.etree import ElementTree as ET

from crawler.hkcnews.urls import HOST
from crawler.publish.addresses import day
from crawler.publish.browse.search import records

MOST_TITLES = 500
"""Titles that a byline's page lists, the newest ones; the whole list is a search's."""
FEED_ENTRIES = 50
_ATOM = "http://www.w3.org/2005/Atom"
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SETTLED = "coalesce(settled, strftime('%Y-%m-%dT%H:%M:%SZ', seen.modified / 1000000000, 'unixepoch'))"
"""When an article was recovered; without a ledger, when its file was last changed."""


def bylines(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """All bylines, the most frequent first: `author`, `articles`, `first` and `last` day."""
    return records(
        db,
        "SELECT author, count(*) AS articles, min(date) AS first, max(date) AS last FROM article WHERE author != ''"
        " GROUP BY author ORDER BY articles DESC, author",
    )


def byline(db: sqlite3.Connection, author: str) -> dict[str, Any] | None:
    """What a byline's page shows: how many `articles`, `years` with their numbers, oldest first, `sections`; the newest
    articles by `year`; `newest`, the id of the last one. None for a name that nothing is signed with."""
    rows = records(
        db,
        "SELECT id, title, date, coalesce(CAST(year AS TEXT), 'unknown') AS year, category FROM article"
        " WHERE author = ? ORDER BY date DESC, id DESC",
        (author,),
    )
    if not rows:
        return None
    sections = {row["category"] for row in rows if row["category"]}
    by_year = [(year, len([*some])) for year, some in groupby(rows, key=lambda row: row["year"])]
    return {
        "author": author,
        "articles": len(rows),
        "years": by_year[::-1],
        "sections": sorted(sections),
        "listed": [(year, [*some]) for year, some in groupby(rows[:MOST_TITLES], key=lambda row: row["year"])],
        "newest": rows[0]["id"],
    }


def months(db: sqlite3.Connection, year: str) -> list[tuple[str, int]]:
    """The months of a year that have articles, as `2019-07`, with their numbers."""
    sql = "SELECT substr(date, 1, 7), count(*) FROM article WHERE date BETWEEN ? AND ? GROUP BY 1 ORDER BY 1"
    return [(str(month), int(count)) for month, count in db.execute(sql, (f"{year}-", f"{year}-99"))]


def month(db: sqlite3.Connection, name: str) -> dict[str, Any] | None:
    """What the page of a month (`2019-07`) shows: its articles by day, earliest first; `months` of its year; the months
    with articles `before` and `after` it. None for one without articles."""
    rows = records(
        db, "SELECT id, title, date, author FROM article WHERE date GLOB ? || '-*' ORDER BY date, id", (name,)
    )
    if not rows:
        return None
    sides = ("max(date) FROM article WHERE date < ? || '-'", "min(date) FROM article WHERE date > ? || '-99'")
    before, after = ((db.execute(f"SELECT {side}", (name,)).fetchone()[0] or "")[:7] for side in sides)
    return {
        "month": name,
        "articles": len(rows),
        "days": [(date, [*some]) for date, some in groupby(rows, key=lambda row: row["date"])],
        "months": months(db, name[:4]),
        "before": before,
        "after": after,
    }


def feed(db: sqlite3.Connection, link: Callable[[str], str]) -> bytes:
    """An Atom feed of what was recovered last. `link` gives the whole address of a path of `browse`."""
    rows = records(
        db,
        f"SELECT id, title, date, author, category, summary, {_SETTLED} AS settled FROM article"
        " LEFT JOIN seen ON seen.article = article.id ORDER BY settled DESC, id DESC LIMIT ?",
        (FEED_ENTRIES,),
    )
    ET.register_namespace("", _ATOM)
    root = ET.Element(f"{{{_ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": "zh-Hant-HK"})
    _add(root, "id", f"https://{HOST}/#recovered")
    _add(root, "title", "眾新聞存檔：最新復原 Citizen News archive: recovered last")
    _add(root, "updated", rows[0]["settled"] if rows else f"{datetime.fromtimestamp(0, UTC):%Y-%m-%dT%H:%M:%SZ}")
    _add(root, "link", href=link("/feed.atom"), rel="self", type="application/atom+xml")
    _add(root, "link", href=link("/"), rel="alternate", type="text/html")
    _add(_add(root, "author"), "name", "眾新聞 Citizen News")
    for row in rows:
        entry = _add(root, "entry")
        _add(entry, "id", f"https://www.{HOST}/article/{row['id']}")
        _add(entry, "title", row["title"])
        _add(entry, "updated", row["settled"])
        _add(entry, "link", href=link(f"/article/{row['id']}"), rel="alternate", type="text/html")
        if row["author"]:
            _add(_add(entry, "author"), "name", row["author"])
        if row["category"]:
            _add(entry, "category", term=row["category"])
        # When it was published is a day without a time, which Atom's own element cannot say.
        _add(entry, "summary", "・".join(filter(None, (day(row["date"]), row["summary"]))), type="text")
    made: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return made


def _add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
    safe = {key: _NOT_XML.sub("", value) for key, value in attributes.items()}
    child = ET.SubElement(parent, f"{{{_ATOM}}}{name}", safe)
    child.text = _NOT_XML.sub("", text) or None
    return child
