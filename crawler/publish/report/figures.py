"""All figures of the report as plain values: ledger, front matter of files, months, records of runs."""

import os
import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path

from crawler import __version__
from crawler.hkcnews.urls import url_hints
from crawler.ledger import ArticleRow, State
from crawler.ledger.images import ImageState
from crawler.ledger.queries import MissingArticle, StoreQueries
from crawler.ledger.rows import RunRow
from crawler.markdown.front_matter import InvalidFrontMatter, read_front_matter
from crawler.markdown.hugo import plain_fields
from crawler.publish.report.parts import FIELDS
from crawler.run.record import RECORDS_FOLDER, RunRecord, read_records
from crawler.wayback.digest import DigestResult

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
    """`undated`: recovered articles without a date; `unplaced`: missing articles of which no month is said. `tested`:
    on how many recovered articles between two of one and the same month the rule was tried, `right`: how many of them
    are of that month too; `trusted`: whether missing articles are given the month of their neighbours."""

    months: Sequence[Month]
    undated: int
    unplaced: int
    tested: int
    right: int
    trusted: bool

    @property
    def missing(self) -> int:
        """Missing articles of any month and none."""
        return sum(month.missing for month in self.months) + self.unplaced


def by_month(recovered: Iterable[int], missing: Iterable[int], dates: Mapping[int, str]) -> ByMonth:
    """Months from the first to the last, none left out. `dates`: months of recovered articles by id.

    Ids rise with time, but for exceptions. So a missing article between two recovered ones of the same month is counted
    to it, if that very rule, tried on this archive's own recovered articles, is right often enough; otherwise its month
    is unknown.
    """
    ids = sorted(dates)
    triples = zip(ids, ids[1:], ids[2:], strict=False)
    trials = [dates[lower] == dates[middle] for lower, middle, higher in triples if dates[lower] == dates[higher]]
    trusted = len(trials) >= ENOUGH and sum(trials) >= TRUSTED * len(trials)
    guessed = Counter(_between(article, ids, dates) if trusted else None for article in missing)
    counted = Counter(dates.values())
    months = [Month(name, counted[name], guessed[name]) for name in _from_to(sorted(counted))]
    undated = sum(article not in dates for article in recovered)
    return ByMonth(months, undated, guessed[None], len(trials), sum(trials), trusted)


def _between(article: int, ids: Sequence[int], dates: Mapping[int, str]) -> str | None:
    place = bisect_left(ids, article)
    if not 0 < place < len(ids):
        return None
    lower, higher = dates[ids[place - 1]], dates[ids[place]]
    return lower if lower == higher else None


def _from_to(names: Sequence[str]) -> Iterator[str]:
    """Every month from the first to the last of them; only those that there are, where a wrong year would make it a
    thousand."""
    if not names:
        return
    first, last = (int(name[:4]) * 12 + int(name[5:]) - 1 for name in (names[0], names[-1]))
    if last - first > 240:
        yield from names
        return
    for number in range(first, last + 1):
        yield f"{number // 12:04d}-{number % 12 + 1:02d}"


LARGEST = 64 * 1024
"""Bytes that are read of a file; the front matter of the longest address known has some 7,000."""
_MONTH = re.compile(r"(\d{4}-(?:0[1-9]|1[0-2]))(?:-\d{2})?(?![\d-])", re.ASCII)


@dataclass(slots=True)
class FrontMatterFigures:
    """`months` by article, as `2021-07`; articles without a date that can be read are left out. `keys`: how many files
    have each key; `read`: files read; `unread`: articles whose file is gone, or has no front matter that can be
    read."""

    months: dict[int, str] = field(default_factory=dict)
    keys: Counter[str] = field(default_factory=Counter)
    read: int = 0
    unread: list[int] = field(default_factory=list)

    def in_order(self) -> list[tuple[str, int]]:
        """Keys with the number of files that have them: those that every format has in its order, then others."""
        return [(key, self.keys[key]) for key in (*FIELDS, *sorted(self.keys.keys() - FIELDS.keys()))]


def read_front_matters(root: Path, files: Iterable[tuple[int, str]]) -> FrontMatterFigures:
    """Read the front matter of articles' files, relative to `root`. Never raises for what lies there. 49,000 take two
    seconds."""
    found = FrontMatterFigures()
    for article, file in files:
        try:
            fields = _front_matter(f"{root}/{file}")
        except (OSError, ValueError):
            found.unread.append(article)
            continue
        found.read += 1
        found.keys.update(key for key, value in fields.items() if value)
        if month := _MONTH.match(str(fields.get("date", ""))):
            found.months[article] = month[1]
    return found


