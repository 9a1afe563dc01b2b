"""Reading the WARC files of our own store: one gzip member a record, each checked to its last byte, the first bad one ends it."""

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from crawler.archive.unpack import Range
from crawler.archive.warc import Place
from crawler.archive.warcframe import Frame, frames
from crawler.archive.warcrecord import StoredCapture, WarcDamaged, read_capture

_CHUNK = 64 * 1024


def read_record(path: Path, offset: int, length: int) -> StoredCapture:
    """The response record at a Place, checked to its last byte. Raises WarcDamaged; OSError when the file cannot be read."""
    with Range(path, offset, offset + length) as file:
        raw = file.read(offset, length)
    where = f"{path.name} at byte {offset}"
    if len(raw) < length:
        raise WarcDamaged(f"{where}: {len(raw)} of {length} bytes are there")
    stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        record = stream.decompress(raw)
    except zlib.error as error:
        raise WarcDamaged(f"{where}: {error}") from error
    if not stream.eof or stream.unused_data:
        raise WarcDamaged(f"{where}: the record does not end after {length} bytes")
    capture = read_capture(record, where)
    if capture is None:
        raise WarcDamaged(f"{where}: not a response record")
    return capture


def iter_records(path: Path) -> Iterator[tuple[Place, StoredCapture]]:
    """All response records in order; other kinds are checked and passed over. Raises WarcDamaged at the first bad record."""
    with path.open("rb") as file:
        offset = 0
        for record, length in _members(file, path.name):
            capture = read_capture(record, f"{path.name} at byte {offset}")
            if capture is not None:
                yield Place(path.name, offset, length), capture
            offset += length


def last_whole(path: Path) -> int:
    """The offset behind the last whole record of a file with one gzip member a record: what a torn file is cut back to.

    Whole records behind damage in the middle count, so that cutting never loses one; 0 when nothing is whole. Raises OSError.
    """
    with Range(path) as source:
        return max(
            (item.offset + item.length for item in frames(source) if isinstance(item, Frame) and item.file == source.name), default=0
        )


def _members(file: BinaryIO, name: str) -> Iterator[tuple[bytes, int]]:
    offset, pending = 0, b""
    while pending := pending or file.read(_CHUNK):
        stream, out, taken = zlib.decompressobj(zlib.MAX_WBITS | 16), bytearray(), 0
        try:
            while not stream.eof:
                out += stream.decompress(pending)
                taken += len(pending) - len(stream.unused_data)
                pending = stream.unused_data or file.read(_CHUNK)
                if not pending and not stream.eof:
                    raise WarcDamaged(f"{name} at byte {offset}: the file ends in the middle of a record")
        except zlib.error as error:
            raise WarcDamaged(f"{name} at byte {offset}: {error}") from error
        yield bytes(out), taken
        offset += taken
