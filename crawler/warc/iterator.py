"""Finding the records in a file of web archives, whatever is broken: each comes whole, or as a gap with its reason."""

import re
import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace

from crawler.warc.record import Head, Malformed, read_head
from crawler.warc.record_end import PADDING, PLAIN, TRAILER, FaultyRecord, Stream, end_of, find_head, head_of
from crawler.warc.streams import (
    GZIP,
    ZSTD,
    CorruptStream,
    Source,
    Unpacker,
    bytes_source,
    dictionary_of,
    named_source,
    nested_name,
    read_at,
)

MAX_RECORD = 64 * 1024 * 1024
"""Bytes that a record may unpack to; a larger one is told as a gap."""

_WINDOW = 1024 * 1024
_PIECE = 256 * 1024
_SKIPPABLE = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18", re.DOTALL)


@dataclass(frozen=True, slots=True)
class WarcRecord:
    """One whole record. `file`, `offset`, `length`: as in a RecordLocation; `guarded`: a checksum vouches for it;
    `torn`: it is packed together with others, and that is damaged further on."""

    file: str
    offset: int
    length: int
    head: Head
    block: bytes
    guarded: bool
    torn: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """What is no whole record: from which offset, why, and the offset in the same file at which reading went on, None
    if nowhere; `head` where all that is missing is one record with this head."""

    file: str
    offset: int
    why: str
    following: int | None
    head: Head | None = None


def walk_records(source: Source, max_bytes: int = MAX_RECORD) -> Iterator[WarcRecord | Gap]:
    """All records in order. After damage reading goes on at the next place where a record begins that can be read.

    Records of their own compressed members are placed in the file; where one member holds several, in what it unpacks
    to. Raises OSError only.
    """
    try:
        walk = _Walk(source, max_bytes, dictionary_of(source))
    except CorruptStream as error:
        yield Gap(source.name, source.start, str(error), None)
        return
    yield from walk.run()


def record_at(file: str, offset: int, length: int, max_bytes: int) -> WarcRecord:
    """The one whole record at a location that `walk_records` gave. Raises Malformed, CorruptStream, OSError."""
    raw = read_at(file, offset, length)
    if len(raw) < length:
        raise Malformed(f"{len(raw)} of {length} bytes are there")
    if (usual := _in_own_member(file, offset, raw, max_bytes)) is not None:
        return usual
    dictionary = dictionary_of(named_source(file)) if raw.startswith(ZSTD) else b""
    found = list(_Walk(bytes_source(file, raw), max_bytes, dictionary).run())
    if len(found) == 1 and isinstance(found[0], WarcRecord):
        return found[0]
    raise Malformed(next((item.why for item in found if isinstance(item, Gap)), "there is not one record here"))


def _in_own_member(file: str, offset: int, raw: bytes, max_bytes: int) -> WarcRecord | None:
    """The record in a gzip member of its own that ends where its head says, which nearly all are; None for any other.
    It is what `_Walk` finds, in three quarters of the time."""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        unpacked = unpacker.decompress(raw, max_bytes)
        head = read_head(unpacked)
    except (zlib.error, Malformed):
        return None
    end = head.size + head.length
    if not unpacker.eof or unpacker.unused_data or head.length < 0 or unpacked[end:] != TRAILER:
        return None
    return WarcRecord(file, offset, len(raw), head, unpacked[head.size : end], guarded=True)


