"""Records one after another in a stream of unpacked bytes: where each begins and ends, and how to go on where one does not."""

import re
from collections.abc import Callable

from crawler.archive.warcrecord import MAX_HEAD, Head, Malformed, read_head

TRAILER = b"\r\n\r\n"
"""What closes a record."""
PADDING = b"\r\n\0"
"""What may stand between records: too many line ends or too few, and the NUL that ends strings in C."""
PLAIN = re.compile(rb"WARC/(?:0\.1[78]|1\.[0-9])\r?\n")
"""The first line of a record."""
LONGEST_START = 9
"""Bytes of a record's first line, without its last."""

_HEAD_END = re.compile(rb"\n\r?\n")


class Faulty(Exception):
    """The record at the beginning of a stream is not whole; `passed`: the stream stands behind it nevertheless; `head`: its head, if that
    is whole."""

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


def find_head(stream: Stream) -> bool:
    """Go on to the next head of a record in the stream; to its end when there is none. Raises Broken."""
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
        except Faulty:
            stream.drop(1)
        else:
            return True
    return False
