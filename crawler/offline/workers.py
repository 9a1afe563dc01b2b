"""Extraction of everything that is at hand, on several cores: jobs go out in chunks, what they came to is told in the same order."""

from __future__ import annotations

import ctypes
import gc
import logging
from collections.abc import Iterable, Iterator
from concurrent.futures import TimeoutError as TookTooLong
from contextlib import suppress
from pathlib import Path
from typing import Any

from pebble import ProcessExpired

from crawler.offline.job import Done, Extractor, Job, Plan, taker
from crawler.pools import chunks, in_order, processes
from crawler.reading import IsolatedReader, bounded, read
from crawler.store import Store

logger = logging.getLogger(__name__)

CHUNK = 32
"""Articles a worker is given at once: enough that handing over costs nothing, few enough that all end together."""


_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h of glibc


class Workers:
    """Runs jobs in `number` processes. A page that takes more than `page_seconds` or `page_megabytes`, or crashes the parser, costs
    only itself."""

    def __init__(self, plan: Plan, store: Path | None, number: int, page_seconds: float, page_megabytes: int) -> None:
        self._plan = plan
        self._store = store
        self._number = number
        self._seconds = page_seconds
        self._megabytes = page_megabytes
        self._isolated: IsolatedReader | None = None

    def run(self, jobs: Iterable[Job]) -> Iterator[Done]:
        """What each job came to, in the order of the jobs. Raises OSError when files cannot be written."""
        patience = max(2 * self._seconds, 10.0)
        try:
            with processes(self._number, _begin, [self._plan, self._store, self._megabytes]) as pool:
                out = in_order(chunks(jobs, CHUNK), lambda chunk: pool.schedule(_do, args=[chunk], timeout=patience), self._number)
                for chunk, future in out:
                    yield from self._result(chunk, future)
        finally:
            if self._isolated is not None:
                self._isolated.close()

    def _result(self, chunk: list[Job], future: Any) -> Iterator[Done]:
        try:
            done: list[Done] = future.result()
        except (TookTooLong, ProcessExpired, MemoryError):
            yield from self._one_by_one(chunk)
        else:
            yield from done

    def _one_by_one(self, chunk: list[Job]) -> Iterator[Done]:
        """A page among these hung or crashed its process: each is read again in a process of its own, as the crawl does it."""
        logger.info("a page among articles %d to %d was too much; reading them one by one", chunk[0].article, chunk[-1].article)
        self._isolated = self._isolated or IsolatedReader(self._seconds, self._megabytes)
        extractor = Extractor(self._plan, taker(_store(self._store)), self._isolated)
        for job in chunk:
            yield extractor(job)


_extractor: Extractor | None = None
"""That of a worker process."""


def _begin(plan: Plan, store: Path | None, megabytes: int) -> None:
    global _extractor  # noqa: PLW0603 - a worker is begun once, and pebble has no other place for what it needs
    bounded(megabytes)
    _extractor = Extractor(plan, taker(_store(store)), read)
    settle_memory()


def settle_memory() -> None:
    """Have this process handle memory as reading page after page needs it: what a page took is kept for the next one, up to 32 MiB.

    Giving it back to the system and having it again page for page takes an eighth of the time where glibc does so; and pages are trees
    full of cycles, of which collecting them after each chunk instead of all the time saves a tenth.
    """
    with suppress(OSError, AttributeError):  # another C library than glibc
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_TRIM_THRESHOLD, 32 * 1024 * 1024)
        mallopt(_M_MMAP_THRESHOLD, 8 * 1024 * 1024)
    gc.collect()
    gc.freeze()
    gc.disable()


def _do(chunk: list[Job]) -> list[Done]:
    assert _extractor is not None
    done = [_extractor(job) for job in chunk]
    gc.collect()
    return done


def _store(folder: Path | None) -> Store | None:
    return Store(folder) if folder is not None else None
