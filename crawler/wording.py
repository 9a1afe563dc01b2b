"""Words that many messages share."""

from __future__ import annotations

from collections.abc import Sequence

EXAMPLES = 8


def some(things: Sequence[object], most: int = EXAMPLES) -> str:
    """The first few of them, and a sign that there are more."""
    return ", ".join(map(str, things[:most])) + (", …" if len(things) > most else "")
