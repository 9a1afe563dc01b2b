"""What is to be read goes out to processes in pieces; what came of each comes back in the same order."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pebble import ProcessExpired

from crawler.pools import in_order, processes
from crawler.verifying.articlefiles import Expected, check_file
from crawler.verifying.hashing import NotReadable, sha256_of
from crawler.verifying.kinds import Finding, Kind
from crawler.verifying.stretches import Stretch, Told, read_stretch
from crawler.verifying.tree import shown


@dataclass(frozen=True, slots=True)
class Files:
    """Articles' files to be checked."""

    root: Path
    expected: tuple[Expected, ...]


@dataclass(frozen=True, slots=True)
class Whole:
    """A file to be hashed. `expected`: what it must be; `kind`: what it is called when it is not; without them the hash is asked for."""

    root: Path
    file: str
    expected: str = ""
    kind: Kind = Kind.MANIFEST_CHANGED


Job = Files | Stretch | Whole


def told(jobs: Iterable[Job], workers: int) -> Iterator[tuple[Job, Told]]:
    """Each job with what came of it; in this process with fewer than two workers."""
    if workers < 2:
        for job in jobs:
            yield job, do(job)
        return
    with processes(workers, _begin) as pool:
        for job, future in in_order(jobs, lambda job: pool.schedule(do, args=[job]), workers):
            yield _result(job, future)


def do(job: Job) -> Told:
    """Do one job."""
    if isinstance(job, Files):
        return Told([finding for one in job.expected for finding in check_file(job.root, one)])
    if isinstance(job, Whole):
        return _hashed(job)
    try:
        return read_stretch(job)
    except OSError as error:
        return Told([_unread(job, error.strerror or str(error))])


def _hashed(job: Whole) -> Told:
    try:
        digest = sha256_of(job.root / job.file)
    except NotReadable as error:
        return Told([_unread(job, str(error))])
    if not job.expected:
        return Told(hashes={job.file: digest})
    return Told([Finding(job.kind, shown(job.file))] if digest != job.expected else [])


def _result(job: Job, future: Any) -> tuple[Job, Told]:
    try:
        return job, future.result()
    except (ProcessExpired, MemoryError):
        return job, Told([_unread(job, "it stopped the process that read it")])


def _unread(job: Job, why: str) -> Finding:
    if isinstance(job, Stretch):
        return Finding(Kind.UNREADABLE, f"warc/{job.path.name}", f"bytes {job.start} to {job.end}: {why}")
    if isinstance(job, Whole):
        return Finding(Kind.UNREADABLE, shown(job.file), why)
    articles = tuple(one.article for one in job.expected)
    return Finding(Kind.UNREADABLE, job.expected[0].file, f"this file or one of the {len(articles) - 1} after it: {why}", articles=articles)


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