class _Walk:
    def __init__(self, source: Source, max_bytes: int, dictionary: bytes) -> None:
        self._source = source
        self._max = max_bytes
        self._dictionary = dictionary
        first = source.read(source.start, 5)
        named = source.name.removesuffix(".open")
        if first.startswith((GZIP, ZSTD, b"WARC/")):
            self._magic = first[:3] if first.startswith(GZIP) else first[:4]
        elif self._dictionary or named.endswith(".zst"):
            self._magic = ZSTD
        else:
            self._magic = GZIP if named.endswith((".gz", ".wacz")) else b"WARC"

    def run(self) -> Iterator[WarcRecord | Gap]:
        at: int | None = self._source.start
        while at is not None and at < self._source.end and (start := self._source.read(at, 16)):
            if start.startswith((GZIP, ZSTD)):
                at = yield from self._member(at)
            elif self._magic == b"WARC" or PLAIN.match(start):
                stream = Stream(self._reader(at), at)
                yield from self._records(stream, self._source.name, plain=True)
                at = stream.offset
            elif len(start) >= 8 and _SKIPPABLE.match(start):
                at += 8 + int.from_bytes(start[4:8], "little")
            else:
                at = yield from self._gap(at, "there is no record here")

    def _reader(self, at: int) -> Callable[[], bytes]:
        """The source's bytes from an offset on, a piece at each call."""

        def more() -> bytes:
            nonlocal at
            part = self._source.read(at, _PIECE)
            at += len(part)
            return part

        return more

    def _member(self, at: int) -> Generator[WarcRecord | Gap, None, int | None]:
        unpacker = Unpacker(self._source, at, self._dictionary)
        name = nested_name(self._source.name, at)
        only: WarcRecord | Gap | None = None
        torn: bool | None = None  # known, by unpacking it twice, where it holds several

        def with_others(item: WarcRecord | Gap) -> WarcRecord | Gap:
            if isinstance(item, Gap):
                return item
            return replace(item, guarded=item.guarded and unpacker.has_checksum and not torn, torn=bool(torn))

        try:
            for item in self._records(Stream(unpacker.more, 0), name, plain=False):
                if only is not None:
                    torn = self._is_torn(at) if torn is None else torn
                    yield with_others(only)
                only = item
        except CorruptStream as error:
            if torn is not None and only is not None:
                yield with_others(only)
            return (yield from self._gap(at, f"what is packed here is damaged: {error}"))
        end = unpacker.end
        assert end is not None  # what the stream's end means
        if torn is not None and only is not None:
            yield with_others(only)
        elif isinstance(only, WarcRecord):
            guarded = only.guarded and unpacker.has_checksum
            yield replace(only, file=self._source.name, offset=at, length=end - at, guarded=guarded)
        elif isinstance(only, Gap):
            yield Gap(self._source.name, at, only.why, end, only.head)
        return end

    def _is_torn(self, at: int) -> bool:
        unpacker = Unpacker(self._source, at, self._dictionary)
        try:
            while unpacker.more():
                pass
        except CorruptStream:
            return True
        return False

    def _records(self, stream: Stream, name: str, *, plain: bool) -> Iterator[WarcRecord | Gap]:
        while stream.has(1):
            if stream.buffer[0] in PADDING:
                stream.drop(1)
                continue
            if plain and stream.has(4) and stream.buffer.startswith((GZIP, ZSTD)):
                return
            start = stream.offset
            try:
                head, block, certain = self._record(stream, plain=plain)
            except FaultyRecord as error:
                following = stream.offset if (stream.has(1) if error.passed else find_head(stream)) else None
                lost, size = error.head, stream.offset - start
                if lost is not None and not error.passed and size > lost.size + lost.length + len(TRAILER):
                    lost = None  # more than this record was passed over
                yield Gap(name, start, str(error), following, lost)
            else:
                yield WarcRecord(name, start, stream.offset - start, head, block, guarded=certain and not plain)

    def _record(self, stream: Stream, *, plain: bool) -> tuple[Head, bytes, bool]:
        """The record at the beginning of the stream, which stands behind it afterwards, and whether its end is certain.
        Raises FaultyRecord, CorruptStream."""
        head = head_of(stream)
        total = head.size + head.length
        if head.length > self._max:
            passed = not plain or self._source.read(stream.offset + total, 4) == TRAILER
            if passed:
                stream.drop(total + 4)
            raise FaultyRecord(f"the record has {head.length} bytes, more than {self._max}", passed=passed, head=head)
        end = end_of(stream, head, self._max)
        with memoryview(stream.buffer) as view:
            block = bytes(view[head.size : head.size + end.length])
        stream.drop(end.size)
        return head, block, end.certain

    def _gap(self, at: int, why: str) -> Generator[Gap, None, int | None]:
        """Nothing that can be read up to the next place where a record begins, packed as the file's first."""
        following = at + 1
        while following < self._source.end and len(window := self._source.read(following, _WINDOW)) > len(self._magic):
            found = window.find(self._magic)
            while found >= 0:
                if self._begins_record(following + found):
                    yield Gap(self._source.name, at, why, following + found)
                    return following + found
                found = window.find(self._magic, found + 1)
            following += len(window) - len(self._magic) + 1
        yield Gap(self._source.name, at, why, None)
        return None

    def _begins_record(self, at: int) -> bool:
        more = self._reader(at) if self._magic == b"WARC" else Unpacker(self._source, at, self._dictionary).more
        try:
            head_of(Stream(more, 0))
        except (FaultyRecord, CorruptStream):
            return False
        return True
