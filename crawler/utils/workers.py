"""Work for several processes: pieces go out, and what came of each comes back in the same order."""

from __future__ import annotations

import gc
import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import TimeoutError as TookTooLong
from contextlib import contextmanager
from itertools import islice
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

Piece = TypeVar("Piece")
Job = TypeVar("Job")
Result = TypeVar("Result")
Thing = TypeVar("Thing")


@contextmanager
def process_pool(number: int, begin: Callable[[], None]) -> Iterator[ProcessPool]:
    """So many processes, each begun by calling `begin`; gone at the end, however it comes."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPool(max_workers=number, initializer=begin, context=context)
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


def run_jobs(
    chunks: Iterable[list[Job]],
    do: Callable[[Job], Result],
    lost: Callable[[Job, str], Result],
    workers: int,
    *,
    begin: Callable[[], None] | None = None,
    chunk_seconds: float | None = None,
    job_seconds: float | None = None,
) -> Iterator[tuple[Job, Result]]:
    """What `do` makes of each job, in their order; in this process with fewer than two workers, unless `begin` must be
    called in each process first. The jobs of a chunk that takes too long, or stops its process, are done one by one;
    `lost` tells what stands for one that does so again, given why in words. `begin` and `do` must be picklable."""
    if workers < 2 and begin is None:
        for chunk in chunks:
            yield from ((job, do(job)) for job in chunk)
        return
    with process_pool(workers, begin or _ignore_interrupt) as pool:

        def schedule(chunk: list[Job], seconds: float | None = chunk_seconds) -> Any:
            return pool.schedule(_do_all, args=[do, chunk], timeout=seconds)

        def results(chunk: list[Job], future: Any) -> list[Result]:
            try:
                return list(future.result())
            except (TookTooLong, ProcessExpired, MemoryError) as error:
                if len(chunk) > 1:
                    return [result for job in chunk for result in results([job], schedule([job], job_seconds))]
                took_too_long = isinstance(error, TookTooLong)
                return [
                    lost(chunk[0], "took too long to read" if took_too_long else "stopped the process that read it")
                ]

        for chunk, future in results_in_order(chunks, schedule, workers):
            yield from zip(chunk, results(chunk, future), strict=True)


def _do_all(do: Callable[[Job], Result], chunk: list[Job]) -> list[Result]:
    done = [do(job) for job in chunk]
    if not gc.isenabled():  # `begin` has it done between chunks only
        gc.collect()
    return done


def _ignore_interrupt() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
