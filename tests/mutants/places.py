"""What is mutated, below the root of the tree: patterns of files. The one place to change when files move."""

from __future__ import annotations

from pathlib import Path
from typing import Final

PLACES: Final = (
    "crawler/hkcnews/*.py",
    "crawler/markdown/*.py",
    "crawler/politeness/politeness.py",
    "crawler/politeness/rate_limiter.py",
    "crawler/politeness/circuit_breaker.py",
    "crawler/politeness/summary.py",
    "crawler/run/session.py",
    "crawler/recovery/case.py",
)


def files(root: Path) -> list[str]:
    """The files to mutate, relative to the tree; LookupError for a pattern that finds nothing any more."""
    found: set[str] = set()
    for place in PLACES:
        here = {path.relative_to(root).as_posix() for path in root.glob(place)}
        if not here:
            raise LookupError(f"nothing to mutate is at {place}; see PLACES in tests/mutants/places.py")
        found |= here
    return sorted(found)
