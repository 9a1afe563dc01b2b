"""The ledger on captures: listings, attempts, what is known of each, and what was asked for beside the listings."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from crawler.ledger.file import LedgerFile
from crawler.ledger.rows import (
    CAPTURE,
    INSERT,
    CaptureRow,
    Found,
    capture_row,
    capture_values,
    holding_to_json,
    how_found,
)
from crawler.warc.captures import ArchivedCapture
from crawler.wayback.capture import Capture


class Captures(LedgerFile):
    """Captures and attempts."""

    def captures(self, article: int) -> list[CaptureRow]:
        cursor = self._db.execute(f"{CAPTURE} WHERE article = ? ORDER BY id", (article,))
        return [capture_row(row) for row in cursor]

    def at_hand(self) -> list[int]:
        """Articles that have a capture in the store or in a file of web archives, lowest id first."""
        query = (
            "SELECT DISTINCT article FROM capture WHERE coalesce(warc, '') != '' OR held IS NOT NULL ORDER BY article"
        )
        return [article for (article,) in self._db.execute(query)]

    def one_stored(self, source: str) -> tuple[str, str] | None:
        """The time and the address of a capture that this source gave; None when it never gave one."""
        query = (
            "SELECT timestamp, original FROM capture WHERE source = ? AND answer = 'capture' AND coalesce(warc, '') !="
            " '' LIMIT 1"
        )
        found = self._db.execute(query, (source,)).fetchone()
        return None if found is None else (str(found[0]), str(found[1]))

    def with_untried_captures(self) -> set[int]:
        """Articles of which a capture is known that was not judged."""
        return {
            article for (article,) in self._db.execute("SELECT DISTINCT article FROM capture WHERE verdict IS NULL")
        }

    def add_capture(self, article: int, capture: Capture, source: str, found: Found) -> CaptureRow | None:
        """A capture that no listing has, found on the way; None if it was known."""
        cursor = self._db.execute(INSERT, capture_values(article, capture, source, found))
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
            "INSERT INTO attempt (run, capture, at, answer, detail) VALUES (?, ?, ?, ?, ?)",
            (run, capture, self.moment(), answer, detail),
        )

    def shared_digests(self, articles: int) -> set[str]:
        """Digests that stand under at least so many articles; `-` and nothing are none."""
        cursor = self._db.execute(
            "SELECT digest FROM capture WHERE length(digest) > 1 GROUP BY digest HAVING count(DISTINCT article) >= ?",
            (articles,),
        )
        return {digest for (digest,) in cursor}

    def digest_verdicts(self, verdicts: Collection[str]) -> dict[str, tuple[str, str]]:
        """For each digest whose very bytes, archived with status 200, were judged to be one of these: the verdict and
        what it rests on."""
        marks = ", ".join("?" * len(verdicts))
        cursor = self._db.execute(
            f"SELECT digest, verdict, because FROM capture WHERE verdict IN ({marks}) AND digest_result LIKE 'match%'"
            " AND served_timestamp = timestamp AND served_original = original AND coalesce(status, 200) = 200 GROUP BY"
            " digest",
            tuple(verdicts),
        )
        return {digest: (verdict, because or "") for digest, verdict, because in cursor}


class Listings(LedgerFile):
    """What was asked of the archive's index."""

    def open_listing(self, query: str) -> tuple[int, str | None]:
        """The listing to go on with: the unfinished one of this query with the key of its next page, or a new one with
        None."""
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
            for (key,) in self._db.execute(
                "SELECT resume_key FROM listing_page WHERE listing = ? AND resume_key IS NOT NULL", (listing,)
            )
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
        """Journal one whole page: its captures with their articles, and where to go on. Without a key the listing is
        whole.

        Gives the number of captures that were not known before.
        """
        rows = [capture_values(article, capture, source, Found.LISTED) for article, capture in captures]
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
                "UPDATE listing SET resume_key = ?, pages = pages + 1, rows = rows + ?, ignored = ignored + ?, rejected"
                " = rejected + ?, duplicates = duplicates + ?, finished = ? WHERE id = ?",
                (
                    resume_key,
                    len(rows) + ignored,
                    ignored,
                    rejected,
                    duplicates,
                    None if resume_key else self.moment(),
                    listing,
                ),
            )
            self._reopen(ids)
        return added

    def forget_holdings(self, source: str) -> None:
        """Before a file of web archives is looked through anew: where it holds what. What was fetched from it stays
        known."""
        self._db.execute("UPDATE capture SET held = NULL WHERE source = ?", (source,))
        self._db.execute("UPDATE capture SET answer = NULL WHERE source = ? AND warc IS NULL", (source,))

    def hold(self, source: str, holdings: Collection[tuple[int, ArchivedCapture]]) -> int:
        """What a file of web archives holds, with the articles. Gives how many of the captures were not known
        before."""
        with self.batch():
            before = self._db.total_changes
            self._db.executemany(
                INSERT,
                (capture_values(article, held.capture, source, how_found(held), held) for article, held in holdings),
            )
            added = self._db.total_changes - before
            self._db.executemany(
                "UPDATE capture SET held = ? WHERE article = ? AND timestamp = ? AND original = ? AND source = ? AND"
                " held IS NULL",
                (
                    (holding_to_json(held), article, held.capture.timestamp, held.capture.original, source)
                    for article, held in holdings
                ),
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
                "SELECT max(started) FROM listing WHERE substr(query, 1, ?) = ? AND finished IS NOT NULL AND finished"
                " != 'abandoned'",
                (len(beginning), beginning),
            ).fetchone()[0]
            for beginning in beginnings
        ]
        return max(filter(None, begun), default=None)

    def unfinished_listing(self, beginning: str, after: str) -> str | None:
        """The query of the newest listing that can be gone on with, begun after that moment, of those whose query
        begins so."""
        row = self._db.execute(
            "SELECT query FROM listing WHERE substr(query, 1, ?) = ? AND finished IS NULL AND started >= ? ORDER BY id"
            " DESC LIMIT 1",
            (len(beginning), beginning, after),
        ).fetchone()
        return row[0] if row else None

    def listing_totals(self) -> dict[str, int]:
        """Over the newest listing of each query: rows, ignored, rejected, duplicates. Those of what came since are left
        out: their names end with since when."""
        row = self._db.execute(
            "SELECT coalesce(sum(rows), 0), coalesce(sum(ignored), 0), coalesce(sum(rejected), 0),"
            " coalesce(sum(duplicates), 0) FROM listing WHERE id IN (SELECT max(id) FROM listing WHERE CASE WHEN"
            " json_valid(query) THEN json_array_length(query) < 5 ELSE 1 END GROUP BY query)"
        ).fetchone()
        return dict(zip(("rows", "ignored", "rejected", "duplicates"), row, strict=True))


