"""Words that many messages share."""

from __future__ import annotations

from collections.abc import Sequence

EXAMPLES = 8


def some(things: Sequence[object], most: int = EXAMPLES) -> str:
    """The first few of them, and a sign that there are more."""
    return ", ".join(map(str, things[:most])) + (", …" if len(things) > most else "")


def many(number: int, thing: str) -> str:
    """`1 article`, `2,000 articles`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def in_bytes(size: int) -> str:
    """A size on a disk: `3.1 GB`, `18 kB`."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:.{0 if size >= 10 * unit else 1}f} {name}"
    return f"{size} bytes"
