"""What compressed streams unpack to, as sources of bytes with names of their own: `file#offset`."""

import atexit
import os
import tempfile
from collections import OrderedDict
from pathlib import Path

from crawler.archive.unpack import Broken, Range, Source, Unpacker, dictionary_of, pread

UNKNOWN_END = 1 << 62
"""The end of a source that is not read to its end yet."""
_SPOOLS = 4


class Spool:
    """What a compressed stream unpacks to, kept in a temporary file without a name as far as it has been asked for.

    Safe in processes forked off: they would write the same bytes to the same place.
    """

    def __init__(self, source: Source, offset: int, dictionary: bytes = b"", limit: int = UNKNOWN_END) -> None:
        self.name = within(source.name, offset)
        self.start = 0
        self._unpacker = Unpacker(source, offset, dictionary)
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed by close()
        self._size = 0
        self._limit = limit
        self.end = UNKNOWN_END
        self.broken = ""
        """Why it ends before its end, once that is known."""

    def read(self, offset: int, length: int) -> bytes:
        while self._size < offset + length and self.end > self._size:
            try:
                out = self._unpacker.more()
            except Broken as error:
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


def within(name: str, offset: int) -> str:
    """The name of what the compressed stream at an offset of a file unpacks to: `file#offset`."""
    return f"{name}#{offset}"


def read_at(name: str, offset: int, length: int) -> bytes:
    """Bytes of a file, or of what is named by `within`, which is unpacked as far as needed and kept for the next call.

    Raises OSError when the file cannot be read.
    """
    parent, at = _split(name)
    if at is None:
        with Range(Path(name)) as file:
            return file.read(offset, length)
    return _spool(name, parent, at).read(offset, length)


def file_of(name: str) -> Path:
    """The file that the name of a Place belongs to."""
    while (parts := _split(name))[1] is not None:
        name = parts[0]
    return Path(name)


class Named:
    """A source that opens its file for every read, so that none stays open behind a spool."""

    start = 0
    end = UNKNOWN_END

    def __init__(self, name: str) -> None:
        self.name = name

    def read(self, offset: int, length: int) -> bytes:
        return read_at(self.name, offset, length)


_kept: OrderedDict[tuple[str, int, int], Spool] = OrderedDict()


def _spool(name: str, parent: str, at: int) -> Spool:
    state = file_of(parent).stat()
    key = name, state.st_size, state.st_mtime_ns
    if key not in _kept:
        source = Named(parent)
        _kept[key] = Spool(source, at, dictionary_of(source))
    _kept.move_to_end(key)
    while len(_kept) > _SPOOLS:
        _kept.popitem(last=False)[1].close()
    return _kept[key]


@atexit.register
def _close() -> None:
    while _kept:
        _kept.popitem()[1].close()


def _split(name: str) -> tuple[str, int | None]:
    parent, mark, number = name.rpartition("#")
    if mark and number.isascii() and number.isdigit() and not Path(name).exists():
        return parent, int(number)
    return name, None
