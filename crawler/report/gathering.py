"""All figures of the report as plain values, read from an output directory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from crawler import __version__
from crawler.ledger import ArticleRow, State
from crawler.ledger.images import ImageState
from crawler.report.heads import Heads, read_heads
from crawler.report.ledgerfigures import LedgerFigures, Missing, RunRow, wanted
from crawler.report.months import ByMonth, by_month
from crawler.report.records import Record, read_records
from crawler.runfile import FOLDER

RANGE = 1000
"""Ids in one range, as in one folder."""
GIVEN_UP = (State.WAITING, State.UNRECOVERABLE)


@dataclass(frozen=True, slots=True)
class Range:
    """Ids `first` to `last`; `counts` of articles by state. Ids that no listing has are the rest."""

    first: int
    last: int
    counts: Mapping[State, int]

    @property
    def unknown(self) -> int:
        """Ids that the ledger does not know. Not all of them were articles."""
        return self.last - self.first + 1 - sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class ImageFigures:
    """Images of recovered articles: `reasons` of those missing or waiting; `articles` that have any, those of them that have all of theirs
    (`whole`), and none (`bare`)."""

    counts: Mapping[ImageState, int]
    reasons: Sequence[tuple[ImageState, str, int]]
    size: int
    articles: int
    whole: int
    bare: int


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the report tells. `made`: when it was read, UTC; `archive`: the public address of the ledger's archive; `digests` and
    `digests_recovered` as (result, reason, captures)."""

    made: datetime
    version: str
    archive: str | None
    format: str
    counts: Mapping[State, int]
    captures: int
    stored: int
    ranges: Sequence[Range]
    months: ByMonth
    reasons: Sequence[tuple[State, str, int]]
    heads: Heads
    field_sources: Sequence[tuple[str, str, int]]
    digests: Sequence[tuple[str, str, int]]
    digests_recovered: Sequence[tuple[str, str, int]]
    images: ImageFigures
    years: Sequence[tuple[str, str, int]]
    runs: Sequence[RunRow]
    records: Sequence[Record]
    missing: Sequence[Missing]
    to_do: Sequence[int]
    faulty: Sequence[ArticleRow]

    @property
    def listed(self) -> int:
        """Articles that the ledger knows."""
        return sum(self.counts.values())


def gather(output: Path, ledger: LedgerFigures, made: datetime) -> Gathered:
    """Read everything. The ledger is read as it stands at one moment; files that a run replaces meanwhile are read old or new."""
    records = read_records(output / FOLDER)
    with ledger.at_one_moment():
        states = ledger.states()
        heads = read_heads(output, ledger.files())
        known, stored = ledger.capture_counts()
        months = by_month(wanted(states, State.RECOVERED), wanted(states, State.LISTED, *GIVEN_UP), heads.months)
        return Gathered(
            made=made,
            version=__version__,
            archive=ledger.meta("public_url"),
            format=ledger.meta("format") or "",
            counts=ledger.counts(),
            captures=known,
            stored=stored,
            ranges=by_range(states),
            months=months,
            reasons=[(state, reason, count) for state in GIVEN_UP for reason, count in ledger.reasons(state).items()],
            heads=heads,
            field_sources=ledger.field_sources(),
            digests=ledger.digest_results(recovered=False),
            digests_recovered=ledger.digest_results(recovered=True),
            images=_images(ledger),
            years=ledger.captures_by_year(),
            runs=ledger.runs(),
            records=records,
            missing=list(ledger.missing(*GIVEN_UP)),
            to_do=wanted(states, State.LISTED),
            faulty=list(ledger.faulty()),
        )


def by_range(states: Sequence[tuple[int, State]]) -> list[Range]:
    """Ranges of a thousand ids, up to the highest known."""
    counts: dict[int, Counter[State]] = {}
    for article, state in states:
        counts.setdefault((article - 1) // RANGE, Counter())[state] += 1
    return [
        Range(number * RANGE + 1, (number + 1) * RANGE, {state: counts.get(number, Counter())[state] for state in State})
        for number in range(max(counts, default=-1) + 1)
    ]


def _images(ledger: LedgerFigures) -> ImageFigures:
    reasons = [
        (state, reason, count)
        for state in (ImageState.WAITING, ImageState.MISSING)
        for reason, count in ledger.image_reasons(state).items()
    ]
    _, size = ledger.image_bytes()
    return ImageFigures(ledger.image_counts(), reasons, size, *ledger.articles_with_images())
