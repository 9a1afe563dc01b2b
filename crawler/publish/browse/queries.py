"""What the pages of one article and of the whole archive ask archive.db for, kept as long as it does not change."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from crawler.publish.browse.search import Facet, ListQuery, Search, text_of


@dataclass(frozen=True, slots=True)
class Version:
    """A capture of an article and its text: texts are numbered, oldest first; `same` captures have it. `address`: its
    replay, or empty."""

    timestamp: str
    address: str
    number: int
    same: int


@dataclass(frozen=True, slots=True)
class Article:
    """Everything about one article; empty strings for what is not known."""

    id: int
    title: str
    date: str
    year: int | None
    last_updated: str
    author: str
    category: str
    url: str
    original_url: str
    captured: str
    source: str
    digest: str
    verified: bool | None
    faults: Sequence[str]
    file: str
    sha256: str
    chars: int
    body: str
    tags: Sequence[str]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The article before or after another one, by date and then id."""

    id: int
    title: str
    date: str


@dataclass(frozen=True, slots=True)
class Overview:
    """What archive.db holds; `categories` with their numbers of articles, `years` likewise."""

    articles: int
    first: str
    last: str
    undated: int
    verified: int
    mismatched: int
    faulty: int
    authors: int
    tags: int
    categories: Sequence[tuple[str, int]]
    years: Sequence[tuple[str, int]]
    meta: Mapping[str, str]


def article(db: sqlite3.Connection, number: int) -> Article | None:
    """One article; None when it is not in the archive."""
    columns = (
        "title, date, year, last_updated, author, category, url, original_url, captured, source, digest, verified,"
        " faults, file, sha256, chars, body"
    )
    row = db.execute(f"SELECT {columns} FROM article WHERE id = ?", (number,)).fetchone()
    if row is None:
        return None
    got = dict(zip(columns.split(", "), tuple(row), strict=True))
    texts = {name: text_of(got[name]) for name in got if name not in ("year", "verified", "faults", "chars")}
    tags = [name for (name,) in db.execute("SELECT name FROM tag WHERE article = ? ORDER BY name", (number,))]
    verified = None if got["verified"] is None else bool(got["verified"])
    return Article(
        id=number,
        year=got["year"],
        verified=verified,
        faults=_faults(got["faults"]),
        chars=got["chars"] or 0,
        tags=tags,
        **texts,
    )


def _faults(told: str | None) -> list[str]:
    try:
        loaded = json.loads(told or "[]")
    except ValueError:
        return [str(told)]
    return [str(fault) for fault in loaded] if isinstance(loaded, list) else [str(loaded)]


def known(db: sqlite3.Connection, number: int) -> bool:
    """Whether the article is in the archive."""
    return db.execute("SELECT 1 FROM article WHERE id = ?", (number,)).fetchone() is not None


def neighbours(db: sqlite3.Connection, of: Article) -> tuple[Neighbour | None, Neighbour | None]:
    """The article before and the one after, by date and then id; those without a date stand before all others."""
    here = (of.date, of.id)
    before = (
        "SELECT id, title, date FROM article WHERE (coalesce(date, ''), id) < (?, ?) ORDER BY date DESC, id DESC"
        " LIMIT 1"
    )
    after = "SELECT id, title, date FROM article WHERE (coalesce(date, ''), id) > (?, ?) ORDER BY date, id LIMIT 1"
    earlier, later = (db.execute(sql, here).fetchone() for sql in (before, after))
    return (_neighbour(earlier), _neighbour(later))


def _neighbour(row: Sequence[Any] | None) -> Neighbour | None:
    return None if row is None else Neighbour(row[0], row[1], text_of(row[2]))


def versions(db: sqlite3.Connection, number: int) -> list[Version]:
    """The captures of an article by their time, with the texts that they have."""
    rows = db.execute(
        "SELECT timestamp, original, sha256, replay FROM version WHERE article = ? ORDER BY timestamp, original",
        (number,),
    ).fetchall()
    texts = list(dict.fromkeys(row[2] for row in rows))
    counts = {text: sum(row[2] == text for row in rows) for text in texts}
    return [
        Version(timestamp, f"{replay}/{timestamp}/{original}" if replay else "", texts.index(text) + 1, counts[text])
        for timestamp, original, text, replay in rows
    ]


def overview(db: sqlite3.Connection) -> Overview:
    """What there is in all."""
    first, last = db.execute("SELECT min(nullif(date, '')), max(date) FROM article").fetchone()
    counts = db.execute(
        "SELECT count(*), sum(coalesce(date, '') = ''), sum(verified = 1), sum(verified = 0), sum(coalesce(faults,"
        " '[]') != '[]'), count(DISTINCT nullif(author, '')) FROM article"
    ).fetchone()
    articles, undated, verified, mismatched, faulty, authors = (value or 0 for value in counts)
    everything = Search(db, ListQuery())
    return Overview(
        articles,
        text_of(first),
        text_of(last),
        undated,
        verified,
        mismatched,
        faulty,
        authors,
        db.execute("SELECT count(DISTINCT name) FROM tag").fetchone()[0],
        [(each.value, each.count) for each in everything.values(Facet.CATEGORY)],
        [(each.value, each.count) for each in everything.values(Facet.YEAR)],
        dict(db.execute("SELECT key, value FROM meta").fetchall()),
    )


MOST = 500
"""Things that are kept."""
Made = TypeVar("Made")


class QueryCache:
    """Keeps results by connection and key. SQLite tells each connection when another one has written (`PRAGMA
    data_version`)."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, Hashable], tuple[int, Any]] = {}

    def get(self, db: sqlite3.Connection, key: Hashable, make: Callable[[], Made]) -> Made:
        """What `make` gives, or gave while the database was the same."""
        (version,) = db.execute("PRAGMA data_version").fetchone()
        place = (id(db), key)
        kept = self._kept.get(place)
        if kept is None or kept[0] != version:
            if len(self._kept) >= MOST:
                self._kept.clear()
            kept = self._kept[place] = (version, make())
        made: Made = kept[1]
        return made
