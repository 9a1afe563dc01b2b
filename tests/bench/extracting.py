"""`citizen-news extract` as a user runs it: with one worker and with two, over few pages and over many."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
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


LOCAL, CLUSTER = (), ("--cluster", "local")


def beside_a_cluster(few: Path, many: Path, rounds: int) -> Rounds:
    """Two stores by two workers of this machine, and by a cluster of two: `(few, LOCAL)` and so on as text."""
    pairs = ((store, way) for store in (few, many) for way in (LOCAL, CLUSTER))
    return interleaved({str((store.name, way)): partial(extract, store, TWO, *way) for store, way in pairs}, rounds)


@contextmanager
def prepared(store: Path) -> Iterator[dict[str, object]]:
    """The settings with which a store is extracted into a directory that has its captures and no file yet."""
    output = store.with_name(f"extract-{next(_turns)}")
    (output / "warc").mkdir(parents=True)
    for warc in (store / "warc").iterdir():
        os.link(warc, output / "warc" / warc.name)
    shutil.copy(store / "ledger.sqlite", output)
    try:
        yield {"OUTPUT_DIR": output, "ARCHIVE_PUBLIC_URL": PUBLIC, "PROGRESS_SECONDS": 0}
    finally:
        shutil.rmtree(output)


def extract(store: Path, workers: str, *options: str) -> Cost:
    """Extract a store."""
    with prepared(store) as settings:
        return scrapy("extract", "--workers", workers, *options, settings=settings)
