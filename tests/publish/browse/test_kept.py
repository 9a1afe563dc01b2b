"""What is kept of a database is forgotten when another connection writes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from crawler.publish.browse.queries import MOST, QueryCache


def test_it_is_made_once_until_somebody_writes(tmp_path: Path) -> None:
    made: list[int] = []

    def make() -> int:
        made.append(1)
        return len(made)

    kept = QueryCache()
    with closing(sqlite3.connect(tmp_path / "a.db")) as mine, closing(sqlite3.connect(tmp_path / "a.db")) as other:
        assert [kept.get(mine, "x", make) for _ in range(3)] == [1, 1, 1]
        assert kept.get(mine, "y", make) == 2
        other.execute("CREATE TABLE t (a)")
        assert kept.get(mine, "x", make) == 3
        assert [kept.get(other, "x", make), kept.get(other, "x", make)] == [4, 4]
        for number in range(2 * MOST):
            kept.get(mine, number, make)
        assert len(kept._kept) <= MOST
