"""Which articles have which date, section, byline and tag, so that lists are counted and narrowed in moments: a set of
articles is a whole number with a bit for each, the newest article's the lowest."""

import json
import sqlite3
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from heapq import heappushpop
from itertools import chain, compress
from operator import itemgetter
from typing import Self

from crawler.hkcnews.urls import HIGHEST_ID

UNKNOWN = "unknown"
"""The year of an article without a date, as an address of a page has it."""
COMMON = 100
"""A value of so many articles has its set at hand; a rarer one is looked for."""
FEW = 5000
"""So many articles are counted one by one; more of them value by value."""
_FLAGS, _DIGITS = b"\x00\x01", b"01"


class Facet(StrEnum):
    """What a list can be narrowed by; the value is the name in addresses."""

    YEAR = "year"
    CATEGORY = "category"
    AUTHOR = "author"
    TAG = "tag"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All articles, newest first, those without a date last. `ordered` takes a byte for each id into this order;
    `days`: the dates, oldest first, '' for none; `values`: what each article has of a facet; `sets`: the articles of
    each common value, the most frequent one first, and those that have a rarer one."""

    ids: Sequence[int]
    ordered: Callable[[bytes], tuple[int, ...]]
    days: Sequence[str]
    values: Mapping[Facet, Sequence[Sequence[str]]]
    sets: Mapping[Facet, tuple[Mapping[str, int], int]]

    @classmethod
    def of(cls, db: sqlite3.Connection) -> Self:
        """What archive.db has."""
        sql = "SELECT id, date, year, category, author FROM article ORDER BY date DESC, id DESC"
        rows = db.execute(sql).fetchall()
        ids = [row[0] for row in rows]
        tags: defaultdict[int, list[str]] = defaultdict(list)
        for name, articles in db.execute("SELECT name, json_group_array(article) FROM tag GROUP BY name"):
            for number in json.loads(articles):
                tags[number].append(name)
        values: dict[Facet, Sequence[Sequence[str]]] = {
            Facet.YEAR: _shared(UNKNOWN if year is None else str(year) for _, _, year, _, _ in rows),
            Facet.CATEGORY: _shared(category for *_, category, _ in rows),
            Facet.AUTHOR: _shared(author for *_, author in rows),
            Facet.TAG: [tuple(tags.get(number, ())) for number in ids],
        }
        days = [date or "" for _, date, *_ in reversed(rows)]
        ordered = itemgetter(0, 0, *ids)  # two that are none: of one alone it would make no tuple
        return cls(ids, ordered, days, values, {facet: _sets(each) for facet, each in values.items()})

    @property
    def all(self) -> int:
        """Every article."""
        return (1 << len(self.ids)) - 1

    def set_of(self, flags: bytes) -> int:
        """The set of the articles whose byte is 1 of those for all ids; what is not here is not in it."""
        return _as_set(bytes(self.ordered(flags)[2:]))

    def having(self, facet: Facet, value: str) -> int:
        """The articles that have a value."""
        known = self.sets[facet][0].get(value)
        return _as_set(bytes(value in has for has in self.values[facet])) if known is None else known

    def between(self, since: str, until: str) -> int:
        """The dated articles between two days, both included; a month or a year is all of its days, '' leaves its end
        open."""
        first = bisect_left(self.days, since or "0")
        last = bisect_right(self.days, f"{until}~") if until else len(self.days)
        return ((1 << max(0, last - first)) - 1) << (len(self.days) - last)

    def listed(self, articles: int) -> Iterator[int]:
        """The ids of a set, newest first."""
        return compress(self.ids, _flags(articles))

    def counts(self, facet: Facet, articles: int, most: int) -> Mapping[str, int]:
        """How many of a set have each value: at least the `most` frequent values are there."""
        found: dict[str, int] = {}
        if articles.bit_count() > FEW:
            best = [0] * most
            common, others = self.sets[facet]
            for value, has in common.items():
                if has.bit_count() < best[0]:
                    return found
                if count := (articles & has).bit_count():
                    found[value] = count
                    heappushpop(best, count)
            articles &= others
            if best[0] >= COMMON or not articles:
                return found
        return {**Counter(chain.from_iterable(compress(self.values[facet], _flags(articles)))), **found}


def found_in(db: sqlite3.Connection, match: str) -> bytes:
    """A byte for each id from 0, 1 for the articles that an FTS5 expression finds."""
    # One row with all of them: of a frequent word, taking a row for each would take longest.
    sql = "SELECT json_group_array(rowid) FROM search WHERE search MATCH ?"
    flags = bytearray(HIGHEST_ID + 1)
    for number in json.loads(db.execute(sql, (match,)).fetchone()[0]):
        flags[number] = 1
    return bytes(flags)


def _shared(values: Iterable[str | None]) -> list[tuple[str, ...]]:
    """A tuple for each value, of none for none; the same one for the same value."""
    known: dict[str, tuple[str, ...]] = {}
    return [known.setdefault(value, (value,)) if value else () for value in values]


def _sets(values: Sequence[Sequence[str]]) -> tuple[dict[str, int], int]:
    """The articles of each common value, and those that have another one."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, has in enumerate(values):
        for value in has:
            places[value].append(place)
    common = sorted((value for value in places if len(places[value]) >= COMMON), key=lambda value: -len(places[value]))
    sets = {value: _set_at(places.pop(value), len(values)) for value in common}
    return sets, _set_at(chain.from_iterable(places.values()), len(values))


def _set_at(places: Iterable[int], size: int) -> int:
    bits = bytearray(size // 8 + 1)
    for place in places:
        bits[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(bits, "little")


def _as_set(flags: bytes) -> int:
    """A set of the articles whose byte is 1, the newest one's first."""
    return int(flags[::-1].translate(bytes.maketrans(_FLAGS, _DIGITS)) or b"0", 2)


def _flags(articles: int) -> bytes:
    """A byte for each article, 1 where it is in the set, the newest first."""
    return bin(articles)[:1:-1].encode("ascii").translate(bytes.maketrans(_DIGITS, _FLAGS))
