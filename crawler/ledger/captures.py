"""The ledger on captures: what is listed, tried and known of each."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from crawler.archive.capture import Capture
from crawler.ledger.file import LedgerFile
from crawler.ledger.rows import CaptureRow

_CAPTURE = (
    "id, article, timestamp, original, urlkey, mimetype, statuscode, digest, length, source, status, answer, digest_result, verdict,"
    " because, served_timestamp, served_original, coding, warc, warc_offset, warc_length"
)


class Captures(LedgerFile):
    """Captures and attempts."""

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
