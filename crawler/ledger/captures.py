"""The ledger on captures: listings, attempts, what is known of each, and what was asked for beside the listings."""

import json
from collections.abc import Collection, Iterable
from dataclasses import asdict, fields
from operator import attrgetter
from typing import Any

from crawler.ledger.file import LedgerFile
from crawler.ledger.rows import STORED, CaptureRow, Found, placeholders
from crawler.warc.captures import ArchivedCapture
from crawler.warc.writer import RecordLocation
from crawler.wayback.capture import Capture
from crawler.wayback.cdx import CdxPage

_CDX = tuple(field.name for field in fields(Capture))
_cdx_values = attrgetter(*_CDX)
_NAMES = [field.name for field in fields(CaptureRow)]
_LEARNT = fields(CaptureRow)[_NAMES.index("from_file") + 1 :]
CAPTURE = f"""
    SELECT id, article, source, found, coalesce(capture.replay, source.replay, ''),
        CASE WHEN source.is_file THEN source ELSE '' END, held, {", ".join(_CDX)},
        {", ".join(f"coalesce({field.name}, {field.default!r})" for field in _LEARNT)}
    FROM capture LEFT JOIN source ON source.name = capture.source"""
"""Captures, as `capture_row` takes them."""
_INSERTED = ("article", "source", "found", "replay", "held", *_CDX)
_INSERT = f"""
    INSERT INTO capture ({", ".join(_INSERTED)}) VALUES ({placeholders(_INSERTED)})
    ON CONFLICT (article, timestamp, original, source)
    DO UPDATE SET held = excluded.held WHERE held IS NULL AND excluded.held IS NOT NULL"""
"""A capture that is known learns where a file of web archives holds it, and nothing else."""


def capture_row(*row: Any) -> CaptureRow:
    number, article, source, found, replay, source_file, held, *rest = row
    capture = Capture(**dict(zip(_CDX, rest, strict=False)))
    archived = None
    if held:
        place, payload, *others = json.loads(held)
        resolved = RecordLocation(**payload) if payload else None
        archived = ArchivedCapture(capture, RecordLocation(**place), resolved, *others)
        source_file = source_file or archived.about.get("heldIn", "")
    return CaptureRow(number, article, capture, source, Found(found), replay, source_file, archived, *rest[len(_CDX) :])


def _capture_values(
    article: int, capture: Capture, source: str, found: Found, replay: str | None = None, held: str | None = None
) -> tuple[Any, ...]:
    """A new capture, as _INSERT takes it."""
    return (article, source, found, replay, held, *_cdx_values(capture))


def _archived_values(article: int, archived: ArchivedCapture, source: str) -> tuple[Any, ...]:
    """The same for what a file of web archives holds, found as whoever put it there says."""
    about = archived.about
    found = Found(about["found"]) if about.get("found") in list(Found) else Found.LISTED
    places = [asdict(place) if place else None for place in (archived.place, archived.payload)]
    needed = {name: about[name] for name in ("archive", "heldIn") if name in about}
    held = json.dumps([*places, archived.rewritten, needed, archived.truncated])
    return _capture_values(article, archived.capture, source, found, about.get("archive") or None, held)


