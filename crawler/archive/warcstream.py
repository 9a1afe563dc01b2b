"""Records one after another in a stream of unpacked bytes: where each begins and ends, and how to go on where one does not."""

import re
from collections.abc import Callable
from contextlib import suppress

from crawler.archive.unpack import GZIP, ZSTD, Broken
from crawler.archive.warcdigest import is_checkable
from crawler.archive.warcrecord import MAX_HEAD, Head, Malformed, read_head

TRAILER = b"\r\n\r\n"
"""What closes a record."""

_HEAD_END = re.compile(rb"\n\r?\n")
_PLAIN = re.compile(rb"WARC/(?:0\.1[78]|1\.[0-9])\r?\n")
_LONGEST_START = 9  # of a head's first line, without its last byte


class Faulty(Exception):
    """The record at the beginning of a stream is not whole; `passed`: the stream stands behind it nevertheless."""

    def __init__(self, why: str, *, passed: bool = False) -> None:
        super().__init__(why)
        self.passed = passed


class Stream:
    """Bytes that come one after another, with what has come and not been dropped in a buffer."""

    def __init__(self, more: Callable[[], bytes], offset: int) -> None:
        self._more = more
        self.buffer = bytearray()
        self.offset = offset
        self.ended = False

    def has(self, count: int) -> bool:
        """Whether `count` bytes are there; they are in the buffer then. Raises Broken."""
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
    """The head at the beginning of the stream, which stays there. Raises Faulty, Broken."""
    if not (stream.has(5) and stream.buffer.startswith(b"WARC/")):
        raise Faulty("there is no record here")
    while (end := _HEAD_END.search(stream.buffer, 0, MAX_HEAD)) is None and len(stream.buffer) < MAX_HEAD:
        if not stream.has(len(stream.buffer) + 1):
            break
    try:
        return read_head(bytes(stream.buffer[: end.end() if end else MAX_HEAD]))
    except Malformed as error:
        raise Faulty(str(error)) from error


def closed_by(stream: Stream, total: int, head: Head) -> tuple[int, bool]:
    """How many bytes of line ends close a record, by what follows its block, and whether that is certain: if not, only a digest can
    tell whether its length is right. Raises Faulty when the block goes on there, or may go on and has no digest."""
    with suppress(Broken):  # which comes again when reading goes on
        stream.has(total + 16)
    tail = bytes(stream.buffer[total : total + 16])
    rest = tail.lstrip(b"\r\n")
    closed = tail.startswith(TRAILER)
    followed = not rest or rest.startswith((b"WARC/", GZIP, ZSTD))
    # Without the two line ends that a record must end in, some of the block's own last ones could be meant for them.
    certain = followed and (closed or stream.buffer[total - 1] not in b"\r\n")
    digest = is_checkable(head.get("warc-block-digest")) or is_checkable(head.get("warc-payload-digest"))
    if certain or (digest and (closed or followed)):
        return min(len(tail) - len(rest), len(TRAILER)), certain
    raise Faulty(f"Content-Length is {head.length}, but the block goes on or ends before")


def find_head(stream: Stream) -> bool:
    """Go on to the next head of a record in the stream; to its end when there is none. Raises Broken."""
    stream.drop(1)
    while stream.has(1):
        found = _PLAIN.search(stream.buffer)
        if found is None:
            keep = min(len(stream.buffer), _LONGEST_START)
            stream.drop(len(stream.buffer) - keep)
            if not stream.has(keep + 1):
                stream.drop(keep)
            continue
        stream.drop(found.start())
        try:
            head_of(stream)
        except Faulty:
            stream.drop(1)
        else:
            return True
    return False
