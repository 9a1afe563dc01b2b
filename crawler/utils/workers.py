"""Work for several processes: pieces go out, and what came of each comes back in the same order."""

from __future__ import annotations

import gc
import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import TimeoutError as TookTooLong
from itertools import islice
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

Job = TypeVar("Job")
Result = TypeVar("Result")
Thing = TypeVar("Thing")


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
    context = multiprocessing.get_context("spawn")
    pool = ProcessPool(max_workers=workers, initializer=begin or _ignore_interrupt, context=context)

    def schedule(chunk: list[Job], seconds: float | None) -> Any:
        return pool.schedule(_do_all, args=[do, chunk], timeout=seconds)

    def results(chunk: list[Job], future: Any) -> list[Result]:
        try:
            return list(future.result())
        except (TookTooLong, ProcessExpired, MemoryError) as error:
            if len(chunk) > 1:
                return [result for job in chunk for result in results([job], schedule([job], job_seconds))]
            took_too_long = isinstance(error, TookTooLong)
            return [lost(chunk[0], "took too long to read" if took_too_long else "stopped the process that read it")]

    try:
        scheduled = ((chunk, schedule(chunk, chunk_seconds)) for chunk in chunks)
        for chunk, future in _ahead(scheduled, 3 * workers):
            yield from zip(chunk, results(chunk, future), strict=True)
        pool.close()  # type: ignore[no-untyped-call]
    finally:
        pool.stop()  # type: ignore[no-untyped-call]
        pool.join()


def _ahead(things: Iterable[Thing], number: int) -> Iterator[Thing]:
    """The things, so many of them made before the first is given away: enough for all workers to be busy."""
    source = iter(things)
    waiting = deque(islice(source, number))
    while waiting:
        waiting.extend(islice(source, 1))
        yield waiting.popleft()


def _do_all(do: Callable[[Job], Result], chunk: list[Job]) -> list[Result]:
    done = [do(job) for job in chunk]
    if not gc.isenabled():  # `begin` has it done between chunks only
        gc.collect()
    return done


def _ignore_interrupt() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
