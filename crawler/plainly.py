"""Texts of pages on a terminal or in a file of lines: nothing in them may end a line, move the cursor or turn the direction."""

from __future__ import annotations

import json
import re
from typing import Any

_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def plainly(text: str) -> str:
    """A text in one line: control characters, other line ends and marks of direction as `\\u001b`."""
    return _UNSAFE.sub(_escaped, text)


def json_line(value: Any) -> str:
    """A value as JSON in one line, without its end; characters themselves, but for those above. Reads back the same."""
    return _UNSAFE.sub(_escaped, json.dumps(value, ensure_ascii=False))


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
