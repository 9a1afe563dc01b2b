"""A file of an article as others wrote it, taken apart leniently: id, fields, body; never raising for what it holds."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from crawler.audit.head import Head, read_head
from crawler.hkcnews.layout import BLOGGER_NAME, NOTE, NOTE_BLOCKS
from crawler.hkcnews.urls import HIGHEST_ID, article_id

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
class BackupFile:
    """`article`: of the file's name, else of its addresses, None when neither says. `fields`: front matter by key, empty values left
    out. `rest`: all below the front matter; `body`: the same without title, subscription note and blogger's block. `mended`: see
    Head. Line ends in `rest` and `body` are `\\n`, unless only the body had others."""

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


def take_apart(text: str, article: int | None = None) -> BackupFile:
    """A file's text; `article` is the id that its name gives, if it does."""
    head, rest = _split(text.removeprefix("\ufeff"))
    if head.mended.startswith("CRLF"):
        rest = rest.replace("\r\n", "\n")
    if article is None:
        named = (article_id(head.fields.get("original_url", "")), article_id(archived_address(head.fields.get("url", ""))))
        article = next((number for number in named if number is not None), None)
    return BackupFile(article, head.fields, head.tags, body_of(rest), rest, head.mended, head.readable)


def _split(text: str) -> tuple[Head, str]:
    if text.startswith(("---\n", "---\r\n")) and (end := _HEAD_END.search(text, 3)):
        crlf = text.startswith("---\r")
        head = read_head(text[4 + crlf : end.start() + 1])
        return head, text[end.end() :]
    return Head(readable=False), text


def body_of(rest: str) -> str:
    """What stands below the front matter, without title, note and bloggers' blocks. The title is the only heading of the first level,
    and comes first."""
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
    """What stands in a section before the note that ends it; None if it does not end with one. Nothing but a few blocks may follow
    its first words: else it is an article that speaks of subscriptions."""
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
