"""What `verify` and bags are checked by: articles' files against the ledger, what does not belong into an output
directory, and the store, in stretches that several processes share."""

import hashlib
import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from crawler.ledger import ArticleRow, CaptureRow
from crawler.ledger.queries import StoredRow
from crawler.markdown.front_matter import InvalidFrontMatter, read_front_matter
from crawler.markdown.hugo import plain_fields
from crawler.preserve.files import UnreadableFile, read_chunks, walk
from crawler.preserve.findings import CheckResult, Finding, VerifyKind, printable
from crawler.recovery.case import MATCHES
from crawler.recovery.store import OPEN_SUFFIX
from crawler.warc.captures import stored_capture
from crawler.warc.files import read_archived
from crawler.warc.iterator import Gap, WarcRecord, walk_records
from crawler.warc.record import Malformed, WarcDamaged
from crawler.warc.streams import GZIP, CorruptStream, Source, Unpacker, open_source
from crawler.wayback.capture import StoredCapture
from crawler.wayback.digest import compare_digest, digest_differs

FOLDERS = ("articles", "images", "warc")
"""What of an output directory is kept for good, and so in its manifest; the ledger changes with every run."""
_PART = ".part"


@dataclass(frozen=True, slots=True)
class Expected:
    """What the ledger says of a recovered article, and of the capture that it is from; `listed`: its file's SHA-256 in
    the manifest, empty where that does not have it, None without a manifest."""

    row: ArticleRow
    capture: CaptureRow | None
    listed: str | None


def check_file(root: Path, expected: Expected) -> Iterator[Finding]:
    """At most one finding on the file, the gravest; one when the manifest does not have it, and one when its capture is
    nowhere, or in a file of web archives and cannot be read there."""
    row, capture = expected.row, expected.capture
    if (fault := _file_fault(root / row.file, expected)) is not None:
        yield Finding(*fault, row.file, row.id)
    if expected.listed == "" and (root / row.file).exists():
        yield Finding(VerifyKind.MANIFEST_ADDED, "", row.file, row.id)
    if capture is None:
        detail = f"the ledger has no capture {row.capture} of this article"
        yield Finding(VerifyKind.CAPTURE_MISSING, detail, row.file, row.id)
    elif not capture.warc and capture.from_file is None:
        yield Finding(VerifyKind.CAPTURE_MISSING, "the ledger names no place for its capture", row.file, row.id)
    elif not capture.warc and capture.from_file is not None:
        try:
            read_archived(capture.from_file)
        except (OSError, WarcDamaged) as error:
            yield Finding(VerifyKind.CAPTURE_MISSING, str(error), capture.from_file.place.file, row.id)


def _file_fault(path: Path, expected: Expected) -> tuple[VerifyKind, str] | None:
    written, capture = expected.row.sha256, expected.capture
    if path.is_symlink():
        return VerifyKind.LINK, ""
    if not path.is_file():
        return VerifyKind.FILE_MISSING, "something else is in its place" if path.exists() else ""
    try:
        data = b"".join(read_chunks(path))
    except UnreadableFile as error:
        return VerifyKind.UNREADABLE, str(error)
    changed = hashlib.sha256(data).hexdigest() != written
    beside = "; its bytes are not those that were written either" if changed else ""
    try:
        head, end, _ = data.decode("utf-8").partition("\n---\n")
        if not head.startswith("---\n") or not end:
            raise InvalidFrontMatter("no front matter between two lines of ---")
        fields = plain_fields(read_front_matter(head[4:]))
    except UnicodeDecodeError as error:
        return VerifyKind.FRONT_MATTER, f"not UTF-8 at byte {error.start}{beside}"
    except InvalidFrontMatter as error:
        return VerifyKind.FRONT_MATTER, f"{' '.join(str(error).split())}{beside}"
    if capture is not None:
        timestamp, original = capture.served
        for name, value in (("url", f"{capture.replay}/{timestamp}/{original}"), ("original_url", original)):
            if fields.get(name) != value:
                named = f"{name} is {fields.get(name)}, the ledger has {value}"
                return VerifyKind.OTHER_CAPTURE_NAMED, f"{named}{beside}"
    if changed:
        return VerifyKind.FILE_CHANGED, f"{len(data)} bytes whose SHA-256 is not the ledger's"
    if expected.listed and expected.listed != written:
        return VerifyKind.MANIFEST_CHANGED, "the ledger knows it as it is: this software wrote it since"
    return None


