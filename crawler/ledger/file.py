"""The ledger's file: opening, tables, versions of the schema, transactions."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import starmap
from pathlib import Path
from typing import Any, Self, TypeVar

from crawler.ledger.rows import LedgerError
from crawler.utils.exit_status import NothingError
from crawler.utils.lock import check_links

Row = TypeVar("Row")

_SOURCES = """
CREATE TABLE source (name TEXT PRIMARY KEY, replay TEXT NOT NULL, is_file INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
INSERT INTO source SELECT 'wayback', value || '/web', 0 FROM meta WHERE key = 'public_url';
CREATE TABLE capture_2 (
    id INTEGER PRIMARY KEY, article INTEGER NOT NULL, timestamp TEXT NOT NULL, original TEXT NOT NULL,
    urlkey TEXT NOT NULL, mimetype TEXT NOT NULL, statuscode TEXT NOT NULL, digest TEXT NOT NULL, length TEXT NOT NULL,
    source TEXT NOT NULL, found TEXT NOT NULL, replay TEXT, held TEXT,
    answer TEXT, status INTEGER, digest_result TEXT, digest_reason TEXT, verdict TEXT, because TEXT,
    served_timestamp TEXT, served_original TEXT, coding TEXT, warc TEXT, warc_offset INTEGER, warc_length INTEGER,
    UNIQUE (article, timestamp, original, source)
);
INSERT INTO capture_2 SELECT id, article, timestamp, original, urlkey, mimetype, statuscode, digest, length,
    'wayback', CASE WHEN source IN ('archived_redirect', 'closest_capture', 'inspect') THEN source ELSE 'listed' END,
    NULL, NULL, answer, status, digest_result, digest_reason, verdict, because,
    served_timestamp, served_original, coding, warc, warc_offset, warc_length FROM capture;
DROP TABLE capture;
ALTER TABLE capture_2 RENAME TO capture;
CREATE INDEX capture_digest ON capture (digest, article);
"""
"""Captures of several sources: the source's name, how the capture was found, under which address it is replayed if that
is not its source's, and for a file of web archives where in it the capture is held (JSON)."""

_IMAGES = """
CREATE TABLE image (
    file TEXT PRIMARY KEY, url TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'wanted', reason TEXT NOT NULL DEFAULT '',
    attempts INTEGER NOT NULL DEFAULT 0, timestamp TEXT NOT NULL DEFAULT '', original TEXT NOT NULL DEFAULT '',
    digest TEXT NOT NULL DEFAULT '', type TEXT NOT NULL DEFAULT '', size INTEGER NOT NULL DEFAULT 0,
    sha256 TEXT NOT NULL DEFAULT '', fault TEXT NOT NULL DEFAULT '',
    warc TEXT, warc_offset INTEGER, warc_length INTEGER, settled TEXT, run INTEGER
) WITHOUT ROWID;
CREATE INDEX image_state ON image (state);
CREATE INDEX image_sha256 ON image (sha256) WHERE sha256 != '';
CREATE TABLE image_use (
    image TEXT NOT NULL REFERENCES image, article INTEGER NOT NULL, PRIMARY KEY (image, article)
) WITHOUT ROWID;
CREATE INDEX image_use_article ON image_use (article);
CREATE TABLE image_list (article INTEGER PRIMARY KEY, capture INTEGER NOT NULL);
CREATE TABLE image_answer (
    source TEXT NOT NULL, timestamp TEXT NOT NULL, original TEXT NOT NULL, image TEXT, answer TEXT NOT NULL,
    status INTEGER NOT NULL, served_timestamp TEXT NOT NULL, served_original TEXT NOT NULL, coding TEXT NOT NULL,
    target_timestamp TEXT, target_original TEXT, warc TEXT, warc_offset INTEGER, warc_length INTEGER,
    PRIMARY KEY (source, timestamp, original)
) WITHOUT ROWID;
CREATE TABLE image_index (
    image TEXT NOT NULL, source TEXT NOT NULL, captures TEXT NOT NULL, PRIMARY KEY (image, source)
) WITHOUT ROWID;
"""
"""Images of recovered articles, by the path of their file: which articles have them, of which captures that is known,
what the archive answered to each request for one, and what its index gave for one (JSON)."""

_REFERENCES = """
CREATE TABLE link (
    article INTEGER NOT NULL, target INTEGER NOT NULL, local INTEGER NOT NULL, PRIMARY KEY (article, target)
) WITHOUT ROWID;
CREATE TABLE shown (
    article INTEGER NOT NULL, url TEXT NOT NULL, local INTEGER NOT NULL, PRIMARY KEY (article, url)
) WITHOUT ROWID;
CREATE INDEX shown_url ON shown (url, local);
"""
"""What the files of the reading format refer to: articles by id and pictures by address; local: whether the link is to
a file."""

_GAPS = """
CREATE TABLE gap (
    source TEXT NOT NULL, article INTEGER NOT NULL, why TEXT NOT NULL, found INTEGER NOT NULL, asked TEXT NOT NULL,
    PRIMARY KEY (source, article)
) WITHOUT ROWID;
CREATE TABLE list_read (
    source TEXT NOT NULL, timestamp TEXT NOT NULL, original TEXT NOT NULL, PRIMARY KEY (source, timestamp, original)
) WITHOUT ROWID;
CREATE TABLE on_list (article INTEGER PRIMARY KEY);
"""
"""Articles that no listing has: which were asked for exactly, which archived lists of the site's were read, and what
stood on them."""

_VERSIONS = """
CREATE TABLE version (
    article INTEGER NOT NULL, timestamp TEXT NOT NULL, original TEXT NOT NULL, sha256 TEXT NOT NULL,
    capture INTEGER NOT NULL, PRIMARY KEY (article, timestamp, original)
) WITHOUT ROWID;
"""
"""What each capture of an article says: the SHA-256 of its title and text, by the capture that was really served. Empty
for what was recovered before this table was there, until `citizen-news extract` has been over the store."""

STEPS: Sequence[str] = (_SOURCES, _IMAGES, _REFERENCES, _GAPS, _VERSIONS)
"""What makes a file of version 1 one of version 2, that one of version 3, and so on. A change of the tables below is
written here as a step; the tables stay as they are."""
VERSION = 1 + len(STEPS)

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE run (
    id INTEGER PRIMARY KEY, started TEXT NOT NULL, ended TEXT, status INTEGER, verdict TEXT, arguments TEXT NOT NULL,
    version TEXT NOT NULL
);
CREATE TABLE listing (
    id INTEGER PRIMARY KEY, query TEXT NOT NULL, started TEXT NOT NULL, finished TEXT, resume_key TEXT,
    pages INTEGER NOT NULL DEFAULT 0, rows INTEGER NOT NULL DEFAULT 0, ignored INTEGER NOT NULL DEFAULT 0,
    rejected INTEGER NOT NULL DEFAULT 0, duplicates INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX listing_query ON listing (query, finished);
CREATE TABLE listing_page (
    listing INTEGER NOT NULL REFERENCES listing, number INTEGER NOT NULL, resume_key TEXT, rows INTEGER NOT NULL,
    at TEXT NOT NULL, PRIMARY KEY (listing, number)
) WITHOUT ROWID;
CREATE TABLE capture (
    id INTEGER PRIMARY KEY, article INTEGER NOT NULL, timestamp TEXT NOT NULL, original TEXT NOT NULL,
    urlkey TEXT NOT NULL, mimetype TEXT NOT NULL, statuscode TEXT NOT NULL, digest TEXT NOT NULL, length TEXT NOT NULL,
    source TEXT NOT NULL,
    answer TEXT, status INTEGER, digest_result TEXT, digest_reason TEXT, verdict TEXT, because TEXT,
    served_timestamp TEXT, served_original TEXT, coding TEXT, warc TEXT, warc_offset INTEGER, warc_length INTEGER,
    UNIQUE (article, timestamp, original)
);
CREATE INDEX capture_digest ON capture (digest, article);
CREATE TABLE attempt (
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES run, capture INTEGER NOT NULL REFERENCES capture,
    at TEXT NOT NULL, answer TEXT NOT NULL, detail TEXT NOT NULL
);
CREATE INDEX attempt_capture ON attempt (capture);
CREATE TABLE article (
    id INTEGER PRIMARY KEY, state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '', capture INTEGER REFERENCES capture,
    file TEXT, sha256 TEXT, faults TEXT NOT NULL DEFAULT '[]', sources TEXT NOT NULL DEFAULT '{}', settled TEXT,
    run INTEGER
);
CREATE INDEX article_state ON article (state);
"""


def prepare(connection: sqlite3.Connection, path: object, steps: Sequence[str] = STEPS) -> None:
    """Make the tables in a new file, and an older file one of this version: all of it or nothing.

    Raises LedgerError for a file that this version cannot use, sqlite3.Error when it cannot be written.
    """
    newest = 1 + len(steps)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == newest:
        return
    if not 0 <= version < newest:
        raise LedgerError(
            f"the ledger {path} was written by a newer version of this software (schema {version}, this one knows"
            f" {newest}): use that version, or another output directory"
        )
    if version == 0 and connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise LedgerError(
            f"{path} is a database, but no ledger of this software: it is left alone. Choose another output directory"
        )
    script = "\n".join((_TABLES, *steps)[version:])
    try:
        connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {newest};\nCOMMIT;")
    except sqlite3.Error:
        connection.rollback()
        raise


class LedgerFile:
    """Open with the path of its file. Not for several threads; one run at a time is the lock's business."""

    def __init__(
        self, path: Path, public_url: str | None = None, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """`public_url`: the archive that this ledger's captures belong to; None to look only. Raises StorageError."""
        self.path = path
        self._now = now
        check_links(path.parent, (f"{path.name}{suffix}" for suffix in ("", "-wal", "-shm", "-journal")))
        try:
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            prepare(self._db, path)
        except sqlite3.DatabaseError as error:
            advice = "If it is damaged, restore a copy or choose another output directory"
            raise LedgerError(f"the ledger {path} cannot be used: {error}. {advice}") from error
        if public_url is None:
            return
        mine = self.meta("public_url")
        if mine is None:
            self.set_meta("public_url", public_url)
        elif mine != public_url:
            raise LedgerError(
                f"the ledger {path} holds captures of {mine}; it refuses those of {public_url}. Use another"
                " output directory, or the ARCHIVE_PUBLIC_URL that it was begun with"
            )

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Asking

    def _row(self, query: str, *values: object) -> Any:
        """The first row, or None."""
        return self._db.execute(query, values).fetchone()

    def _pair(self, query: str, *values: object) -> tuple[Any, Any]:
        """The one row of a query for two columns."""
        first, second = self._row(query, *values)
        return first, second

    def _value(self, query: str, *values: object) -> Any:
        """The first column of the first row, or None."""
        row = self._row(query, *values)
        return row[0] if row else None

    def _rows(self, kind: Callable[..., Row], query: str, *values: object) -> Iterator[Row]:
        """The rows, each as a value of this kind, whose arguments are the columns in order."""
        return starmap(kind, self._db.execute(query, values))

    def _column(self, query: str, *values: object) -> list[Any]:
        """The rows of a query for one column."""
        return [value for (value,) in self._db.execute(query, values)]

    def _counts(self, column: str, rows: str, *values: object) -> dict[str, int]:
        """How many of these rows (`FROM … WHERE …`) have which value in a column, most frequent first."""
        return dict(self._db.execute(f"SELECT {column}, count(*) FROM {rows} GROUP BY 1 ORDER BY 2 DESC, 1", values))

    def _for_each(self, statement: str, values: Iterable[object]) -> None:
        """Execute a statement of one parameter for each value."""
        self._db.executemany(statement, ((value,) for value in values))

    # Writing

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Everything written inside is committed together, or not at all."""
        if self._db.in_transaction:
            yield
            return
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            yield

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Everything written inside is seen inside, and undone at the end."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            self._db.rollback()

    def moment(self) -> str:
        """The time now, UTC, to the second."""
        return self._now().strftime("%Y-%m-%dT%H:%M:%SZ")

    # What is known of the ledger itself

    def add_source(self, source: str, replay: str, is_file: bool = False) -> None:
        """A source of captures and the public address of its replay. Raises LedgerError when it had another."""
        known = self._value("SELECT replay FROM source WHERE name = ?", source)
        if known is None:
            self._db.execute("INSERT INTO source VALUES (?, ?, ?)", (source, replay, is_file))
        elif known != replay:
            raise LedgerError(
                f"the ledger {self.path} has captures of the source {source}, replayed at {known}; it refuses {replay}"
            )

    def meta(self, key: str) -> str | None:
        value: str | None = self._value("SELECT value FROM meta WHERE key = ?", key)
        return value

    def set_meta(self, key: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))


def existing_ledger(output: Path) -> Path:
    """Where the ledger of an output directory is. Raises NothingError where nothing was crawled into it."""
    path = ledger_path(output)
    if not path.exists():
        raise NothingError(f"there is no ledger {path}: nothing was crawled into this directory yet")
    return path


def ledger_path(output: Path) -> Path:
    """Where the ledger lies in an output directory."""
    return output / "ledger.sqlite"
