"""Runs `scrapy` with the arguments given and kills its own process, with SIGKILL, at one chosen moment.

    python -m tests.heavy.killer POINT NTH -- crawl articles -s …

The points are in `POINTS`: the call after (or in the middle of) which the process dies, at its NTH time.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from typing import Any

from scrapy.cmdline import execute

import crawler.markdown.document
import crawler.recovery.image_files
from crawler.ledger import Ledger
from crawler.recovery.image_recovery import ImageRecovery
from crawler.recovery.recovery import Recovery
from crawler.recovery.store import Store
from crawler.warc.writer import WarcWriter

STAGE = {
    "page": "listing",
    "page-committed": "listing",
    "answer": "fetch",
    "torn-record": "fetch",
    "record": "fetch",
    "half-file": "write",
    "before-rename": "write",
    "renamed": "write",
    "before-settle": "commit",
    "settling": "commit",
    "settled": "commit",
}
"""Each point, and the stage of the way that it falls in."""


class _Countdown:
    def __init__(self, nth: int) -> None:
        self._left = nth

    def __call__(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    @property
    def next_is_last(self) -> bool:
        return self._left == 1


def _around(
    owner: Any, name: str, before: Callable[[], None] | None = None, after: Callable[[], None] | None = None
) -> None:
    original = getattr(owner, name)

    def wrapped(*args: Any, **more: Any) -> Any:
        if before:
            before()
        result = original(*args, **more)
        if after:
            after()
        return result

    setattr(owner, name, wrapped)


def _half_a_write(owner: Any, name: str, die: _Countdown) -> None:
    """The real function, but at the last time only half of the data reaches the file before the end."""
    original = getattr(owner, name)

    def wrapped(root: Path, file: str, data: bytes, **more: bool) -> None:
        path = root / file
        if die.next_is_last:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_name(f".{path.name}.part").write_bytes(data[: len(data) // 2])
        die()
        original(root, file, data, **more)

    setattr(owner, name, wrapped)


def _torn_record(die: _Countdown) -> None:
    original = WarcWriter._append

    def wrapped(self: WarcWriter, records: Any) -> Any:
        if len(records) > 1 and die.next_is_last:
            file: FileIO = self._file
            file.seek(0, os.SEEK_END)
            file.write(b"".join(records)[: len(records[0]) // 2])
        if len(records) > 1:
            die()
        return original(self, records)

    WarcWriter._append = wrapped  # type: ignore[method-assign]


OF_IMAGES: dict[str, Callable[[_Countdown], None]] = {
    "image-answer": lambda die: _around(ImageRecovery, "received", before=die),
    "image-listed": lambda die: _around(ImageRecovery, "listed", before=die),
    "image-record": lambda die: _around(Ledger, "note_image_answer", before=die),
    "image-told": lambda die: _around(Ledger, "note_image_answer", after=die),
    "image-half-file": lambda die: _half_a_write(crawler.recovery.image_files, "write_file", die),
    "image-file": lambda die: _around(crawler.recovery.image_files, "write_file", after=die),
    "image-linked": lambda die: _around(os, "link", after=die),
    "image-before-settle": lambda die: _around(Ledger, "settle_image", before=die),
    "image-settled": lambda die: _around(Ledger, "settle_image", after=die),
}
"""The points on the way of an image, and how each is armed."""


def arm(point: str, nth: int) -> None:
    """Set the trap."""
    die = _Countdown(nth)
    if point in OF_IMAGES:
        OF_IMAGES[point](die)
    else:
        _arm(point, die)


def _arm(point: str, die: _Countdown) -> None:
    if point == "page":
        _around(Ledger, "add_page", before=die)
    elif point == "page-committed":
        _around(Ledger, "add_page", after=die)
    elif point == "answer":
        _around(Recovery, "received", before=die)
    elif point == "torn-record":
        _torn_record(die)
    elif point == "record":
        _around(Store, "add", after=die)
    elif point == "half-file":
        _half_a_write(crawler.markdown.document, "write_file", die)
    elif point == "before-rename":
        _around(os, "replace", before=die)
    elif point == "renamed":
        _around(os, "replace", after=die)
    elif point == "before-settle":
        _around(Ledger, "settle", before=die)
    elif point == "settled":
        _around(Ledger, "settle", after=die)
    elif point == "settling":
        _settling(die)
    else:
        raise SystemExit(f"no such point: {point}")


def _settling(die: _Countdown) -> None:
    """Inside the transaction that settles an article, before its commit."""
    original = Ledger.settle

    def wrapped(self: Ledger, *args: Any, **more: Any) -> None:
        with self.batch():
            original(self, *args, **more)
            die()

    Ledger.settle = wrapped  # type: ignore[method-assign]


if __name__ == "__main__":
    chosen, number, _, *arguments = sys.argv[1:]
    arm(chosen, int(number))
    execute(["scrapy", *arguments])
