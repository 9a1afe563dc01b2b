"""From stored bytes to an article: decoding, then extraction; and the same in a child process, where a page can do no harm."""

from __future__ import annotations

import logging
import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Callable
from concurrent.futures import TimeoutError as TookTooLong
from dataclasses import dataclass

from pebble import ProcessExpired, ProcessPool

from crawler.archive.coding import CodingError, decode_what_came
from crawler.hkcnews.extract import Recovered, recover
from crawler.hkcnews.verdict import Judgement, Verdict
from crawler.markdown.style import Style

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stored:
    """A capture as it came: `body` still in whatever coding, `coding` and `content_type` as declared, `article` the id that
    was asked for, `timestamp` and `original` those really served."""

    body: bytes
    coding: str
    content_type: str
    status: int
    article: int
    timestamp: str
    original: str


Read = Callable[[Stored, Style], Recovered]


def read(stored: Stored, style: Style) -> Recovered:
    """Decode, judge and extract. Whatever a page holds, it costs this page only: a failure of ours is a verdict with its name."""
    try:
        decoded = decode_what_came(stored.body, stored.coding or None)
    except CodingError as error:
        return Recovered(Judgement(Verdict.UNDECODABLE, str(error)))
    try:
        recovered = recover(decoded.body, stored.content_type, stored.status, stored.article, stored.timestamp, stored.original, style)
        return recovered.with_fault(decoded.fault) if decoded.fault else recovered
    except MemoryError:
        return _failed("it needs more memory than a page may have")
    except Exception as error:
        logger.exception("extraction of article %d, capture %s failed", stored.article, stored.timestamp)
        return _failed(f"{type(error).__name__}: {error}")


class IsolatedReader:
    """Calls `read` in a child process that is killed when a page takes too long, and replaced when one crashes it.

    `seconds` is the time for a page; `megabytes` its memory, which only Linux enforces.
    """

    def __init__(self, seconds: float, megabytes: int) -> None:
        self._seconds = seconds
        self._pool = ProcessPool(max_workers=1, initializer=bounded, initargs=[megabytes], context=multiprocessing.get_context("spawn"))

    def __call__(self, stored: Stored, style: Style) -> Recovered:
        """Raises only what is not the page's fault."""
        try:
            try:
                return self._read(stored, style)
            except ProcessExpired:  # by somebody's signal, perhaps: once more, in a new process
                return self._read(stored, style)
        except TookTooLong:
            return _failed(f"it takes longer than {self._seconds:g} s")
        except ProcessExpired as error:
            return _failed(f"it crashed the parser twice (exit code {error.exitcode})")
        except MemoryError:
            return _failed("it needs more memory than a page may have")

    def _read(self, stored: Stored, style: Style) -> Recovered:
        recovered: Recovered = self._pool.schedule(read, args=[stored, style], timeout=self._seconds).result()
        return recovered

    def close(self) -> None:
        """End the child process."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()


def _failed(because: str) -> Recovered:
    return Recovered(Judgement(Verdict.EXTRACTION_FAILED, because))


def bounded(megabytes: int) -> None:
    """In the child: leave Ctrl-C, and what else is sent to the whole group of processes, to the parent; limit memory where the system
    can."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.setpgid(0, 0)
    if sys.platform == "linux":
        size = megabytes * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
