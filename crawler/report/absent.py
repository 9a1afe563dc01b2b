"""Everything that is missing, by thousands of ids, with what was tried and where the archive shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from crawler.report.gathering import RANGE, Gathered
from crawler.report.ledgerfigures import Missing, Tried
from crawler.report.links import calendar, replay
from crawler.report.parts import Link
from crawler.report.words import STATES, Words, outcome, reason

_MOST = 160
"""Characters of what a verdict rests on; a page's title can be in it, of any length."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A capture that was tried: where it can be looked at, what came of it, on what that rests, and its source."""

    link: Link
    outcome: str
    because: str
    source: str


@dataclass(frozen=True, slots=True)
class Absent:
    """A missing article. The link leads to the archive's list of its captures."""

    link: Link
    state: Words
    reason: Words
    attempts: Sequence[Attempt]
    more: int


@dataclass(frozen=True, slots=True)
class Thousand:
    """Missing articles with ids from `first` to `last`: those that were given up or wait, and those not done yet."""

    first: int
    last: int
    absent: Sequence[Absent]
    to_do: Sequence[Link]


def thousands(found: Gathered) -> list[Thousand]:
    """Lowest ids first; ranges without a missing article are left out."""
    tried = {number: list(rows) for number, rows in groupby(found.missing, key=lambda row: (row.id - 1) // RANGE)}
    to_do = {number: list(ids) for number, ids in groupby(found.to_do, key=lambda article: (article - 1) // RANGE)}
    return [
        Thousand(
            number * RANGE + 1,
            (number + 1) * RANGE,
            [_absent(row, found.archive) for row in tried.get(number, ())],
            [Link(str(article), calendar(found.archive, article)) for article in to_do.get(number, ())],
        )
        for number in sorted(tried.keys() | to_do.keys())
    ]


def _absent(row: Missing, archive: str | None) -> Absent:
    link = Link(str(row.id), calendar(archive, row.id))
    return Absent(link, STATES[row.state], reason(row.reason), [_attempt(capture) for capture in row.captures], row.more)


def _attempt(capture: Tried) -> Attempt:
    because = capture.because if len(capture.because) <= _MOST else f"{capture.because[:_MOST]}…"
    when = capture.timestamp
    shown = f"{when[:4]}-{when[4:6]}-{when[6:8]} {when[8:10]}:{when[10:12]}:{when[12:]}" if len(when) == 14 else when
    link = Link(shown, replay(capture.replay, when, capture.original))
    return Attempt(link, outcome(capture.verdict, capture.answer), because, capture.source)
