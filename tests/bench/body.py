"""The body of an invented article, with what real bodies have and as often as they have it.

The shares are those of the public backup (48,230 articles) and of the sample beside the project: nine articles in ten
have a picture, one picture in six no caption, 39% a video, 47% a heading, 35% bold text, 4% a list, 3% a table, 10% a
quotation, 18% a line break, 8% an e-mail address that Cloudflare hid.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from urllib.parse import quote

from tests.bench.words import NAMES, PEOPLE, PLACES, RARE, TIMES, english, heading, sentence, sentences

_KEY = 0x2A
_LONGEST = 12_000

Piece = Callable[[Random], str]


def body(chance: Random, in_english: bool) -> str:
    """The HTML inside the content element, without the subscription note. Half of all have less than 1,400 characters
    of text."""
    wanted = min(_LONGEST, int(chance.lognormvariate(7.0, 0.75)))
    blocks: list[str] = []
    written = 0
    while written < wanted:
        text = english(chance, 45) if in_english else sentences(chance, chance.randint(60, 180))
        blocks.append(f"<p>{_inline(chance, text)}</p>")
        written += len(text)
    for piece, share, most in _PIECES:
        for _ in range(chance.randint(1, most) if chance.random() < share else 0):
            blocks.insert(chance.randint(0, len(blocks)), piece(chance))
    return "\n".join(blocks)


def _inline(chance: Random, text: str) -> str:
    """A paragraph with bold, italics, a link, a line break or a hidden address, as seldom as they are."""
    draw = chance.random()
    at = len(text) // 3
    if draw < 0.05:
        return f"<strong>{text[:at]}</strong>{text[at:]}"
    if draw < 0.13:
        return f'{text[:at]}<a href="/article/{chance.randint(1, 49_000)}">{text[at : at + 8]}</a>{text[at + 8 :]}'
    if draw < 0.15:
        return f'{text[:at]}<a href="https://archive.example/{quote(text[:4])}">{text[at : at + 8]}</a>{text[at + 8 :]}'
    if draw < 0.19:
        return f"{text[:at]}<br>\n{text[at:]}"
    if draw < 0.20:
        return f"{text[:at]}<em>{text[at : at + 6]}</em>{text[at + 6 :]}"
    if draw < 0.206:
        return f"{text}{_email(chance)}"
    return text + chance.choice(RARE) if draw > 0.9999 else text


def _email(chance: Random) -> str:
    address = f"lamp{chance.randint(1, 999)}@archive.example"
    code = bytes([_KEY, *(byte ^ _KEY for byte in address.encode())]).hex()
    shown = f'<span class="__cf_email__" data-cfemail="{code}">[email&#160;protected]</span>'
    return f'<a href="/cdn-cgi/l/email-protection#{code}">{shown}</a>'


def _figure(chance: Random) -> str:
    name = f"{chance.choice(PLACES)}%20{chance.randint(1, 999)}"
    caption = (
        f"<figcaption>{sentence(chance)}（{chance.choice(NAMES)}攝）</figcaption>" if chance.random() > 0.16 else ""
    )
    return (
        f'<figure><img src="/news_新聞/{chance.randint(2016, 2021)}/{chance.randint(1, 12):02}/{name}.jpg"'
        f' alt="">{caption}</figure>'
    )


def _video(chance: Random) -> str:
    code = "".join(chance.choices("abcdefghijkmnpqrstuvwxyzABCDEFGH23456789-_", k=11))
    return (
        f'<div class="embed"><iframe src="https://www.youtube.com/embed/{code}" width="640" height="360"'
        " allowfullscreen></iframe></div>"
    )


def _list(chance: Random) -> str:
    items = "".join(f"<li>{sentence(chance)}</li>" for _ in range(chance.randint(2, 6)))
    kind = chance.choice(("ul", "ol"))
    return f"<{kind}>{items}</{kind}>"


def _table(chance: Random) -> str:
    head = "".join(f"<th>{word}</th>" for word in ("地點", "時間", "人數"))
    row = "<tr><td>{}</td><td>{}</td><td>{}</td></tr>"
    rows = "".join(
        row.format(chance.choice(PLACES), chance.choice(TIMES), chance.randint(1, 900))
        for _ in range(chance.randint(3, 20))
    )
    return f"<table><tr>{head}</tr>{rows}</table>"


def _quotation(chance: Random) -> str:
    return f"<blockquote><p>「{sentence(chance)}」</p><p>{chance.choice(PEOPLE)}{chance.choice(NAMES)}</p></blockquote>"


def _subheading(chance: Random) -> str:
    level = chance.choice((2, 3, 3, 4))
    return f"<h{level}>{heading(chance)}</h{level}>"


_PIECES: tuple[tuple[Piece, float, int], ...] = (
    (_figure, 0.91, 5),
    (_subheading, 0.47, 4),
    (_video, 0.39, 2),
    (_quotation, 0.10, 2),
    (_list, 0.04, 1),
    (_table, 0.03, 1),
)
"""What stands between paragraphs: the share of articles that have it, and how many at most."""
