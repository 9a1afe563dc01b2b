"""Lists: how items and lists follow each other so that each stays its own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

_LIST = re.compile(r"[*+-](?= )|\d+[.)](?= )")
_ITEM = re.compile(r"^([*+-]|\d+[.)])(?= )", re.MULTILINE)
_NO_TEXT = re.compile(r"<(?:figure|table|pre|ol)[ >]|`{3}|>|\{\{<|\||[*+-] |\d+[.)] ")
_INTERRUPTING = re.compile(r"(?:[*+-]|1\.) (?!\{\{<)")
_OTHER = {"*": "-", "+": "*", "-": "+", ".": ")", ")": "."}


def joined(blocks: Iterable[str]) -> str:
    """Blocks with a blank line between."""
    return "\n\n".join(_each_its_own(blocks))


def tight(blocks: Iterable[str]) -> str:
    """An item's blocks: a list right after its text follows without a blank line, where it can interrupt a paragraph, also
    for a reader who takes the shortcodes of frames out first."""
    first, *others = _each_its_own(blocks)
    text, only_frames = first, True
    for previous, block in pairwise([first, *others]):
        only_frames = only_frames and previous.startswith("{{<")  # without text a blank line would end the item
        follows = _INTERRUPTING.match(block) is not None and not _NO_TEXT.match(previous)
        text += ("\n" if follows or only_frames else "\n\n") + block
    return text


def _each_its_own(blocks: Iterable[str]) -> list[str]:
    """The blocks; a list after a list of the same kind has other marks, or both would be one."""
    result: list[str] = []
    for block in blocks:
        result.append(_apart(result[-1], block) if result else block)
    return result


def _apart(previous: str, block: str) -> str:
    mark = _LIST.match(block)
    if not mark or not (before := _LIST.match(previous)) or before[0][-1] != mark[0][-1]:
        return block
    return _ITEM.sub(lambda found: found[0][:-1] + _OTHER[found[0][-1]], block)
