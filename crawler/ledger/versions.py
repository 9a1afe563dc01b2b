"""The ledger on versions: what each capture of an article says, as the SHA-256 of its title and text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from crawler.ledger.file import LedgerFile

_VERSION = "SELECT article, timestamp, original, sha256, capture FROM version"


@dataclass(frozen=True, slots=True)
class VersionRow:
    """What one capture says. `timestamp` and `original` as served; `sha256` of title and text, see crawler/versions.py; `capture` the
    ledger's id of the capture that led to it."""

    article: int
    timestamp: str
    original: str
    sha256: str
    capture: int


class Versions(LedgerFile):
    """Title and text of every capture that was extracted."""

    def note_version(self, article: int, capture_id: int, timestamp: str, original: str, sha256: str) -> None:
        """A capture of an article was extracted; what was known of the same capture before is replaced."""
        values = (article, timestamp, original, sha256, capture_id)
        self._db.execute("INSERT OR REPLACE INTO version (article, timestamp, original, sha256, capture) VALUES (?, ?, ?, ?, ?)", values)

    def renew_versions(self, article: int, captures: Iterable[int], rows: Iterable[VersionRow]) -> None:
        """These captures of an article were extracted anew, and this is what they say: those without a row are no article any more."""
        with self.batch():
            gone = ((article, capture) for capture in captures)
            self._db.executemany("DELETE FROM version WHERE article = ? AND capture = ?", gone)
            for row in rows:
                self.note_version(row.article, row.capture, row.timestamp, row.original, row.sha256)

    def version_counts(self) -> dict[int, int]:
        """How many different texts the captures of each article have; articles of which nothing is known are not in it."""
        return dict(self._db.execute("SELECT article, count(DISTINCT sha256) FROM version GROUP BY article ORDER BY article"))

    def versions(self, article: int) -> list[VersionRow]:
        """What the captures of an article say, earliest first."""
        cursor = self._db.execute(f"{_VERSION} WHERE article = ? ORDER BY timestamp, original", (article,))
        return [VersionRow(*row) for row in cursor]

    def all_versions(self) -> Iterator[VersionRow]:
        """What all captures say, lowest article first, then earliest first."""
        for row in self._db.execute(f"{_VERSION} ORDER BY article, timestamp, original"):
            yield VersionRow(*row)

    def versions_replayed(self) -> Iterator[tuple[int, str, str, str, str]]:
        """(article, timestamp, original, SHA-256, address under which its archive replays captures) of all versions, in that order."""
        yield from self._db.execute(
            "SELECT v.article, v.timestamp, v.original, v.sha256, coalesce(c.replay, s.replay, '') FROM version AS v"
            " LEFT JOIN capture AS c ON c.id = v.capture LEFT JOIN source AS s ON s.name = c.source"
            " ORDER BY v.article, v.timestamp, v.original"
        )
