"""What only checks and reports ask the ledger: captures by place, figures at one moment."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from crawler.ledger.captures import CAPTURE, capture_row
from crawler.ledger.ledger import RUN, Ledger
from crawler.ledger.rows import STORED, ArticleRow, CaptureRow, RunRow, State, placeholders
from crawler.warc.writer import RecordLocation

_BY_PLACE = """
SELECT c.article,
    coalesce(nullif(c.served_timestamp, ''), c.timestamp), coalesce(nullif(c.served_original, ''), c.original),
    c.digest || ' ' || coalesce((
        SELECT group_concat(other.digest, ' ') FROM capture AS other WHERE other.article = c.article
        AND other.timestamp = c.served_timestamp AND other.original = c.served_original
    ), ''),
    coalesce(c.digest_result, ''), coalesce(c.digest_reason, ''), coalesce(c.coding, ''),
    coalesce(article.state = 'recovered' AND article.capture = c.id, 0), c.warc, c.warc_offset, c.warc_length
FROM capture AS c LEFT JOIN article ON article.id = c.article WHERE coalesce(c.warc, '') != ''
UNION ALL
SELECT 0, timestamp, original, '', '', 'image', '', 0, warc, warc_offset, warc_length FROM (
    SELECT served_timestamp AS timestamp, served_original AS original, warc, warc_offset, warc_length FROM image_answer
    UNION SELECT timestamp, original, warc, warc_offset, warc_length FROM image
) WHERE coalesce(warc, '') != ''
ORDER BY 9, 10, 1
"""


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A capture that the ledger says is in the store; of an image, `article` is 0. `timestamp` and `original`
    as served; `digests` those of the index that it may be compared with; `digest_result` and `digest_reason` what came
    of that when it was stored; `recovered`: an article's file is from it."""

    article: int
    timestamp: str
    original: str
    digests: tuple[str, ...]
    digest_result: str
    digest_reason: str
    coding: str
    recovered: bool
    place: RecordLocation


def _stored_row(*row: Any) -> StoredRow:
    *named, digests, result, reason, coding, recovered, file, offset, length = row
    wanted = tuple(dict.fromkeys(digests.split()))
    place = RecordLocation(file, offset, length)
    return StoredRow(*(*named, wanted, result, reason, coding, bool(recovered), place))


MOST_CAPTURES = 12
"""Captures of a missing article that are shown; of how many more there are only the number is told."""


@dataclass(frozen=True, slots=True)
class MissingArticle:
    """An article that is not recovered, with its captures, earliest first; `more` of them are left out."""

    id: int
    state: State
    reason: str
    captures: Sequence[CaptureRow]
    more: int


class StoreQueries(Ledger):
    """The ledger, with what only a check of everything, or the report, asks it for."""

    def stored_captures(self) -> Iterator[StoredRow]:
        """Captures in the store, by file and offset."""
        return self._rows(_stored_row, _BY_PLACE)

    def recovered(self) -> Iterator[tuple[ArticleRow, CaptureRow | None]]:
        """Recovered articles, lowest id first, with their captures; None where there is no such capture."""
        for row in self.articles(State.RECOVERED):
            query = f"{CAPTURE} WHERE id = ? AND article = ?"
            yield row, next(self._rows(capture_row, query, row.capture, row.id), None)

    def missing(self, *states: State) -> Iterator[MissingArticle]:
        """Articles in these states, lowest id first."""
        query = f"""{CAPTURE} WHERE article IN (SELECT id FROM article WHERE state IN ({placeholders(states)}))
            ORDER BY article, timestamp, original, source"""
        groups = groupby(self._rows(capture_row, query, *states), key=lambda row: row.article)
        next_one = next(groups, None)
        for row in self.articles(*states):
            its = list[CaptureRow]()
            if next_one is not None and next_one[0] == row.id:
                its, next_one = list(next_one[1]), next(groups, None)
            more = max(0, len(its) - MOST_CAPTURES)
            yield MissingArticle(row.id, row.state, row.reason, its[:MOST_CAPTURES], more)

    def settled(self) -> Iterator[tuple[int, str]]:
        """When each recovered article was settled."""
        yield from self._db.execute("SELECT id, settled FROM article WHERE state = 'recovered' ORDER BY id")

    def image_files(self) -> dict[str, str]:
        """SHA-256 by file, of all images that there are."""
        return dict(self._db.execute("SELECT file, sha256 FROM image WHERE state = 'have' ORDER BY file"))

    def copy_to(self, path: Path) -> None:
        """A consistent copy of the whole ledger in one new file. Raises OSError."""
        try:
            with closing(sqlite3.connect(path)) as copy:
                self._db.backup(copy)
                # A write-ahead log would put files beside it whenever it is read.
                copy.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.Error as error:
            raise OSError(f"{path} cannot be written: {error}") from error

    @contextmanager
    def at_one_moment(self) -> Iterator[None]:
        """All that is read inside is of one moment, even while a run writes; nothing can be written any more."""
        self._db.execute("PRAGMA query_only = ON")
        self._db.execute("BEGIN")
        try:
            yield
        finally:
            self._db.rollback()

    def captures_by_year(self) -> list[tuple[str, str, int]]:
        """(year, source, captures of articles), in order."""
        query = "SELECT substr(timestamp, 1, 4), source, count(*) FROM capture GROUP BY 1, 2 ORDER BY 1, 2"
        return self._db.execute(query).fetchall()

    def digest_results(self, *, recovered: bool) -> list[tuple[str, str, int]]:
        """(result, reason of a mismatch, captures) of all that came, or of those that files are made of."""
        which = f"WHERE coalesce(digest_result, '') != '' OR {STORED}"
        if recovered:
            which = "JOIN article ON article.capture = capture.id WHERE article.state = 'recovered'"
        return self._db.execute(f"""
            SELECT coalesce(digest_result, ''), coalesce(digest_reason, ''), count(*) FROM capture {which}
            GROUP BY 1, 2 ORDER BY 1, 2""").fetchall()

    def field_sources(self) -> list[tuple[str, str, int]]:
        """(field, where on the page it was found, recovered articles), most frequent first within a field."""
        rows = self._db.execute("""
            SELECT key, value, count(*) FROM article, json_each(article.sources) WHERE state = 'recovered'
            GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2""")
        return [(str(key), str(value), count) for key, value, count in rows]

    def articles_with_images(self) -> tuple[int, int, int]:
        """How many recovered articles have images; of these, how many have all of theirs, how many none."""
        articles, whole, none = self._row("""
            SELECT count(*), coalesce(sum(have = of), 0), coalesce(sum(have = 0), 0) FROM (
                SELECT sum(image.state = 'have') AS have, count(*) AS of FROM image_use
                JOIN image ON image.file = image_use.image JOIN article ON article.id = image_use.article
                WHERE article.state = 'recovered' GROUP BY image_use.article
            )""")
        return articles, whole, none

    def runs(self) -> list[RunRow]:
        """All runs, oldest first."""
        return list(self._rows(RunRow, f"{RUN} ORDER BY id"))
