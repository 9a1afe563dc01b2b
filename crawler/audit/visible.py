"""What a reader sees of a body: whether there is anything, and what two bodies must share to be the same."""

from __future__ import annotations

import hashlib
import re

_MEDIA = re.compile(r"<img\b|<i?frame\b|<video\b|<audio\b|<embed\b|<object\b|\{\{<|!\[")
_BEGINS_WITH_TEXT = re.compile("^[\u3400-\u9fff]", re.MULTILINE)
_UNSEEN = re.compile(r"<[^<>]*>|\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*\)|\{\{<[^<>]*>\}\}|[\s\u200b\u200e\u200f\u2060\ufeff]+")
_SEEN = re.compile(r"[^\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f\xa0]")
_CAPTURE = re.compile(
    r"(?:https?:)?//[^/\s()\"]+/(?:[^/\s()\"]+/)?\d{14}(?:[a-z]{2}_)?/|/(?:[^/\s()\"]+/)?\d{14}(?:[a-z]{2}_)?/(?=https?:)"
)
_SPACE = re.compile(r"\s+")
_DISTINCTIVE = 30
"""Characters: bodies of fewer, such as a caption that a column always has, are the same by chance; their titles must be too."""


def seen(body: str) -> str:
    """The text without tags, targets of links, frames and white space."""
    return _UNSEEN.sub("", body)


def has_substance(body: str) -> bool:
    """Whether there is text, a picture or a video."""
    return bool(_BEGINS_WITH_TEXT.search(body) or _MEDIA.search(body) or _SEEN.search(seen(body)))


def likeness(title: str, body: str) -> bytes:
    """The same for bodies that are the same in text, pictures and videos but for the capture that they name; empty for bodies
    without text, such as a lone video: three articles may well show the same one."""
    text = seen(body)
    if not _SEEN.search(text):
        return b""
    whole = _SPACE.sub("", _CAPTURE.sub("", body))
    if len(text) < _DISTINCTIVE:
        whole += f"\n{_SPACE.sub('', title)}"
    return hashlib.blake2b(whole.encode("utf-8"), digest_size=16).digest()
