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
class ListRow:
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
class ListPage:
    """A page of a list: `total` articles, `page` of `pages`; `rows` of this page. `common`: the words are in too many
    articles for an order of relevance."""

    rows: Sequence[ListRow]
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
        body = "body" if self._wanted.match else "''"
        columns = f"id, title, date, author, category, summary, picture, url, original_url, {body}"
        rows = {
            row[0]: row for row in self._db.execute(f"SELECT {columns} FROM article WHERE id IN ({_marks(ids)})", ids)
        }
        listed = [
            ListRow(number, *(text_of(value) for value in tuple(rows[number])[1:])) for number in ids if number in rows
        ]
        return ListPage(listed, total, page, pages, self._common)

    def _ids(self, offset: int) -> list[int]:
        condition, values = self._condition()
        if self._wanted.match and self._wanted.sort is Sort.RELEVANCE and not self._common:
            # Here the `+` keeps SQLite from asking the index of words once for each article.
            narrowed = f"AND +rowid IN (SELECT id FROM article WHERE {condition})" if self._wanted.chosen else ""
            sql = (
                f"SELECT rowid FROM search WHERE search MATCH ? {narrowed} ORDER BY bm25(search, {_WEIGHTS}), rowid"
                " DESC LIMIT ? OFFSET ?"
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
                f"SELECT {facet} AS value, count(*) AS number FROM article WHERE {condition} AND {facet} != '' GROUP BY"
                f" {facet}"
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


def text_of(value: object) -> str:
    """A value of a column that may be empty."""
    return "" if value is None else str(value)


def _marks(of: Sequence[object]) -> str:
    return ", ".join("?" * len(of))


LONGEST = 200
"""Characters of a query that are taken."""
LONGEST_VALUE = 4000
"""Characters of a facet's value, which is taken as it stands."""
_CONTROLS = frozenset({"Cc", "Cs", "Zl", "Zp"})
_NEVER = dict.fromkeys([0, *range(0xD800, 0xE000)])
_LAST_PAGE = 100_000
_LABELS = {
    Facet.YEAR: ("年份", "Year"),
    Facet.CATEGORY: ("分類", "Section"),
    Facet.AUTHOR: ("作者", "Byline"),
    Facet.TAG: ("標籤", "Tag"),
}

_ORDERS = {Sort.RELEVANCE: ("最相關", "Best match"), Sort.NEWEST: ("最新", "Newest")}


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a facet and the list that it leads to; of a chosen one, the list without it."""

    label: str
    count: int
    chosen: bool
    address: str


@dataclass(frozen=True, slots=True)
class FacetChoices:
    """A facet of a list, with its names in Chinese and English."""

    name: str
    english: str
    choices: list[Choice]


@dataclass(frozen=True, slots=True)
class Order:
    """An order that the list can have."""

    name: str
    english: str
    address: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class PageLinks:
    """The addresses of the pages before and after, None at the ends."""

    before: str | None
    after: str | None


def parse_list_query(arguments: Mapping[str, str], match_of: Callable[[str], str]) -> ListQuery:
    """What a list's address asks for; whatever makes no sense in it is taken as not there."""
    text = " ".join(_clean(arguments.get("q", "")).split())[:LONGEST].strip()
    match = match_of(text) if text else ""
    chosen = {facet: value for facet in Facet if (value := arguments.get(facet, "")[:LONGEST_VALUE].translate(_NEVER))}
    year = chosen.get(Facet.YEAR, UNKNOWN)
    if year != UNKNOWN and not (year.isascii() and year.isdigit() and len(year) == 4):
        del chosen[Facet.YEAR]
    sort = Sort.RELEVANCE if match and arguments.get("sort") != Sort.NEWEST else Sort.NEWEST
    page = arguments.get("page", "")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 10 else 1
    return ListQuery(text, match, chosen, sort, min(max(number, 1), _LAST_PAGE))


def _clean(text: str) -> str:
    """What was typed, without what controls or ends lines. What Python's Unicode does not know yet may be a character
    all the same."""
    return "".join(" " if unicodedata.category(each) in _CONTROLS else each for each in text)


def address(wanted: ListQuery, **changes: Any) -> str:
    """The address of a list like this one, but for the changes; its first page unless one is named."""
    to = replace(wanted, **{"page": 1, **changes})
    given = {"q": to.text, **{str(facet): value for facet, value in to.chosen.items()}}
    if to.match and to.sort is Sort.NEWEST:
        given["sort"] = str(to.sort)
    if to.page > 1:
        given["page"] = str(to.page)
    asked = urlencode({name: value for name, value in given.items() if value})
    return f"/search?{asked}" if asked else "/"


def narrowings(wanted: ListQuery, values: Mapping[Facet, list[Value]]) -> list[FacetChoices]:
    """The facets that have anything to offer, in their order."""
    return [
        FacetChoices(*_LABELS[facet], [_choice(wanted, facet, value) for value in values[facet]])
        for facet in Facet
        if values[facet]
    ]


def _choice(wanted: ListQuery, facet: Facet, value: Value) -> Choice:
    others = {each: chosen for each, chosen in wanted.chosen.items() if each is not facet}
    chosen = others if value.chosen else {**others, facet: value.value}
    label = "日期不詳" if facet is Facet.YEAR and value.value == UNKNOWN else value.value
    return Choice(label, value.count, value.chosen, address(wanted, chosen=chosen))


def pages_around(wanted: ListQuery, found: ListPage) -> PageLinks:
    """The pages before and after."""
    before = address(wanted, page=found.page - 1) if found.page > 1 else None
    return PageLinks(before, address(wanted, page=found.page + 1) if found.page < found.pages else None)


def orders(wanted: ListQuery, found: ListPage) -> list[Order]:
    """The orders to choose from; none where there is nothing to order."""
    if not wanted.match or found.total < 2 or found.common:
        return []
    return [
        Order(*_ORDERS[sort], address(wanted, sort=sort), sort is wanted.sort) for sort in (Sort.RELEVANCE, Sort.NEWEST)
    ]


def without_anything(wanted: ListQuery) -> str:
    """The list of the same words that nothing narrows."""
    return address(wanted, chosen={})
