"""The words that were found, marked: in a piece of the text around the first of them, and in a title."""

from __future__ import annotations

import re
from collections.abc import Sequence

from crawler.browse.cjk import STOPS
from crawler.markdown.reader import plain_text

AROUND = 70
"""Characters shown on either side of what was found."""

_PHRASE = re.compile(r'"((?:[^"]|"")*)"')
_BETWEEN = rf"(?:(?![{STOPS}])[\W_])*"
"""The index takes no account of brackets, spaces and the like within a word; so neither does what is marked."""
_LATIN = re.compile(r"[0-9A-Za-z]+\Z")
_GAPS = re.compile(r"[ \t]*\n[ \t\n]*")
_NO_GAP = re.compile(rf"(?<=[{STOPS}」』）])\n")


def lines_of(body: str) -> str:
    """The words of a Markdown text, its paragraphs and lines one below the other."""
    return _GAPS.sub("\n", plain_text(body)).strip()


def finder(match: str) -> re.Pattern[str] | None:
    """Finds in a text what an FTS5 expression of quoted phrases matches; None when there is no phrase."""
    phrases = [each for found in _PHRASE.findall(match) if (each := _pattern(found.replace('""', '"').split()))]
    return re.compile("|".join(sorted(phrases, key=len, reverse=True)), re.IGNORECASE) if phrases else None


def _pattern(tokens: Sequence[str]) -> str:
    """A phrase, whose Latin words are whole words."""
    words = [word for token in tokens for word in re.findall(r"[^\W_]+", token)]
    patterns = [rf"(?<![0-9A-Za-z]){word}(?![0-9A-Za-z])" if _LATIN.match(word) else _BETWEEN.join(map(re.escape, word)) for word in words]
    return _BETWEEN.join(patterns)


def marked(text: str, find: re.Pattern[str] | None) -> list[tuple[str, bool]]:
    """A text in pieces, each with whether it was found."""
    if find is None:
        return [(text, False)]
    pieces: list[tuple[str, bool]] = []
    end = 0
    for found in find.finditer(text):
        pieces += [(text[end : found.start()], False), (found[0], True)]
        end = found.end()
    return [piece for piece in [*pieces, (text[end:], False)] if piece[0]]


def excerpt(text: str, find: re.Pattern[str] | None) -> list[tuple[str, bool]]:
    """A piece of a text around the first place that was found, marked; empty when there is no such place."""
    found = find.search(text) if find else None
    if found is None:
        return []
    start, end = max(0, found.start() - AROUND // 2), min(len(text), found.end() + AROUND)
    piece = text[start:end].strip()
    piece = f"{'…' + piece.lstrip(STOPS) if start else piece}{'…' if end < len(text) else ''}"
    return [(_NO_GAP.sub("", part).replace("\n", " "), hit) for part, hit in marked(piece, find)]
