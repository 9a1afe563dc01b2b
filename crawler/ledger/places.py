"""The ledger on the store: captures by where they lie, and recovered articles with theirs. For whoever holds the two against each other."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from crawler.archive.warc import Place
from crawler.ledger.ledger import Ledger
from crawler.ledger.mapping import CAPTURE, capture_row
from crawler.ledger.rows import ArticleRow, CaptureRow, State

_BY_PLACE = """
SELECT c.id, c.article, coalesce(nullif(c.served_timestamp, ''), c.timestamp), coalesce(nullif(c.served_original, ''), c.original),
    c.digest || ' ' || coalesce((SELECT group_concat(other.digest, ' ') FROM capture AS other WHERE other.article = c.article
        AND other.timestamp = c.served_timestamp AND other.original = c.served_original), ''),
    coalesce(c.digest_result, ''), coalesce(c.digest_reason, ''), coalesce(c.coding, ''),
    coalesce(article.state = 'recovered' AND article.capture = c.id, 0), c.warc, c.warc_offset, c.warc_length
FROM capture AS c LEFT JOIN article ON article.id = c.article WHERE coalesce(c.warc, '') != ''
UNION ALL
SELECT 0, 0, timestamp, original, '', '', 'image', '', 0, warc, warc_offset, warc_length FROM (
    SELECT served_timestamp AS timestamp, served_original AS original, warc, warc_offset, warc_length FROM image_answer
    UNION SELECT timestamp, original, warc, warc_offset, warc_length FROM image
) WHERE coalesce(warc, '') != ''
ORDER BY 10, 11, 1
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """A capture that the ledger says is in the store; of an image, `id` and `article` are 0. `timestamp` and `original` as served;
    `digests` those of the index that it may be compared with; `digest_result` and `digest_reason` what came of that when it was stored;
    `recovered`: an article's file is from it."""

    id: int
    article: int
    timestamp: str
    original: str
    digests: tuple[str, ...]
    digest_result: str
    digest_reason: str
    coding: str
    recovered: bool
    place: Place


class Places(Ledger):
    """The ledger, with what only a check of everything asks it for."""

    def by_place(self) -> Iterator[Stored]:
        """Captures in the store, by file and offset."""
        for number, article, timestamp, original, digests, result, reason, coding, recovered, *place in self._db.execute(_BY_PLACE):
            each = tuple(dict.fromkeys(digests.split()))
            yield Stored(number, article, timestamp, original, each, result, reason, coding, bool(recovered), Place(*place))

    def recovered(self) -> Iterator[tuple[ArticleRow, CaptureRow | None]]:
        """Recovered articles, lowest id first, with the captures that they are from; None where there is no such capture of the article."""
        for row in self.articles(State.RECOVERED):
            found = self._db.execute(f"{CAPTURE} WHERE id = ? AND article = ?", (row.capture, row.id)).fetchone()
            yield row, capture_row(found) if found else None

    def image_files(self) -> dict[str, str]:
        """SHA-256 by file, of all images that there are."""
        return dict(self._db.execute("SELECT file, sha256 FROM image WHERE state = 'have' ORDER BY file"))

    def copy_to(self, path: Path) -> None:
        """A consistent copy of the whole ledger in one new file. Raises OSError."""
        try:
            with closing(sqlite3.connect(path)) as copy:
                self._db.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")  # the write-ahead log would put files beside it whenever it is read
        except sqlite3.Error as error:
            raise OSError(f"{path} cannot be written: {error}") from error
