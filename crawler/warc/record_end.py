"""Where a record begins and ends in a stream, whatever its Content-Length says."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from crawler.warc.record import HEAD_END, MAX_HEAD, Head, Malformed, digests_of, matches_a_digest, read_head
from crawler.warc.streams import GZIP, ZSTD, CorruptStream

TRAILER = b"\r\n\r\n"
"""What closes a record."""
PADDING = b"\r\n\0"
"""What may stand between records: too many line ends or too few, and the NUL that ends strings in C."""
PLAIN = re.compile(rb"WARC/(?:0\.1[78]|1\.[0-9])\r?\n")
"""The first line of a record."""
LONGEST_START = 9
"""Bytes of a record's first line, without its last."""


class FaultyRecord(Exception):
    """The record at the beginning of a stream is not whole. `passed`: the stream stands behind it; `head`: if whole."""

    def __init__(self, why: str, *, passed: bool = False, head: Head | None = None) -> None:
        super().__init__(why)
        self.passed = passed
        self.head = head


class Stream:
    """Bytes that come one after another, with what has come and not been dropped in a buffer."""

    def __init__(self, more: Callable[[], bytes], offset: int) -> None:
        self._more = more
        self.buffer = bytearray()
        self.offset = offset
        self.ended = False

    def has(self, count: int) -> bool:
        """Whether `count` bytes are there; they are in the buffer then. Raises CorruptStream."""
        while len(self.buffer) < count and not self.ended:
            part = self._more()
            self.buffer += part
            self.ended = not part
        return len(self.buffer) >= count

    def drop(self, count: int) -> None:
        """Go on `count` bytes, or to the end."""
        while count > len(self.buffer) and not self.ended:
            self.offset += len(self.buffer)
            count -= len(self.buffer)
            self.buffer.clear()
            self.has(1)
        count = min(count, len(self.buffer))
        self.offset += count
        del self.buffer[:count]


def head_of(stream: Stream) -> Head:
    """The head at the beginning of the stream, which stays there. Raises FaultyRecord, CorruptStream."""
    if not (stream.has(5) and stream.buffer.startswith(b"WARC/")):
        raise FaultyRecord("there is no record here")
    while (end := HEAD_END.search(stream.buffer, 0, MAX_HEAD)) is None and len(stream.buffer) < MAX_HEAD:
        if not stream.has(len(stream.buffer) + 1):
            break
    try:
        return read_head(bytes(stream.buffer[: end.end() if end else MAX_HEAD]))
    except Malformed as error:
        raise FaultyRecord(str(error)) from error


def find_head(stream: Stream) -> bool:
    """Go on to the next head of a record in the stream; to its end when there is none. Raises CorruptStream."""
    stream.drop(1)
    while stream.has(1):
        found = PLAIN.search(stream.buffer)
        if found is None:
            keep = min(len(stream.buffer), LONGEST_START)
            stream.drop(len(stream.buffer) - keep)
            if not stream.has(keep + 1):
                stream.drop(keep)
            continue
        stream.drop(found.start())
        try:
            head_of(stream)
        except FaultyRecord:
            stream.drop(1)
        else:
            return True
    return False


_MISCOUNTED = len(TRAILER)
"""By so many bytes a Content-Length may be wrong without a digest that proves the block: line ends that were counted,
or not. A block that lacks more may have been cut."""
_TRIED = 8
"""Places where a block may end that are compared with its digest: a page can quote heads of records."""
_STARTS = (b"WARC/", GZIP, ZSTD)
_CLOSED = tuple(TRAILER + start for start in _STARTS)
_AHEAD = 16
_TRAILED = re.compile(rb"(?:\r\n\r\n|\n\r?\n)\0*\Z")


@dataclass(frozen=True, slots=True)
class RecordEnd:
    """`length` of the block and `size` of the whole record with what closes it, in bytes; `certain`: if not, only a
    comparison with its digests can tell whether it is whole."""

    length: int
    size: int
    certain: bool = True


def end_of(stream: Stream, head: Head, longest: int) -> RecordEnd:
    """The end of the record at the beginning of the stream, whose block has at most `longest` bytes. Raises
    FaultyRecord, CorruptStream.

    It is certain where the next head, or the end of what is packed together, stands right behind the block that
    Content-Length counts, line ends and NULs aside; where that is wrong by some line ends, or counts characters, but
    the record's trailer stands right before the next head or the end; and where a digest proves the block that ends
    before one of these.
    """
    total = head.size + head.length
    if head.length >= 0 and stream.has(total):
        with suppress(CorruptStream):  # which comes again when reading goes on
            stream.has(total + _AHEAD)
        tail = bytes(stream.buffer[total : total + _AHEAD])
        if tail == TRAILER or tail.startswith(_CLOSED):
            return RecordEnd(head.length, total + len(TRAILER))
    end = _by_digest(stream, head, longest) if digests_of(head) else _by_place(stream, head, longest)
    if end is not None:
        return end
    short = len(stream.buffer) < total
    there = f"{len(stream.buffer) - head.size} bytes follow" if short else "the block goes on or ends before"
    raise FaultyRecord(f"Content-Length is {head.get('content-length') or 'missing'}, and {there}", head=head)


