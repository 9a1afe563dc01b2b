"""archive.db: its tables, and how it follows the files of a tree."""

import json
import os
import re
import sqlite3
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path

from crawler.ledger import State
from crawler.ledger.queries import MissingArticle, StoreQueries
from crawler.markdown.reader import plain_text
from crawler.preserve.jsonl import article_files, of_capture
from crawler.publish.browse.catalogue import found_in
from crawler.publish.browse.rows import (
    SINGLE,
    FileState,
    Row,
    file_state,
    labels_of,
    read_row,
    reader_id,
    searched,
    spaced_text,
    unpacked,
    words_of,
)
from crawler.publish.folder import FEW
from crawler.utils.exit_status import StorageError
from crawler.utils.lock import check_links
from crawler.utils.workers import batched, run_jobs

FILE = "archive.db"
APPLICATION = 0x484B434E
"""Marks the file as ours (SQLite's application_id)."""
VERSION = 6
"""Grows when the tables change, or what is put into them."""
PAGE_BYTES = 16384
"""SQLite's usual page holds one text of the usual length, and little fits in beside it."""
_MARKS = "SELECT application_id, user_version FROM pragma_application_id, pragma_user_version"
WAIT_SECONDS = 30.0
"""Another process that reads or writes is waited for so long."""

_TABLES = """
CREATE TABLE IF NOT EXISTS article (
    id INTEGER PRIMARY KEY, title TEXT NOT NULL, date TEXT, year INTEGER, last_updated TEXT, author TEXT, category TEXT,
    url TEXT, original_url TEXT, captured TEXT, source TEXT, digest TEXT, verified INTEGER,
    faults TEXT NOT NULL DEFAULT '[]',
    settled TEXT, file TEXT NOT NULL, sha256 TEXT NOT NULL, text_sha256 TEXT,
    chars INTEGER NOT NULL, summary TEXT NOT NULL, picture TEXT
);
CREATE INDEX IF NOT EXISTS article_date ON article (date, id, year, category, author);
CREATE INDEX IF NOT EXISTS article_category ON article (category);
CREATE INDEX IF NOT EXISTS article_author ON article (author);
CREATE INDEX IF NOT EXISTS article_text ON article (text_sha256);
CREATE INDEX IF NOT EXISTS article_settled ON article (settled, id);
CREATE TABLE IF NOT EXISTS text (article INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS tag (name TEXT NOT NULL, article INTEGER NOT NULL,
    PRIMARY KEY (name, article)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tag_article ON tag (article);
CREATE TABLE IF NOT EXISTS version (
    article INTEGER NOT NULL, timestamp TEXT NOT NULL, original TEXT NOT NULL, sha256 TEXT NOT NULL, replay TEXT
);
CREATE INDEX IF NOT EXISTS version_article ON version (article);
CREATE TABLE IF NOT EXISTS missing (
    article INTEGER PRIMARY KEY, state TEXT NOT NULL, reason TEXT NOT NULL, captures TEXT NOT NULL,
    more INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS common (match TEXT PRIMARY KEY, articles BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen (article INTEGER PRIMARY KEY, file TEXT NOT NULL, size INTEGER NOT NULL,
    modified INTEGER NOT NULL);
CREATE VIRTUAL TABLE IF NOT EXISTS search USING fts5 (body, title, author, labels, content='',
    tokenize='unicode61 remove_diacritics 0');
"""
"""`seen`: size and time (ns) of the file that an article's row was made from. `search` keeps no text: rowid is the
article's id. Its longest column comes first, which saves two bytes for each character of each article. `common`: what
`search` finds for frequent expressions, as `found_in` gives it, packed with zlib; empty from a change until the end of
all. `text` has the Markdown, packed as `unpacked` reads it."""


def open_for_writing(output: Path, maker: str) -> tuple[sqlite3.Connection, str]:
    """archive.db of an output directory, with its tables; and why it was made anew, '' when it was not. `maker` tells
    apart what makes its rows: of another one, they could not be taken out of the index again. Raises StorageError for
    a file that is not ours, sqlite3.Error and OSError when it cannot be written."""
    path = output / FILE
    check_links(output, [part.name for part in _parts(path)])
    state = _state(path, maker)
    if state == "not ours":
        advice = "Move it away, or choose another output directory"
        raise StorageError(f"{path} is not a database of this software: it is left alone. {advice}")
    why = state if state in ("of another version", "damaged") else ""
    if why:
        for part in _parts(path):
            part.unlink(missing_ok=True)
    db = sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None)
    try:
        db.execute("PRAGMA synchronous = NORMAL")
        if state != "ready":
            begin = f"PRAGMA page_size = {PAGE_BYTES}; BEGIN IMMEDIATE; {_TABLES}"
            end = f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}; COMMIT;"
            db.executescript(f"{begin} INSERT OR IGNORE INTO meta VALUES ('maker', '{maker}'); {end}")
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
            db.execute("BEGIN")  # another process may be making it: what is read is of one moment
            application, version = db.execute(_MARKS).fetchone()
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


