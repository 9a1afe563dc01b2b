"""The whole of a check: every article, every record of the store, every file of the manifest, each read once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from pebble import ProcessExpired

from crawler.ledger.file import ledger_path
from crawler.ledger.queries import StoredRow, StoreQueries
from crawler.preserve.verify_files import (
    Expected,
    ManifestFault,
    UnreadableFile,
    check_file,
    is_portable,
    printable_path,
    read_lines,
    read_unchanged,
    sha256_of,
    unknown_files,
    write_lines,
)
from crawler.preserve.verify_findings import MANIFEST, Finding, Kind, Verification
from crawler.preserve.verify_store import CheckResult, StoreRange, read_range, store_ranges
from crawler.recovery.store import OPEN_SUFFIX
from crawler.utils.exit_status import StorageError
from crawler.utils.files import atomic_file
from crawler.utils.lock import lock_output
from crawler.utils.workers import process_pool, results_in_order


@dataclass(frozen=True, slots=True)
class FilesJob:
    """Articles' files to be checked."""

    root: Path
    expected: tuple[Expected, ...]


@dataclass(frozen=True, slots=True)
class HashJob:
    """A file to be hashed. `expected`: what it must be; `kind`: what it is called when it is not; without them the hash
    is asked for."""

    root: Path
    file: str
    expected: str = ""
    kind: Kind = Kind.MANIFEST_CHANGED


Job = FilesJob | StoreRange | HashJob


def run_jobs(jobs: Iterable[Job], workers: int) -> Iterator[tuple[Job, CheckResult]]:
    """Each job with what came of it; in this process with fewer than two workers."""
    if workers < 2:
        for job in jobs:
            yield job, run_job(job)
        return
    with process_pool(workers, _begin) as pool:
        for job, future in results_in_order(jobs, lambda job: pool.schedule(run_job, args=[job]), workers):
            yield _result(job, future)


def run_job(job: Job) -> CheckResult:
    """Do one job."""
    if isinstance(job, FilesJob):
        return CheckResult([finding for one in job.expected for finding in check_file(job.root, one)])
    if isinstance(job, HashJob):
        return _hashed(job)
    try:
        return read_range(job)
    except OSError as error:
        return CheckResult([_unread(job, error.strerror or str(error))])


def _hashed(job: HashJob) -> CheckResult:
    try:
        digest = sha256_of(job.root / job.file)
    except UnreadableFile as error:
        return CheckResult([_unread(job, str(error))])
    if not job.expected:
        return CheckResult(hashes={job.file: digest})
    return CheckResult([Finding(job.kind, printable_path(job.file))] if digest != job.expected else [])


def _result(job: Job, future: Any) -> tuple[Job, CheckResult]:
    try:
        return job, future.result()
    except (ProcessExpired, MemoryError):
        return job, CheckResult([_unread(job, "it stopped the process that read it")])


def _unread(job: Job, why: str) -> Finding:
    if isinstance(job, StoreRange):
        return Finding(Kind.UNREADABLE, f"warc/{job.path.name}", f"bytes {job.start} to {job.end}: {why}")
    if isinstance(job, HashJob):
        return Finding(Kind.UNREADABLE, printable_path(job.file), why)
    articles = tuple(one.article for one in job.expected)
    return Finding(
        Kind.UNREADABLE,
        job.expected[0].file,
        f"this file or one of the {len(articles) - 1} after it: {why}",
        articles=articles,
    )


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business


CHUNK = 200
"""Articles' files that a process is given at once."""
ENOUGH_FOR_ONE = 500
"""Articles; to begin more processes takes longer than to check so few in this one."""


def verify(
    root: Path,
    ledger: StoreQueries,
    workers: int,
    *,
    write_manifest: bool = False,
    tell: Callable[[int, int], None] = lambda done, of: None,
) -> Verification:
    """Check an output directory whose lock is held; changes nothing but the manifest, which is written if asked for and
    nothing is wrong. `tell` is called with the number of articles' files done and of all. Raises OSError."""
    return _Check(root, ledger, write_manifest).run(workers, tell)