class Gaps(LedgerFile):
    """What was asked for beside the listings."""

    def known_ids(self) -> list[int]:
        """All articles that the ledger knows, lowest id first."""
        return [article for (article,) in self._db.execute("SELECT id FROM article ORDER BY id")]

    def gap_asked(self, source: str) -> set[int]:
        """Articles that a source was asked for exactly."""
        return {article for (article,) in self._db.execute("SELECT article FROM gap WHERE source = ?", (source,))}

    def note_gap(self, source: str, article: int, why: str, found: int) -> None:
        """A source was asked for an article exactly, and listed so many captures."""
        self._db.execute(
            "INSERT OR REPLACE INTO gap VALUES (?, ?, ?, ?, ?)", (source, article, why, found, self.moment())
        )

    def gap_found(self) -> dict[str, tuple[int, int]]:
        """By the evidence: how many articles were asked for, and of how many captures were found."""
        query = (
            "SELECT why, count(DISTINCT article), count(DISTINCT CASE WHEN found THEN article END) FROM gap GROUP BY"
            " why ORDER BY why"
        )
        return {why: (asked, found) for why, asked, found in self._db.execute(query)}

    def lists_read(self, source: str) -> set[tuple[str, str]]:
        """Captures of the site's own lists that were read: (timestamp, original)."""
        return set(self._db.execute("SELECT timestamp, original FROM list_read WHERE source = ?", (source,)))

    def note_list(self, source: str, timestamp: str, original: str, articles: Iterable[int]) -> None:
        """A capture of one of the site's lists was read, and named these articles."""
        with self.batch():
            self._db.execute("INSERT OR REPLACE INTO list_read VALUES (?, ?, ?)", (source, timestamp, original))
            self._db.executemany("INSERT OR IGNORE INTO on_list VALUES (?)", ((article,) for article in articles))

    def on_lists(self) -> set[int]:
        """Articles that archived lists of the site's name."""
        return {article for (article,) in self._db.execute("SELECT article FROM on_list")}
