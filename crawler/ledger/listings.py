"""The ledger on listings: their pages as they come, where to go on, and when they are whole."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from crawler.archive.capture import Capture
from crawler.archive.holding import Holding
from crawler.ledger.file import LedgerFile
from crawler.ledger.mapping import INSERT, found_of, values, written
from crawler.ledger.rows import Found


class Listings(LedgerFile):
    """What was asked of the archive's index."""

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
        rows = [values(article, capture, source, Found.LISTED) for article, capture in captures]
        with self.batch():
            before = self._db.total_changes
            self._db.executemany(INSERT, rows)
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

    def forget_holdings(self, source: str) -> None:
        """Before a file of web archives is looked through anew: where it holds what. What was fetched from it stays known."""
        self._db.execute("UPDATE capture SET held = NULL WHERE source = ?", (source,))
        self._db.execute("UPDATE capture SET answer = NULL WHERE source = ? AND warc IS NULL", (source,))

    def hold(self, source: str, holdings: Collection[tuple[int, Holding]]) -> int:
        """What a file of web archives holds, with the articles. Gives how many of the captures were not known before."""
        with self.batch():
            before = self._db.total_changes
            self._db.executemany(INSERT, (values(article, held.capture, source, found_of(held), held) for article, held in holdings))
            added = self._db.total_changes - before
            self._db.executemany(
                "UPDATE capture SET held = ? WHERE article = ? AND timestamp = ? AND original = ? AND source = ? AND held IS NULL",
                ((written(held), article, held.capture.timestamp, held.capture.original, source) for article, held in holdings),
            )
            ids = sorted({article for article, _ in holdings})
            self._db.executemany("INSERT OR IGNORE INTO article (id, state) VALUES (?, 'listed')", ((i,) for i in ids))
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

    def listed_whole(self, *beginnings: str) -> str | None:
        """When the newest listing was begun that is whole, of those whose query begins so; None without any."""
        begun = [
            self._db.execute(
                "SELECT max(started) FROM listing WHERE substr(query, 1, ?) = ? AND finished IS NOT NULL AND finished != 'abandoned'",
                (len(beginning), beginning),
            ).fetchone()[0]
            for beginning in beginnings
        ]
        return max(filter(None, begun), default=None)

    def unfinished_listing(self, beginning: str, after: str) -> str | None:
        """The query of the newest listing that can be gone on with, begun after that moment, of those whose query begins so."""
        row = self._db.execute(
            "SELECT query FROM listing WHERE substr(query, 1, ?) = ? AND finished IS NULL AND started >= ? ORDER BY id DESC LIMIT 1",
            (len(beginning), beginning, after),
        ).fetchone()
        return row[0] if row else None

    def listing_totals(self) -> dict[str, int]:
        """Over the newest listing of each query: rows, ignored, rejected, duplicates. Those of what came since are left out: their names
        end with since when."""
        row = self._db.execute(
            "SELECT coalesce(sum(rows), 0), coalesce(sum(ignored), 0), coalesce(sum(rejected), 0), coalesce(sum(duplicates), 0)"
            " FROM listing WHERE id IN (SELECT max(id) FROM listing"
            " WHERE CASE WHEN json_valid(query) THEN json_array_length(query) < 5 ELSE 1 END GROUP BY query)"
        ).fetchone()
        return dict(zip(("rows", "ignored", "rejected", "duplicates"), row, strict=True))
