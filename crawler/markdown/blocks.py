"""Lists, tables and code as Markdown blocks."""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from bs4 import Comment, Tag

from crawler.markdown.elements import CONTAINERS, elements_of, has_block, nearest_ancestor
from crawler.markdown.inline import JOINT, escape_text, settle_joints, surround

_LIST = re.compile(r"[*+-](?= )|\d+[.)](?= )")
_LIST_STARTS = frozenset("*+-0123456789")
_ITEM = re.compile(r"^([*+-]|\d+[.)])(?= )", re.MULTILINE)
_NO_TEXT = re.compile(r"<(?:figure|table|pre|ol)[ >]|`{3}|>|\{\{<|\||[*+-] |\d+[.)] ")
_INTERRUPTING = re.compile(r"(?:[*+-]|1\.) (?!\{\{<)")
_OTHER = {"*": "-", "+": "*", "-": "+", ".": ")", ")": "."}


def join_blocks(blocks: Iterable[str]) -> str:
    """Blocks with a blank line between."""
    return "\n\n".join(_each_its_own(blocks))


def _each_its_own(blocks: Iterable[str]) -> list[str]:
    """The blocks; a list after a list of the same kind has other marks, or both would be one."""
    result: list[str] = []
    for block in blocks:
        mark = _LIST.match(block) if result and block[0] in _LIST_STARTS else None
        before = _LIST.match(result[-1]) if mark else None
        as_before = mark is not None and before is not None and before[0][-1] == mark[0][-1]
        result.append(_ITEM.sub(lambda found: found[0][:-1] + _OTHER[found[0][-1]], block) if as_before else block)
    return result


def join_item(blocks: Iterable[str]) -> str:
    """An item's blocks: a list right after its text follows without a blank line, where it can interrupt a paragraph,
    also for a reader who takes the shortcodes of frames out first."""
    first, *others = _each_its_own(blocks)
    text, only_frames = first, True
    for previous, block in pairwise([first, *others]):
        only_frames = only_frames and previous.startswith("{{<")  # without text a blank line would end the item
        follows = _INTERRUPTING.match(block) is not None and not _NO_TEXT.match(previous)
        text += ("\n" if follows or only_frames else "\n\n") + block
    return text


def plain_rows(table: Tag) -> list[list[Tag]]:
    """The cells of each row that has some, without those of nested tables. No rows if a pipe table would lose
    something: it has one paragraph a cell, no cell over several rows, nothing nested."""
    found = (row for row in elements_of(table) if row.name == "tr" and nearest_ancestor(row, "table") is table)
    rows = [[cell for cell in row.contents if isinstance(cell, Tag) and cell.name in ("td", "th")] for row in found]
    loses = any(
        _span(cell, "rowspan") > 1 or (has_block(cell) and only_block(cell) is None) for row in rows for cell in row
    )
    return [] if loses else [row for row in rows if row]


def only_block(cell: Tag) -> Tag | None:
    """The one paragraph in a cell beside which nothing stands; None where there is none, or more."""
    shown = [
        child
        for child in cell.contents
        if isinstance(child, Tag) or (not isinstance(child, Comment) and str(child).strip())
    ]
    if len(shown) != 1 or not isinstance(shown[0], Tag) or shown[0].name not in CONTAINERS:
        return None
    return only_block(shown[0]) if has_block(shown[0]) else shown[0]


def _span(cell: Tag, name: str) -> int:
    value = str(cell.attrs.get(name) or "1").strip()
    return max(1, min(100, int(value))) if value.isascii() and value.isdigit() else 1


def pipe_table(rows: Sequence[Sequence[Tag]], text: Callable[[Tag], str]) -> str:
    """Rows with pipes, as markdownify writes them; every row as wide as the widest, since cells beyond the header's are
    dropped by readers. Without a header row on the page the header is empty."""
    spans = [[_span(cell, "colspan") for cell in row] for row in rows]
    lines = [
        "".join(f" {text(cell)}{' |' * span}" for cell, span in zip(row, widths, strict=True))
        for row, widths in zip(rows, spans, strict=True)
    ]
    if not (all(cell.name == "th" for cell in rows[0]) or nearest_ancestor(rows[0][0], "thead") is not None):
        lines.insert(0, "")
        spans.insert(0, [])
    width = max(map(sum, spans))
    lines = [f"|{line}{'  |' * (width - sum(widths))}" for line, widths in zip(lines, spans, strict=True)]
    lines.insert(1, f"|{' --- |' * width}")
    return "\n".join(lines)


_TICKS = re.compile("`+")
_NOT_IN_CODE = re.compile(r"\{\{[<%]|\]:")
"""Hugo's shortcodes and the end of a link reference's label are taken for such also between backticks."""


def code_span(text: str) -> str:
    """A text as a code span; spaces at its ends stay outside, where they count."""
    core = text.strip(" ")
    if not core:
        return text
    if _NOT_IN_CODE.search(core):
        return surround("<code>", "</code>", settle_joints(escape_text(text, in_link=True)), " ")
    ticks = "`" * (1 + _longest_run(core))
    space = " " if core.startswith("`") or core.endswith("`") else ""
    return surround(f"{ticks}{space}", f"{space}{ticks}{JOINT}", text, " ")


def code_block(code: str) -> str:
    """Lines of code between fences."""
    fence = "`" * max(3, 1 + _longest_run(code))
    return f"{fence}\n{code}\n{fence}"


def _longest_run(text: str) -> int:
    return max(map(len, _TICKS.findall(text)), default=0)
