"""What was read from a database, as long as nobody writes to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

MOST = 500
"""Things that are kept."""
Made = TypeVar("Made")


class Kept:
    """Keeps results by connection and key. SQLite tells each connection when another one has written (`PRAGMA data_version`)."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, Hashable], tuple[int, Any]] = {}

    def get(self, db: sqlite3.Connection, key: Hashable, make: Callable[[], Made]) -> Made:
        """What `make` gives, or gave while the database was the same."""
        (version,) = db.execute("PRAGMA data_version").fetchone()
        place = (id(db), key)
        kept = self._kept.get(place)
        if kept is None or kept[0] != version:
            if len(self._kept) >= MOST:
                self._kept.clear()
            kept = self._kept[place] = (version, make())
        made: Made = kept[1]
        return made
