"""A file of an article as others wrote it, read leniently: id, fields, body; never raising for what it holds."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from crawler.hkcnews.layout import BLOGGER_NAME, NOTE, NOTE_BLOCKS
from crawler.hkcnews.text import clean
from crawler.hkcnews.urls import HIGHEST_ID, article_id
from crawler.markdown.front_matter import NULL, InvalidFrontMatter, read_front_matter

KEYS = frozenset({"title", "date", "last_updated", "author", "category", "tags", "url", "original_url", "source"})
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]")
_LEADING_TABS = re.compile(r"^\t+", re.MULTILINE)
_LINE = re.compile(r"([a-z_]{3,12})[ \t]*:(?:[ \t]+|\Z)")
_ITEM = re.compile(r"[ \t]*-[ \t]+")
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|([\"\\/]))")
HEAD_LARGEST = 64 * 1024
"""Characters; the longest of the public backup is some 7,000, nearly all of it addresses."""
_LONGEST_VALUE = 8000


@dataclass(frozen=True, slots=True)
class LenientFrontMatter:
    """`fields` by key, each a text (empty values are left out); `mended`: what a strict reader would have stumbled on,
    in words, empty when there is nothing. `readable` is False when nothing could be made of it."""

    fields: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    mended: str = ""
    readable: bool = True


def read_lenient(text: str) -> LenientFrontMatter:
    """The lines between the `---`, with any line ends."""
    if len(text) > HEAD_LARGEST:
        return LenientFrontMatter(readable=False)
    crlf = "\r\n" in text
    plain = text.replace("\r\n", "\n") if crlf else text
    try:
        return _head(_strict(plain), "CRLF line ends" if crlf else "")
    except InvalidFrontMatter:
        pass
    cleaned = clean(_CONTROL.sub("", plain.replace("\r", " ")))
    tidied = _LEADING_TABS.sub(lambda tabs: "  " * len(tabs[0]), cleaned)
    what = "control characters" if cleaned != plain else "tabs"
    if tidied != plain:
        try:
            return _head(_strict(tidied), what)
        except InvalidFrontMatter:
            pass
    found = _by_lines(tidied)
    if not found:
        return LenientFrontMatter(readable=False)
    return _head(found, "not YAML; read line by line")


def _head(found: dict[str, str | list[str]], mended: str) -> LenientFrontMatter:
    fields = {key: value for key, value in found.items() if isinstance(value, str) and value}
    tags = found.get("tags", ())
    return LenientFrontMatter(fields, tuple(tags) if isinstance(tags, list) else (), mended)


def _strict(text: str) -> dict[str, str | list[str]]:
    """Texts and lists of texts by key. Raises NotFlat."""
    found = read_front_matter(text)
    if not KEYS & found.keys():
        raise InvalidFrontMatter("no key of an article's")
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
        elif (
            key
            and line.strip()
            and line[:1] in " \t"
            and isinstance(value := found[key], str)
            and len(value) < _LONGEST_VALUE
        ):
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


LARGEST = 16 * 1024 * 1024
"""Bytes; the longest article has some 200,000."""

_NAME = re.compile(rf"article_0*([1-9][0-9]{{0,{len(str(HIGHEST_ID)) - 1}}})\.md", re.IGNORECASE | re.ASCII)
_HEAD_END = re.compile(r"\n---[ \t]*\r?(?:\n|\Z)")
_RULE = re.compile(r"(?:\A|\n)[ \t]*-{3,}[ \t]*(?=\n|\Z)")
_PARAGRAPHS = re.compile(r"\n[ \t]*\n\s*")
_ARCHIVED = re.compile(r"https?://[^/\s]+/(?:[^/\s]+/)*?\d{4,14}(?:[a-z]{2}_)?/(https?://.+)", re.IGNORECASE)
_MARKS = " \t\n*_#>"


class UnreadableError(Exception):
    """The file cannot be read as a text; says why."""


@dataclass(frozen=True, slots=True)
class ArticleFile:
    """`article`: of the file's name, else of its addresses, None when neither says. `fields`: front matter by key,
    empty values left out. `rest`: all below the front matter; `body`: the same without title, subscription note and
    blogger's block. `mended`: see Head. Line ends in `rest` and `body` are `\\n`, unless only the body had others."""

    article: int | None
    fields: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    body: str = ""
    rest: str = ""
    mended: str = ""
    has_head: bool = True

    @property
    def title(self) -> str:
        return self.fields.get("title", "").strip()

    @property
    def original(self) -> str:
        return self.fields.get("original_url", "")

    @property
    def archived(self) -> str:
        """The address within `url`: what was archived, as far as that is to be seen."""
        return archived_address(self.fields.get("url", ""))


