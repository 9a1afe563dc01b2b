"""Front matter as others wrote it: read strictly, then mended; never raising for what it holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from crawler.hkcnews.text import clean
from crawler.markdown.flat import NULL, NotFlat, read_flat

KEYS = frozenset({"title", "date", "last_updated", "author", "category", "tags", "url", "original_url", "source"})
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]")
_LEADING_TABS = re.compile(r"^\t+", re.MULTILINE)
_LINE = re.compile(r"([a-z_]{3,12})[ \t]*:(?:[ \t]+|\Z)")
_ITEM = re.compile(r"[ \t]*-[ \t]+")
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|([\"\\/]))")
LARGEST = 64 * 1024
"""Characters; the longest of the public backup is some 7,000, nearly all of it addresses."""
_LONGEST_VALUE = 8000


@dataclass(frozen=True, slots=True)
class Head:
    """`fields` by key, each a text (empty values are left out); `mended`: what a strict reader would have stumbled on, in words,
    empty when there is nothing. `readable` is False when nothing could be made of it."""

    fields: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    mended: str = ""
    readable: bool = True


def read_head(text: str) -> Head:
    """The lines between the `---`, with any line ends."""
    if len(text) > LARGEST:
        return Head(readable=False)
    crlf = "\r\n" in text
    plain = text.replace("\r\n", "\n") if crlf else text
    try:
        return _head(_strict(plain), "CRLF line ends" if crlf else "")
    except NotFlat:
        pass
    cleaned = clean(_CONTROL.sub("", plain.replace("\r", " ")))
    tidied = _LEADING_TABS.sub(lambda tabs: "  " * len(tabs[0]), cleaned)
    what = "control characters" if cleaned != plain else "tabs"
    if tidied != plain:
        try:
            return _head(_strict(tidied), what)
        except NotFlat:
            pass
    found = _by_lines(tidied)
    if not found:
        return Head(readable=False)
    return _head(found, "not YAML; read line by line")


def _head(found: dict[str, str | list[str]], mended: str) -> Head:
    fields = {key: value for key, value in found.items() if isinstance(value, str) and value}
    tags = found.get("tags", ())
    return Head(fields, tuple(tags) if isinstance(tags, list) else (), mended)


def _strict(text: str) -> dict[str, str | list[str]]:
    """Texts and lists of texts by key. Raises NotFlat."""
    found = read_flat(text)
    if not KEYS & found.keys():
        raise NotFlat("no key of an article's")
    return found


def _by_lines(text: str) -> dict[str, str | list[str]]:
    """What is left to see when no YAML reader goes on: lines that begin with a key of ours, and the items of tags."""
    found: dict[str, str | list[str]] = {}
    key = ""
    tags: list[str] = []
    for line in text.split("\n"):
        begun = _LINE.match(line)
        if begun and begun[1] in KEYS:
            key = begun[1]
            found.setdefault(key, _unquoted(line[begun.end() :]))
        elif key == "tags" and (item := _ITEM.match(line)):
            tags.append(_unquoted(line[item.end() :]))
        elif key and line.strip() and line[:1] in " \t" and isinstance(value := found[key], str) and len(value) < _LONGEST_VALUE:
            found[key] = f"{value} {_unquoted(line)}".strip()
    if tags:
        found["tags"] = [*tags]
    return found


def _unquoted(value: str) -> str:
    value = value.strip(" \t")
    if value.startswith("'"):
        return value.strip("'").replace("''", "'")
    if value.startswith('"') or value.endswith('"'):
        value = value.removeprefix('"').removesuffix('"')
        return _ESCAPE.sub(lambda found: found[3] or chr(int(found[1] or found[2], 16)), value)
    return "" if value in NULL else value
