"""WARC and WACZ files, ours and anybody's: found, scanned for captures, and read without trusting a short record."""

import os
import struct
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from crawler.warc.captures import (
    ArchivedCapture,
    Damage,
    NotAWebArchive,
    address_of,
    capture_in,
    metadata_fields,
    stored_capture,
)
from crawler.warc.iterator import MAX_RECORD, Gap, WarcRecord, record_at, walk_records
from crawler.warc.record import Head, Malformed, WarcDamaged
from crawler.warc.remote import Location, find_remote
from crawler.warc.streams import GZIP, UNKNOWN_END, ZSTD, CorruptStream, Source, Spool, Unpacker, open_source
from crawler.warc.writer import RecordLocation
from crawler.wayback.capture import StoredCapture

_WACZ = ".wacz"
_NAMES = (".warc", ".warc.gz", ".warc.zst", _WACZ)
_DEEPEST = 4
"""So many zips may lie in each other: more are one that holds itself."""
_PIECE = 1024 * 1024
_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_LOCAL = struct.Struct("<4s22xHH")  # signature, length of the name, length of the extra field
_BLOWN_UP = 200
"""How many times its size a packed WARC may have; HTML shrinks to a tenth."""


def find_files(paths: Iterable[Location]) -> list[Location]:
    """Web archives among files and folders: in the order given, a folder's sorted, each once. In folders, searched to
    any depth, by name: .warc, .warc.gz, .warc.zst, .wacz; links are not followed. So is what a pattern in an address
    means. Raises NotAWebArchive for a path that is none or has none; OSError; for an address as `find_remote`."""
    found: dict[Location, Location] = {}
    for path in paths:
        inside: Sequence[Location] | None = find_remote(path, _NAMES) if isinstance(path, str) else _find(path)
        if inside is None:
            raise NotAWebArchive(path, "it does not exist")
        if not inside:
            there = "there" if isinstance(path, str) else "in this folder"
            raise NotAWebArchive(path, f"there is no web archive {there}")
        if inside == [path]:
            _check_content(path)
        for file in inside:
            found.setdefault(file if isinstance(file, str) else file.resolve(), file)
    return list(found.values())


def _find(path: Path) -> list[Path] | None:
    """As `find_remote`, on this machine; any file for itself."""
    if not path.exists():
        return None
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise NotAWebArchive(path, "it is neither a file nor a folder")
    found: list[Path] = []
    for place, folders, names in os.walk(path, onerror=_raise):
        folders.sort()
        named = (Path(place) / name for name in sorted(names) if name.endswith(_NAMES))
        found += [file for file in named if not file.is_symlink() and file.is_file()]
    return found


def _raise(error: OSError) -> None:
    raise error


def _check_content(path: Location) -> None:
    named = str(path).endswith(_NAMES)
    with open_source(path, scan=False) as file:
        start = file.read(0, 5)
        if file.name.endswith(_WACZ) or start.startswith((_ZIP, _EMPTY_ZIP)):
            _entries(file)
            return
        if start.startswith((GZIP, ZSTD)) and not named:
            try:
                start = Unpacker(file, 0).more()[:5]
            except CorruptStream:
                start = b""
    if start != b"WARC/" and not named:
        raise NotAWebArchive(path, "it begins neither as a WARC nor as a WACZ")


def _unzipped(archive: Source, depth: int) -> Iterator[Source | Damage]:
    """The WARC files in a zip, and in those that lie in it."""
    try:
        entries = _entries(archive)
    except NotAWebArchive as error:
        yield Damage(archive.name, archive.start, f"{error.why}; the file cannot be read")
        return
    for entry in entries:
        for inside in _entry(archive, entry):
            if isinstance(inside, Damage) or not entry.filename.endswith(_WACZ):
                yield inside
            elif depth == _DEEPEST:
                yield Damage(archive.name, archive.start, f"{entry.filename} is lost: it lies in too many others")
            else:
                yield from _unzipped(inside, depth + 1)


def _entry(archive: Source, entry: zipfile.ZipInfo) -> Iterator[Source | Damage]:
    at = archive.start + entry.header_offset
    head = archive.read(at, _LOCAL.size)
    signature, name, extra = _LOCAL.unpack(head) if len(head) == _LOCAL.size else (b"", 0, 0)
    start = at + _LOCAL.size + name + extra
    packed = entry.compress_type == zipfile.ZIP_DEFLATED
    why = ""
    if signature != _ZIP or start + entry.compress_size > archive.end:
        why = "it is not where the directory of the zip says"
    elif entry.flag_bits & 1 or not (packed or entry.compress_type == zipfile.ZIP_STORED):
        why = "it is packed in a way that is not known"
    elif entry.file_size > _BLOWN_UP * (entry.compress_size + _BLOWN_UP):
        why = f"it would unpack to {entry.file_size} bytes"
    if why:
        yield Damage(archive.name, at, f"{entry.filename} is lost: {why}")
    elif packed:
        spool = Spool(archive, start, limit=entry.file_size)
        try:
            yield spool
        finally:
            spool.close()
        if spool.broken:
            yield Damage(archive.name, start, f"{entry.filename} is cut off: {spool.broken}")
    else:
        yield archive.part(start, start + entry.compress_size)


def _entries(archive: Source) -> list[zipfile.ZipInfo]:
    """The WARC and WACZ files in a zip, in the order in which they lie. Raises NotAWebArchive."""
    try:
        with zipfile.ZipFile(_Opened(archive)) as directory:
            entries = [entry for entry in directory.infolist() if entry.filename.endswith(_NAMES)]
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, struct.error, OverflowError) as error:
        raise NotAWebArchive(archive.name, f"the directory of the zip cannot be read: {error}") from error
    if not entries:
        raise NotAWebArchive(archive.name, "there is no WARC in this zip")
    return sorted(entries, key=lambda entry: entry.header_offset)


