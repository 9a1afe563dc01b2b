"""The store read once, in stretches that several processes share: every record whole, and each capture where the ledger
says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from crawler.ledger.queries import StoredRow
from crawler.preserve.findings import CheckResult, Finding, VerifyKind
from crawler.recovery.case import MATCHES
from crawler.recovery.store import OPEN_SUFFIX
from crawler.warc.captures import stored_capture
from crawler.warc.iterator import Gap, WarcRecord, walk_records
from crawler.warc.record import Malformed, StoredCapture
from crawler.warc.streams import GZIP, CorruptStream, Source, Unpacker, open_source
from crawler.wayback.digest import compare_digest, digest_differs

STRETCH = 4 << 20
"""Bytes of a file that a process is given at once: a quarter of a second's work."""
DIGEST = "digest: "
"""Begins the names of those counts that say how captures compare with the digest of the index."""


@dataclass(frozen=True, slots=True)
class StoreRange:
    """From `start` to `end` in a file of the store, with the captures that the ledger has there."""

    path: Path
    start: int
    end: int
    wanted: tuple[StoredRow, ...] = ()


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
                reader.record(item)
    return reader.end()


class _Reader:
    def __init__(self, stretch: StoreRange) -> None:
        self._stretch = stretch
        self._result = CheckResult()
        self._wanted: dict[int, list[StoredRow]] = {}
        for one in stretch.wanted:
            self._wanted.setdefault(one.place.offset, []).append(one)

    def record(self, record: WarcRecord) -> None:
        """A whole record: its digests, and the captures that are wanted here."""
        counts = self._result.counts
        counts["records"] += 1
        here = self._wanted.pop(record.offset, []) if record.file == str(self._stretch.path) else []
        try:
            if record.head.kind != "response":
                if digest_differs(record.head.get("warc-block-digest"), record.block):
                    raise Malformed("the record does not match its digest")
                for one in here:
                    detail = f"a record of type {record.head.kind} is at byte {record.offset}"
                    self._find(VerifyKind.CAPTURE_MISSING, detail, one.article)
                return
            stored = stored_capture(record)
        except Malformed as error:
            self._damage(record.offset, record.offset + record.length, str(error), here)
            return
        counts["captures"] += 1
        counts["unknown"] += not here
        for one in here:
            if (fault := _fault(one, record, stored)) is not None:
                self._find(*fault, one.article)
            else:
                named = one.digest_result or "not compared"
                counts[f"{DIGEST}{named}{f' ({one.digest_reason})' if one.digest_reason else ''}"] += 1

    def gap(self, gap: Gap) -> None:
        """What is no whole record, with the captures that should be in it."""
        stretch = self._stretch
        if gap.file != str(stretch.path):
            self._damage(stretch.start, stretch.start, f"in {gap.file} at byte {gap.offset}: {gap.why}", [])
            return
        end = stretch.end if gap.following is None else gap.following
        lost = [one for at in list(self._wanted) if gap.offset <= at < end for one in self._wanted.pop(at)]
        if not lost and stretch.path.name.endswith(OPEN_SUFFIX) and end >= stretch.path.stat().st_size:
            self._result.counts[f"torn {stretch.path.name}"] += end - gap.offset  # which the next run cuts off
        else:
            self._damage(gap.offset, end, gap.why, lost)

    def end(self) -> CheckResult:
        """What is still wanted is not there."""
        for one in chain.from_iterable(self._wanted.values()):
            self._find(VerifyKind.CAPTURE_MISSING, f"no record begins at byte {one.place.offset}", one.article)
        return self._result

    def _damage(self, start: int, end: int, why: str, lost: Iterable[StoredRow]) -> None:
        articles = sorted({one.article for one in lost})
        article = articles[0] if len(articles) == 1 else 0
        self._find(VerifyKind.STORE_DAMAGED, f"bytes {start} to {end}: {why}", article, tuple(articles))

    def _find(self, kind: VerifyKind, detail: str, article: int, articles: tuple[int, ...] = ()) -> None:
        file = f"warc/{self._stretch.path.name}"
        self._result.findings.append(Finding(kind, detail, file, article, articles))


def _fault(one: StoredRow, record: WarcRecord, stored: StoredCapture) -> tuple[VerifyKind, str] | None:
    """What is wrong with the capture at the place where the ledger has one."""
    at = f"at byte {record.offset}"
    if (stored.timestamp, stored.original) != (one.timestamp, one.original):
        detail = f"{at} is {stored.timestamp} {stored.original}, not {one.timestamp} {one.original}"
        return VerifyKind.OTHER_CAPTURE_STORED, detail
    if record.length != one.place.length:
        return VerifyKind.CAPTURE_MISSING, f"the record {at} has {record.length} bytes, not {one.place.length}"
    if one.digest_result not in MATCHES:
        return None
    checks = (compare_digest(stored.payload, one.coding, named, headers=stored.headers) for named in one.digests)
    if any(check.matches for check in checks):
        return None
    return VerifyKind.DIGEST, f"the capture {at} has not the digest {' or '.join(one.digests)} of the index"
