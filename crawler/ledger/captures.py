"""The ledger on captures: what is listed, tried and known of each."""

from __future__ import annotations

from collections.abc import Collection

from crawler.archive.capture import Capture
from crawler.ledger.file import LedgerFile
from crawler.ledger.mapping import CAPTURE, INSERT, capture_row, values
from crawler.ledger.rows import CaptureRow, Found


class Captures(LedgerFile):
    """Captures and attempts."""

    def captures(self, article: int) -> list[CaptureRow]:
        cursor = self._db.execute(f"{CAPTURE} WHERE article = ? ORDER BY id", (article,))
        return [capture_row(row) for row in cursor]

    def at_hand(self) -> list[int]:
        """Articles that have a capture in the store or in a file of web archives, lowest id first."""
        query = "SELECT DISTINCT article FROM capture WHERE coalesce(warc, '') != '' OR held IS NOT NULL ORDER BY article"
        return [article for (article,) in self._db.execute(query)]

    def one_stored(self, source: str) -> tuple[str, str] | None:
        """The time and the address of a capture that this source gave; None when it never gave one."""
        query = "SELECT timestamp, original FROM capture WHERE source = ? AND answer = 'capture' AND coalesce(warc, '') != '' LIMIT 1"
        found = self._db.execute(query, (source,)).fetchone()
        return None if found is None else (str(found[0]), str(found[1]))

    def with_untried_captures(self) -> set[int]:
        """Articles of which a capture is known that was not judged."""
        return {article for (article,) in self._db.execute("SELECT DISTINCT article FROM capture WHERE verdict IS NULL")}

    def add_capture(self, article: int, capture: Capture, source: str, found: Found) -> CaptureRow | None:
        """A capture that no listing has, found on the way; None if it was known."""
        cursor = self._db.execute(INSERT, values(article, capture, source, found))
        if not cursor.rowcount:
            return None
        return capture_row(self._db.execute(f"{CAPTURE} WHERE id = ?", (cursor.lastrowid,)).fetchone())

    def note(self, capture: int, **values: str | int) -> None:
        """Write down what was learnt of a capture: any of the columns after `held`."""
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
        """For each digest whose very bytes, archived with status 200, were judged to be one of these: the verdict and what it rests on."""
        marks = ", ".join("?" * len(verdicts))
        cursor = self._db.execute(
            f"SELECT digest, verdict, because FROM capture WHERE verdict IN ({marks}) AND digest_result LIKE 'match%'"
            " AND served_timestamp = timestamp AND served_original = original AND coalesce(status, 200) = 200 GROUP BY digest",
            tuple(verdicts),
        )
        return {digest: (verdict, because or "") for digest, verdict, because in cursor}
