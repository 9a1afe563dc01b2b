"""Small images of every format, made by hand: whole ones, to be cut and spoilt by the tests."""

from __future__ import annotations

import struct
import zlib


def png(seed: int = 0, width: int = 4, height: int = 3) -> bytes:
    """A picture whose bytes differ from seed to seed."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\0" + bytes((seed * 7 + 31 * x + 17 * y) % 256 for x in range(3 * width)) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def jpeg(seed: int = 0, width: int = 640, height: int = 480, thumbnail: bool = False) -> bytes:
    """The segments of a JPEG around invented picture data; with a thumbnail, which has an end mark of its own."""

    def segment(code: int, data: bytes) -> bytes:
        return struct.pack(">BBH", 0xFF, code, len(data) + 2) + data

    exif = b"Exif\0\0" + (jpeg(1, 16, 12) if thumbnail else b"")
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    data = bytes((seed + 13 * number) % 255 for number in range(300)).replace(b"\xff", b"\xff\x00")
    parts = (
        segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"),
        segment(0xE1, exif),
        segment(0xC0, frame),
        segment(0xDA, b"\x01\x01\x00\x00\x3f\x00"),
    )
    return b"\xff\xd8" + b"".join(parts) + data + b"\xff\xd9"


def gif(width: int = 5, height: int = 5) -> bytes:
    """One frame with a table of colours, a comment before it."""
    return (
        b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
        b"\x21\xfe\x05hello\x00" + b"\x2c" + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x44\x01\x00\x3b"
    )


def webp() -> bytes:
    body = b"WEBPVP8L" + struct.pack("<I", 10) + bytes(10)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def bmp() -> bytes:
    return b"BM" + struct.pack("<IIIIii", 26 + 16, 0, 26, 12, 2, 2) + bytes(16)


def tiff(order: str = "<") -> bytes:
    start = b"II*\0" if order == "<" else b"MM\0*"
    return start + struct.pack(f"{order}I", 8) + struct.pack(f"{order}H", 1) + bytes(12) + bytes(4)


def icon() -> bytes:
    return b"\0\0\1\0\1\0" + bytes(8) + struct.pack("<II", 10, 22) + bytes(10)


def avif() -> bytes:
    return struct.pack(">I", 24) + b"ftypavif" + bytes(12) + struct.pack(">I", 16) + b"mdat" + bytes(8)


SVG = b'<?xml version="1.0"?>\n<!-- a buoy -->\n<svg xmlns="http://www.w3.org/2000/svg"><circle r="4"/></svg>\n'