class _Opened:
    """A source as a file that `zipfile` reads, which begins at its start."""

    def __init__(self, source: Source) -> None:
        at = 0
        while source.end >= UNKNOWN_END and source.read(at, _PIECE):  # what is unpacked ends where it ends
            at += _PIECE
        self._source = source
        self._at = 0

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        size = self._source.end - self._source.start
        self._at = max(0, offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: size}[whence])
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, length: int = -1) -> bytes:
        part = self._source.read(self._source.start + self._at, length if length >= 0 else UNKNOWN_END)
        self._at += len(part)
        return part


def scan_file(path: Location, passed: Counter[str] | None = None) -> Iterator[ArchivedCapture | Damage]:
    """The captures in one file, in order, and what of it cannot be read. Revisits are not resolved yet.

    Where checksums of the packing vouch for a record its digests are left to `read_archived`; else they are compared
    here. `passed` counts the whole records that are no captures, by words for one of their kind. Raises OSError; for an
    address as `RemoteFile`.
    """
    passed = Counter() if passed is None else passed
    with open_source(path) as whole:
        zipped = whole.name.endswith(_WACZ) or whole.read(0, 4) in (_ZIP, _EMPTY_ZIP)
        for source in _unzipped(whole, 0) if zipped else (whole,):
            if isinstance(source, Damage):
                yield source
            else:
                yield from _described(walk_records(source, MAX_RECORD), passed)


def read_archived(archived: ArchivedCapture) -> StoredCapture:
    """The capture with its payload, chunks taken off and content coding left on, after comparing lengths and digests:
    that of the payload always, that of the block where no checksum of the packing vouches for it.

    A digest of the payload may have been taken over the bytes with chunks, without, decoded, or over the whole block:
    writers differ. Of the Wayback Machine's playback, headers are those archived. Raises WarcDamaged, OSError.
    """
    capture, place = archived.capture, archived.place
    record = _fetch(place, MAX_RECORD)
    payload = _fetch(archived.payload, MAX_RECORD) if archived.payload else None
    try:
        stored = stored_capture(record, payload)
        if (stored.original, stored.timestamp) != (capture.original, capture.timestamp):
            raise Malformed(
                f"this is {stored.original} at {stored.timestamp}, not {capture.original} at {capture.timestamp}"
            )
    except Malformed as error:
        raise WarcDamaged(f"{place.file} at byte {place.offset}: {error}") from error
    return stored


def _fetch(place: RecordLocation, max_bytes: int) -> WarcRecord:
    try:
        return record_at(place.file, place.offset, place.length, max_bytes)
    except (Malformed, CorruptStream) as error:
        raise WarcDamaged(f"{place.file} at byte {place.offset}: {error}") from error


_USUAL = 50
"""After so many digests of payloads in a row a writer is trusted: to compare all takes a fifth of the time."""


def _described(items: Iterable[WarcRecord | Gap], passed: Counter[str]) -> Iterator[ArchivedCapture | Damage]:
    """Records as captures; each waits for the metadata record that follows it."""
    last: ArchivedCapture | None = None
    thing: ArchivedCapture | str | Damage
    usual = 0
    for item in items:
        if isinstance(item, WarcRecord):
            head = item.head
            if head.kind == "warcinfo":
                usual = 0  # another writer's records may follow
            if last is not None and _is_beside(head, last.links.record_id):
                if head.kind == "metadata":
                    last = replace(last, about={**last.about, **metadata_fields(item)})
                passed[f"{head.kind} record"] += 1
                continue
            thing = _thing(item, trusted=usual >= _USUAL)
            if isinstance(thing, ArchivedCapture) and head.get("warc-payload-digest"):
                usual = 0 if thing.links.digest else usual + 1
        else:
            thing = _damage(item)
        if isinstance(thing, str):
            passed[thing] += 1
            continue
        if last is not None:
            yield last
        last = None
        if isinstance(thing, ArchivedCapture):
            last = thing
        else:
            yield thing
    if last is not None:
        yield last


def _is_beside(head: Head, wanted: str) -> bool:
    beside = head.get("warc-concurrent-to"), head.get("warc-refers-to")
    return bool(wanted) and head.kind in ("metadata", "request") and wanted in beside


def _thing(record: WarcRecord, *, trusted: bool) -> ArchivedCapture | str | Damage:
    try:
        return capture_in(record, trusted=trusted)
    except Malformed as error:
        behind = record.offset + record.length
        why = f"one capture is lost: {error}; reading went on at byte {behind}"
        return Damage(record.file, record.offset, why, address_of(record.head))


def _damage(gap: Gap) -> Damage:
    end = "the rest of the file cannot be read" if gap.following is None else f"reading went on at byte {gap.following}"
    return Damage(gap.file, gap.offset, f"{gap.why}; {end}", address_of(gap.head) if gap.head is not None else "")


def read_record(path: Path | str, offset: int, length: int) -> StoredCapture:
    """The response record at a location in a file of ours, checked to its last byte. Raises WarcDamaged, OSError."""
    try:
        return stored_capture(_fetch(RecordLocation(str(path), offset, length), UNKNOWN_END))
    except Malformed as error:
        raise WarcDamaged(f"{Path(path).name} at byte {offset}: {error}") from error


def end_of_last_record(path: Path) -> int:
    """The offset behind the last whole record of a file with one gzip member a record: what a torn file is cut back to.

    Whole records behind damage in the middle count: cutting never loses one. 0 when nothing is whole. Raises OSError.
    """
    with open_source(path) as source:
        whole = (item for item in walk_records(source) if isinstance(item, WarcRecord) and item.file == source.name)
        return max((record.offset + record.length for record in whole), default=0)
