"""What captures say, as the ledger keeps it; and a ledger of before it did."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.ledger import Ledger, State
from crawler.ledger.file import STEPS, VERSION, prepare
from crawler.ledger.ledger import VersionRow

FIRST, SECOND, THIRD = "20190301000000", "20200801000000", "20210712013906"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.sqlite", "https://archive.example") as opened:
        yield opened


def row(article: int, timestamp: str, sha256: str, capture: int) -> VersionRow:
    return VersionRow(article, timestamp, f"https://www.hkcnews.com/article/{article}", sha256, capture)


def note(ledger: Ledger, *rows: VersionRow) -> None:
    for one in rows:
        ledger.note_version(one)


def test_versions_come_earliest_first_and_lowest_article_first(ledger: Ledger) -> None:
    rows = [row(7, SECOND, "b", 3), row(5, THIRD, "a", 2), row(5, FIRST, "a", 1)]
    note(ledger, *rows)
    assert ledger.versions(5) == [rows[2], rows[1]]
    assert ledger.versions(6) == []
    assert list(ledger.all_versions()) == [rows[2], rows[1], rows[0]]


def test_a_capture_that_is_extracted_again_has_one_version(ledger: Ledger) -> None:
    note(ledger, row(5, FIRST, "a", 1), row(5, FIRST, "b", 1))
    assert ledger.versions(5) == [row(5, FIRST, "b", 1)]


def test_counts_are_of_different_texts(ledger: Ledger) -> None:
    note(ledger, row(5, FIRST, "a", 1), row(5, SECOND, "a", 2), row(5, THIRD, "b", 3), row(7, FIRST, "a", 4))
    assert ledger.version_counts() == {5: 2, 7: 1}


def test_captures_extracted_anew_lose_the_versions_that_they_are_no_more_and_others_keep_theirs(ledger: Ledger) -> None:
    note(ledger, row(5, FIRST, "a", 1), row(5, SECOND, "b", 2), row(5, THIRD, "c", 3))
    ledger.renew_versions(5, (1, 2), (row(5, SECOND, "B", 2),))
    assert ledger.versions(5) == [row(5, SECOND, "B", 2), row(5, THIRD, "c", 3)]


def test_a_ledger_of_version_5_keeps_what_it_holds_and_knows_no_version_yet(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    connection = sqlite3.connect(path, isolation_level=None)
    prepare(connection, path, STEPS[:4])
    assert connection.execute("PRAGMA user_version").fetchone() == (5,)
    connection.execute("INSERT INTO article (id, state, file, sha256) VALUES (5, 'recovered', 'articles/x.md', 'ab')")
    connection.execute("INSERT INTO on_list VALUES (9)")
    connection.close()
    with Ledger(path) as ledger:
        assert [(one.id, one.state, one.file) for one in ledger.articles()] == [(5, State.RECOVERED, "articles/x.md")]
        assert ledger.on_lists() == {9}
        assert list(ledger.all_versions()) == []
        note(ledger, row(5, FIRST, "a", 1))
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
    connection.close()
    with Ledger(path) as again:
        assert again.versions(5) == [row(5, FIRST, "a", 1)]
