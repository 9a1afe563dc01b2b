"""The tables of archive.db, and opening it for writing: what is not ours is left alone, what is old or damaged is made anew."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from crawler.ending import Fatal, Status
from crawler.opening import refuse_links

FILE = "archive.db"
APPLICATION = 0x484B434E
"""Marks the file as ours (SQLite's application_id)."""
VERSION = 1
"""Grows when the tables change, or what is put into them."""
WAIT_SECONDS = 30.0
"""Another process that reads or writes is waited for so long."""

_TABLES = """
CREATE TABLE IF NOT EXISTS article (
    id INTEGER PRIMARY KEY, title TEXT NOT NULL, date TEXT, year INTEGER, last_updated TEXT, author TEXT, category TEXT,
    url TEXT, original_url TEXT, captured TEXT, source TEXT, digest TEXT, verified INTEGER, faults TEXT NOT NULL DEFAULT '[]',
    file TEXT NOT NULL, sha256 TEXT NOT NULL, chars INTEGER NOT NULL, summary TEXT NOT NULL, picture TEXT, body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS article_date ON article (date, id);
CREATE INDEX IF NOT EXISTS article_year ON article (year);
CREATE INDEX IF NOT EXISTS article_category ON article (category);
CREATE INDEX IF NOT EXISTS article_author ON article (author);
CREATE TABLE IF NOT EXISTS tag (name TEXT NOT NULL, article INTEGER NOT NULL, PRIMARY KEY (name, article)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tag_article ON tag (article);
CREATE TABLE IF NOT EXISTS version (
    article INTEGER NOT NULL, timestamp TEXT NOT NULL, original TEXT NOT NULL, sha256 TEXT NOT NULL, replay TEXT
);
CREATE INDEX IF NOT EXISTS version_article ON version (article);
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen (article INTEGER PRIMARY KEY, file TEXT NOT NULL, size INTEGER NOT NULL, modified INTEGER NOT NULL);
CREATE VIRTUAL TABLE IF NOT EXISTS search USING fts5 (title, author, body, content='', tokenize='unicode61 remove_diacritics 0');
"""
"""`seen`: size and time (ns) of the file that an article's row was made from. `search` keeps no text: rowid is the article's id."""


def open_for_writing(output: Path, maker: str) -> tuple[sqlite3.Connection, str]:
    """archive.db of an output directory, with its tables; and why it was made anew, '' when it was not. `maker` tells apart what makes
    its rows: of another one, they could not be taken out of the index again. Raises Fatal for a file that is not ours, sqlite3.Error
    and OSError when it cannot be written."""
    path = output / FILE
    refuse_links(output, [part.name for part in _parts(path)])
    state = _state(path, maker)
    if state == "not ours":
        message = f"{path} is not a database of this software: it is left alone. Move it away, or choose another OUTPUT_DIR"
        raise Fatal(Status.STORAGE, message)
    why = state if state in ("of another version", "damaged") else ""
    if why:
        for part in _parts(path):
            part.unlink(missing_ok=True)
    db = sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None)
    try:
        db.execute("PRAGMA synchronous = NORMAL")
        if state != "ready":
            begin = f"PRAGMA application_id = {APPLICATION}; BEGIN IMMEDIATE; {_TABLES}"
            db.executescript(f"{begin} INSERT OR IGNORE INTO meta VALUES ('maker', '{maker}'); PRAGMA user_version = {VERSION}; COMMIT;")
    except BaseException:
        db.close()
        raise
    return db, why


def _state(path: Path, maker: str) -> str:
    """`new`, `ready`, `of another version`, `damaged` or `not ours`."""
    if not path.exists() or path.stat().st_size == 0:
        return "new"
    try:
        with closing(sqlite3.connect(path, timeout=WAIT_SECONDS)) as db:
            (application,) = db.execute("PRAGMA application_id").fetchone()
            (version,) = db.execute("PRAGMA user_version").fetchone()
            (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if application != APPLICATION:
                return "new" if not tables else "not ours"
            if version != VERSION:
                return "of another version" if tables or version else "new"
            made_by = db.execute("SELECT value FROM meta WHERE key = 'maker'").fetchone()
            return "ready" if made_by == (maker,) else "of another version"
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return "of another version"
        raise
    except sqlite3.DatabaseError:
        return "damaged" if _has_our_mark(path) else "not ours"


def refuse_unusable(output: Path) -> None:
    """Refuse an archive.db that could not be served as it is: raises Fatal that says what to do."""
    path = output / FILE
    again = "run without --no-update once"
    if not path.is_file() or not path.stat().st_size:
        raise Fatal(Status.STORAGE, f"there is no {path}: {again}")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=WAIT_SECONDS)) as db:
            marks = tuple(db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
            if marks == (APPLICATION, VERSION):
                db.execute("SELECT id, chars, body FROM article LIMIT 1").fetchone()
                db.execute("SELECT rowid FROM search WHERE search MATCH 'a' LIMIT 1").fetchone()
                return
            why = "is of another version" if marks[0] == APPLICATION else "is not a database of this software"
    except sqlite3.Error as error:
        why = f"cannot be used ({error}): an update may have been broken off"
    raise Fatal(Status.STORAGE, f"{path} {why}: {again}")


def _has_our_mark(path: Path) -> bool:
    """Whether a file that SQLite cannot read was ours: the mark stands at a fixed place of its first bytes."""
    with path.open("rb") as file:
        head = file.read(72)
    return head.startswith(b"SQLite format 3\0") and head[68:72] == APPLICATION.to_bytes(4, "big")


def _parts(path: Path) -> list[Path]:
    return [path, *(path.with_name(f"{path.name}-{end}") for end in ("journal", "wal", "shm"))]
