"""A whole list as a file: CSV for spreadsheets, JSON for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from crawler.publish.browse.search import ListQuery, asked_for

COLUMNS = (
    "id", "title", "date", "last_updated", "author", "category", "tags", "original_url", "url", "captured", "file",
    "summary",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would reckon, whatever it is from."""

Rows = Iterable[Mapping[str, Any]]


def as_csv(_wanted: ListQuery, rows: Rows) -> str:
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


def as_json(wanted: ListQuery, rows: Rows) -> str:
    """What was asked for, how many articles there are, and each of them; null for what is not known."""
    articles = [{name: row[name] for name in COLUMNS} for row in rows]
    found = {"asked": asked_for(wanted), "total": len(articles), "articles": articles}
    return json.dumps(found, ensure_ascii=False, indent=1)


FORMS: Mapping[str, tuple[Callable[[ListQuery, Rows], str], str]] = {
    "csv": (as_csv, "text/csv; charset=utf-8"),
    "json": (as_json, "application/json; charset=utf-8"),
}
"""What makes each kind of file, and its media type."""
