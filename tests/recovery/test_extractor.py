"""Which extractor a tree is of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.ledger import Ledger, State
from crawler.recovery import formats as extractor


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.sqlite", "https://archive.example") as made:
        yield made


def recover_one(ledger: Ledger) -> None:
    ledger.adopt([1], "")
    ledger.settle(1, State.RECOVERED, 1, file="x.md")


def test_the_id_stands_for_source_and_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    known = extractor.extractor_id()
    assert len(known) == 64
    monkeypatch.setattr(extractor, "version", lambda name: "another")
    extractor.extractor_id.cache_clear()
    assert extractor.extractor_id() != known
    monkeypatch.undo()
    extractor.extractor_id.cache_clear()
    assert extractor.extractor_id() == known


def test_a_new_tree_is_of_the_extractor_that_begins_it(ledger: Ledger) -> None:
    extractor.note_extractor(ledger)
    recover_one(ledger)
    extractor.note_extractor(ledger)
    assert extractor.is_current_extractor(ledger)


@pytest.mark.parametrize("before", [None, "another"])
def test_files_that_are_added_to_those_of_another_make_it_of_several(ledger: Ledger, before: str | None) -> None:
    recover_one(ledger)
    if before is not None:
        ledger.set_meta(extractor.EXTRACTOR_KEY, before)
    extractor.note_extractor(ledger)
    assert not extractor.is_current_extractor(ledger)
    assert ledger.meta(extractor.EXTRACTOR_KEY) == ""


def test_after_everything_was_extracted_it_is_of_one_again(ledger: Ledger) -> None:
    recover_one(ledger)
    extractor.note_extractor(ledger)
    extractor.note_renewed(ledger)
    extractor.note_extractor(ledger)
    assert extractor.is_current_extractor(ledger)
