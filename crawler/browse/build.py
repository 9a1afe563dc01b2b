"""archive.db from the files of a tree: what is new, changed or gone since the last time, a thousand articles at once.

Safe to be killed and to be run twice at once: each thousand is one transaction, which looks at what is there before it replaces it.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from crawler.audit.backupfile import id_of_name
from crawler.audit.files import entries
from crawler.browse.rows import Row, Seen, look, maker_id, read_row, words_of
from crawler.browse.schema import FILE, open_for_writing
from crawler.ending import Fatal, Status
from crawler.jsonl import of_capture
from crawler.ledger import LedgerError
from crawler.ledger.places import Places
from crawler.pools import chunks, in_order, processes

_ADVICE = "Make room, or delete it and run again; where nothing may be written, --no-update serves one that is there"
BATCH = 1000
FEW = 500
"""With fewer files than this to be read, other processes take longer to begin than they save."""
_FOLDER = "articles"
_COLUMNS = (
    "id, title, date, year, last_updated, author, category, url, original_url, captured, source, digest, verified, file, sha256, chars, "
    "summary, picture, body"
)


@dataclass(frozen=True, slots=True)
class Built:
    """What became of the articles. `unreadable`: files that cannot be read, with why; `anew`: why the whole was made anew, if it was."""

    new: int = 0
    changed: int = 0
    removed: int = 0
    same: int = 0
    unreadable: tuple[str, ...] = ()
    anew: str = ""


def build(output: Path, tell: Callable[[int, int], None]) -> Built:
    """Make archive.db follow the files of the articles, and the ledger where there is one. `tell`: files done and to be done, in all.

    Without a ledger every article's file below `articles/` counts. Raises Fatal, OSError.
    """
    try:
        with _ledger(output) as ledger:
            files = _files(output, ledger)
            db, anew = open_for_writing(output, maker_id())
            with closing(db):
                built = _follow(db, output, files, tell)
                if ledger is not None:
                    _take_provenance(db, ledger)
            return replace(built, anew=anew)
    except LedgerError as error:
        raise Fatal(Status.STORAGE, str(error)) from error
    except sqlite3.Error as error:
        raise Fatal(Status.STORAGE, f"{output / FILE} cannot be written: {error}. {_ADVICE}") from error


def _ledger(output: Path) -> AbstractContextManager[Places | None]:
    path = output / "ledger.sqlite"
    return Places(path) if path.exists() else nullcontext()


def _files(output: Path, ledger: Places | None) -> dict[int, str]:
    """The file of each article."""
    if ledger is not None:
        return {article: file for article, file in ledger.files() if file}
    found: dict[int, str] = {}
    for entry in entries(output / _FOLDER):
        number = id_of_name(Path(entry.file).name)
        if number is not None and not entry.why:
            found.setdefault(number, f"{_FOLDER}/{entry.file}")
    return found


def _follow(db: sqlite3.Connection, output: Path, files: Mapping[int, str], tell: Callable[[int, int], None]) -> Built:
    known = {article: Seen(article, *rest) for article, *rest in db.execute("SELECT article, file, size, modified FROM seen")}
    there = [seen for article, file in sorted(files.items()) if (seen := look(output, article, file)) is not None]
    gone = sorted(known.keys() - {seen.article for seen in there})
    for some in chunks(gone, BATCH):
        with _transaction(db):
            for article in some:
                _take_out(db, article)
    todo = [seen for seen in there if known.get(seen.article) != seen]
    unreadable: list[str] = []
    counts = Counter(same=len(there) - len(todo), removed=len(gone))
    done = 0
    for some_seen, rows in _read(output, todo):
        with _transaction(db):
            for seen, row in zip(some_seen, rows, strict=True):
                if isinstance(row, str):
                    counts["removed"] += _take_out(db, seen.article)
                    unreadable.append(f"{seen.file}: {row}")
                else:
                    counts[_put(db, seen, row)] += 1
        done += len(some_seen)
        tell(done, len(todo))
    return Built(counts["new"], counts["changed"], counts["removed"], counts["same"], tuple(unreadable))


def _read(output: Path, todo: Sequence[Seen]) -> Iterator[tuple[list[Seen], list[Row | str]]]:
    """The rows of some files at a time; with several processes where there are many."""
    if len(todo) < FEW:
        for some in chunks(todo, BATCH):
            yield some, _rows_of(output, some)
        return
    workers = os.cpu_count() or 1
    with processes(workers) as pool:
        for some, future in in_order(chunks(todo, BATCH), lambda some: pool.schedule(_rows_of, args=[output, some]), workers):
            yield some, future.result()


def _rows_of(output: Path, some: Sequence[Seen]) -> list[Row | str]:
    return [read_row(output, seen.article, seen.file) for seen in some]


def _put(db: sqlite3.Connection, seen: Seen, row: Row) -> str:
    """Write an article down; gives whether it is `new`, `changed` or the `same`."""
    found = db.execute("SELECT sha256, file FROM article WHERE id = ?", (row.article,)).fetchone()
    if found != (row.sha256, seen.file):
        _take_out(db, row.article)
        values = (
            *(row.article, row.title, row.date, row.year, row.last_updated, row.author, row.category, row.url, row.original_url),
            *(row.captured, row.source, row.digest, row.verified, seen.file, row.sha256, row.chars, row.summary, row.picture, row.body),
        )
        db.execute(f"INSERT INTO article ({_COLUMNS}) VALUES ({', '.join('?' * len(values))})", values)
        db.execute("INSERT INTO search (rowid, title, author, body) VALUES (?, ?, ?, ?)", (row.article, *row.words))
        db.executemany("INSERT INTO tag VALUES (?, ?)", ((tag, row.article) for tag in row.tags))
    db.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?)", (seen.article, seen.file, seen.size, seen.modified))
    return "new" if found is None else "same" if found[0] == row.sha256 else "changed"


def _take_out(db: sqlite3.Connection, article: int) -> bool:
    """An article and everything of it; gives whether it was there."""
    found = db.execute("SELECT title, author, body FROM article WHERE id = ?", (article,)).fetchone()
    if found is not None:
        # The index keeps no text: to be taken out of it, the very words that were put in are needed.
        words = words_of(*found)
        db.execute("INSERT INTO search (search, rowid, title, author, body) VALUES ('delete', ?, ?, ?, ?)", (article, *words))
    db.execute("DELETE FROM article WHERE id = ?", (article,))
    db.execute("DELETE FROM tag WHERE article = ?", (article,))
    db.execute("DELETE FROM seen WHERE article = ?", (article,))
    return found is not None


def _take_provenance(db: sqlite3.Connection, ledger: Places) -> None:
    """What the ledger knows of the captures that the files are from, and what others say; it may change while files do not."""
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


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
