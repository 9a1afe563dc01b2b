"""Lists of articles: by words, facets and dates, counted, in pages or whole as files; and the addresses of lists."""

import csv
import io
import json
import os
import re
import sqlite3
import unicodedata
import zlib
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from itertools import chain, islice
from typing import Any, TypeVar
from urllib.parse import quote_plus, urlencode

from crawler.publish.browse.catalogue import UNKNOWN, Catalogue, Facet, found_in
from crawler.publish.browse.rows import match_of, unpacked
from crawler.publish.browse.variants import otherwise_spelt, widened
from crawler.utils.workers import batched

PAGE_ROWS = 20
_WEIGHTS = "1.0, 8.0, 4.0, 4.0"
"""Of text, title, byline, and section and tags: a word in the title counts for more than one in the byline, and that
for more than one in the text."""
MOST_RANKED = 5_000
"""Hits that are put in order of relevance: a word in every third article tells none of them apart, and ranking them
takes long."""
_CHUNK = 500
COLUMNS = (
    "id", "title", "date", "last_updated", "author", "category", "tags", "original_url", "url", "captured", "file",
    "summary",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would reckon, whatever it is from."""
MOST_VALUES = {Facet.YEAR: 40, Facet.CATEGORY: 30, Facet.AUTHOR: 12, Facet.TAG: 16}
"""How many values of a facet a page offers, the most frequent ones."""


class Sort(StrEnum):
    """The order of a list."""

    NEWEST = "newest"
    OLDEST = "oldest"
    RELEVANCE = "relevance"


@dataclass(frozen=True, slots=True)
class ListQuery:
    """A list that is asked for. `text` is what the reader typed, `match` the FTS5 expression that it means, empty when
    it has no word. `exact`: in no other spelling. `since` and `until`: days, both included, or months or years."""

    text: str = ""
    match: str = ""
    chosen: Mapping[Facet, str] = field(default_factory=dict)
    sort: Sort = Sort.NEWEST
    page: int = 1
    exact: bool = False
    since: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a facet, and how many articles of the list have it. `address`: of the list with it chosen; of the one
    that is chosen, the list without it."""

    value: str
    count: int
    chosen: bool
    address: str


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of a list: `total` articles, `page` of `pages`; `rows` of this page by column, `body` only when words were
    searched for. `common`: the words are in too many articles for an order of relevance. `match`: the expression with
    all the spellings that were looked for."""

    rows: Sequence[Mapping[str, Any]]
    total: int
    page: int
    pages: int
    common: bool = False
    match: str = ""


MOST_KEPT = 500
"""Results that are kept."""
Made = TypeVar("Made")


class QueryCache:
    """Keeps results by key, for all connections to one database. Whether another one has written SQLite tells each
    connection (`PRAGMA data_version`), and a new one learns from the file's time and size."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, tuple[tuple[int, int], Any]] = {}
        self._versions: dict[int, int] = {}

    def get(self, db: sqlite3.Connection, key: Hashable, make: Callable[[], Made]) -> Made:
        """What `make` gives, or gave while the database was the same."""
        (version,) = db.execute("PRAGMA data_version").fetchone()
        file = os.stat(db.execute("PRAGMA database_list").fetchone()[2])  # noqa: PTH116 - several times for a page
        if self._versions.setdefault(id(db), version) != version or len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._versions[id(db)] = version
        state = file.st_mtime_ns, file.st_size
        kept = self._kept.get(key)
        if kept is None or kept[0] != state:
            kept = self._kept[key] = (state, make())
        made: Made = kept[1]
        return made


Keep = Callable[[sqlite3.Connection, Hashable, Callable[[], Any]], Any]
"""The method of a `QueryCache`."""


class Search:
    """One list, for as long as one page is made. What is kept for longer is not looked up again."""

    def __init__(self, db: sqlite3.Connection, wanted: ListQuery, keep: Keep | None = None) -> None:
        self._db, self._wanted, self._keep = db, wanted, keep or QueryCache().get
        self._catalogue: Catalogue = self._keep(db, "catalogue", partial(Catalogue.of, db))
        self._match = wanted.match if wanted.exact else widened(wanted.match)
        self._exact = self._having(wanted.match) if wanted.text else self._catalogue.all
        others = "" if wanted.exact else otherwise_spelt(wanted.match)
        self._hits = self._exact | self._having(others)
        self._common = bool(wanted.text) and self._hits.bit_count() > MOST_RANKED

    def _having(self, match: str) -> int:
        """The articles that an expression is found in."""
        if not match:
            return 0

        def look_up() -> int:
            known = self._db.execute("SELECT articles FROM common WHERE match = ?", (match,)).fetchone()
            return self._catalogue.set_of(zlib.decompress(known[0]) if known else found_in(self._db, match))

        found: int = self._keep(self._db, ("hits", match), look_up)
        return found

    def find(self) -> ListPage:
        """One page of the list. A page beyond the last one is the last one."""
        total = self._articles().bit_count()
        pages = max(1, -(-total // PAGE_ROWS))
        page = min(self._wanted.page, pages)
        ids = [*islice(self._ids(), (page - 1) * PAGE_ROWS, page * PAGE_ROWS)]
        columns = "id, title, date, author, category, summary, picture, url, original_url"
        if self._wanted.match:
            columns += ", (SELECT body FROM text WHERE text.article = article.id) AS body"
        rows = list(self._rows(ids, columns))
        if self._wanted.match:
            rows = [{**row, "body": unpacked(row["body"])} for row in rows]
        return ListPage(rows, total, page, pages, self._common, self._match)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Every article of the list in its order, with its `tags`."""
        columns = ", ".join(name for name in COLUMNS if name != "tags")
        for ids in batched(self._ids(), _CHUNK):
            yield from self._rows(ids, columns)

    def _rows(self, ids: Sequence[int], columns: str) -> Iterator[dict[str, Any]]:
        marks = ", ".join("?" * len(ids))
        found = records(self._db, f"SELECT {columns} FROM article WHERE id IN ({marks})", ids)
        rows = {row["id"]: row for row in found}
        tags: dict[int, list[str]] = {number: [] for number in ids}
        for number, name in self._db.execute(
            f"SELECT article, name FROM tag WHERE article IN ({marks}) ORDER BY name", ids
        ):
            tags[number].append(name)
        return ({**rows[number], "tags": tags[number]} for number in ids if number in rows)

    def _ids(self) -> Iterator[int]:
        """The whole list in its order."""
        articles, listed = self._articles(), self._catalogue.listed
        if self._wanted.sort is Sort.OLDEST:
            dated = articles & self._catalogue.between("", "")
            return chain(reversed([*listed(dated)]), listed(articles & ~dated))
        if not self._wanted.match or self._wanted.sort is Sort.NEWEST:
            return listed(articles)
        # What has the words as they were typed comes first.
        parts = [listed(articles & self._exact), listed(articles & ~self._exact)]
        if self._common:
            return chain.from_iterable(parts)
        place = self._keep(self._db, ("ranked", self._match), self._ranked)
        return chain.from_iterable(sorted(part, key=lambda number: place.get(number, len(place))) for part in parts)

    def _ranked(self) -> dict[int, int]:
        """Where each hit stands by relevance."""
        sql = f"SELECT rowid FROM search WHERE search MATCH ? ORDER BY bm25(search, {_WEIGHTS}), rowid DESC"
        return {number: place for place, (number,) in enumerate(self._db.execute(sql, (self._match,)))}

    def facets(self) -> dict[Facet, list[Value]]:
        """For each facet its most frequent values in the list, as narrowed by the other facets: so another value can be
        chosen.

        A chosen value is always among them.
        """
        return {facet: self.values(facet) for facet in Facet}

    def values(self, facet: Facet) -> list[Value]:
        """The same for one facet."""
        articles, most = self._articles(but=facet), MOST_VALUES[facet]
        counts = self._catalogue.counts(facet, articles, most)
        if facet is Facet.YEAR:
            found = sorted(counts, key=lambda value: (value != UNKNOWN, value), reverse=True)[:most]
        else:
            found = sorted(counts, key=lambda value: (-counts[value], value))[:most]
        mine = self._wanted.chosen.get(facet)
        if mine is not None and mine not in found:
            found.append(mine)
            counts = {**counts, mine: (articles & self._catalogue.having(facet, mine)).bit_count()}
        toggled = _toggled(self._wanted, facet)
        return [Value(value, counts[value], value == mine, toggled(value)) for value in found]

    def _articles(self, *, but: Facet | None = None) -> int:
        """The articles of the list, as if nothing were chosen of one facet."""
        found = self._hits
        if self._wanted.since or self._wanted.until:
            found &= self._catalogue.between(self._wanted.since, self._wanted.until)
        for facet, value in self._wanted.chosen.items():
            if facet is not but:
                found &= self._catalogue.having(facet, value)
        return found


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
_PERIOD = re.compile(r"[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?")


def parse_list_query(arguments: Mapping[str, str]) -> ListQuery:
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
    usual = Sort.RELEVANCE if match else Sort.NEWEST
    sort = next((each for each in (Sort.NEWEST, Sort.OLDEST) if each == arguments.get("sort")), usual)
    since, until = (given if _PERIOD.fullmatch(given := arguments.get(name, "")) else "" for name in ("from", "to"))
    page = arguments.get("page", "")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 10 else 1
    exact = bool(match) and arguments.get("exact") == "1"
    return ListQuery(text, match, chosen, sort, min(max(number, 1), _LAST_PAGE), exact, since, until)


def asked_for(wanted: ListQuery) -> dict[str, str]:
    """The arguments that ask for a list, without its page."""
    given = {"q": wanted.text, **{str(facet): value for facet, value in wanted.chosen.items()}}
    given |= {"from": wanted.since, "to": wanted.until, "exact": "1" if wanted.exact else ""}
    if wanted.sort is not (Sort.RELEVANCE if wanted.match else Sort.NEWEST):
        given["sort"] = str(wanted.sort)
    return {name: value for name, value in given.items() if value}


def address(wanted: ListQuery, *, form: str = "", **changes: Any) -> str:
    """The address of a list like this one, but for the changes; its first page unless one is named. `form`: of a file
    of the whole list, `csv` or `json`."""
    to = replace(wanted, **{"page": 1, **changes})
    given = asked_for(to) | ({"page": str(to.page)} if to.page > 1 else {})
    asked = urlencode(given)
    path = f"/search.{form}" if form else "/search" if asked else "/"
    return f"{path}?{asked}" if asked else path


def _toggled(wanted: ListQuery, facet: Facet) -> Callable[[str], str]:
    """What gives the addresses of a facet's values."""
    mine = wanted.chosen.get(facet)
    without = address(wanted, chosen={each: value for each, value in wanted.chosen.items() if each is not facet})
    more = f"{without}&" if "?" in without else "/search?"
    return lambda value: without if value == mine else f"{more}{facet}={quote_plus(value)}"


def as_csv(_wanted: ListQuery, rows: Iterable[Mapping[str, Any]]) -> str:
    """A line for each article, tags divided by `; `, with the mark by which spreadsheets know UTF-8. What they would
    take for a formula has an apostrophe in front."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows:
        cells = {**row, "tags": "; ".join(row["tags"])}
        writer.writerow([_cell(cells[name]) for name in COLUMNS])
    return f"\ufeff{text.getvalue()}"


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def as_json(wanted: ListQuery, rows: Iterable[Mapping[str, Any]]) -> str:
    """What was asked for, how many articles there are, and each of them; null for what is not known."""
    articles = [{name: row[name] for name in COLUMNS} for row in rows]
    found = {"asked": asked_for(wanted), "total": len(articles), "articles": articles}
    return json.dumps(found, ensure_ascii=False, indent=1)


FORMS: Mapping[str, tuple[Callable[[ListQuery, Iterable[Mapping[str, Any]]], str], str]] = {
    "csv": (as_csv, "text/csv; charset=utf-8"),
    "json": (as_json, "application/json; charset=utf-8"),
}
"""What makes each kind of file, and its media type."""
