"""Work for several processes: pieces go out, and what came of each comes back in the same order."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, TypeVar

from pebble import ProcessPool

Piece = TypeVar("Piece")
Thing = TypeVar("Thing")


@contextmanager
def process_pool(
    number: int, begin: Callable[..., None] | None = None, arguments: Sequence[object] = ()
) -> Iterator[ProcessPool]:
    """So many processes, each begun by calling `begin`; gone at the end, however it comes."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPool(max_workers=number, initializer=begin, initargs=arguments, context=context)
    try:
        yield pool
        pool.close()  # type: ignore[no-untyped-call]
    finally:
        pool.stop()  # type: ignore[no-untyped-call]
        pool.join()


def results_in_order(
    pieces: Iterable[Piece], schedule: Callable[[Piece], Any], workers: int
) -> Iterator[tuple[Piece, Any]]:
    """Each piece with the future that `schedule` gave for it; never many more are out than `workers` need to be
    busy."""
    waiting: deque[tuple[Piece, Any]] = deque()
    for piece in pieces:
        waiting.append((piece, schedule(piece)))
        if len(waiting) > 3 * workers:
            yield waiting.popleft()
    while waiting:
        yield waiting.popleft()


def batched(things: Iterable[Thing], size: int) -> Iterator[list[Thing]]:
    """The things, so many at a time."""
    source = iter(things)
    while chunk := list(islice(source, size)):
        yield chunk
