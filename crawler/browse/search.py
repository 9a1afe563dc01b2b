"""Lists of articles in archive.db: by words and by facets, counted, in pages. Plain SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

PAGE_ROWS = 20
UNKNOWN = "unknown"
"""The year of an article without a date, as an address of a page has it."""
_WEIGHTS = "8.0, 4.0, 1.0"
"""A word in the title counts for more than one in the byline, and that for more than one in the text."""

_FEW = 3000
"""Hits that are faster looked up one by one than by going through all articles, measured with 49,000 of them."""
MOST_RANKED = 5_000
"""Hits that are put in order of relevance: a word in every third article tells none of them apart, and ranking them takes long."""


class Facet(StrEnum):
    """What a list can be narrowed by; the value is the name in addresses."""

    YEAR = "year"
    CATEGORY = "category"
    AUTHOR = "author"
    TAG = "tag"


MOST_VALUES = {Facet.YEAR: 40, Facet.CATEGORY: 30, Facet.AUTHOR: 12, Facet.TAG: 16}
"""How many values of a facet a page offers, the most frequent ones."""


class Sort(StrEnum):
    """The order of a list."""

    NEWEST = "newest"
    RELEVANCE = "relevance"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A list that is asked for. `text` is what the reader typed, `match` the FTS5 expression that it means, empty when it has no word."""

    text: str = ""
    match: str = ""
    chosen: Mapping[Facet, str] = field(default_factory=dict)
    sort: Sort = Sort.NEWEST
    page: int = 1


@dataclass(frozen=True, slots=True)
class Listed:
    """An article in a list; dates as YYYY-MM-DD, `text` the Markdown when words were searched for, else empty."""

    id: int
    title: str
    date: str
    author: str
    category: str
    summary: str
    picture: str
    url: str
    original_url: str
    text: str


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a facet, and how many articles of the list have it."""

    value: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A page of a list: `total` articles, `page` of `pages`; `rows` of this page. `common`: the words are in too many articles for an
    order of relevance."""

    rows: Sequence[Listed]
    total: int
    page: int
    pages: int
    common: bool = False


class Search:
    """One list, for as long as one page is made: the words are looked up once, whatever is asked about them then."""

    def __init__(self, db: sqlite3.Connection, wanted: Wanted) -> None:
        self._db = db
        self._wanted = wanted
        hits = self._look_up() if wanted.text else 0
        self._common = hits > MOST_RANKED
        # A `+` has SQLite go through all articles rather than look each hit up.
        self._many = "+" if hits > _FEW else ""

    def _look_up(self) -> int:
        """Put the hits into a table of this connection's own; gives their number."""
        for sql in ("DROP TABLE IF EXISTS temp.hit", "CREATE TEMP TABLE hit (id INTEGER PRIMARY KEY)"):
            self._db.execute(sql)
        if self._wanted.match:
            self._db.execute("INSERT INTO temp.hit SELECT rowid FROM search WHERE search MATCH ?", (self._wanted.match,))
        self._db.commit()  # or the connection would keep others from writing
        return _one(self._db, "SELECT count(*) FROM temp.hit", ())

    def find(self) -> Found:
        """One page of the list. A page beyond the last one is the last one."""
        condition, values = self._condition()
        total = _one(self._db, f"SELECT count(*) FROM article WHERE {condition}", values)
        pages = max(1, -(-total // PAGE_ROWS))
        page = min(self._wanted.page, pages)
        ids = self._ids((page - 1) * PAGE_ROWS) if total else []
        body = "body" if self._wanted.match else "''"
        columns = f"id, title, date, author, category, summary, picture, url, original_url, {body}"
        rows = {row[0]: row for row in self._db.execute(f"SELECT {columns} FROM article WHERE id IN ({_marks(ids)})", ids)}
        listed = [Listed(number, *(text_of(value) for value in tuple(rows[number])[1:])) for number in ids if number in rows]
        return Found(listed, total, page, pages, self._common)

    def _ids(self, offset: int) -> list[int]:
        condition, values = self._condition()
        if self._wanted.match and self._wanted.sort is Sort.RELEVANCE and not self._common:
            # Here the `+` keeps SQLite from asking the index of words once for each article.
            narrowed = f"AND +rowid IN (SELECT id FROM article WHERE {condition})" if self._wanted.chosen else ""
            sql = f"SELECT rowid FROM search WHERE search MATCH ? {narrowed} ORDER BY bm25(search, {_WEIGHTS}), rowid DESC LIMIT ? OFFSET ?"
            values = [self._wanted.match, *(values if narrowed else [])]
        else:
            sql = f"SELECT id FROM article WHERE {condition} ORDER BY date DESC, id DESC LIMIT ? OFFSET ?"
        return [row[0] for row in self._db.execute(sql, [*values, PAGE_ROWS, offset])]

    def facets(self) -> dict[Facet, list[Value]]:
        """For each facet its most frequent values in the list, as narrowed by the other facets: so another value can be chosen.

        A chosen value is always among them.
        """
        return {facet: self.values(facet) for facet in Facet}

    def values(self, facet: Facet) -> list[Value]:
        """The same for one facet."""
        condition, values = self._condition(but=facet)
        if facet is Facet.TAG:
            only_words = condition == f"{self._many}id IN temp.hit"
            narrowed = "temp.hit" if only_words else f"(SELECT id FROM article WHERE {condition})"
            within = "" if condition == "1" else f"WHERE {self._many}article IN {narrowed}"
            grouped = f"SELECT name AS value, count(*) AS number FROM tag {within} GROUP BY name"
        elif facet is Facet.YEAR:
            name = f"coalesce(CAST(year AS TEXT), '{UNKNOWN}')"
            grouped = f"SELECT {name} AS value, count(*) AS number FROM article WHERE {condition} GROUP BY year"
        else:
            grouped = f"SELECT {facet} AS value, count(*) AS number FROM article WHERE {condition} AND {facet} != '' GROUP BY {facet}"
        order = f"value = '{UNKNOWN}', value DESC" if facet is Facet.YEAR else "number DESC, value"
        rows = self._db.execute(f"{grouped} ORDER BY {order} LIMIT {MOST_VALUES[facet]}", values)
        found = [(str(value), count) for value, count in rows]
        mine = self._wanted.chosen.get(facet)
        if mine is not None and mine not in dict(found):
            rare = _one(self._db, f"SELECT coalesce(sum(number), 0) FROM ({grouped}) WHERE value = ?", [*values, mine])
            found.append((mine, rare))
        return [Value(value, count, value == mine) for value, count in found]

    def _condition(self, *, but: Facet | None = None) -> tuple[str, list[Any]]:
        """What the articles of the list fulfil, as SQL over the table article."""
        parts: list[str] = []
        values: list[Any] = []
        for facet, value in self._wanted.chosen.items():
            if facet is but:
                continue
            if facet is Facet.YEAR:
                parts.append("year IS ?")
                values.append(None if value == UNKNOWN else int(value))
            elif facet is Facet.TAG:
                parts.append("+id IN (SELECT article FROM tag WHERE name = ?)")
                values.append(value)
            else:
                parts.append(f"{facet} = ?")
                values.append(value)
        if self._wanted.text:
            parts.append(f"{self._many}id IN temp.hit")
        return " AND ".join(parts) or "1", values


def _one(db: sqlite3.Connection, sql: str, values: Sequence[Any]) -> int:
    return int(db.execute(sql, values).fetchone()[0])


def text_of(value: object) -> str:
    """A value of a column that may be empty."""
    return "" if value is None else str(value)


def _marks(of: Sequence[object]) -> str:
    return ", ".join("?" * len(of))
