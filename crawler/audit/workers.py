"""Many files judged on several cores: chunks go out, small findings come back in the same order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import TimeoutError as TookTooLong
from pathlib import Path
from typing import Any

from pebble import ProcessExpired, ProcessPool

from crawler.audit.backupfile import id_of_name
from crawler.audit.judge import Examined, examine_file
from crawler.audit.kinds import Finding, Kind
from crawler.pools import chunks, in_order, processes

CHUNK = 200
"""Files a worker is given at once: a tenth of a second's work."""
CHUNK_SECONDS = 60.0
FILE_SECONDS = 20.0
"""Far more than any file takes: what is still not done then is a file made to stop its reader, and costs itself only."""


def examined(folder: Path, files: Iterable[str], workers: int) -> Iterator[tuple[str, Examined]]:
    """Each file with what it came to, in their order; in this process with fewer than two workers."""
    if workers < 2:
        for file in files:
            yield file, examine_file(folder / file)
        return
    with processes(workers) as pool:

        def schedule(chunk: list[str]) -> Any:
            return pool.schedule(_examine, args=[str(folder), chunk], timeout=CHUNK_SECONDS)

        for chunk, future in in_order(chunks(files, CHUNK), schedule, workers):
            yield from _result(pool, folder, chunk, future)


def _result(pool: ProcessPool, folder: Path, chunk: list[str], future: Any) -> Iterator[tuple[str, Examined]]:
    try:
        found: list[Examined] = future.result()
    except (TookTooLong, ProcessExpired, MemoryError) as error:
        if len(chunk) == 1:
            why = "took too long to read" if isinstance(error, TookTooLong) else "stopped the process that read it"
            found = [Examined(id_of_name(Path(chunk[0]).name), (Finding(Kind.UNREADABLE, why),))]
        else:
            for file in chunk:
                yield from _result(pool, folder, [file], pool.schedule(_examine, args=[str(folder), [file]], timeout=FILE_SECONDS))
            return
    yield from zip(chunk, found, strict=True)


def _examine(folder: str, chunk: list[str]) -> list[Examined]:
    place = Path(folder)
    return [examine_file(place / file) for file in chunk]
