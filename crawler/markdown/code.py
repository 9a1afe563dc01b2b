"""Code in Markdown: spans in a text and fenced blocks, in more backticks than any run inside."""

from __future__ import annotations

import re

from crawler.markdown.emphasis import around
from crawler.markdown.escape import JOINT, escape_text, settle_joints

_TICKS = re.compile("`+")
_NOT_IN_CODE = re.compile(r"\{\{[<%]|\]:")
"""Hugo's shortcodes and the end of a link reference's label are taken for such also between backticks."""


def code_span(text: str) -> str:
    """A text as a code span; spaces at its ends stay outside, where they count."""
    core = text.strip(" ")
    if not core:
        return text
    if _NOT_IN_CODE.search(core):
        return around("<code>", "</code>", settle_joints(escape_text(text, in_link=True)), " ")
    ticks = "`" * (1 + _longest_run(core))
    space = " " if core.startswith("`") or core.endswith("`") else ""
    return around(f"{ticks}{space}", f"{space}{ticks}{JOINT}", text, " ")


def code_block(code: str) -> str:
    """Lines of code between fences."""
    fence = "`" * max(3, 1 + _longest_run(code))
    return f"{fence}\n{code}\n{fence}"


def _longest_run(text: str) -> int:
    return max(map(len, _TICKS.findall(text)), default=0)
