"""Recovered against listed by month of publication. A missing article has no date; its neighbours may tell it."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

ENOUGH = 100
"""Recovered articles that the rule must have been tried on before it is used."""
TRUSTED = 0.95
"""Share of them that it must have been right about."""


@dataclass(frozen=True, slots=True)
class Month:
    """A month with its recovered articles, and the missing ones whose neighbours are of it."""

    name: str
    recovered: int
    missing: int


@dataclass(frozen=True, slots=True)
class ByMonth:
    """`undated`: recovered articles without a date; `unplaced`: missing articles of which no month is said. `tested`: on how many
    recovered articles between two of one and the same month the rule was tried, `right`: how many of them are of that month too."""

    months: Sequence[Month]
    undated: int
    unplaced: int
    tested: int
    right: int

    @property
    def trusted(self) -> bool:
        """Whether missing articles are given the month of their neighbours."""
        return self.tested >= ENOUGH and self.right >= TRUSTED * self.tested


def by_month(recovered: Iterable[int], missing: Iterable[int], dates: Mapping[int, str]) -> ByMonth:
    """Months from the first to the last, none left out. `dates`: months of recovered articles by id.

    Ids rise with time, but for exceptions. So a missing article between two recovered ones of the same month is counted to it, if
    that very rule, tried on this archive's own recovered articles, is right often enough; otherwise its month is unknown.
    """
    ids = sorted(dates)
    trials = [(dates[lower] == dates[middle]) for lower, middle, higher in _triples(ids) if dates[lower] == dates[higher]]
    found = ByMonth([], sum(article not in dates for article in recovered), 0, len(trials), sum(trials))
    guessed: Counter[str] = Counter()
    unplaced = 0
    for article in missing:
        month = _between(article, ids, dates) if found.trusted else None
        if month is None:
            unplaced += 1
        else:
            guessed[month] += 1
    counted = Counter(dates.values())
    months = [Month(name, counted[name], guessed[name]) for name in _from_to(sorted(counted))]
    return ByMonth(months, found.undated, unplaced, found.tested, found.right)


def _triples(ids: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    return zip(ids, ids[1:], ids[2:], strict=False)


def _between(article: int, ids: Sequence[int], dates: Mapping[int, str]) -> str | None:
    place = bisect_left(ids, article)
    if not 0 < place < len(ids):
        return None
    lower, higher = dates[ids[place - 1]], dates[ids[place]]
    return lower if lower == higher else None


def _from_to(names: Sequence[str]) -> Iterator[str]:
    """Every month from the first to the last of them; only those that there are, where a wrong year would make it a thousand."""
    if not names:
        return
    first, last = (int(name[:4]) * 12 + int(name[5:]) - 1 for name in (names[0], names[-1]))
    if last - first > 240:
        yield from names
        return
    for number in range(first, last + 1):
        yield f"{number // 12:04d}-{number % 12 + 1:02d}"
