"""`citizen-news extract` as a user runs it: with one worker and with two, over few pages and over many."""

from __future__ import annotations

import os
import shutil
from itertools import count
from pathlib import Path

from tests.bench.generate import PUBLIC, write_store
from tests.bench.processes import Cost, scrapy
from tests.bench.rounds import Rounds, interleaved

ONE, TWO = "1", "2"


def workers(store: Path, rounds: int) -> Rounds:
    """The same store with one worker and with two."""
    return interleaved({name: lambda name=name: extract(store, name) for name in (ONE, TWO)}, rounds)  # type: ignore[misc]


def of_pages(number: int, folder: Path, seed: int = 0) -> Path:
    """A store of so many pages, made when it is not there."""
    store = folder / f"store-{number}"
    if not store.exists():
        write_store(store, range(1, number + 1), seed)
    return store


_turns = count()


def extract(store: Path, workers: str) -> Cost:
    """Extract a store into a directory that has its captures and no file yet."""
    output = store.with_name(f"extract-{next(_turns)}")
    (output / "warc").mkdir(parents=True)
    for warc in (store / "warc").iterdir():
        os.link(warc, output / "warc" / warc.name)
    shutil.copy(store / "ledger.sqlite", output)
    try:
        settings = {"OUTPUT_DIR": output, "ARCHIVE_PUBLIC_URL": PUBLIC, "PROGRESS_SECONDS": 0}
        return scrapy("extract", "--workers", workers, settings=settings)
    finally:
        shutil.rmtree(output)
