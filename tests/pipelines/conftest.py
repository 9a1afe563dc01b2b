"""Fixtures of the pipelines' tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.ledger import Ledger
from crawler.wayback.capture import Capture
from crawler.wayback.cdx import CdxPage
from tests.pages import address
from tests.pipelines.things import Desk, FakeSession


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A session in an empty output folder, whose ledger lists article 5."""
    with Ledger(tmp_path / "ledger.sqlite", "https://archive.example") as ledger:
        listing, _ = ledger.open_listing("all")
        ledger.add_page(listing, "s", [(5, Capture(timestamp="20210712013906", original=address(5)))], 0, CdxPage())
        yield Desk(FakeSession(tmp_path / "output", ledger))