def _front_matter(path: str) -> dict[str, str | list[str]]:
    """Raises OSError, ValueError."""
    # A named pipe in its place must not hold us up.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        text = (file.read(LARGEST) or b"").decode("utf-8", "ignore")
    head, end, _ = text.replace("\r\n", "\n").partition("\n---\n")
    if not head.startswith("---\n") or not end:
        raise InvalidFrontMatter("no front matter")
    return plain_fields(read_front_matter(head[4:]))


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
    """Images of recovered articles: `reasons` of those missing or waiting; `size` in bytes; `articles` that have any,
    those of them that have all of theirs (`complete`), and none (`without`)."""

    counts: Mapping[ImageState, int]
    reasons: Sequence[tuple[ImageState, str, int]]
    size: int
    articles: int
    complete: int
    without: int

    @property
    def total(self) -> int:
        """Images that are known."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class ReportFigures:
    """What the report tells. `made`: when it was read, UTC; `archive`: the public address of the ledger's archive;
    `digests` and `digests_recovered` as (result, reason, captures)."""

    made: datetime
    version: str
    archive: str | None
    format: str
    counts: Mapping[State, int]
    ranges: Sequence[Range]
    months: ByMonth
    reasons: Sequence[tuple[State, str, int]]
    front_matter: FrontMatterFigures
    field_sources: Sequence[tuple[str, str, int]]
    digests: Sequence[tuple[str, str, int]]
    digests_recovered: Sequence[tuple[str, str, int]]
    images: ImageFigures
    years: Sequence[tuple[str, str, int]]
    runs: Sequence[RunRow]
    records: Sequence[RunRecord]
    missing: Sequence[MissingArticle]
    to_do: Sequence[int]
    faulty: Sequence[ArticleRow]

    @property
    def listed(self) -> int:
        """Articles that the ledger knows."""
        return sum(self.counts.values())

    def digest_counts(self, *, recovered: bool) -> Counter[str]:
        """Captures by result, "" for those that were not compared: those that files are made of, or all that came."""
        counts: Counter[str] = Counter()
        for result, _, count in self.digests_recovered if recovered else self.digests:
            counts[result if result in {each.value for each in DigestResult} else ""] += count
        return counts


def gather_figures(output: Path, ledger: StoreQueries, made: datetime) -> ReportFigures:
    """Read everything. The ledger is read as it stands at one moment; files that a run replaces meanwhile are read old
    or new."""
    records = read_records(output / RECORDS_FOLDER)
    with ledger.at_one_moment():
        states = [(row.id, row.state) for row in ledger.articles()]
        lost = [number for number, state in states if state in (State.LISTED, *GIVEN_UP)]
        front_matter = read_front_matters(output, ledger.files())
        return ReportFigures(
            made=made,
            version=__version__,
            archive=ledger.meta("public_url"),
            format=ledger.meta("format") or "",
            counts=ledger.counts(),
            ranges=by_range(states),
            months=by_month(ledger.recovered_ids(), lost, front_matter.months),
            reasons=[(state, reason, count) for state in GIVEN_UP for reason, count in ledger.reasons(state).items()],
            front_matter=front_matter,
            field_sources=ledger.field_sources(),
            digests=ledger.digest_results(recovered=False),
            digests_recovered=ledger.digest_results(recovered=True),
            images=_images(ledger),
            years=ledger.captures_by_year(),
            runs=ledger.runs(),
            records=records,
            missing=list(ledger.missing(*GIVEN_UP)),
            to_do=[number for number, state in states if state is State.LISTED],
            faulty=list(ledger.faulty()),
        )


def by_range(states: Sequence[tuple[int, State]]) -> list[Range]:
    """Ranges of a thousand ids, up to the highest known."""
    counts: defaultdict[int, Counter[State]] = defaultdict(Counter)
    for article, state in states:
        counts[(article - 1) // RANGE][state] += 1
    numbers = range(max(counts, default=-1) + 1)
    return [Range(number * RANGE + 1, (number + 1) * RANGE, counts[number]) for number in numbers]


def _images(ledger: StoreQueries) -> ImageFigures:
    reasons = [
        (state, reason, count)
        for state in (ImageState.WAITING, ImageState.MISSING)
        for reason, count in ledger.image_reasons(state).items()
    ]
    return ImageFigures(ledger.image_counts(), reasons, ledger.image_bytes()[1], *ledger.articles_with_images())


FEW = 12
"""Articles that are named for a reason; all are in the full list."""


def by_reason(
    state: State, missing: Sequence[MissingArticle], to_do: Sequence[int]
) -> list[tuple[str, int, Sequence[tuple[int, str]]]]:
    """The missing articles in a state by (reason, how many), the most frequent reason first, each with the first few
    as (id, title in its address)."""
    if state is State.LISTED:
        return [("", len(to_do), [(number, "") for number in to_do[:FEW]])] if to_do else []
    found: dict[str, list[MissingArticle]] = {}
    for article in missing:
        if article.state is state:
            found.setdefault(article.reason, []).append(article)
    return [
        (reason, len(articles), [(article.id, title_in_address(article)) for article in articles[:FEW]])
        for reason, articles in sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    ]


def title_in_address(article: MissingArticle) -> str:
    """The title that an address of the article has at its end; empty where none has one that can be read."""
    hints = (hint for row in article.captures for hint in url_hints(row.capture.original, ""))
    titles = (title.strip(" -") for what, title in hints if what == "title in the address")
    return next((title for title in titles if title and title.isprintable() and "\ufffd" not in title), "")


def by_thousand(
    missing: Sequence[MissingArticle], to_do: Sequence[int]
) -> list[tuple[int, int, Sequence[MissingArticle], Sequence[int]]]:
    """Missing articles by range of ids, lowest first: (first id, last id, those that were given up or wait, those not
    done yet); ranges without any are left out."""
    tried = {number: list(rows) for number, rows in groupby(missing, key=lambda row: (row.id - 1) // RANGE)}
    others = {number: list(ids) for number, ids in groupby(to_do, key=lambda article: (article - 1) // RANGE)}
    return [
        (number * RANGE + 1, (number + 1) * RANGE, tried.get(number, []), others.get(number, []))
        for number in sorted(tried.keys() | others.keys())
    ]