class _Check:
    def __init__(self, root: Path, ledger: StoreQueries, write_manifest: bool) -> None:
        self._root = root
        self._ledger = ledger
        self._writes = write_manifest
        self._told = CheckResult()
        self._known = {row.file: row.sha256 for row, _ in ledger.recovered()}
        self._images = ledger.image_files()
        self._others, self._told.findings = unknown_files(root, {**self._known, **self._images})
        self._listed: Mapping[str, str] | None = None
        if not write_manifest:
            self._read_manifest()

    def run(self, workers: int, tell: Callable[[int, int], None]) -> Verification:
        processes = min(workers, 1 + len(self._known) // ENOUGH_FOR_ONE)
        done = 0
        for job, came in run_jobs(self._jobs(), processes):
            self._told.add(came)
            if isinstance(job, FilesJob):
                done += len(job.expected)
                tell(done, len(self._known))
        self._name_unfinished()
        count = len(self._listed) if self._listed is not None else None
        found = Verification(
            self._root,
            len(self._known),
            len(self._images),
            len(self._warcs()),
            self._told.counts,
            self._told.findings,
            count,
        )
        if self._writes and not found.findings:
            found.manifest, found.written = self._write_manifest(), True
        return found

    def _jobs(self) -> Iterator[Job]:
        yield from self._store()
        expected = self._expected()
        while chunk := tuple(islice(expected, CHUNK)):
            yield FilesJob(self._root, chunk)
        yield from self._images_hashed()
        yield from self._others_hashed()

    def _find(self, kind: Kind, file: str, detail: str = "", article: int = 0, articles: tuple[int, ...] = ()) -> None:
        self._told.findings.append(Finding(kind, file, detail, article, articles))

    # The store

    def _warcs(self) -> dict[str, Path]:
        """The store's files by the names that the ledger has for them; a finished one goes before one that is still
        open."""
        names = [Path(path).name for path in self._others if path.startswith("warc/") and path.count("/") == 1]
        ending = sorted((name for name in names if name.removesuffix(OPEN_SUFFIX).endswith(".warc.gz")), reverse=True)
        return {name.removesuffix(OPEN_SUFFIX): self._root / "warc" / name for name in ending}

    def _store(self) -> Iterator[Job]:
        warcs = self._warcs()
        unseen = dict(warcs)
        for name, stored in groupby(self._ledger.stored_captures(), key=lambda one: one.place.file):
            if unseen.pop(name, None) is not None:
                yield from store_ranges(warcs[name], stored)
            else:
                self._gone(name, stored)
        for path in unseen.values():
            yield from store_ranges(path, ())

    def _gone(self, name: str, stored: Iterator[StoredRow]) -> None:
        lost = list(stored)
        recovered = sorted({one.article for one in lost if one.recovered})
        detail = f"{len(lost)} captures, of which {len(recovered)} are those of recovered articles"
        self._find(Kind.WARC_MISSING, f"warc/{printable_path(name)}", detail, articles=tuple(recovered))

    def _name_unfinished(self) -> None:
        for name, path in self._warcs().items():
            if path.name != name:
                torn = self._told.counts.pop(f"torn {path.name}", 0)
                self._find(
                    Kind.UNFINISHED, f"warc/{path.name}", f"its last {torn} bytes are no whole record" if torn else ""
                )

    # The articles

    def _expected(self) -> Iterator[Expected]:
        for row, capture in self._ledger.recovered():
            listed = self._listed.get(row.file) if self._listed is not None else None
            if self._listed is not None and listed is None and (self._root / row.file).exists():
                self._find(Kind.MANIFEST_ADDED, row.file, article=row.id)
            if capture is None:
                self._find(
                    Kind.CAPTURE_MISSING, row.file, f"the ledger has no capture {row.capture} of this article", row.id
                )
                yield Expected(row.id, row.file, row.sha256, listed=listed)
                continue
            held = capture.from_file if not capture.warc else None
            if not capture.warc and held is None:
                self._find(Kind.CAPTURE_MISSING, row.file, "the ledger names no place for its capture", row.id)
            timestamp = capture.served_timestamp or capture.capture.timestamp
            original = capture.served_original or capture.capture.original
            yield Expected(
                row.id, row.file, row.sha256, f"{capture.replay}/{timestamp}/{original}", original, held, listed
            )

    def _images_hashed(self) -> Iterator[Job]:
        for path, digest in self._images.items():
            listed = self._listed.get(path, "") if self._listed is not None else digest
            if (self._root / path).is_symlink():
                self._find(Kind.LINK, path)
            elif not (self._root / path).is_file():
                self._find(Kind.IMAGE_MISSING, path)
            elif listed == digest:
                yield HashJob(self._root, path, digest, Kind.IMAGE_CHANGED)
            else:
                self._find(Kind.MANIFEST_CHANGED if listed else Kind.MANIFEST_ADDED, path)
                yield HashJob(self._root, path, digest, Kind.IMAGE_CHANGED)

    # The manifest

    def _read_manifest(self) -> None:
        path = self._root / MANIFEST
        if not path.exists() and not path.is_symlink():
            return
        try:
            self._listed = read_lines(read_unchanged(path))
        except (UnreadableFile, ManifestFault) as error:
            self._find(Kind.MANIFEST, MANIFEST, str(error))

    def _others_hashed(self) -> Iterator[Job]:
        """Files beside the articles', and those that only the manifest knows."""
        others = [path for path in self._others if not path.endswith(OPEN_SUFFIX)]
        if self._writes:
            if not self._told.findings:
                yield from (HashJob(self._root, path) for path in others)
            return
        if self._listed is None:
            return
        for path in others:
            if path in self._listed:
                yield HashJob(self._root, path, self._listed[path])
            else:
                self._find(Kind.MANIFEST_ADDED, printable_path(path))
        beside = frozenset(others)
        missing = {finding.file for finding in self._told.findings if finding.kind is Kind.WARC_MISSING}
        for path, digest in self._listed.items():
            if path in self._known or path in self._images or path in beside:
                continue
            if (self._root / path).is_file() and not (self._root / path).is_symlink():
                yield HashJob(self._root, path, digest)
            elif path not in missing:
                self._find(Kind.MANIFEST_MISSING, printable_path(path))

    def _write_manifest(self) -> int:
        """Raises OSError; ManifestFault when a name cannot stand in it."""
        entries = {**self._known, **self._images, **self._told.hashes}
        for path in entries:
            if not is_portable(path):
                raise ManifestFault(
                    f"{self._root / MANIFEST} was not written: {printable_path(path)}: this name cannot stand in a"
                    " manifest that all programs read alike; rename the file"
                )
        with atomic_file(self._root / MANIFEST) as out:
            return write_lines(out, sorted(entries.items()))


@contextmanager
def open_locked(output: Path) -> Iterator[StoreQueries]:
    """The ledger, with the lock held. Raises CommandError when that cannot be."""
    path = ledger_path(output)
    if not path.exists():
        raise StorageError(f"there is no ledger {path}: nothing was crawled into this OUTPUT_DIR yet")
    lock = lock_output(output)
    try:
        with StoreQueries(path) as ledger:
            yield ledger
    finally:
        lock.release()
