"""Bytes at an offset of a file, and what compressed streams in it unpack to; little of it in memory."""

import atexit
import os
import tempfile
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import zstandard

from crawler.warc.remote import Location, RemoteFile, is_address, read_remote, remote_state

GZIP = b"\x1f\x8b\x08"
ZSTD = b"\x28\xb5\x2f\xfd"

_CHUNK = 64 * 1024
_MOST = 4 * _CHUNK  # of what a piece unpacks to at once
_ZSTD_CHUNK = 512  # four bytes can stand for 128 KiB, and the library has no limit on what one call returns
_ZSTD_WINDOW = 128 * 1024 * 1024
_DICTIONARY = (0x184D2A5D).to_bytes(4, "little")
_MAX_DICTIONARY = 16 * 1024 * 1024
UNKNOWN_END = 1 << 62
"""The end of a source that is not read to its end yet."""


class CorruptStream(Exception):
    """A compressed stream cannot be read on: cut, or damaged."""


class Source:
    """Bytes that can be read at any offset from `start` to `end`. `name` is how a RecordLocation names them."""

    def __init__(self, name: str, start: int, end: int, read: Callable[[int, int], bytes]) -> None:
        self.name = name
        self.start = start
        self.end = end
        self._read = read

    def read(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes; fewer only at the end."""
        return self._read(offset, max(0, min(length, self.end - offset)))

    def part(self, start: int, end: int) -> "Source":
        """What lies between two offsets, under the same name and at the same offsets."""
        return Source(self.name, start, end, self.read)


def bytes_source(name: str, data: bytes) -> Source:
    return Source(name, 0, len(data), lambda offset, length: data[offset : offset + length])


def named_source(name: str) -> Source:
    """As `read_at`."""
    return Source(name, 0, UNKNOWN_END, partial(read_at, name))


class OpenFile(Source):
    """A file of this machine. Raises OSError."""

    def __init__(self, path: Path | str) -> None:
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115, PTH123 - closed by close(); a Path takes longer
        super().__init__(str(path), 0, os.fstat(self._file.fileno()).st_size, partial(pread, self._file.fileno()))

    def close(self) -> None:
        self._file.close()


@contextmanager
def open_source(path: Location, start: int = 0, end: int | None = None, *, scan: bool = True) -> Iterator[Source]:
    """A file, or the part of it from `start` to `end`. `scan`: all of it is read, in order. Raises OSError; for an
    address as `RemoteFile`."""
    if isinstance(path, Path):
        with closing(OpenFile(path)) as file:
            yield file.part(start, file.end if end is None else end)
    else:
        with closing(RemoteFile(path, scan=scan)) as remote:
            yield Source(path, start, remote.size if end is None else end, remote.read)


def pread(descriptor: int, offset: int, length: int) -> bytes:
    """All of the bytes; one call may bring fewer."""
    parts: list[bytes] = []
    while length > 0 and (part := os.pread(descriptor, length, offset)):
        parts.append(part)
        offset, length = offset + len(part), length - len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


class Unpacker:
    """One gzip member, zstd frame or (when it begins as neither) raw deflate stream of a source, read from its
    beginning.

    `end` is the offset behind it once all of it has been read; its checksum, where it has one, has been compared then.
    """

    def __init__(self, source: Source, offset: int, dictionary: bytes = b"") -> None:
        self._source = source
        self._at = offset
        self._pending = b""
        self._failure = ""
        self.end: int | None = None
        start = source.read(offset, 5)
        self._zstd = start.startswith(ZSTD)
        flags = start[4] if self._zstd and len(start) > 4 else 0
        self.has_checksum = start.startswith(GZIP) or bool(flags & 4)  # RFC 8878, 3.1.1.1.1
        if self._zstd:
            known = zstandard.ZstdCompressionDict(dictionary) if dictionary else None
            self._frame = zstandard.ZstdDecompressor(dict_data=known, max_window_size=_ZSTD_WINDOW).decompressobj()
        else:
            self._stream = zlib.decompressobj(zlib.MAX_WBITS | 16 if start.startswith(GZIP) else -zlib.MAX_WBITS)

    def more(self) -> bytes:
        """The next bytes, b"" behind the last. Raises CorruptStream, again at every later call, after all bytes that
        can be had."""
        while self.end is None:
            if self._failure:
                raise CorruptStream(self._failure)
            if not self._pending:
                self._pending = self._source.read(self._at, _ZSTD_CHUNK if self._zstd else _CHUNK)
                self._at += len(self._pending)
            at_the_end = not self._pending
            out = self._from_frame() if self._zstd else self._inflated()  # even at the end: zlib may hold back bytes
            if out:
                return out
            if at_the_end and self.end is None:
                self._failure = self._failure or "it is cut off"
        return b""

    def _inflated(self) -> bytes:
        before = self._stream.copy()
        try:
            out = self._stream.decompress(self._pending, _MOST)
            self._pending = self._stream.unconsumed_tail
        except zlib.error:
            self._stream = before
            out = self._up_to_the_error()
        if self._stream.eof:
            self.end = self._at - len(self._stream.unused_data)
        return out

    def _up_to_the_error(self) -> bytes:
        """Byte for byte: of a piece that holds an error zlib gives nothing otherwise, not even what comes before."""
        pending, self._pending = self._pending, b""
        out = bytearray()
        try:
            for at in range(len(pending)):
                out += self._stream.decompress(pending[at : at + 1])
                if len(out) >= _MOST:
                    self._pending = pending[at + 1 :]
                    break
        except zlib.error as error:
            self._failure = str(error)
        return bytes(out)

    def _from_frame(self) -> bytes:
        pending, self._pending = self._pending, b""
        try:
            out = self._frame.decompress(pending)
        except zstandard.ZstdError as error:
            self._failure = str(error)
            return b""
        if self._frame.eof:
            self.end = self._at - len(self._frame.unused_data)
        return out


def dictionary_of(source: Source) -> bytes:
    """The dictionary that a .warc.zst begins with, in a skippable frame and perhaps packed itself; b"" when it has
    none.

    Raises CorruptStream when it cannot be read. IIPC, "Zstandard Compression of WARC Files" 1.0.
    """
    head = source.read(source.start, 8)
    if head[:4] != _DICTIONARY:
        return b""
    size = int.from_bytes(head[4:], "little")
    if size > _MAX_DICTIONARY:
        raise CorruptStream(f"its dictionary has {size} bytes")
    packed = source.read(source.start + 8, size)
    if not packed.startswith(ZSTD):
        return packed
    unpacker = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    try:
        return unpacker.decompress(packed, max_output_size=_MAX_DICTIONARY)
    except zstandard.ZstdError as error:
        raise CorruptStream(f"its dictionary is damaged: {error}") from error


class Spool(Source):
    """What a compressed stream unpacks to, kept in a temporary file without a name as far as it has been asked for.

    Safe in processes forked off: they would write the same bytes to the same place.
    """

    def __init__(self, source: Source, offset: int, dictionary: bytes = b"", limit: int = UNKNOWN_END) -> None:
        super().__init__(nested_name(source.name, offset), 0, UNKNOWN_END, self._unpacked)
        self._unpacker = Unpacker(source, offset, dictionary)
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed by close()
        self._size = 0
        self._limit = limit
        self.broken = ""
        """Why it ends before its end, once that is known."""

    def _unpacked(self, offset: int, length: int) -> bytes:
        while self._size < offset + length and self.end > self._size:
            try:
                out = self._unpacker.more()
            except CorruptStream as error:
                out, self.broken = b"", str(error)
            if self._size + len(out) > self._limit:
                out, self.broken = b"", f"it unpacks to more than the {self._limit} bytes that it is said to have"
            if not out:
                self.end = self._size
                break
            view = memoryview(out)
            while view:
                written = os.pwrite(self._file.fileno(), view, self._size)
                self._size += written
                view = view[written:]
        return pread(self._file.fileno(), offset, min(length, self._size - offset))

    def close(self) -> None:
        self._file.close()


def nested_name(name: str, offset: int) -> str:
    """The name of what the compressed stream at an offset of a file unpacks to: `file#offset`."""
    return f"{name}#{offset}"


def _split(name: str) -> tuple[str, int | None]:
    parent, mark, number = name.rpartition("#")
    if mark and number.isascii() and number.isdigit() and (is_address(name) or not Path(name).exists()):
        return parent, int(number)
    return name, None


def file_of(name: str) -> str:
    """The file that the name in a RecordLocation belongs to."""
    while (parts := _split(name))[1] is not None:
        name = parts[0]
    return name


def state_of(path: Location) -> str:
    """Changes when a file is written: its size, and its time or what its store has for that. Raises as `read_at`."""
    if isinstance(path, str):
        return remote_state(path)
    stat = path.stat()
    return f"{stat.st_size} {stat.st_mtime_ns}"


_open: OrderedDict[tuple[str | int, ...], OpenFile | Spool] = OrderedDict()
_MOST_OPEN = 8
"""More than may lie in each other: what is read from another one must find that open."""


def read_at(name: str, offset: int, length: int) -> bytes:
    """Bytes of a file, or of what `nested_name` names, which is unpacked as far as needed; it stays open for the next
    call as long as it is the file of this name. Raises OSError; for an address as `RemoteFile`."""
    file = file_of(name)
    if file is name and is_address(name):
        return read_remote(name, offset, length)
    key: tuple[str | int, ...]
    if is_address(file):
        key = name, remote_state(file)
    else:
        state = os.stat(file)  # noqa: PTH116 - a Path for each takes longer
        key = name, state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns
    if key not in _open:
        parent, at = _split(name)
        if at is None:
            _open[key] = OpenFile(name)
        else:
            source = named_source(parent)
            _open[key] = Spool(source, at, dictionary_of(source))
    _open.move_to_end(key)
    while len(_open) > _MOST_OPEN:
        _open.popitem(last=False)[1].close()
    return _open[key].read(offset, length)


@atexit.register
def _close() -> None:
    while _open:
        _open.popitem()[1].close()