def unknown_files(root: Path, known: Collection[str]) -> tuple[list[str], list[Finding]]:
    """The files of the store, by path, and what lies in an output directory without belonging there. `known`: the files
    of articles and images."""
    findings: list[Finding] = []
    others: list[str] = []
    for folder in FOLDERS:
        top = root / folder
        if top.is_symlink() and not top.resolve().is_relative_to(root.resolve()):
            findings.append(Finding(VerifyKind.LINK, f"it leads out of {root}", folder))
            continue
        for path, entry in walk(root, folder):
            if path in known:
                continue
            if isinstance(entry, OSError):
                findings.append(Finding(VerifyKind.UNREADABLE, entry.strerror or str(entry), printable(path)))
            elif entry.is_dir(follow_symlinks=False):
                continue
            elif (kind := _unknown(path, entry)) is not None:
                findings.append(Finding(kind, "", printable(path)))
            else:
                others.append(path)
    for entry in sorted(os.scandir(root), key=lambda entry: entry.name):
        if entry.name.endswith(_PART) and not entry.is_dir():
            findings.append(Finding(VerifyKind.LEFTOVER, "", printable(entry.name)))
    return others, findings


def _unknown(path: str, entry: os.DirEntry[str]) -> VerifyKind | None:
    """What is wrong with a file that the ledger does not know; nothing with one of the store."""
    if entry.is_symlink():
        return VerifyKind.LINK
    if path.endswith(_PART):
        return VerifyKind.LEFTOVER
    if not path.startswith("warc/"):
        return VerifyKind.UNKNOWN_FILE
    return None if entry.is_file() else VerifyKind.UNREADABLE  # to open a named pipe is to wait for ever


# The store, read once: every record whole, and each capture where the ledger says

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
            else:
                reader.record(item)
    for one in chain.from_iterable(reader.wanted.values()):
        reader.find(VerifyKind.CAPTURE_MISSING, f"no record begins at byte {one.place.offset}", one.article)
    return reader.result


class _Reader:
    """What comes of a stretch so far, in `result`; `wanted`: captures that should be in it, by offset."""

    def __init__(self, stretch: StoreRange) -> None:
        self._stretch = stretch
        self.result = CheckResult()
        self.wanted: dict[int, list[StoredRow]] = {}
        for one in stretch.wanted:
            self.wanted.setdefault(one.place.offset, []).append(one)

    def record(self, record: WarcRecord) -> None:
        """A whole record: its digests, and the captures that are wanted here."""
        counts = self.result.counts
        counts["records"] += 1
        here = self.wanted.pop(record.offset, []) if record.file == str(self._stretch.path) else []
        try:
            if record.head.kind != "response":
                if digest_differs(record.head.get("warc-block-digest"), record.block):
                    raise Malformed("the record does not match its digest")
                for one in here:
                    detail = f"a record of type {record.head.kind} is at byte {record.offset}"
                    self.find(VerifyKind.CAPTURE_MISSING, detail, one.article)
                return
            stored = stored_capture(record)
        except Malformed as error:
            self._damage(record.offset, record.offset + record.length, str(error), here)
            return
        counts["captures"] += 1
        counts["unknown"] += not here
        for one in here:
            if (fault := _capture_fault(one, record, stored)) is not None:
                self.find(*fault, one.article)
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
        lost = [one for at in list(self.wanted) if gap.offset <= at < end for one in self.wanted.pop(at)]
        if not lost and stretch.path.name.endswith(OPEN_SUFFIX) and end >= stretch.path.stat().st_size:
            self.result.counts[f"torn {stretch.path.name}"] += end - gap.offset  # which the next run cuts off
        else:
            self._damage(gap.offset, end, gap.why, lost)

    def _damage(self, start: int, end: int, why: str, lost: Iterable[StoredRow]) -> None:
        articles = sorted({one.article for one in lost})
        article = articles[0] if len(articles) == 1 else 0
        self.find(VerifyKind.STORE_DAMAGED, f"bytes {start} to {end}: {why}", article, tuple(articles))

    def find(self, kind: VerifyKind, detail: str, article: int, articles: tuple[int, ...] = ()) -> None:
        file = f"warc/{self._stretch.path.name}"
        self.result.findings.append(Finding(kind, detail, file, article, articles))


def _capture_fault(one: StoredRow, record: WarcRecord, stored: StoredCapture) -> tuple[VerifyKind, str] | None:
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
