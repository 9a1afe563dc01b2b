"""What the page is built of, and its words in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from crawler.hkcnews.verdict import Verdict
from crawler.ledger import State
from crawler.ledger.images import ImageState
from crawler.publish.words import Bilingual, Value, joined, say, written
from crawler.recovery.image_content import ImageFault
from crawler.wayback.digest import DigestResult
from crawler.wayback.playback import ANSWERS

_STATES = (
    (State.RECOVERED, say("recovered"), "solid"),
    (State.ADOPTED, say("adopted"), "dotted"),
    (State.WAITING, say("waiting"), "steep"),
    (State.LISTED, say("not tried yet"), "falling"),
    (State.UNRECOVERABLE, say("unrecoverable"), "crossed"),
)
STATES: Mapping[State, Bilingual] = {state: words for state, words, _ in _STATES}
STATE_LOOKS: Mapping[State, str] = {state: look for state, _, look in _STATES}
"""Looks of bars, classes of the page's style: a colour and a pattern each."""
_IMAGE_STATES = (
    (ImageState.HAVE, say("fetched"), "solid"),
    (ImageState.WAITING, say("waiting"), "steep"),
    (ImageState.WANTED, say("not tried yet"), "falling"),
    (ImageState.MISSING, say("missing"), "crossed"),
)
IMAGE_STATES: Mapping[ImageState, Bilingual] = {state: words for state, words, _ in _IMAGE_STATES}
IMAGE_LOOKS: Mapping[ImageState, str] = {state: look for state, _, look in _IMAGE_STATES}
STATES_MEAN: Mapping[State, Bilingual] = {
    State.UNRECOVERABLE: say("Unrecoverable: every capture that the archive has was seen, and none is the article"),
    State.WAITING: say("Waiting: the archive had troubles of its own; the next run tries again"),
    State.LISTED: say("Not tried yet: the next run will"),
}
"""The states of missing articles in plain words, in the order in which they are told."""
SOURCES: Mapping[str, Bilingual] = {"wayback": say("the web archive")}
"""Sources in words; others are named by those who gave them."""
FIELDS: Mapping[str, Bilingual] = {
    "title": say("title"),
    "date": say("date"),
    "last_updated": say("last updated"),
    "author": say("byline"),
    "category": say("section"),
    "tags": say("tags"),
    "url": say("address in the archive"),
    "original_url": say("original address"),
}
"""The keys of the front matter that every format has."""
DIGESTS: Mapping[str, Bilingual] = {
    DigestResult.MATCH.value: say("match"),
    DigestResult.MATCH_DECODED.value: say("match after decoding"),
    DigestResult.MISMATCH.value: say("mismatch"),
    DigestResult.UNKNOWN.value: say("not compared: the index has no digest"),
    "": say("not compared"),
}
_REASONS: Mapping[str, Bilingual] = {
    "": say("not tried yet"),
    "no capture": say("no capture is known"),
    **{verdict.value: say(verdict.meaning) for verdict in Verdict},
    **{answer.value: Bilingual(rule.english, rule.chinese) for answer, rule in ANSWERS.items()},
}
_IMAGE_REASONS: Mapping[str, Bilingual] = {**_REASONS, **{fault.value: say(fault.meaning) for fault in ImageFault}}


def reason(name: str) -> Bilingual:
    """Why an article is not there, in words; several reasons are separated by commas. Unknown ones stay as they are."""
    return _joined(name, _REASONS)


def image_reason(name: str) -> Bilingual:
    """Why an image is not there."""
    return _joined(name, _IMAGE_REASONS)


def _joined(name: str, known: Mapping[str, Bilingual]) -> Bilingual:
    return joined(known.get(part, Bilingual(part)) for part in name.split(", "))


def heads(*texts: str) -> list[Bilingual]:
    """The heads of a table."""
    return [say(text) for text in texts]


@dataclass(frozen=True, slots=True)
class Bars:
    """Lying bars under each other, for the first rows of a table: the columns of their labels, of their lengths and of
    what stands at their ends. `looks` by row, with their `legend` where the labels do not tell; `full`: the number of a
    bar over the whole width, 0 for the longest."""

    label: int
    value: int
    end: int
    looks: Sequence[str] = ()
    legend: Sequence[tuple[str, Bilingual]] = ()
    full: float = 0


@dataclass(frozen=True, slots=True)
class Columns:
    """Upright bars beside each other, one for each row of a table: the columns that are put on top of each other, with
    their looks. `limit`: the column of a line over each bar, where what the bar shows is limited."""

    looks: Mapping[int, str]
    limit: int | None = None

    def scale(self, figure: Figure) -> range:
        """Round numbers from 0 to at least the end of the longest bar."""
        stacks = [sum(stack) for stack in zip(*(figure.numbers(column) for column in self.looks), strict=True)]
        limits = [] if self.limit is None else figure.numbers(self.limit)
        most = max([*stacks, *limits, 1])
        step = next(
            step for power in range(16) for step in (10**power, 2 * 10**power, 5 * 10**power) if 5 * step >= most
        )
        return range(0, ceil(most / step) * step + 1, step)


@dataclass(frozen=True, slots=True)
class Figure:
    """A table, whose rows have as many cells as there are heads, and the picture of it where there is one. `open`: the
    table is shown."""

    caption: Bilingual
    heads: Sequence[Bilingual]
    rows: Sequence[Sequence[Value]]
    chart: Bars | Columns | None = None
    open: bool = False

    def numbers(self, column: int) -> list[float]:
        """What a column has, 0 for what is no number."""
        return [cell if isinstance(cell, int | float) else 0 for cell in (row[column] for row in self.rows)]

    @property
    def drawn(self) -> list[Sequence[Value]]:
        """The rows that have a bar."""
        if self.chart is None:
            return []
        columns = (self.chart.value,) if isinstance(self.chart, Bars) else tuple(self.chart.looks)
        return [row for row in self.rows if any(row[column] for column in columns)]

    @property
    def sentence(self) -> Bilingual:
        """What a picture of its one bar would show."""
        (row,) = self.drawn
        if isinstance(self.chart, Bars):
            label, told = written(row[self.chart.label]), written(row[self.chart.value]).en
            told += f" ({written(row[self.chart.end]).en})" if self.chart.end != self.chart.value else ""
            return Bilingual(f"{label.en}: {told}.", f"{label.zh}：{told}。")
        assert self.chart is not None
        columns = [column for column in self.chart.looks if row[column]]
        columns += [] if self.chart.limit is None else [self.chart.limit]
        about, label = written(self.heads[0]), written(row[0])
        cells = [(written(self.heads[column]), written(row[column])) for column in columns]
        english = ", ".join(f"{head.en} {cell.en}" for head, cell in cells)
        chinese = "，".join(f"{head.zh} {cell.zh}" for head, cell in cells)
        return Bilingual(f"{about.en} {label.en}: {english}.", f"{about.zh} {label.zh}：{chinese}。")


def share(part: float, whole: float) -> str:
    """A part of a whole as a percentage; 100% and 0% are said of all and nothing only."""
    if not whole:
        return "–"
    percent = 100 * part / whole
    if 0 < part < whole:
        percent = min(max(percent, 0.1), 99.9)
    return f"{percent:.1f}%".replace(".0%", "%")