def archived_address(url: str) -> str:
    """The address that an archive's address replays; itself when it is none of an archive."""
    found = _ARCHIVED.match(url)
    return found[1] if found else url


def id_of_name(name: str) -> int | None:
    """33951 for `article_33951.md`; None for every other form of name."""
    found = _NAME.fullmatch(name)
    return int(found[1]) if found else None


def read_text(path: Path) -> str:
    """The file's text. Raises UnreadableError."""
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise UnreadableError("not a file")
        if about.st_size > LARGEST:
            raise UnreadableError(f"{about.st_size} bytes, more than {LARGEST}")
        # Without blocking: a pipe may have taken the file's place since.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            data = file.read(LARGEST)
        return data.decode("utf-8")
    except OSError as error:
        raise UnreadableError(error.strerror or type(error).__name__) from error
    except UnicodeDecodeError as error:
        raise UnreadableError(f"not UTF-8 at byte {error.start}") from error


def parse_article_file(text: str, article: int | None = None) -> ArticleFile:
    """A file's text; `article` is the id that its name gives, if it does."""
    head, rest = _split(text.removeprefix("\ufeff"))
    if head.mended.startswith("CRLF"):
        rest = rest.replace("\r\n", "\n")
    if article is None:
        named = (
            article_id(head.fields.get("original_url", "")),
            article_id(archived_address(head.fields.get("url", ""))),
        )
        article = next((number for number in named if number is not None), None)
    return ArticleFile(article, head.fields, head.tags, body_of(rest), rest, head.mended, head.readable)


def _split(text: str) -> tuple[LenientFrontMatter, str]:
    if text.startswith(("---\n", "---\r\n")) and (end := _HEAD_END.search(text, 3)):
        crlf = text.startswith("---\r")
        head = read_lenient(text[4 + crlf : end.start() + 1])
        return head, text[end.end() :]
    return LenientFrontMatter(readable=False), text


def body_of(rest: str) -> str:
    """What stands below the front matter, without title, note and bloggers' blocks. The title is the only heading of
    the first level, and comes first."""
    rest = rest.lstrip("\n\r \t")
    if rest.startswith("# "):
        rest = rest.partition("\n")[2]
    if "---" not in rest and NOTE not in rest:
        return rest.strip("\n")
    sections, _ = _without_bloggers(rest)
    for number in reversed(range(len(sections))):
        if NOTE in sections[number] and (before := _before_note(sections[number])) is not None:
            if len(sections) - number > 2:
                break
            # The shortest rule stands for whichever it was: nothing is written back from here.
            return "\n---\n".join([*sections[:number], before]).strip("\n").removesuffix("\n---").strip("\n")
    return "\n---\n".join(sections).strip("\n")


def _before_note(section: str) -> str | None:
    """What stands in a section before the note that ends it; None if it does not end with one. Nothing but a few blocks
    may follow its first words: else it is an article that speaks of subscriptions."""
    paragraphs = _PARAGRAPHS.split(section.strip())
    for number, paragraph in enumerate(paragraphs):
        if paragraph.lstrip(_MARKS).startswith(NOTE):
            return "\n\n".join(paragraphs[:number]) if len(paragraphs) - number <= NOTE_BLOCKS else None
    return None


def bloggers_of(rest: str) -> str:
    """The bloggers' blocks that end a file; empty when there is none."""
    return "\n\n".join(section.strip("\n") for section in _without_bloggers(rest)[1]) if "---" in rest else ""


def _without_bloggers(rest: str) -> tuple[list[str], list[str]]:
    """The sections between rules, and apart from them the bloggers' blocks at their end."""
    sections = _RULE.split(rest)
    end = len(sections)
    while end > 1 and _is_blogger(sections[end - 1]):
        end -= 1
    return sections[:end], sections[end:]


def _is_blogger(section: str) -> bool:
    """`![博客 | 名](…)` or `**博客 | 名**` is its first line."""
    first = section.strip("\n").partition("\n")[0].replace("\\", "")
    return first.startswith(("![", "**")) and bool(BLOGGER_NAME.match(first.lstrip("![*")))
