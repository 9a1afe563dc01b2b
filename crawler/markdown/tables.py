"""Tables: pipe tables where those can carry the table whole."""

from __future__ import annotations

from collections.abc import Callable

from bs4 import Comment, Tag

from crawler.markdown.elements import CONTAINERS, enclosing, holds_block


def rows(table: Tag) -> list[list[Tag]]:
    """The cells of each row, in order; rows of nested tables are not among them."""
    found = (row for row in table.find_all("tr") if enclosing(row, "table") is table)
    return [[cell for cell in row.contents if isinstance(cell, Tag) and cell.name in ("td", "th")] for row in found]


def is_plain(table: Tag) -> bool:
    """Whether a pipe table loses nothing: one paragraph a cell, no cell over several rows, nothing nested."""
    cells = [cell for row in rows(table) for cell in row]
    return bool(cells) and all(_span(cell, "rowspan") == 1 and (not holds_block(cell) or only_block(cell) is not None) for cell in cells)


def only_block(cell: Tag) -> Tag | None:
    """The one paragraph in a cell beside which nothing stands; None where there is none, or more."""
    shown = [child for child in cell.children if isinstance(child, Tag) or (not isinstance(child, Comment) and str(child).strip())]
    if len(shown) != 1 or not isinstance(shown[0], Tag) or shown[0].name not in CONTAINERS:
        return None
    return only_block(shown[0]) if holds_block(shown[0]) else shown[0]


def _span(cell: Tag, name: str) -> int:
    value = str(cell.get(name) or "1").strip()
    return max(1, min(100, int(value))) if value.isascii() and value.isdigit() else 1


def pipe_table(table: Tag, text: Callable[[Tag], str]) -> str:
    """The table with pipes, as markdownify writes it; every row as wide as the widest, since cells beyond the header's
    are dropped by readers. Without a header row on the page the header is empty."""
    found = [row for row in rows(table) if row]
    lines = ["".join(f" {text(cell)}{' |' * _span(cell, 'colspan')}" for cell in row) for row in found]
    widths = [sum(_span(cell, "colspan") for cell in row) for row in found]
    first = found[0]
    if not (all(cell.name == "th" for cell in first) or enclosing(first[0], "thead") is not None):
        lines.insert(0, "")
        widths.insert(0, 0)
    width = max(widths)
    lines = [f"|{line}{'  |' * (width - cells)}" for line, cells in zip(lines, widths, strict=True)]
    lines.insert(1, f"|{' --- |' * width}")
    return "\n".join(lines)
