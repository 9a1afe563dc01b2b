"""Pictures of few colours, painted from back to front and written as PNG, with the same bytes on every machine."""

from __future__ import annotations

import re
import struct
import zlib
from itertools import pairwise
from math import isqrt

WIDTH, HEIGHT = 480, 320
_UP = b"\x02"  # each row as its difference from the one above
_EXTRA_FROM, _LONGEST = 265, 285


class Canvas:
    """What is painted last covers what was before; colours are written `#rrggbb`, places in pixels from the upper left
    corner."""

    def __init__(self, width: int = WIDTH, height: int = HEIGHT) -> None:
        self.width, self.height = width, height
        self._rows = [bytearray(width) for _ in range(height)]
        self._palette: dict[str, int] = {}

    def span(self, colour: str, y: int, left: int, right: int) -> None:
        """A line one pixel high, without its right end."""
        left, right = max(0, left), min(self.width, right)
        if 0 <= y < self.height and left < right:
            index = self._palette.setdefault(colour, len(self._palette))
            self._rows[y][left:right] = bytes([index]) * (right - left)

    def box(self, colour: str, left: int, top: int, width: int, height: int) -> None:
        for y in range(top, top + height):
            self.span(colour, y, left, left + width)

    def shade(self, upper: str, lower: str, top: int, bottom: int, steps: int = 12) -> None:
        """From one colour to another, downwards, over the whole width."""
        first, last = bytes.fromhex(upper[1:]), bytes.fromhex(lower[1:])
        for step in range(steps):
            mixed = bytes(a + (b - a) * step // (steps - 1) for a, b in zip(first, last, strict=True))
            start, end = (top + (bottom - top) * at // steps for at in (step, step + 1))
            self.box(f"#{mixed.hex()}", 0, start, self.width, end - start)

    def ellipse(self, colour: str, x: int, y: int, across: int, down: int) -> None:
        """An ellipse around a place, by its two radii."""
        for off in range(-down, down + 1):
            half = isqrt(across * across * (down * down - off * off)) // down
            self.span(colour, y + off, x - half, x + half + 1)

    def polygon(self, colour: str, *points: tuple[int, int]) -> None:
        edges = [sorted((one, other), key=lambda point: point[1]) for one, other in pairwise((*points, points[0]))]
        for y in range(min(y for _, y in points), max(y for _, y in points)):
            crossings = sorted(
                x0 + (2 * (y - y0) + 1) * (x1 - x0) // (2 * (y1 - y0)) for (x0, y0), (x1, y1) in edges if y0 <= y < y1
            )
            for left, right in zip(crossings[::2], crossings[1::2], strict=True):
                self.span(colour, y, left, right)

    def png(self) -> bytes:
        """The picture as a PNG with a palette."""
        above, rows = bytes(self.width), bytearray()
        for row in self._rows:
            rows += _UP + bytes((value - before) & 0xFF for value, before in zip(row, above, strict=True))
            above = bytes(row)
        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 3, 0, 0, 0)
        palette = b"".join(bytes.fromhex(colour[1:]) for colour in self._palette)
        chunks = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", deflate(bytes(rows))), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def deflate(data: bytes) -> bytes:
    """A zlib stream with runs of one byte as its only repetitions (RFC 1951, fixed codes).

    zlib itself would make it smaller, but other bytes in other versions, and the archive's digests would no longer be
    those of its listing.
    """
    out, held, bits = bytearray(b"\x78\x01"), 0b011, 3  # one block, the last, with fixed codes
    for run in re.finditer(rb"(.)\1*", data, re.DOTALL):
        for code, length in _coded(run[1][0], len(run[0])):
            held |= code << bits
            bits += length
            while bits >= 8:
                out.append(held & 0xFF)
                held, bits = held >> 8, bits - 8
    held |= _CODES[256][0] << bits
    bits += _CODES[256][1]
    out += held.to_bytes((bits + 7) // 8, "little")
    return bytes(out) + struct.pack(">I", zlib.adler32(data))


def _fixed(symbol: int) -> tuple[int, int]:
    """The code of a literal or a length, in the order of the stream's bits, and how many bits it has."""
    for first, last, code, bits in ((0, 143, 0x30, 8), (144, 255, 0x190, 9), (256, 279, 0, 7), (280, 287, 0xC0, 8)):
        if first <= symbol <= last:
            return int(f"{code + symbol - first:0{bits}b}"[::-1], 2), bits
    raise ValueError(symbol)


def _lengths() -> dict[int, int]:
    """The lengths that need none of the extra bits of their code set, and their codes, longest first."""
    found, length = {258: _LONGEST}, 3
    for symbol in range(257, _LONGEST):
        found[length] = symbol
        length += 1 << _extra(symbol)
    return dict(sorted(found.items(), reverse=True))


def _extra(symbol: int) -> int:
    return (symbol - 261) // 4 if _EXTRA_FROM <= symbol < _LONGEST else 0


_CODES = [_fixed(symbol) for symbol in range(288)]
_LENGTHS = _lengths()


def _coded(value: int, count: int) -> list[tuple[int, int]]:
    """A run of a byte: the byte itself, then as many as possible of it at a time."""
    codes, rest = [_CODES[value]], count - 1
    for length, symbol in _LENGTHS.items():
        code, bits = _CODES[symbol]
        while rest >= length:
            codes.append((code, bits + _extra(symbol) + 5))
            rest -= length
    return codes + [_CODES[value]] * rest


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