def open_for_reading(output: Path) -> sqlite3.Connection:
    """archive.db, which is there and is not written. Raises sqlite3.Error."""
    return sqlite3.connect(f"{(output / FILE).absolute().as_uri()}?mode=ro", uri=True, timeout=WAIT_SECONDS)


def check_usable(output: Path) -> None:
    """Refuse an archive.db that could not be served as it is: raises CommandError that says what to do."""
    path = output / FILE
    again = "run without --no-update once"
    if not path.is_file() or not path.stat().st_size:
        raise StorageError(f"there is no {path}: {again}")
    try:
        with closing(open_for_reading(output)) as db:
            marks = db.execute(_MARKS).fetchone()
            if marks == (APPLICATION, VERSION):
                db.execute("SELECT id, chars FROM article LIMIT 1").fetchone()
                db.execute("SELECT article, body FROM text LIMIT 1").fetchone()
                db.execute("SELECT rowid FROM search WHERE search MATCH 'a' LIMIT 1").fetchone()
                return
            why = "is of another version" if marks[0] == APPLICATION else "is not a database of this software"
    except sqlite3.Error as error:
        why = f"cannot be used ({error}): an update may have been broken off"
    raise StorageError(f"{path} {why}: {again}")


def _has_our_mark(path: Path) -> bool:
    """Whether a file that SQLite cannot read was ours: the mark stands at a fixed place of its first bytes."""
    with path.open("rb") as file:
        head = file.read(72)
    return head.startswith(b"SQLite format 3\0") and head[68:72] == APPLICATION.to_bytes(4, "big")


def _parts(path: Path) -> list[Path]:
    return [path, *(path.with_name(f"{path.name}-{end}") for end in ("journal", "wal", "shm"))]


_ADVICE = "Make room, or delete it and run again; where nothing may be written, --no-update serves one that is there"
BATCH = 1000
_INDEXED = "rowid, body, title, author, labels"
_SAMPLE = 300
"""Articles that tell which words are frequent."""
_MOST_COMMON = 100
"""So many characters, so many pairs, and so many of three."""
_RUNS = [re.compile(f"(?=({' '.join([SINGLE.pattern[1:-1]] * length)}))") for length in (1, 2, 3)]


@dataclass(frozen=True, slots=True)
class BuildSummary:
    """What became of the articles. `unreadable`: files that cannot be read, with why; `anew`: why the whole was made
    anew, if it was."""

    new: int = 0
    changed: int = 0
    removed: int = 0
    same: int = 0
    unreadable: tuple[str, ...] = ()
    anew: str = ""


def build(output: Path, tell: Callable[[int, int], None]) -> BuildSummary:
    """Make archive.db follow the files of the articles, and the ledger where there is one. `tell`: files done and to be
    done, in all.

    Without a ledger every article's file below `articles/` counts. Raises CommandError, OSError.
    """
    try:
        path = output / "ledger.sqlite"
        with StoreQueries(path) if path.exists() else nullcontext() as ledger:
            files = {article: file for article, file in ledger.files() if file} if ledger else article_files(output)[0]
            db, anew = open_for_writing(output, reader_id())
            with closing(db):
                built = _follow(db, output, files, tell)
                if ledger is not None:
                    _take_provenance(db, ledger)
                    _take_missing(db, ledger)
                _look_up_common(db)
            return replace(built, anew=anew)
    except sqlite3.Error as error:
        raise StorageError(f"{output / FILE} cannot be written: {error}. {_ADVICE}") from error


def _follow(
    db: sqlite3.Connection, output: Path, files: Mapping[int, str], tell: Callable[[int, int], None]
) -> BuildSummary:
    known = {row[0]: FileState(*row) for row in db.execute("SELECT article, file, size, modified FROM seen")}
    there = [seen for article, file in sorted(files.items()) if (seen := file_state(output, article, file)) is not None]
    gone = sorted(known.keys() - {seen.article for seen in there})
    for some in batched(gone, BATCH):
        with _transaction(db):
            for article in some:
                _take_out(db, article)
    todo = [seen for seen in there if known.get(seen.article) != seen]
    unreadable: list[str] = []
    counts = Counter(same=len(there) - len(todo), removed=len(gone))
    done = 0
    workers = 1 if len(todo) < FEW else os.cpu_count() or 1
    read = run_jobs(batched(todo, BATCH), partial(read_row, output), lambda seen, why: why, workers)
    for rows in batched(read, BATCH):
        with _transaction(db):
            for seen, row in rows:
                if isinstance(row, str):
                    counts["removed"] += _take_out(db, seen.article)
                    unreadable.append(f"{seen.file}: {row}")
                else:
                    counts[_put(db, seen, row)] += 1
        done += len(rows)
        tell(done, len(todo))
    return BuildSummary(counts["new"], counts["changed"], counts["removed"], counts["same"], tuple(unreadable))


