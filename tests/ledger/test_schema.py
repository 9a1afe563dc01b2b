"""The ledger's file: made once, of one version, and never taken for what it is not."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from crawler.ledger import Ledger, LedgerError
from crawler.ledger.schema import VERSION


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
    with pytest.raises(LedgerError, match=r"newer version .* another OUTPUT_DIR"):
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
    with pytest.raises(LedgerError, match=r"holds captures of https://archive\.example; it refuses those of https://web\.archive\.org"):
        Ledger(path, "https://web.archive.org")
    with Ledger(path) as looking:
        assert looking.meta("public_url") == "https://archive.example"
