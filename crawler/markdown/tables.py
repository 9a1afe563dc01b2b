"""Tables: pipe tables where those can carry the table whole."""

from __future__ import annotations

from collections.abc import Callable

from bs4 import Tag

_HEAVY = [
    *("table", "ul", "ol", "blockquote", "figure", "pre", "hr", "iframe", "video", "audio", "embed", "object"),
    *("h1", "h2", "h3", "h4", "h5", "h6"),
]


def rows(table: Tag) -> list[list[Tag]]:
    """The cells of each row, in order; rows of nested tables are not among them."""
    return [list(row.find_all(["td", "th"], recursive=False)) for row in table.find_all("tr") if row.find_parent("table") is table]


def is_plain(table: Tag) -> bool:
    """Whether a pipe table loses nothing: one paragraph a cell, no cell over several rows, nothing nested."""
    if table.find(_HEAVY) or not any(rows(table)):
        return False
    cells = [cell for row in rows(table) for cell in row]
    return all(_span(cell, "rowspan") == 1 and len(cell.find_all(["p", "div"])) <= 1 and _alone(cell) for cell in cells)


def _alone(cell: Tag) -> bool:
    """A paragraph in a cell stands alone there: text beside it would be another block."""
    inner = cell.find(["p", "div"])
    return inner is None or (inner.parent is cell and inner.get_text(strip=True) == cell.get_text(strip=True))


def _span(cell: Tag, name: str) -> int:
    value = str(cell.get(name) or "1").strip()
    return max(1, min(100, int(value))) if value.isascii() and value.isdigit() else 1


def pipe_table(table: Tag, text: Callable[[Tag], str]) -> str:
    """The table with pipes, as markdownify writes it; every row as wide as the widest, since cells beyond the header's
    are dropped by readers. Without a header row on the page the header is empty."""
    lines = [[part for cell in row for part in [text(cell), *[""] * (_span(cell, "colspan") - 1)]] for row in rows(table) if row]
    first = next(row for row in rows(table) if row)
    if not (all(cell.name == "th" for cell in first) or first[0].find_parent("thead") is not None):
        lines.insert(0, [])
    width = max(map(len, lines))
    lines = [line + [""] * (width - len(line)) for line in lines]
    lines.insert(1, ["---"] * width)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