def _put(db: sqlite3.Connection, seen: FileState, row: Row) -> str:
    """Write an article down; gives whether it is `new`, `changed` or the `same`."""
    sha256 = row.values["sha256"]
    found = db.execute("SELECT sha256, file FROM article WHERE id = ?", (seen.article,)).fetchone()
    if found != (sha256, seen.file):
        if found is not None:
            _take_out(db, seen.article)
        db.execute("DELETE FROM common")
        columns = ", ".join(row.values)
        marks = ", ".join(f":{column}" for column in row.values)
        db.execute(f"INSERT INTO article ({columns}) VALUES ({marks})", row.values)
        db.execute("INSERT INTO text VALUES (?, ?)", (seen.article, row.body))
        db.execute(f"INSERT INTO search ({_INDEXED}) VALUES (?, ?, ?, ?, ?)", (seen.article, *row.words))
        db.executemany("INSERT INTO tag VALUES (?, ?)", ((tag, seen.article) for tag in row.tags))
    db.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?)", (seen.article, seen.file, seen.size, seen.modified))
    return "new" if found is None else "same" if found[0] == sha256 else "changed"


def _take_out(db: sqlite3.Connection, article: int) -> bool:
    """An article and everything of it; gives whether it was there."""
    sql = "SELECT title, author, category, body FROM article JOIN text ON article = id WHERE id = ?"
    found = db.execute(sql, (article,)).fetchone()
    db.execute("DELETE FROM common")
    if found is not None:
        # The index keeps no text: to be taken out of it, the very words that were put in are needed.
        title, author, category, body = found
        tags = [name for (name,) in db.execute("SELECT name FROM tag WHERE article = ?", (article,))]
        words = words_of(title, author, labels_of(category, tags), plain_text(searched(unpacked(body))))
        db.execute(f"INSERT INTO search (search, {_INDEXED}) VALUES ('delete', ?, ?, ?, ?, ?)", (article, *words))
    db.execute("DELETE FROM article WHERE id = ?", (article,))
    for table in ("text", "tag", "seen"):
        db.execute(f"DELETE FROM {table} WHERE article = ?", (article,))
    return found is not None


def _look_up_common(db: sqlite3.Connection) -> None:
    """What a search finds for the most frequent characters, and words of two and three: of all searches these take
    longest."""
    with _transaction(db):
        if db.execute("SELECT 1 FROM common").fetchone():
            return
        ids = [number for (number,) in db.execute("SELECT article FROM text")]
        frequent: dict[re.Pattern[str], Counter[str]] = {pattern: Counter() for pattern in _RUNS}
        for number in ids[:: max(1, len(ids) // _SAMPLE)]:
            (body,) = db.execute("SELECT body FROM text WHERE article = ?", (number,)).fetchone()
            text = " ".join(spaced_text(plain_text(searched(unpacked(body)))).split())
            for pattern, counts in frequent.items():
                counts.update(set(pattern.findall(text)))
        for word, _ in chain.from_iterable(counts.most_common(_MOST_COMMON) for counts in frequent.values()):
            packed = zlib.compress(found_in(db, f'"{word}"'), 1)
            db.execute("INSERT INTO common VALUES (?, ?)", (f'"{word}"', packed))


def _take_provenance(db: sqlite3.Connection, ledger: StoreQueries) -> None:
    """What the ledger knows of the captures that the files are from, and what others say; it may change while files do
    not."""
    with _transaction(db):
        for row, capture in ledger.recovered():
            if capture is not None:
                known = of_capture(ledger, row, capture)
                verified = None if known["verified"] is None else int(known["verified"])
                values = known["source"], known["digest"], verified, json.dumps(known["faults"], ensure_ascii=False)
                db.execute(
                    "UPDATE article SET source = ?, digest = ?, verified = ?, faults = ? WHERE id = ?"
                    " AND (source, digest, verified, faults) IS NOT (?, ?, ?, ?)",
                    (*values, row.id, *values),
                )
        db.execute("DELETE FROM version")
        db.executemany("INSERT INTO version VALUES (?, ?, ?, ?, ?)", ledger.versions_replayed())


def _take_missing(db: sqlite3.Connection, ledger: StoreQueries) -> None:
    """What the ledger knows of articles that are not here, and when those were recovered that are."""
    missing = ledger.missing(*(state for state in State if state is not State.RECOVERED))
    with _transaction(db):
        db.execute("DELETE FROM missing")
        db.executemany("INSERT INTO missing VALUES (?, ?, ?, ?, ?)", map(_missing_row, missing))
        db.executemany(
            "UPDATE article SET settled = ?1 WHERE id = ?2 AND settled IS NOT ?1",
            ((settled, article) for article, settled in ledger.settled()),
        )
        db.execute("INSERT OR REPLACE INTO meta VALUES ('archive', ?)", (ledger.meta("public_url") or "",))


def _missing_row(row: MissingArticle) -> tuple[int, str, str, str, int]:
    captures = [
        {
            "timestamp": capture.served[0],
            "original": capture.served[1],
            "replay": capture.replay,
            "reason": capture.verdict or capture.answer,
        }
        for capture in row.captures
    ]
    return row.id, row.state.value, row.reason, json.dumps(captures, ensure_ascii=False), row.more


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    with db:
        db.execute("BEGIN IMMEDIATE")
        yield
