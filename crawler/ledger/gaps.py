"""The ledger on articles that no listing has: which were asked for exactly, and which archived lists were read."""

from __future__ import annotations

from collections.abc import Iterable

from crawler.ledger.file import LedgerFile


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
        self._db.execute("INSERT OR REPLACE INTO gap VALUES (?, ?, ?, ?, ?)", (source, article, why, found, self.moment()))

    def gap_found(self) -> dict[str, tuple[int, int]]:
        """By the evidence: how many articles were asked for, and of how many captures were found."""
        query = "SELECT why, count(DISTINCT article), count(DISTINCT CASE WHEN found THEN article END) FROM gap GROUP BY why ORDER BY why"
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
