"""Which articles have which date, section, byline and tag, so that lists are counted and narrowed in moments: a set of
articles is a whole number with a bit for each, the newest article's the lowest."""

from __future__ import annotations

import sqlite3
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, compress

UNKNOWN = "unknown"
"""The year of an article without a date, as an address of a page has it."""
COMMON = 100
"""A value of so many articles has its set at hand; a rarer one is looked for."""
FEW = 2000
"""So many articles are counted one by one; more of them value by value."""
_FLAGS = bytes.maketrans(b"01", b"\x00\x01")


class Facet(StrEnum):
    """What a list can be narrowed by; the value is the name in addresses."""

    YEAR = "year"
    CATEGORY = "category"
    AUTHOR = "author"
    TAG = "tag"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All articles, newest first, those without a date last. `places`: where an id stands; `days`: the dates, oldest
    first, '' for none; `values`: what each article has of a facet; `sets`: the articles of each common value."""

    ids: Sequence[int]
    places: Mapping[int, int]
    days: Sequence[str]
    values: Mapping[Facet, Sequence[tuple[str, ...]]]
    sets: Mapping[Facet, Mapping[str, int]]

    @classmethod
    def of(cls, db: sqlite3.Connection) -> Catalogue:
        """What archive.db has."""
        sql = "SELECT id, date, year, category, author FROM article ORDER BY date DESC, id DESC"
        rows = db.execute(sql).fetchall()
        ids = [row[0] for row in rows]
        places = {number: place for place, number in enumerate(ids)}
        tags: list[tuple[str, ...]] = [()] * len(ids)
        for number, name in db.execute("SELECT article, name FROM tag"):
            if (place := places.get(number)) is not None:
                tags[place] += (name,)
        values = {
            Facet.YEAR: _shared(UNKNOWN if year is None else str(year) for _, _, year, _, _ in rows),
            Facet.CATEGORY: _shared(category for *_, category, _ in rows),
            Facet.AUTHOR: _shared(author for *_, author in rows),
            Facet.TAG: tags,
        }
        days = [date or "" for _, date, *_ in reversed(rows)]
        return cls(ids, places, days, values, {facet: _sets(each) for facet, each in values.items()})

    @property
    def all(self) -> int:
        """Every article."""
        return (1 << len(self.ids)) - 1

    def set_of(self, ids: Iterable[int]) -> int:
        """The set of some ids; what is not here is not in it."""
        return _as_set([place for number in ids if (place := self.places.get(number)) is not None], len(self.ids))

    def having(self, facet: Facet, value: str) -> int:
        """The articles that have a value."""
        known = self.sets[facet].get(value)
        if known is not None:
            return known
        return _as_set([place for place, has in enumerate(self.values[facet]) if value in has], len(self.ids))

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
        """How many of a set have each value: at least the `most` frequent values are there, with their true numbers."""
        if articles.bit_count() > FEW:
            found = {value: count for value, has in self.sets[facet].items() if (count := (articles & has).bit_count())}
            if sum(count >= COMMON for count in found.values()) >= most:
                return found
        return Counter(chain.from_iterable(compress(self.values[facet], _flags(articles))))


def _shared(values: Iterable[str | None]) -> list[tuple[str, ...]]:
    """A tuple for each value, of none for none; the same one for the same value."""
    known: dict[str, tuple[str, ...]] = {}
    return [known.setdefault(value, (value,)) if value else () for value in values]


def _sets(values: Sequence[tuple[str, ...]]) -> dict[str, int]:
    common = {value: bytearray() for value, count in Counter(chain.from_iterable(values)).items() if count >= COMMON}
    size = len(values) // 8 + 1
    for bits in common.values():
        bits.extend(bytes(size))
    for place, has in enumerate(values):
        for value in has:
            if value in common:
                common[value][place >> 3] |= 1 << (place & 7)
    return {value: int.from_bytes(bits, "little") for value, bits in common.items()}


def _as_set(places: Iterable[int], size: int) -> int:
    digits = bytearray(b"0") * (size + 1)
    for place in places:
        digits[size - place] = 49  # the digit 1
    return int(digits, 2)


def _flags(articles: int) -> bytes:
    """A byte for each article, 1 where it is in the set, the newest first."""
    return bin(articles)[:1:-1].encode("ascii").translate(_FLAGS)
