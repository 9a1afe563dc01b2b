"""The formats of images as far as it takes to tell whether a file is whole, and how large the picture is."""

from __future__ import annotations

import struct
from typing import NamedTuple


class Unfit(Exception):
    """The file ends too early, or its parts do not fit together; says where."""


class Size(NamedTuple):
    """Pixels."""

    width: int
    height: int


_NO_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_BOX = 8


def _unpacked(form: str, data: bytes, at: int) -> tuple[int, ...]:
    try:
        return struct.unpack_from(form, data, at)
    except struct.error:
        raise Unfit(f"ends at byte {len(data)}, inside of a part") from None


def jpeg(data: bytes) -> Size | None:
    """Goes through the segments to the picture's data, behind which the end mark must stand; cameras and sites add more after it."""
    at, size = 2, None
    while True:
        mark, code = _unpacked(">BB", data, at)
        if mark != 0xFF:
            raise Unfit(f"no segment at byte {at}")
        if code == 0xFF:  # filling
            at += 1
        elif code in _NO_LENGTH:
            at += 2
        elif code == 0xD9:
            raise Unfit("ends before its picture")
        else:
            (length,) = _unpacked(">H", data, at + 2)
            if code in _FRAMES:
                height, width = _unpacked(">HH", data, at + 5)
                size = Size(width, height)
            at += 2 + length
            if code == 0xDA:
                break
    if data.find(b"\xff\xd9", at) < 0:
        raise Unfit(f"no end mark in {len(data)} bytes")
    return size


def png(data: bytes) -> Size | None:
    """Goes through the chunks to the last one."""
    width, height = _unpacked(">II", data, 16)
    at = 8
    while True:
        length, name = _unpacked(">II", data, at)
        at += 12 + length
        if at > len(data):
            raise Unfit(f"ends at byte {len(data)}, inside of a chunk that ends at {at}")
        if name == 0x49454E44:  # IEND
            return Size(width, height)


def gif(data: bytes) -> Size | None:
    """Goes through the blocks to the trailer."""
    width, height, packed = _unpacked("<HHB", data, 6)
    at = 13 + _colours(packed)
    while True:
        (kind,) = _unpacked("B", data, at)
        if kind == 0x3B:
            return Size(width, height)
        if kind == 0x2C:
            (packed,) = _unpacked("B", data, at + 9)
            at += 11 + _colours(packed)
        elif kind == 0x21:
            at += 2
        else:
            raise Unfit(f"no block at byte {at}")
        while True:
            (length,) = _unpacked("B", data, at)
            at += 1 + length
            if not length:
                break


def _colours(packed: int) -> int:
    """Bytes of the table of colours that a packed field announces."""
    return 3 * 2 ** ((packed & 7) + 1) if packed & 0x80 else 0


def webp(data: bytes) -> Size | None:
    """Its container says how long it is."""
    (length,) = _unpacked("<I", data, 4)
    _reaches(data, 8 + length)
    return None


def bmp(data: bytes) -> Size | None:
    """Its header says how long it is, and where the pixels begin."""
    length, _, pixels, _, width, height = _unpacked("<IIIIii", data, 2)
    _reaches(data, max(length, pixels + 1))
    return Size(width, abs(height))


def tiff(data: bytes) -> Size | None:
    """Its directory must be in it; where the pixels end only a reader of the whole format could tell."""
    order = "<" if data[:2] == b"II" else ">"
    (at,) = _unpacked(f"{order}I", data, 4)
    (entries,) = _unpacked(f"{order}H", data, at)
    _reaches(data, at + 2 + 12 * entries)
    return None


def icon(data: bytes) -> Size | None:
    """Every picture in its directory must be in it."""
    (count,) = _unpacked("<H", data, 4)
    for number in range(count):
        length, at = _unpacked("<II", data, 14 + 16 * number)
        _reaches(data, at + length)
    return None


def avif(data: bytes) -> Size | None:
    """Goes through the boxes; a last one without a length runs to the end."""
    at = 0
    while at < len(data):
        (length,) = _unpacked(">I", data, at)
        if length == 1:
            (length,) = _unpacked(">Q", data, at + _BOX)
        if length == 0:
            return None
        if length < _BOX:
            raise Unfit(f"no box at byte {at}")
        at += length
        _reaches(data, at)
    return None


def _reaches(data: bytes, end: int) -> None:
    if end > len(data):
        raise Unfit(f"{len(data)} bytes of {end}")
