"""What a page is built of: sections with notes, pictures and tables of the same numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crawler.report.charts import Look
from crawler.report.words import Words


@dataclass(frozen=True, slots=True)
class Link:
    """A text that leads into the archive. Its address is built by crawler/report/links.py; without one it is the text alone."""

    text: str
    address: str = ""


Cell = str | int | Words | Link
"""What stands in a table: numbers are set to the right."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table; every row has as many cells as there are heads."""

    heads: Sequence[Words]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture with its legend and the table of its numbers; a table alone where there is nothing to draw. `open`: the table is shown."""

    caption: Words
    table: Table
    svg: str = ""
    legend: Sequence[tuple[Look, Words]] = ()
    open: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page, named by `anchor`."""

    anchor: str
    heading: Words
    notes: Sequence[Words]
    figures: Sequence[Figure] = ()


def share(part: float, whole: float) -> str:
    """A part of a whole as a percentage; 100% and 0% are said of all and nothing only."""
    if not whole:
        return "–"
    percent = 100 * part / whole
    if 0 < part < whole:
        percent = min(max(percent, 0.1), 99.9)
    return f"{percent:.1f}%".replace(".0%", "%")
