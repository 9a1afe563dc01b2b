"""Files of web archives in folders, known by name or by their first bytes, and the WARC files inside a WACZ, or one inside that."""

import os
import struct
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from io import RawIOBase
from pathlib import Path
from typing import Any

from crawler.archive.holding import Damage, NotAnArchive
from crawler.archive.spool import UNKNOWN_END, Spool
from crawler.archive.unpack import GZIP, ZSTD, Broken, Part, Range, Source, Unpacker

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


def find_files(paths: Iterable[Path]) -> list[Path]:
    """Web archives among files and folders: in the order given, a folder's sorted, each once.

    In folders, which are searched to any depth, by their names: .warc, .warc.gz, .warc.zst, .wacz; links in them are not followed.
    Files that are given themselves may have any name. Raises NotAnArchive for a path that is none or has none; OSError.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        if path.is_dir():
            inside = list(_inside(path))
            if not inside:
                raise NotAnArchive(path, "there is no web archive in this folder")
        else:
            _check(path)
            inside = [path]
        for file in inside:
            found.setdefault(file.resolve(), file)
    return list(found.values())


def sources(path: Path) -> Iterator[Source | Damage]:
    """What of a file is to be searched for records, one after another; each is closed when the next is asked for. Raises OSError."""
    with Range(path) as whole:
        if path.name.endswith(_WACZ) or whole.read(0, 4) in (_ZIP, _EMPTY_ZIP):
            yield from _unzipped(whole, 0)
        else:
            yield whole


def _unzipped(archive: Source, depth: int) -> Iterator[Source | Damage]:
    """The WARC files in a zip, and in those that lie in it."""
    try:
        entries = _entries(archive)
    except NotAnArchive as error:
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
        yield Part(archive, start, start + entry.compress_size)


def _entries(archive: Source) -> list[zipfile.ZipInfo]:
    """The WARC and WACZ files in a zip, in the order in which they lie. Raises NotAnArchive."""
    try:
        with zipfile.ZipFile(_Opened(archive)) as directory:
            entries = [entry for entry in directory.infolist() if entry.filename.endswith(_NAMES)]
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, struct.error, UnicodeDecodeError, OverflowError) as error:
        raise NotAnArchive(Path(archive.name), f"the directory of the zip cannot be read: {error}") from error
    if not entries:
        raise NotAnArchive(Path(archive.name), "there is no WARC in this zip")
    return sorted(entries, key=lambda entry: entry.header_offset)


class _Opened(RawIOBase):
    """A source as a file to read, which begins at its start."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._at = 0
        while source.end >= UNKNOWN_END and source.read(self._at, _PIECE):  # what is unpacked ends where it ends
            self._at += _PIECE
        self._size = source.end - source.start
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = max(0, offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence])
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        part = self._source.read(self._source.start + self._at, len(buffer)) if self._at < self._size else b""
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)


def _inside(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder, onerror=_raise):
        folders.sort()
        for name in sorted(names):
            path = Path(place) / name
            if name.endswith(_NAMES) and not path.is_symlink() and path.is_file():
                yield path


def _raise(error: OSError) -> None:
    raise error


def _check(path: Path) -> None:
    if not path.exists():
        raise NotAnArchive(path, "it does not exist")
    if not path.is_file():
        raise NotAnArchive(path, "it is neither a file nor a folder")
    with Range(path) as file:
        start = file.read(0, 5)
        if path.name.endswith(_WACZ) or start.startswith((_ZIP, _EMPTY_ZIP)):
            _entries(file)
            return
        if start.startswith((GZIP, ZSTD)):
            unpacked = b""
            with suppress(Broken):
                unpacked = Unpacker(file, 0).more()
            start = unpacked[:5] if not path.name.endswith(_NAMES) else b"WARC/"
    if start != b"WARC/" and not path.name.endswith(_NAMES):
        raise NotAnArchive(path, "it begins neither as a WARC nor as a WACZ")