class Captures(LedgerFile):
    """Captures, listings and gaps between these."""

    def captures(self, article: int) -> list[CaptureRow]:
        return list(self._rows(capture_row, f"{CAPTURE} WHERE article = ? ORDER BY id", article))

    def articles_with_captures(self) -> list[int]:
        """Articles that have a capture in the store or in a file of web archives, lowest id first."""
        return self._column(f"SELECT DISTINCT article FROM capture WHERE {STORED} OR held IS NOT NULL ORDER BY article")

    def articles_at(self, warc: str, start: int, end: int) -> list[int]:
        """Articles with a capture that begins in this range of a file of the store, lowest id first."""
        where = "warc = ? AND warc_offset >= ? AND warc_offset < ?"
        return self._column(f"SELECT DISTINCT article FROM capture WHERE {where} ORDER BY article", warc, start, end)

    def stored_capture(self, source: str) -> tuple[str, str] | None:
        """The time and the address of a capture that this source gave; None when it never gave one."""
        query = f"SELECT timestamp, original FROM capture WHERE source = ? AND answer = 'capture' AND {STORED} LIMIT 1"
        return next(self._db.execute(query, (source,)), None)

    def with_untried_captures(self) -> set[int]:
        """Articles of which a capture is known that was not judged."""
        return set(self._column("SELECT DISTINCT article FROM capture WHERE verdict IS NULL"))

    def add_capture(self, article: int, capture: Capture, source: str, found: Found) -> CaptureRow | None:
        """A capture that no listing has, found on the way; None if it was known."""
        cursor = self._db.execute(_INSERT, _capture_values(article, capture, source, found))
        return next(self._rows(capture_row, f"{CAPTURE} WHERE id = ?", cursor.lastrowid)) if cursor.rowcount else None

    def note(self, capture: int, **values: str | int) -> None:
        """Write down what was learnt of a capture: any of the columns after `from_file`."""
        columns = ", ".join(f"{name} = ?" for name in values)
        self._db.execute(f"UPDATE capture SET {columns} WHERE id = ?", (*values.values(), capture))

    def attempt(self, run: int, capture: int, answer: str, detail: str) -> None:
        """One request for a capture and what came of it."""
        values = (run, capture, self.moment(), answer, detail)
        self._db.execute("INSERT INTO attempt (run, capture, at, answer, detail) VALUES (?, ?, ?, ?, ?)", values)

    def shared_digests(self, articles: int) -> set[str]:
        """Digests that stand under at least so many articles; `-` and nothing are none."""
        query = "SELECT digest FROM capture WHERE length(digest) > 1 GROUP BY 1 HAVING count(DISTINCT article) >= ?"
        return set(self._column(query, articles))

    def digest_verdicts(self, verdicts: Collection[str]) -> dict[str, tuple[str, str]]:
        """Digests whose very bytes, archived with status 200, were judged so: the verdict and what it rests on."""
        query = f"""
            SELECT digest, verdict, coalesce(because, '') FROM capture
            WHERE verdict IN ({placeholders(verdicts)}) AND digest_result LIKE 'match%'
                AND served_timestamp = timestamp AND served_original = original AND coalesce(status, 200) = 200
            GROUP BY digest"""
        return {digest: (verdict, because) for digest, verdict, because in self._db.execute(query, tuple(verdicts))}

    # What was asked of the archive's index

    def open_listing(self, query: str) -> tuple[int, str | None]:
        """The listing of a query to go on with, and the key of its next page; None where it begins anew."""
        unfinished = "SELECT id, resume_key FROM listing WHERE query = ? AND finished IS NULL ORDER BY id DESC LIMIT 1"
        if row := self._row(unfinished, query):
            return row[0], row[1]
        cursor = self._db.execute("INSERT INTO listing (query, started) VALUES (?, ?)", (query, self.moment()))
        return int(cursor.lastrowid or 0), None

    def listing_keys(self, listing: int) -> set[str]:
        """All resume keys that this listing has given so far; one that comes again is a loop."""
        query = "SELECT resume_key FROM listing_page WHERE listing = ? AND resume_key IS NOT NULL"
        return set(self._column(query, listing))

    def add_page(
        self, listing: int, source: str, captures: Iterable[tuple[int, Capture]], ignored: int, page: CdxPage
    ) -> int:
        """Journal one whole page: those of its captures that are kept, with their articles, and where to go on. Without
        a key the listing is whole. Gives the number of captures that were not known before."""
        new = [_capture_values(article, capture, source, Found.LISTED) for article, capture in captures]
        key, listed, rejected, now = page.resume_key, len(new) + ignored, len(page.rejected), self.moment()
        with self.batch():
            added = self._add(new)
            self._db.execute(
                "INSERT INTO listing_page SELECT ?, pages + 1, ?, ?, ? FROM listing WHERE id = ?",
                (listing, key, listed, now, listing),
            )
            self._db.execute(
                """UPDATE listing SET resume_key = ?, pages = pages + 1, rows = rows + ?, ignored = ignored + ?,
                rejected = rejected + ?, duplicates = duplicates + ?, finished = ? WHERE id = ?""",
                (key, listed, ignored, rejected, page.duplicates, None if key else now, listing),
            )
        return added

    def forget_file_captures(self, source: str) -> None:
        """Forget where a file of web archives holds what, before it is read anew; what was fetched stays known."""
        self._db.execute("UPDATE capture SET held = NULL WHERE source = ?", (source,))
        self._db.execute("UPDATE capture SET answer = NULL WHERE source = ? AND warc IS NULL", (source,))

    def add_file_captures(self, source: str, holdings: Collection[tuple[int, ArchivedCapture]]) -> int:
        """What a file of web archives holds, with the articles. Gives how many captures were not known before."""
        captures = [_archived_values(article, archived, source) for article, archived in holdings]
        with self.batch():
            return self._add(captures)

    def _add(self, captures: Collection[tuple[Any, ...]]) -> int:
        """Captures, as _INSERT takes them, and their articles; an article given up is due again when one of its
        captures has not been judged. Gives how many captures were not known before."""
        newest = "SELECT coalesce(max(id), 0) FROM capture"
        before = self._value(newest)
        self._db.executemany(_INSERT, captures)
        articles = sorted({article for article, *_ in captures})
        self._for_each("INSERT OR IGNORE INTO article (id, state) VALUES (?, 'listed')", articles)
        self._for_each(
            """UPDATE article SET state = 'listed' WHERE id = ? AND state = 'unrecoverable'
            AND EXISTS (SELECT 1 FROM capture WHERE article = article.id AND verdict IS NULL AND answer IS NULL)""",
            articles,
        )
        return int(self._value(newest) - before)

    def drop_listing(self, listing: int) -> None:
        """Close a listing that cannot be made whole; the next run begins a new one. Its captures stay."""
        self._db.execute("UPDATE listing SET finished = 'abandoned' WHERE id = ?", (listing,))

    def listed_whole(self, *beginnings: str) -> str | None:
        """When the newest listing was begun that is whole, of those whose query begins so; None without any."""
        query = "SELECT max(started) FROM listing WHERE substr(query, 1, ?) = ? AND finished != 'abandoned'"
        return max(filter(None, (self._value(query, len(each), each) for each in beginnings)), default=None)

    def unfinished_listing(self, beginning: str, after: str) -> str | None:
        """The newest query that begins so, whose listing was begun after that moment and is not finished."""
        query = """
            SELECT query FROM listing WHERE substr(query, 1, ?) = ? AND finished IS NULL AND started >= ?
            ORDER BY id DESC LIMIT 1"""
        return next(iter(self._column(query, len(beginning), beginning, after)), None)

    def listing_totals(self) -> dict[str, int]:
        """Over the newest listing of each query: rows, ignored, rejected, duplicates. Those of what came since are left
        out: their names end with since when."""
        names = ("rows", "ignored", "rejected", "duplicates")
        query = f"""
            SELECT {", ".join(f"coalesce(sum({name}), 0)" for name in names)} FROM listing
            WHERE id IN (SELECT max(id) FROM listing
                WHERE CASE WHEN json_valid(query) THEN json_array_length(query) < 5 ELSE 1 END GROUP BY query)"""
        return dict(zip(names, self._row(query), strict=True))

    # What was asked for beside the listings

    def known_ids(self) -> list[int]:
        """All articles that the ledger knows, lowest id first."""
        return self._column("SELECT id FROM article ORDER BY id")

    def gap_asked(self, source: str) -> set[int]:
        """Articles that a source was asked for exactly."""
        return set(self._column("SELECT article FROM gap WHERE source = ?", source))

    def note_gap(self, source: str, article: int, why: str, found: int) -> None:
        """A source was asked for an article exactly, and listed so many captures."""
        values = (source, article, why, found, self.moment())
        self._db.execute("INSERT OR REPLACE INTO gap VALUES (?, ?, ?, ?, ?)", values)

    def gap_found(self) -> dict[str, tuple[int, int]]:
        """By the evidence: how many articles were asked for, and of how many captures were found."""
        query = """
            SELECT why, count(DISTINCT article), count(DISTINCT CASE WHEN found THEN article END) FROM gap
            GROUP BY why ORDER BY why"""
        return {why: (asked, found) for why, asked, found in self._db.execute(query)}

    def lists_read(self, source: str) -> set[tuple[str, str]]:
        """Captures of the site's own lists that were read: (timestamp, original)."""
        return set(self._db.execute("SELECT timestamp, original FROM list_read WHERE source = ?", (source,)))

    def note_list(self, source: str, timestamp: str, original: str, articles: Iterable[int]) -> None:
        """A capture of one of the site's lists was read, and named these articles."""
        with self.batch():
            self._db.execute("INSERT OR REPLACE INTO list_read VALUES (?, ?, ?)", (source, timestamp, original))
            self._for_each("INSERT OR IGNORE INTO on_list VALUES (?)", articles)

    def on_lists(self) -> set[int]:
        """Articles that archived lists of the site's name."""
        return set(self._column("SELECT article FROM on_list"))
