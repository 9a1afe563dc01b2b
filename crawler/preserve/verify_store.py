"""The store read once, in stretches that several processes share: every record whole, and each capture where the ledger
says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crawler.ledger.queries import StoredRow
from crawler.preserve.verify_findings import Finding, Kind
from crawler.recovery.case import MATCHES
from crawler.recovery.store import OPEN_SUFFIX
from crawler.warc.captures import stored_capture
from crawler.warc.iterator import Gap, WarcRecord, walk_records
from crawler.warc.record import Malformed, StoredCapture
from crawler.warc.streams import GZIP, CorruptStream, Source, Unpacker, open_source
from crawler.wayback import digest as digests
from crawler.wayback.digest import digest_differs

STRETCH = 4 << 20
"""Bytes of a file that a process is given at once: a quarter of a second's work."""


@dataclass(frozen=True, slots=True)
class StoreRange:
    """From `start` to `end` in a file of the store, with the captures that the ledger has there."""

    path: Path
    start: int
    end: int
    wanted: tuple[StoredRow, ...] = ()

    @property
    def last(self) -> bool:
        """Whether the file ends here."""
        return self.end >= self.path.stat().st_size


@dataclass(slots=True)
class CheckResult:
    """What came of something that was read. `counts`: captures by what came of comparing them, and others by name;
    `hashes`: SHA-256 by path, of files that were asked for."""

    findings: list[Finding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    hashes: dict[str, str] = field(default_factory=dict)

    def add(self, other: CheckResult) -> None:
        self.findings += other.findings
        self.counts += other.counts
        self.hashes |= other.hashes


def store_ranges(path: Path, stored: Iterable[StoredRow]) -> Iterator[StoreRange]:
    """A file in stretches that begin where records do. `stored`: the captures that the ledger has in it, by offset.
    Raises OSError."""
    with open_source(path) as source:
        start, wanted = 0, list[StoredRow]()
        for one in stored:
            at = one.place.offset
            if at - start >= STRETCH and at < source.end and _begins_record(source, at):
                yield StoreRange(path, start, at, tuple(wanted))
                start, wanted = at, []
            wanted.append(one)
        yield StoreRange(path, start, source.end, tuple(wanted))


def _begins_record(source: Source, at: int) -> bool:
    """What the ledger says may be wrong, and a stretch that begins in the middle of a record would look like damage."""
    if source.read(at, len(GZIP)) != GZIP:
        return False
    try:
        return Unpacker(source, at).more().startswith(b"WARC/")
    except CorruptStream:
        return False


def read_range(stretch: StoreRange) -> CheckResult:
    """Read every record of a stretch. Raises OSError."""
    reader = _Reader(stretch)
    with open_source(stretch.path, stretch.start, stretch.end) as source:
        for item in walk_records(source):
            if isinstance(item, Gap):
                reader.gap(item)
            elif isinstance(item, WarcRecord):
                reader.frame(item)
    return reader.end()


class _Reader:
    def __init__(self, stretch: StoreRange) -> None:
        self._stretch = stretch
        self._name = stretch.path.name
        self._told = CheckResult()
        self._left: dict[int, list[StoredRow]] = {}
        for one in stretch.wanted:
            self._left.setdefault(one.place.offset, []).append(one)

    def frame(self, frame: WarcRecord) -> None:
        """A whole record: its digests, and the captures that are wanted here."""
        self._told.counts["records"] += 1
        here = self._left.pop(frame.offset, []) if frame.file == str(self._stretch.path) else []
        try:
            if frame.head.kind != "response":
                if digest_differs(frame.head.get("warc-block-digest"), frame.block):
                    raise Malformed("the record does not match its digest")
                for one in here:
                    self._find(
                        Kind.CAPTURE_MISSING, one, f"a record of type {frame.head.kind} is at byte {frame.offset}"
                    )
                return
            stored = stored_capture(frame)
        except Malformed as error:
            self._damage(frame.offset, frame.offset + frame.length, str(error), here)
            return
        self._told.counts["captures"] += 1
        self._told.counts["unknown"] += not here
        for one in here:
            self._compare(one, frame, stored)

    def _compare(self, one: StoredRow, frame: WarcRecord, stored: StoredCapture) -> None:
        if (stored.timestamp, stored.original) != (one.timestamp, one.original):
            detail = (
                f"at byte {frame.offset} is {stored.timestamp} {stored.original}, not {one.timestamp} {one.original}"
            )
            self._find(Kind.OTHER_CAPTURE_STORED, one, detail)
        elif frame.length != one.place.length:
            detail = f"the record at byte {frame.offset} has {frame.length} bytes, not {one.place.length}"
            self._find(Kind.CAPTURE_MISSING, one, detail)
        elif one.digest_result in MATCHES and not any(_matches(stored, one.coding, digest) for digest in one.digests):
            detail = f"the capture at byte {frame.offset} has not the digest {' or '.join(one.digests)} of the index"
            self._find(Kind.DIGEST, one, detail)
        else:
            named = one.digest_result or "not compared"
            self._told.counts[f"digest: {named}{f' ({one.digest_reason})' if one.digest_reason else ''}"] += 1

    def gap(self, gap: Gap) -> None:
        """What is no whole record, with the captures that should be in it."""
        if gap.file != str(self._stretch.path):
            self._damage(self._stretch.start, self._stretch.start, f"in {gap.file} at byte {gap.offset}: {gap.why}", [])
            return
        end = self._stretch.end if gap.following is None else gap.following
        lost = [one for at in list(self._left) if gap.offset <= at < end for one in self._left.pop(at)]
        torn = end == self._stretch.end and self._stretch.last and self._name.endswith(OPEN_SUFFIX)
        if torn and not lost:
            self._told.counts[f"torn {self._name}"] += end - gap.offset  # which the next run cuts off
        else:
            self._damage(gap.offset, end, gap.why, lost)

    def end(self) -> CheckResult:
        """What is left over is not there."""
        for one in (one for several in self._left.values() for one in several):
            self._find(Kind.CAPTURE_MISSING, one, f"no record begins at byte {one.place.offset}")
        return self._told

    def _damage(self, start: int, end: int, why: str, lost: Sequence[StoredRow]) -> None:
        articles = tuple(sorted({one.article for one in lost}))
        detail = f"bytes {start} to {end}: {why}"
        self._told.findings.append(
            Finding(Kind.STORE_DAMAGED, self._file, detail, articles[0] if len(articles) == 1 else 0, articles)
        )

    def _find(self, kind: Kind, one: StoredRow, detail: str) -> None:
        self._told.findings.append(Finding(kind, self._file, detail, one.article))

    @property
    def _file(self) -> str:
        return f"warc/{self._name}"


def _matches(stored: StoredCapture, coding: str, digest: str) -> bool:
    return digests.compare_digest(stored.payload, coding, digest, headers=stored.headers).result.value in MATCHES
