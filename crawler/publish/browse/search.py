"""Lists of articles: by words and facets, counted, in pages; and the addresses of lists."""

from __future__ import annotations

import sqlite3
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

PAGE_ROWS = 20
UNKNOWN = "unknown"
"""The year of an article without a date, as an address of a page has it."""
_WEIGHTS = "8.0, 4.0, 1.0"
"""A word in the title counts for more than one in the byline, and that for more than one in the text."""

_FEW = 3000
"""Hits that are faster looked up one by one than by going through all articles, measured with 49,000 of them."""
MOST_RANKED = 5_000
"""Hits that are put in order of relevance: a word in every third article tells none of them apart, and ranking them
takes long."""


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
class ListQuery:
    """A list that is asked for. `text` is what the reader typed, `match` the FTS5 expression that it means, empty when
    it has no word."""

    text: str = ""
    match: str = ""
    chosen: Mapping[Facet, str] = field(default_factory=dict)
    sort: Sort = Sort.NEWEST
    page: int = 1


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a facet, and how many articles of the list have it."""

    value: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of a list: `total` articles, `page` of `pages`; `rows` of this page by column, `body` only when words were
    searched for. `common`: the words are in too many articles for an order of relevance."""

    rows: Sequence[Mapping[str, Any]]
    total: int
    page: int
    pages: int
    common: bool = False


class Search:
    """One list, for as long as one page is made: the words are looked up once, whatever is asked about them then."""

    def __init__(self, db: sqlite3.Connection, wanted: ListQuery) -> None:
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
            self._db.execute(
                "INSERT INTO temp.hit SELECT rowid FROM search WHERE search MATCH ?", (self._wanted.match,)
            )
        self._db.commit()  # or the connection would keep others from writing
        return _one(self._db, "SELECT count(*) FROM temp.hit", ())

    def find(self) -> ListPage:
        """One page of the list. A page beyond the last one is the last one."""
        condition, values = self._condition()
        total = _one(self._db, f"SELECT count(*) FROM article WHERE {condition}", values)
        pages = max(1, -(-total // PAGE_ROWS))
        page = min(self._wanted.page, pages)
        ids = self._ids((page - 1) * PAGE_ROWS) if total else []
        columns = "id, title, date, author, category, summary, picture, url, original_url"
        columns += ", body" if self._wanted.match else ""
        marks = ", ".join("?" * len(ids))
        rows = {
            row["id"]: row for row in records(self._db, f"SELECT {columns} FROM article WHERE id IN ({marks})", ids)
        }
        return ListPage([rows[number] for number in ids if number in rows], total, page, pages, self._common)

    def _ids(self, offset: int) -> list[int]:
        condition, values = self._condition()
        if self._wanted.match and self._wanted.sort is Sort.RELEVANCE and not self._common:
            # Here the `+` keeps SQLite from asking the index of words once for each article.
            narrowed = f"AND +rowid IN (SELECT id FROM article WHERE {condition})" if self._wanted.chosen else ""
            sql = (
                f"SELECT rowid FROM search WHERE search MATCH ? {narrowed}"
                f" ORDER BY bm25(search, {_WEIGHTS}), rowid DESC LIMIT ? OFFSET ?"
            )
            values = [self._wanted.match, *(values if narrowed else [])]
        else:
            sql = f"SELECT id FROM article WHERE {condition} ORDER BY date DESC, id DESC LIMIT ? OFFSET ?"
        return [row[0] for row in self._db.execute(sql, [*values, PAGE_ROWS, offset])]

    def facets(self) -> dict[Facet, list[Value]]:
        """For each facet its most frequent values in the list, as narrowed by the other facets: so another value can be
        chosen.

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
            grouped = (
                f"SELECT {facet} AS value, count(*) AS number FROM article"
                f" WHERE {condition} AND {facet} != '' GROUP BY {facet}"
            )
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


def records(db: sqlite3.Connection, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[dict[str, Any]]:
    """What a query gives, each row by its columns; None for what is not known."""
    cursor = db.execute(sql, values)
    names = [name for name, *_ in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


LONGEST = 200
"""Characters of a query that are taken."""
LONGEST_VALUE = 4000
"""Characters of a facet's value, which is taken as it stands."""
_CONTROLS = frozenset({"Cc", "Cs", "Zl", "Zp"})
_NEVER = dict.fromkeys([0, *range(0xD800, 0xE000)])
_LAST_PAGE = 100_000


def parse_list_query(arguments: Mapping[str, str], match_of: Callable[[str], str]) -> ListQuery:
    """What a list's address asks for; whatever makes no sense in it is taken as not there."""
    typed = arguments.get("q", "")
    # What Python's Unicode does not know yet may be a character all the same.
    typed = "".join(" " if unicodedata.category(each) in _CONTROLS else each for each in typed)
    text = " ".join(typed.split())[:LONGEST].strip()
    match = match_of(text) if text else ""
    chosen = {facet: value for facet in Facet if (value := arguments.get(facet, "")[:LONGEST_VALUE].translate(_NEVER))}
    year = chosen.get(Facet.YEAR, UNKNOWN)
    if year != UNKNOWN and not (year.isascii() and year.isdigit() and len(year) == 4):
        del chosen[Facet.YEAR]
    sort = Sort.RELEVANCE if match and arguments.get("sort") != Sort.NEWEST else Sort.NEWEST
    page = arguments.get("page", "")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 10 else 1
    return ListQuery(text, match, chosen, sort, min(max(number, 1), _LAST_PAGE))


def address(wanted: ListQuery, **changes: Any) -> str:
    """The address of a list like this one, but for the changes; its first page unless one is named."""
    to = replace(wanted, **{"page": 1, **changes})
    given = {"q": to.text, **{str(facet): value for facet, value in to.chosen.items()}}
    if to.match and to.sort == Sort.NEWEST:
        given["sort"] = str(to.sort)
    if to.page > 1:
        given["page"] = str(to.page)
    asked = urlencode({name: value for name, value in given.items() if value})
    return f"/search?{asked}" if asked else "/"


def toggled(wanted: ListQuery, facet: Facet, value: Value) -> str:
    """The address of the list with a value of a facet chosen; of one that is chosen, the list without it."""
    others = {each: chosen for each, chosen in wanted.chosen.items() if each is not facet}
    return address(wanted, chosen=others if value.chosen else {**others, facet: value.value})
