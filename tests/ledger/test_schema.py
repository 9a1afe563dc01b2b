"""The ledger's file: made once, of one version, and never taken for what it is not."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from crawler.ledger import Found, Ledger, LedgerError, State
from crawler.ledger.file import STEPS as REAL_STEPS
from crawler.ledger.file import VERSION, prepare
from crawler.ledger.ledger import VersionRow


def test_a_new_file_gets_the_tables_and_the_version(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger(path, "https://archive.example") as ledger:
        ledger.begin_run({"ids": "5"}, "0.1.0")
    with Ledger(path, "https://archive.example") as again:
        assert again.meta("public_url") == "https://archive.example"
        assert again.begin_run({}, "0.1.0") == 2
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
    connection.close()


def test_a_newer_ledger_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    Ledger(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    with pytest.raises(LedgerError, match=r"newer version .* another output directory"):
        Ledger(path)


def test_a_file_that_is_no_ledger_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"not a database, but somebody's file" * 50)
    before = path.read_bytes()
    with pytest.raises(LedgerError, match="cannot be used"):
        Ledger(path)
    assert path.read_bytes() == before


def test_captures_of_another_public_archive_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    Ledger(path, "https://archive.example").close()
    with pytest.raises(
        LedgerError, match=r"holds captures of https://archive\.example; it refuses those of https://web\.archive\.org"
    ):
        Ledger(path, "https://web.archive.org")
    with Ledger(path) as looking:
        assert looking.meta("public_url") == "https://archive.example"


STEPS = (
    "ALTER TABLE article ADD COLUMN note TEXT NOT NULL DEFAULT 'none';",
    "CREATE TABLE extra (x); UPDATE article SET note = 'moved';",
)


def older(path: Path) -> sqlite3.Connection:
    """A ledger of version 1 with an article, and as it is opened."""
    connection = sqlite3.connect(path, isolation_level=None)
    prepare(connection, path, ())
    connection.execute("INSERT INTO article (id, state) VALUES (5, 'recovered')")
    return connection


def test_a_ledger_of_version_1_keeps_its_captures_and_learns_their_source(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    connection = older(path)
    connection.execute("INSERT INTO meta VALUES ('public_url', 'https://archive.example')")
    for number, source in enumerate(("http://127.0.0.1:8080", "closest_capture", "inspect"), 1):
        connection.execute(
            "INSERT INTO capture (id, article, timestamp, original, urlkey, mimetype, statuscode, digest, length,"
            " source, verdict, warc) VALUES (?, 5, ?, 'u', 'k', 'm', '200', 'D', '9', ?, 'article', 'a.warc.gz')",
            (number, f"2021010100000{number}", source),
        )
    connection.close()
    with Ledger(path, "https://archive.example") as ledger:
        ledger.add_source("wayback", "https://archive.example/web")
        rows = ledger.captures(5)
        assert [(row.id, row.found) for row in rows] == [(1, Found.LISTED), (2, Found.JUMP), (3, Found.INSPECT)]
        assert {(row.source, row.replay, row.verdict, row.warc) for row in rows} == {
            ("wayback", "https://archive.example/web", "article", "a.warc.gz")
        }
        assert ledger.articles_with_captures() == [5]
        with pytest.raises(LedgerError, match="it refuses https://other"):
            ledger.add_source("wayback", "https://other.example/web")


def test_an_older_ledger_is_brought_up_step_by_step_and_keeps_what_it_holds(tmp_path: Path) -> None:
    connection = older(tmp_path / "ledger.sqlite")
    prepare(connection, "x", STEPS[:1])
    assert connection.execute("SELECT id, state, note FROM article").fetchall() == [(5, "recovered", "none")]
    prepare(connection, "x", STEPS)
    assert connection.execute("SELECT id, state, note FROM article").fetchall() == [(5, "recovered", "moved")]
    assert connection.execute("PRAGMA user_version").fetchone() == (3,)
    prepare(connection, "x", STEPS)
    connection.close()


def test_a_new_file_goes_through_all_steps(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)
    prepare(connection, "x", STEPS)
    assert connection.execute("SELECT count(*) FROM extra").fetchone() == (0,)
    assert connection.execute("PRAGMA user_version").fetchone() == (3,)
    connection.close()


def test_a_step_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    connection = older(tmp_path / "ledger.sqlite")
    before = connection.execute("SELECT sql FROM sqlite_master").fetchall()
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        prepare(connection, "x", (STEPS[0], "UPDATE absent SET x = 1;"))
    assert not connection.in_transaction
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert connection.execute("SELECT sql FROM sqlite_master").fetchall() == before
    connection.close()


def test_a_database_of_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE letters (x)")
    connection.commit()
    connection.close()
    with pytest.raises(LedgerError, match=r"no ledger of this software.* another output directory"):
        Ledger(path)


def test_a_ledger_of_version_5_keeps_what_it_holds_and_knows_no_version_yet(tmp_path: Path) -> None:
    path, version = tmp_path / "ledger.sqlite", VersionRow(5, "20190301000000", "u", "a", 1)
    connection = sqlite3.connect(path, isolation_level=None)
    prepare(connection, path, REAL_STEPS[:4])
    assert connection.execute("PRAGMA user_version").fetchone() == (5,)
    connection.execute("INSERT INTO article (id, state, file, sha256) VALUES (5, 'recovered', 'articles/x.md', 'ab')")
    connection.execute("INSERT INTO on_list VALUES (9)")
    connection.close()
    with Ledger(path) as ledger:
        assert [(one.id, one.state, one.file) for one in ledger.articles()] == [(5, State.RECOVERED, "articles/x.md")]
        assert ledger.on_lists() == {9}
        assert list(ledger.all_versions()) == []
        ledger.note_version(version)
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
    connection.close()
    with Ledger(path) as again:
        assert again.versions(5) == [version]
