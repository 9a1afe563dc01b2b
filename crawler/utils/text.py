"""Words that messages share, and texts of pages made safe for a terminal or a file of lines."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

EXAMPLES = 8


def first_few(things: Sequence[object], most: int = EXAMPLES) -> str:
    """The first few of them, and a sign that there are more."""
    return ", ".join(map(str, things[:most])) + (", …" if len(things) > most else "")


def counted(number: int, thing: str) -> str:
    """`1 article`, `2,000 articles`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def format_size(size: int) -> str:
    """A size on a disk: `3.1 GB`, `18 kB`."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:.{0 if size >= 10 * unit else 1}f} {name}"
    return f"{size} bytes"


_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def escape_controls(text: str) -> str:
    """A text in one line: control characters, other line ends and marks of direction as `\\u001b`."""
    return _UNSAFE.sub(_escaped, text)


def json_line(value: Any) -> str:
    """A value as JSON in one line, without its end; characters themselves, but for those above. Reads back the same."""
    return _UNSAFE.sub(_escaped, json.dumps(value, ensure_ascii=False))


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def format_duration(seconds: float) -> str:
    """A duration for people: `90 s`, `15 min`, `2.0 h`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


@contextmanager
def ignore_broken_pipe() -> Iterator[None]:
    """Around printing to standard output, whose reader may have gone, as with `scrapy status | head`: that is no
    error."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
