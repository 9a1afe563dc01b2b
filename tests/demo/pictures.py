"""The demo's pictures: small drawings of a bay, and how the archive holds those that the invented articles show."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from tests.demo.sources import address

WIDTH, HEIGHT = 96, 64
_SITE = "https://www.hkcnews.com"
_NEWS = f"{_SITE}/news_新聞/hk-discuss"
_AVATARS = f"{_SITE}/uploads/avatars"
_SKY, _SEA, _SAND, _TOWER, _LAMP, _BOAT = range(6)


@dataclass(frozen=True, slots=True)
class Picture:
    """One capture of a picture: the drawing, or (`drawing` None) the page that stands in its place."""

    timestamp: str
    original: str
    drawing: int | None
    status: str = "200"
    to: str = ""


def _at(timestamp: str, readable: str, drawing: int | None, **more: str) -> Picture:
    return Picture(timestamp, address(readable), drawing, **more)


PICTURES = (
    # Captured at another time than the article, as most are.
    _at("20210801120000", f"{_NEWS}/2020/03/鹽田-鹽燈島-20200321160000_e1e1_large.jpg", 1),
    _at("20180815101112", f"{_NEWS}/2017/07/榕樹-Banyan%20Tree-20170730090817_b04c_large.jpg", 2),
    _at("20210712011908", f"{_NEWS}/2017/07/榕樹-榕蔭街-20170730091233_77d1_large.jpg", 3),
    _at("20190404040404", f"{_SITE.replace('www.', '')}/news_新聞/hk-discuss/2017/09/漁民市集-海鮮-20170930081145_5ac3_large.jpg", 4),
    _at("20210302030405", f"{_NEWS}/2020/10/划艇賽-Tsing%20Lo%20Regatta-20201011133000_4b4b_large.gif", 5),
    _at("20210629013113", f"{_NEWS}/2019/06/壁畫-蜆殼里-20190615142011_9d20_large.jpg", 6),
    # The same bytes under another address.
    _at("20210712011909", f"{_NEWS}/2017/07/榕樹-20170730091540_0f6e_large.png", 3),
    # A page in its place at the time of the article, a good one before that.
    _at("20210712022038", f"{_NEWS}/2018/06/海晴戲院-舊戲院-20180609113010_c4d8_large.jpg", None),
    _at("20180610000000", f"{_NEWS}/2018/06/海晴戲院-舊戲院-20180609113010_c4d8_large.jpg", 7),
    # Moved, and found where it moved to.
    _at(
        "20210703221531",
        f"{_NEWS}/2017/01/圖書館-library-20170121101502_3e7b_large.jpg",
        None,
        status="301",
        to=f"{_SITE}/archive/library.png",
    ),
    _at("20210703221540", f"{_SITE}/archive/library.png", 8),
    # Never any good: a page in its place whenever it was captured. That of article 36963 was never captured at all.
    _at("20221010101010", f"{_NEWS}/2021/08/船票-Ferry%20Ticket-20210827111111_8c8c_large.jpg", None),
    _at("20210801000000", f"{_AVATARS}/11aa22bb-0001-4c4c-9d9d-0a0b0c0d0e01.png?1288", 11),
    _at("20210801000001", f"{_AVATARS}/33cc44dd-0002-4c4c-9d9d-0a0b0c0d0e02.png?3377", 12),
    _at("20210801000002", f"{_AVATARS}/55ee66ff-0003-4c4c-9d9d-0a0b0c0d0e03.png?10077", 13),
    _at("20210801000003", f"{_AVATARS}/77aa88bb-0004-4c4c-9d9d-0a0b0c0d0e04.png?23456", 14),
    _at("20210801000004", f"{_AVATARS}/99aa00bb-0005-4c4c-9d9d-0a0b0c0d0e05.png?30303", 15),
)
FETCHED, MISSING = 14, {"html_page": 1, "not_archived": 1}
"""What becomes of the pictures of all articles that can be recovered."""


def draw(number: int) -> bytes:
    """A lighthouse on a bay as a PNG, another one for each number; without compression, so that the bytes do not depend on any library."""
    palette = bytes(
        value
        for colour in ((150, 200, 235), (20, 90 + number * 7 % 80, 140), (225, 205, 150), (250, 250, 250), (255, 210, 60), (170, 60, 50))
        for value in colour
    )
    rows = b"".join(b"\0" + bytes(_pixel(x, y, number) for x in range(WIDTH)) for y in range(HEIGHT))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"PLTE", palette) + _chunk(b"IDAT", _stored(rows)) + _chunk(b"IEND", b"")


def _pixel(x: int, y: int, number: int) -> int:
    tower, boat = 12 + number * 5 % 70, 8 + number * 23 % 76
    if 12 <= y < 16 and abs(x - tower) <= 3:
        return _LAMP
    if 16 <= y < 46 and abs(x - tower) <= 2 + (y - 16) // 12:
        return _TOWER
    if 44 <= y < 48 and abs(x - boat) <= 8 - (y - 44) * 2:
        return _BOAT
    return _SAND if y >= 46 and abs(x - tower) <= (y - 44) * 2 else _SEA if y >= 42 else _SKY


def _stored(data: bytes) -> bytes:
    """A zlib stream of one stored block."""
    assert len(data) <= 0xFFFF
    return b"\x78\x01\x01" + struct.pack("<HH", len(data), len(data) ^ 0xFFFF) + data + struct.pack(">I", zlib.adler32(data))


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
