"""Files of web archives in folders, known by name or by their first bytes, and the WARC files inside a WACZ."""

import os
import struct
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from crawler.archive.holding import Damage, NotAnArchive
from crawler.archive.spool import Spool
from crawler.archive.unpack import GZIP, ZSTD, Broken, Range, Source, Unpacker

_NAMES = (".warc", ".warc.gz", ".warc.zst", ".wacz")
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
        zipped = path.name.endswith(".wacz") or whole.read(0, 4) in (_ZIP, _EMPTY_ZIP)
        if not zipped:
            yield whole
            return
        try:
            entries = _entries(path)
        except NotAnArchive as error:
            yield Damage(str(path), 0, f"{error.why}; the file cannot be read")
            return
        for entry in entries:
            yield from _entry(path, whole, entry)


def _entry(path: Path, whole: Range, entry: zipfile.ZipInfo) -> Iterator[Source | Damage]:
    at = entry.header_offset
    head = whole.read(at, _LOCAL.size)
    signature, name, extra = _LOCAL.unpack(head) if len(head) == _LOCAL.size else (b"", 0, 0)
    start = at + _LOCAL.size + name + extra
    packed = entry.compress_type == zipfile.ZIP_DEFLATED
    why = ""
    if signature != _ZIP or start + entry.compress_size > whole.end:
        why = "it is not where the directory of the zip says"
    elif entry.flag_bits & 1 or not (packed or entry.compress_type == zipfile.ZIP_STORED):
        why = "it is packed in a way that is not known"
    elif entry.file_size > _BLOWN_UP * (entry.compress_size + _BLOWN_UP):
        why = f"it would unpack to {entry.file_size} bytes"
    if why:
        yield Damage(str(path), at, f"{entry.filename} is lost: {why}")
    elif packed:
        spool = Spool(whole, start, limit=entry.file_size)
        try:
            yield spool
        finally:
            spool.close()
        if spool.broken:
            yield Damage(str(path), start, f"{entry.filename} is cut off: {spool.broken}")
    else:
        with Range(path, start, start + entry.compress_size) as part:
            yield part


def _entries(path: Path) -> list[zipfile.ZipInfo]:
    """The WARC files in a zip, in the order in which they lie. Raises NotAnArchive."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if entry.filename.endswith(_NAMES[:3])]
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, struct.error, UnicodeDecodeError, OverflowError) as error:
        raise NotAnArchive(path, f"the directory of the zip cannot be read: {error}") from error
    if not entries:
        raise NotAnArchive(path, "there is no WARC in this zip")
    return sorted(entries, key=lambda entry: entry.header_offset)


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
        if path.name.endswith(".wacz") or start.startswith((_ZIP, _EMPTY_ZIP)):
            _entries(path)
            return
        if start.startswith((GZIP, ZSTD)):
            unpacked = b""
            with suppress(Broken):
                unpacked = Unpacker(file, 0).more()
            start = unpacked[:5] if not path.name.endswith(_NAMES) else b"WARC/"
    if start != b"WARC/" and not path.name.endswith(_NAMES):
        raise NotAnArchive(path, "it begins neither as a WARC nor as a WACZ")
