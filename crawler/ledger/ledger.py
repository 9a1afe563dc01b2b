"""The ledger: reads and writes. Each public method that writes is one transaction, or part of one opened by `batch`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crawler.archive.capture import Capture
from crawler.ledger.rows import SETTLED, ArticleRow, CaptureRow, LedgerError, State
from crawler.ledger.schema import prepare

_CAPTURE = (
    "id, article, timestamp, original, urlkey, mimetype, statuscode, digest, length, source, status, answer, digest_result, verdict,"
    " because, served_timestamp, served_original, coding, warc, warc_offset, warc_length"
)


def _now() -> datetime:
    return datetime.now(UTC)


class _Undone(Exception):
    pass


class Ledger:
    """Open with the path of its file. Not for several threads; one run at a time is the lock's business."""

    def __init__(self, path: Path, public_url: str | None = None, now: Callable[[], datetime] = _now) -> None:
        """`public_url`: the archive that this ledger's captures belong to; None to look only. Raises LedgerError."""
        self.path = path
        self._now = now
        self._depth = 0
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

    def __enter__(self) -> Ledger:
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

    # Runs

    def begin_run(self, arguments: Mapping[str, Any], version: str) -> int:
        cursor = self._db.execute(
            "INSERT INTO run (started, arguments, version) VALUES (?, ?, ?)", (self.moment(), json.dumps(dict(arguments)), version)
        )
        return int(cursor.lastrowid or 0)

    def end_run(self, run: int, status: int, verdict: str) -> None:
        self._db.execute("UPDATE run SET ended = ?, status = ?, verdict = ? WHERE id = ?", (self.moment(), status, verdict, run))

    # Listings

    def open_listing(self, query: str) -> tuple[int, str | None]:
        """The listing to go on with: the unfinished one of this query with the key of its next page, or a new one with None."""
        row = self._db.execute(
            "SELECT id, resume_key FROM listing WHERE query = ? AND finished IS NULL ORDER BY id DESC LIMIT 1", (query,)
        ).fetchone()
        if row:
            return int(row[0]), row[1]
        cursor = self._db.execute("INSERT INTO listing (query, started) VALUES (?, ?)", (query, self.moment()))
        return int(cursor.lastrowid or 0), None

    def listing_keys(self, listing: int) -> set[str]:
        """All resume keys that this listing has given so far; one that comes again is a loop."""
        return {
            key
            for (key,) in self._db.execute("SELECT resume_key FROM listing_page WHERE listing = ? AND resume_key IS NOT NULL", (listing,))
        }

    def add_page(
        self,
        listing: int,
        captures: Iterable[tuple[int, Capture]],
        resume_key: str | None,
        ignored: int,
        rejected: int,
        duplicates: int,
        source: str,
    ) -> int:
        """Journal one whole page: its captures with their articles, and where to go on. Without a key the listing is whole.

        Gives the number of captures that were not known before.
        """
        rows = [
            (article, c.timestamp, c.original, c.urlkey, c.mimetype, c.statuscode, c.digest, c.length, source) for article, c in captures
        ]
        with self.batch():
            before = self._db.total_changes
            self._db.executemany(
                "INSERT OR IGNORE INTO capture (article, timestamp, original, urlkey, mimetype, statuscode, digest, length, source)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
            added = self._db.total_changes - before
            ids = sorted({row[0] for row in rows})
            self._db.executemany("INSERT OR IGNORE INTO article (id, state) VALUES (?, 'listed')", ((i,) for i in ids))
            self._db.execute(
                "INSERT INTO listing_page SELECT ?, pages + 1, ?, ?, ? FROM listing WHERE id = ?",
                (listing, resume_key, len(rows) + ignored, self.moment(), listing),
            )
            self._db.execute(
                "UPDATE listing SET resume_key = ?, pages = pages + 1, rows = rows + ?, ignored = ignored + ?, rejected = rejected + ?,"
                " duplicates = duplicates + ?, finished = ? WHERE id = ?",
                (resume_key, len(rows) + ignored, ignored, rejected, duplicates, None if resume_key else self.moment(), listing),
            )
            self._reopen(ids)
        return added

    def _reopen(self, ids: Iterable[int]) -> None:
        """An article given up is due again when a capture of it was listed that has not been judged."""
        self._db.executemany(
            "UPDATE article SET state = 'listed' WHERE id = ? AND state = 'unrecoverable'"
            " AND EXISTS (SELECT 1 FROM capture WHERE article = article.id AND verdict IS NULL AND answer IS NULL)",
            ((i,) for i in ids),
        )

    def drop_listing(self, listing: int) -> None:
        """Close a listing that cannot be made whole; the next run begins a new one. Its captures stay."""
        self._db.execute("UPDATE listing SET finished = 'abandoned' WHERE id = ?", (listing,))

    def last_whole_listing(self, query: str) -> str | None:
        """When the last whole listing of this query ended."""
        row = self._db.execute(
            "SELECT max(finished) FROM listing WHERE query = ? AND finished IS NOT NULL AND finished != 'abandoned'", (query,)
        ).fetchone()
        return row[0] if row else None

    def listing_totals(self) -> dict[str, int]:
        """Over the newest listing of each query: rows, ignored, rejected, duplicates."""
        row = self._db.execute(
            "SELECT coalesce(sum(rows), 0), coalesce(sum(ignored), 0), coalesce(sum(rejected), 0), coalesce(sum(duplicates), 0)"
            " FROM listing WHERE id IN (SELECT max(id) FROM listing GROUP BY query)"
        ).fetchone()
        return dict(zip(("rows", "ignored", "rejected", "duplicates"), row, strict=True))

    # Captures

    def captures(self, article: int) -> list[CaptureRow]:
        cursor = self._db.execute(f"SELECT {_CAPTURE} FROM capture WHERE article = ? ORDER BY id", (article,))
        return [_capture_row(row) for row in cursor]

    def add_capture(self, article: int, capture: Capture, source: str) -> CaptureRow | None:
        """A capture that no listing has, found on the way; None if it was known."""
        c = capture
        cursor = self._db.execute(
            "INSERT OR IGNORE INTO capture (article, timestamp, original, urlkey, mimetype, statuscode, digest, length, source)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (article, c.timestamp, c.original, c.urlkey, c.mimetype, c.statuscode, c.digest, c.length, source),
        )
        return CaptureRow(int(cursor.lastrowid or 0), article, capture, source) if cursor.rowcount else None

    def note(self, capture: int, **values: str | int) -> None:
        """Write down what was learnt of a capture: any of the columns after `source`."""
        columns = ", ".join(f"{name} = ?" for name in values)
        self._db.execute(f"UPDATE capture SET {columns} WHERE id = ?", (*values.values(), capture))

    def attempt(self, run: int, capture: int, answer: str, detail: str) -> None:
        """One request for a capture and what came of it."""
        self._db.execute(
            "INSERT INTO attempt (run, capture, at, answer, detail) VALUES (?, ?, ?, ?, ?)", (run, capture, self.moment(), answer, detail)
        )

    def shared_digests(self, articles: int) -> set[str]:
        """Digests that stand under at least so many articles; `-` and nothing are none."""
        cursor = self._db.execute(
            "SELECT digest FROM capture WHERE length(digest) > 1 GROUP BY digest HAVING count(DISTINCT article) >= ?", (articles,)
        )
        return {digest for (digest,) in cursor}

    def digest_verdicts(self, verdicts: Collection[str]) -> dict[str, tuple[str, str]]:
        """For each digest whose very bytes were judged to be one of these: the verdict and what it rests on."""
        marks = ", ".join("?" * len(verdicts))
        cursor = self._db.execute(
            f"SELECT digest, verdict, because FROM capture WHERE verdict IN ({marks}) AND digest_result LIKE 'match%'"
            " AND served_timestamp = timestamp AND served_original = original GROUP BY digest",
            tuple(verdicts),
        )
        return {digest: (verdict, because or "") for digest, verdict, because in cursor}

    # Articles

    def due(self, ids: Collection[int] | None = None) -> list[int]:
        """Articles that are not settled, lowest id first; only these if `ids` is given."""
        cursor = self._db.execute("SELECT id FROM article WHERE state NOT IN (?, ?) ORDER BY id", SETTLED)
        return [i for (i,) in cursor if ids is None or i in ids]

    def article(self, article: int) -> ArticleRow | None:
        return next(self._articles("WHERE id = ?", (article,)), None)

    def articles(self, *states: State) -> Iterator[ArticleRow]:
        """Articles in these states, lowest id first; all without any."""
        marks = ", ".join("?" * len(states))
        return self._articles(f"WHERE state IN ({marks})" if states else "", states)

    def _articles(self, where: str, values: tuple[Any, ...]) -> Iterator[ArticleRow]:
        query = f"SELECT id, state, reason, capture, file, sha256, faults FROM article {where} ORDER BY id"
        for number, state, reason, capture, file, sha256, faults in self._db.execute(query, values):
            yield ArticleRow(number, State(state), reason, capture or 0, file or "", sha256 or "", tuple(json.loads(faults)))

    def counts(self) -> dict[State, int]:
        """How many articles stand where."""
        found = dict(self._db.execute("SELECT state, count(*) FROM article GROUP BY state").fetchall())
        return {state: int(found.get(state, 0)) for state in State}

    def reasons(self, state: State) -> dict[str, int]:
        """The reasons of articles in a state, most frequent first."""
        query = "SELECT reason, count(*) FROM article WHERE state = ? GROUP BY reason ORDER BY count(*) DESC, reason"
        return dict(self._db.execute(query, (state,)).fetchall())

    def settle(
        self,
        article: int,
        state: State,
        run: int,
        *,
        reason: str = "",
        capture: int | None = None,
        file: str | None = None,
        sha256: str | None = None,
        faults: Iterable[str] = (),
        sources: Mapping[str, str] | None = None,
    ) -> None:
        """Write down where an article stands now."""
        self._db.execute(
            "UPDATE article SET state = ?, reason = ?, capture = ?, file = ?, sha256 = ?, faults = ?, sources = ?, settled = ?, run = ?"
            " WHERE id = ?",
            (
                *(state, reason, capture, file, sha256),
                *(json.dumps(list(faults), ensure_ascii=False), json.dumps(dict(sources or {}), ensure_ascii=False)),
                *(self.moment(), run, article),
            ),
        )

    def reopen_unread(self, run: int) -> None:
        """Make articles due again that this run gave up because their pages could not be read: that is our fault, not theirs."""
        with self.batch():
            self._db.execute(
                "UPDATE article SET state = 'listed', reason = '', faults = '[]' WHERE run = ? AND state = 'unrecoverable'"
                " AND EXISTS (SELECT 1 FROM capture WHERE article = article.id AND verdict IN ('unknown_layout', 'extraction_failed'))",
                (run,),
            )
            self._db.execute(
                "UPDATE capture SET verdict = NULL, because = NULL WHERE verdict IN ('unknown_layout', 'extraction_failed')"
                " AND article IN (SELECT id FROM article WHERE state = 'listed')"
            )

    def again(self, ids: Iterable[int]) -> None:
        """Make these articles due again; judgements of their captures are forgotten, what is in the store stays there."""
        with self.batch():
            for article in ids:
                self._db.execute("UPDATE article SET state = 'listed' WHERE id = ?", (article,))
                self._db.execute("UPDATE capture SET verdict = NULL, because = NULL, answer = NULL WHERE article = ?", (article,))


def _capture_row(row: tuple[Any, ...]) -> CaptureRow:
    number, article, timestamp, original, urlkey, mimetype, statuscode, digest, length, source, status, *others, offset, size = row
    capture = Capture(
        timestamp=timestamp, original=original, urlkey=urlkey, mimetype=mimetype, statuscode=statuscode, digest=digest, length=length
    )
    answer, result, verdict, because, served_timestamp, served_original, coding, warc = (value or "" for value in others)
    return CaptureRow(
        *(number, article, capture, source, status or 0, answer, result, verdict, because),
        *(served_timestamp, served_original, coding, warc, offset or 0, size or 0),
    )