def _by_digest(stream: Stream, head: Head, longest: int) -> RecordEnd | None:
    stated, closed = _behind_padding(stream, head), head.size + head.length
    if stated is None and head.length >= 0 and stream.buffer.startswith(TRAILER, closed):
        stated = closed + len(TRAILER)
    others = islice(_boundaries(stream, head.size, head.size + longest), _TRIED)
    for boundary in others if stated is None else (stated, *others):
        tail = bytes(stream.buffer[max(boundary - _AHEAD, head.size) : boundary])
        trailed = _TRAILED.search(tail)
        # What may close a block there: a record's trailer, one line end, nothing, all that looks like padding.
        closing = [len(tail) - trailed.start()] if trailed is not None else []
        closing += [2] if tail.endswith(b"\r\n") else []
        lengths = [boundary - head.size - size for size in (*closing, 0, len(tail) - len(tail.rstrip(PADDING)))]
        for length in dict.fromkeys([head.length, *lengths] if boundary == stated else lengths):
            if matches_a_digest(head, bytes(stream.buffer[head.size : head.size + length])):
                return RecordEnd(length, boundary)
    return None if stated is None else RecordEnd(head.length, stated, certain=False)


def _by_place(stream: Stream, head: Head, longest: int) -> RecordEnd | None:
    total = head.size + max(head.length, 0)
    boundary = _behind_padding(stream, head)
    direct = boundary is not None
    if boundary is None and head.kind == "revisit" and stream.buffer.startswith(TRAILER, total):
        # Garbage behind it, and nothing of it that a digest could prove.
        return RecordEnd(head.length, total + len(TRAILER), certain=False)
    if boundary is None:
        boundary = next(_boundaries(stream, total, head.size + longest), None)
    if boundary is None:
        return None
    trailed = _TRAILED.search(stream.buffer, max(boundary - _AHEAD, head.size), boundary)
    length = trailed.start() - head.size if trailed is not None else -1
    split = stream.buffer.startswith(b"\n", total) and stream.buffer.endswith(b"\r", head.size, total)
    counted = boundary == total and stream.buffer.endswith(TRAILER, head.size, total)
    if direct and not split and not counted:
        # The last line ends may be the block's or the record's: the head says which.
        return RecordEnd(head.length, boundary)
    miscounted = length >= 0 and abs(length - head.length) <= _MISCOUNTED
    if length >= 0 and (miscounted or head.length < 0 or _counts_characters(stream, head, length)):
        return RecordEnd(length, boundary)
    return None


def _behind_padding(stream: Stream, head: Head) -> int | None:
    """Where the next record begins, or all ends, if only line ends and NULs follow the block that is stated."""
    at = head.size + head.length
    if head.length < 0 or not stream.has(at):
        return None
    with suppress(CorruptStream):
        while stream.has(at + 1) and stream.buffer[at] in PADDING:
            at += 1
        stream.has(at + _AHEAD)
        return at if len(stream.buffer) == at or stream.buffer.startswith(_STARTS, at) else None
    return None


def _boundaries(stream: Stream, start: int, reach: int) -> Iterator[int]:
    """Where the next heads begin, at `start` or on lines of their own behind it, and last where all ends."""
    at = start
    with suppress(CorruptStream):
        while at <= reach:
            found = PLAIN.search(stream.buffer, at)
            if found is None:
                at = max(at, len(stream.buffer) - LONGEST_START)
                if not stream.has(len(stream.buffer) + 1):
                    break
            else:
                at, begin = found.end(), found.start()
                if (begin == start or stream.buffer[begin - 1] in PADDING) and _has_head(stream, begin):
                    yield begin
        if stream.ended and start <= len(stream.buffer) <= reach:
            yield len(stream.buffer)


def _has_head(stream: Stream, at: int) -> bool:
    with suppress(CorruptStream):
        stream.has(at + MAX_HEAD)
    try:
        read_head(bytes(stream.buffer[at : at + MAX_HEAD]))
    except Malformed:
        return False
    return True


def _counts_characters(stream: Stream, head: Head, length: int) -> bool:
    """Whether Content-Length counts the block as text: in characters, or as JavaScript in units of UTF-16."""
    if not head.length < length <= 4 * head.length:
        return False
    try:
        text = bytes(stream.buffer[head.size : head.size + length]).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return head.length in (len(text), len(text.encode("utf-16-le")) // 2)
