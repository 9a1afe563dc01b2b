"""Words that messages share, and texts of pages made safe for a terminal or a file of lines."""

import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, Self

EXAMPLES = 8


class ExplainedEnum(StrEnum):
    """A closed set of names, each with what it means, for people."""

    meaning: str

    def __new__(cls, name: str, meaning: str = "") -> Self:
        member = str.__new__(cls, name)
        member._value_ = name
        member.meaning = meaning
        return member


def first_few(things: Sequence[object], most: int = EXAMPLES) -> str:
    """The first few of them, and a sign that there are more."""
    return ", ".join(map(str, things[:most])) + (", …" if len(things) > most else "")


def first_lines(lines: Sequence[str], most: int, rest: str) -> Iterator[str]:
    """The first few lines, and one for the others: `… and 1,200 more files`."""
    yield from lines[:most]
    if len(lines) > most:
        yield f"… and {len(lines) - most:,} more {rest}"


def by_reason(
    found: Mapping[str, Sequence[object]], begin: str = " " * 14, width: int = 7, most: int = EXAMPLES
) -> Iterator[str]:
    """A line for each reason, what is most of all first: how many, why, and the first few of them."""
    for reason, things in sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        yield f"{begin}{len(things):>{width},}  {reason}: {first_few(things, most)}"


def shortened(text: str, width: int) -> str:
    """A text in at most so many characters, with … for what is left out."""
    return text if len(text) <= width else f"{text[: width - 1]}…"


def plural(number: int, thing: str) -> str:
    """`article` of one, `articles` of every other number."""
    return thing if number == 1 else f"{thing}s"


def counted(number: int, thing: str) -> str:
    """`1 article`, `2,000 articles`."""
    return f"{number:,} {plural(number, thing)}"


def explained(reason: str, meanings: Mapping[str, str]) -> str:
    """A reason of the ledger, or several separated by commas, with the meaning of each: `blank (no title, no text)`."""
    return ", ".join(f"{part} ({meanings[part]})" if part in meanings else part for part in reason.split(", "))


def format_size(size: int) -> str:
    """A size on a disk: `3.1 GB`, `18 kB`, `1 byte`."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:.{0 if size >= 10 * unit else 1}f} {name}"
    return counted(size, "byte")


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


ON_A_TERMINAL = 0.2
"""Seconds between two lines of progress, each of which replaces the one before."""


def progress_line(
    did: str, things: str, seconds: float, clock: Callable[[], float] = time.monotonic
) -> Callable[[int, int], None]:
    """Tells on standard error how many things of how many are done: every so many seconds, 0 for never; on a terminal
    in one line that is kept up to date. An unknown total is 0."""
    begun = last = clock()

    def tell(done: int, of: int) -> None:
        nonlocal last
        now = clock()
        replaces = of > 0 and sys.stderr.isatty()
        pause = min(ON_A_TERMINAL, seconds) if replaces else seconds
        if not seconds or (now - last < pause and not (replaces and done == of)):
            return
        last = now
        total = f" of {of:,}" if of else ""
        text = f"{did} {done:,}{total} {things}, {done / max(now - begun, 0.001):,.0f} a second"
        begin, end = ("\r", "\n" if done == of else "\x1b[K") if replaces else ("", "\n")
        print(f"{begin}{text}", end=end, file=sys.stderr, flush=True)

    return tell


@contextmanager
def ignore_broken_pipe() -> Iterator[None]:
    """Around printing to standard output: that its reader has gone, as with `| head`, is no error."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
