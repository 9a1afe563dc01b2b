"""Damages pages in every way that a tired crawler, a cut line or a hostile author might; the same seed, the same
damage."""

from __future__ import annotations

import random
from collections.abc import Sequence

HOSTILE = (
    b"</div></div>",
    b"<script>alert(1)</script>",
    b"<!--",
    b"-->",
    b"\x00\x08\x1b\x7f",
    b"\xff\xfe\xed\xa0\x80",
    b"&#xD800;&#8;&#0;",
    b"{{< evil >}}{{% evil %}}",
    b'"\nauthor: "evil',
    b"\n---\n",
    b"\xe2\x80\xae\xe2\x80\xa8\xc2\x85",
    b'<a href="javascript:alert(1)">x</a>',
    b'<a href=" java&#9;script:alert(1)"><b>y</b></a>',
    b'<img src=x onerror="alert(1)"><iframe src="//evil.example/">',
    b"<p>" * 300,
    b"<b>" * 60,
    b"<table><tr><td><ul><li><table>",
    b"<h1>",
    b"<svg><style><![CDATA[</style>",
    b"![x](y)[z]: w\n# h\n- i\n1. j\n> k\n```\n",
    b"<textarea><title><noscript>",
    b"</html>",
)


def mutate(page: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    """One to four damages at random places."""
    for _ in range(chance.randint(1, 4)):
        page = _DAMAGES[chance.randrange(len(_DAMAGES))](page, others, chance)
    return page


def _flip(page: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    data = bytearray(page)
    for _ in range(chance.randint(1, 12)):
        if data:
            data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def _cut(page: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    return page[: chance.randrange(len(page) // 2, len(page) + 1)] if page else page


def _drop(page: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    start = chance.randrange(len(page) + 1)
    return page[:start] + page[start + chance.randint(1, 200) :]


def _repeat(page: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    start = chance.randrange(len(page) + 1)
    piece = page[start : start + chance.randint(1, 400)]
    return page[:start] + piece * chance.randint(2, 4) + page[start:]


def _insert(page: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    at = chance.randrange(len(page) + 1)
    return page[:at] + chance.choice(HOSTILE) + page[at:]


def _splice(page: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    other = chance.choice(others)
    start = chance.randrange(len(other) + 1)
    at = chance.randrange(len(page) + 1)
    return page[:at] + other[start : start + chance.randint(1, 2000)] + page[at:]


_DAMAGES = (_flip, _flip, _cut, _drop, _drop, _repeat, _insert, _insert, _insert, _splice)
