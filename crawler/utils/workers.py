"""Work for several processes: pieces go out, and what came of each comes back in the same order."""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import TimeoutError as TookTooLong
from contextlib import closing, contextmanager, suppress
from itertools import islice, takewhile
from typing import Any, Generic, TypeVar

from pebble import ProcessExpired, ProcessPool

Job = TypeVar("Job")
Result = TypeVar("Result")
Thing = TypeVar("Thing")


def batched(things: Iterable[Thing], size: int) -> Iterator[list[Thing]]:
    """The things, so many at a time."""
    source = iter(things)
    while chunk := list(islice(source, size)):
        yield chunk


class Processes(Generic[Job, Result]):
    """Processes of this machine that do chunks of jobs. The jobs of a chunk that takes longer than `chunk_seconds`, or
    stops its process, are done one by one, in `job_seconds` each; `lost` tells what stands for one that does so again,
    given why in words. `begin` is called in each process first; it and `do` must be picklable."""

    def __init__(
        self,
        do: Callable[[Job], Result],
        lost: Callable[[Job, str], Result],
        workers: int,
        *,
        begin: Callable[[], None] | None = None,
        chunk_seconds: float | None = None,
        job_seconds: float | None = None,
    ) -> None:
        self._do, self._lost = do, lost
        self._chunk_seconds, self._job_seconds = chunk_seconds, job_seconds
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPool(max_workers=workers, initializer=_begin, initargs=[do, begin], context=context)

    def schedule(self, chunk: list[Job]) -> Any:
        """Have a chunk done; what it gives is for `results`."""
        return self._schedule(chunk, self._chunk_seconds)

    def results(self, chunk: list[Job], future: Any) -> list[Result]:
        """What came of each job of a chunk, once all are done."""
        try:
            return list(future.result())
        except (TookTooLong, ProcessExpired, MemoryError) as error:
            if len(chunk) > 1:
                return [
                    result for job in chunk for result in self.results([job], self._schedule([job], self._job_seconds))
                ]
            took_too_long = isinstance(error, TookTooLong)
            why = "took too long to read" if took_too_long else "stopped the process that read it"
            return [self._lost(chunk[0], why)]

    def _schedule(self, chunk: list[Job], seconds: float | None) -> Any:
        return self._pool.schedule(_do_all, args=[self._do, chunk], timeout=seconds)

    def close(self) -> None:
        """End the processes, whatever they do."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()


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
    """What `do` makes of each job, in their order, as `Processes` do; in this process with fewer than two workers,
    unless `begin` must be called in each process first."""
    if workers < 2 and begin is None:
        for chunk in chunks:
            yield from ((job, do(job)) for job in chunk)
        return
    made = Processes(do, lost, workers, begin=begin, chunk_seconds=chunk_seconds, job_seconds=job_seconds)
    with closing(made) as processes:
        yield from in_order(chunks, processes.schedule, processes.results, lambda: AHEAD * workers)


AHEAD = 3
"""So many chunks for each worker are under way at once: enough for all to be busy, and few enough for any memory."""


def in_order(
    chunks: Iterable[list[Job]],
    schedule: Callable[[list[Job]], Any],
    results: Callable[[list[Job], Any], list[Result]],
    most: Callable[[], int],
) -> Iterator[tuple[Job, Result]]:
    """Each job with its result, in the order of the chunks, of which at most so many are under way at once."""
    source = iter(chunks)
    waiting: deque[tuple[list[Job], Any]] = deque()
    while True:
        waiting.extend((chunk, schedule(chunk)) for chunk in islice(source, max(0, most() - len(waiting))))
        if not waiting:
            return
        chunk, future = waiting.popleft()
        yield from zip(chunk, results(chunk, future), strict=True)


@contextmanager
def finishing() -> Iterator[Callable[[Iterable[Thing]], Iterator[Thing]]]:
    """Gives a function that hands things on until Ctrl-C, so that what is under way by then can be finished;
    KeyboardInterrupt is raised after that, or at once by a second Ctrl-C. A signal that is taken for one is one."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    ours = [number for number, handler in before.items() if handler is signal.default_int_handler]
    interrupted = False

    def finish(*_: object) -> None:
        nonlocal interrupted
        interrupted = True
        for number in ours:
            signal.signal(number, signal.default_int_handler)
        os.write(2, b"stopping: what is under way is finished; Ctrl-C again stops at once\n")

    for number in ours:
        signal.signal(number, finish)
    try:
        yield lambda things: takewhile(lambda _: not interrupted, things)
    finally:
        for number in ours:
            signal.signal(number, signal.default_int_handler)
    if interrupted:
        raise KeyboardInterrupt


def _begin(_: Callable[[Job], Result], begin: Callable[[], None] | None) -> None:
    """In each process first: `do` is handed over here too, so that all that it needs is imported by now."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    if begin is not None:
        begin()
    settle_memory()


_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h of glibc


def settle_memory() -> None:
    """Have this process handle memory as it is best for chunk after chunk of the same: what one took is kept for the
    next, up to 32 MiB.

    Giving it back to the system and having it again page for page takes an eighth of the time of reading pages where
    glibc does so; and these are trees full of cycles, of which collecting them after each chunk instead of all the time
    saves a tenth.
    """
    with suppress(OSError, AttributeError):  # another C library than glibc
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_TRIM_THRESHOLD, 32 * 1024 * 1024)
        mallopt(_M_MMAP_THRESHOLD, 8 * 1024 * 1024)
    gc.disable()
    _collect()


def _collect() -> None:
    """What is there after it stays, and is not looked through again."""
    gc.collect()
    gc.freeze()


def _do_all(do: Callable[[Job], Result], chunk: list[Job]) -> list[Result]:
    done = [do(job) for job in chunk]
    _collect()
    return done
