"""The ledger's file: opening, closing, transactions, and what is known of the ledger itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from crawler.ledger.rows import LedgerError
from crawler.ledger.schema import prepare


def _now() -> datetime:
    return datetime.now(UTC)


class _Undone(Exception):
    pass


class LedgerFile:
    """Open with the path of its file. Not for several threads; one run at a time is the lock's business."""

    def __init__(self, path: Path, public_url: str | None = None, now: Callable[[], datetime] = _now) -> None:
        """`public_url`: the archive that this ledger's captures belong to; None to look only. Raises LedgerError."""
        self.path = path
        self._now = now
        self._depth = 0
        for name in (path.name, f"{path.name}-wal", f"{path.name}-shm", f"{path.name}-journal"):
            part = path.with_name(name)
            if part.is_symlink() and not part.resolve().is_relative_to(path.parent.resolve()):
                raise LedgerError(f"{part} is a symbolic link that leads out of {path.parent}: it is not followed. Remove it")
        try:
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            prepare(self._db, path)
        except sqlite3.DatabaseError as error:
            raise LedgerError(
                f"the ledger {path} cannot be used: {error}. If it is damaged, restore a copy or choose another OUTPUT_DIR"
            ) from error
        if public_url is not None:
            self._belongs_to(public_url)

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _belongs_to(self, public_url: str) -> None:
        mine = self.meta("public_url")
        if mine is None:
            self.set_meta("public_url", public_url)
        elif mine != public_url:
            raise LedgerError(
                f"the ledger {self.path} holds captures of {mine}; it refuses those of {public_url}. "
                "Use another OUTPUT_DIR, or the ARCHIVE_PUBLIC_URL that it was begun with"
            )

    def declare(self, source: str, replay: str, is_file: bool = False) -> None:
        """A source of captures, with the public address under which it replays them. Raises LedgerError when it had another."""
        row = self._db.execute("SELECT replay FROM source WHERE name = ?", (source,)).fetchone()
        if row is None:
            self._db.execute("INSERT INTO source VALUES (?, ?, ?)", (source, replay, is_file))
        elif row[0] != replay:
            raise LedgerError(f"the ledger {self.path} has captures of the source {source}, replayed at {row[0]}; it refuses {replay}")

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Everything written inside is committed together, or not at all."""
        if self._depth:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        self._depth += 1
        try:
            yield
        except BaseException:
            self._depth -= 1
            self._db.execute("ROLLBACK")
            raise
        self._depth -= 1
        self._db.execute("COMMIT")

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Everything written inside is seen inside, and undone at the end."""
        with suppress(_Undone), self.batch():
            yield
            raise _Undone

    def moment(self) -> str:
        """The time now, UTC, to the second."""
        return self._now().strftime("%Y-%m-%dT%H:%M:%SZ")

    # What is known of the ledger itself

    def meta(self, key: str) -> str | None:
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def set_meta(self, key: str, value: str) -> None:
        self._db.execute("INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", (key, value))
