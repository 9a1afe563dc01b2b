"""What files refer to: which of them are misled, as articles and pictures come and go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.ledger import Ledger, State


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.sqlite", "https://archive.example") as opened:
        opened.adopt((1, 2, 3), "elsewhere")  # a way to have articles without a listing
        for article in (1, 2):
            opened.settle(article, State.RECOVERED, 1)
        yield opened


def there(url: str) -> bool:
    return url.endswith("there.jpg")


def test_misled_files(ledger: Ledger) -> None:
    ledger.note_references(2, {1: True}, {"there.jpg": True})
    cases: list[tuple[dict[int, bool], dict[str, bool], list[int]]] = [
        ({}, {}, []),
        ({1: True, 2: True, 3: False, 9: False}, {"there.jpg": True, "gone.jpg": False}, []),
        ({2: False}, {}, [1]),
        ({3: True}, {}, [1]),
        ({9: True}, {}, [1]),
        ({}, {"there.jpg": False}, [1]),
        ({}, {"gone.jpg": True}, [1]),
    ]
    for articles, pictures, misled in cases:
        ledger.note_references(1, articles, pictures)
        assert ledger.articles_with_stale_links(there) == misled
        ledger.note_references(1, {}, {})
        assert ledger.articles_with_stale_links(there) == []


def test_files_are_misled_by_what_comes_and_goes_and_only_those_that_are_there(ledger: Ledger) -> None:
    ledger.note_references(1, {3: False}, {})
    ledger.note_references(2, {1: True}, {})
    ledger.settle(3, State.RECOVERED, 1)
    ledger.note_references(3, {1: False}, {})
    assert ledger.articles_with_stale_links(there) == [1, 3]
    ledger.reopen([3, 1])
    assert ledger.articles_with_stale_links(there) == [2]
    ledger.forget_references()
    assert ledger.articles_with_stale_links(there) == []


def test_a_file_written_anew_keeps_all_but_its_hash(ledger: Ledger) -> None:
    ledger.settle(1, State.RECOVERED, 1, file="a.md", sha256="ab", faults=["one"])
    ledger.rewritten(1, "cd")
    row = ledger.article(1)
    assert row is not None
    assert (row.sha256, row.file, row.faults, row.state) == ("cd", "a.md", ("one",), State.RECOVERED)
