"""From an article's file to its row in archive.db and to what is searched of it: plain functions, also for other processes."""

from __future__ import annotations

import hashlib
import html
import os
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from crawler.archive.capture import read_moment
from crawler.audit.backupfile import UnreadableError, bloggers_of, body_of, read_text, take_apart
from crawler.browse.cjk import spaced
from crawler.markdown.reader import plain_text

SUMMARY = 120
"""Characters of the text that a list shows."""
_YEAR = re.compile(r"(\d{4})-\d\d-\d\d")
_TIMESTAMP = re.compile(r"/(\d{14})(?:[a-z]{2}_)?/")
_PICTURE = re.compile(r'<img src="([^"]*)"|!\[(?:\\.|[^\]\\])*\]\(((?:\\.|[^\s()\\]|\((?:\\.|[^\s()\\])*\))+)\)')
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_SHAPING = ("cjk.py", "rows.py", "../markdown/reader.py", "../audit/backupfile.py", "../audit/head.py")


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it lies there: relative to the output directory; size in bytes, time of its last change in nanoseconds."""

    article: int
    file: str
    size: int
    modified: int


@dataclass(frozen=True, slots=True)
class Row:
    """An article as its file tells of it; None for what it does not say. `body`: all below the front matter."""

    article: int
    title: str
    date: str | None
    year: int | None
    last_updated: str | None
    author: str | None
    category: str | None
    tags: tuple[str, ...]
    url: str | None
    original_url: str | None
    captured: str | None
    source: str | None
    digest: str | None
    verified: int | None
    sha256: str
    chars: int
    summary: str
    picture: str | None
    body: str
    words: tuple[str, str, str]
    """What the index has of it, see `words_of`."""


@cache
def maker_id() -> str:
    """What tells this reading of files from another, as hexadecimal SHA-256."""
    here = Path(__file__).parent
    sources = "".join((here / name).read_text("utf-8") for name in _SHAPING)
    return hashlib.sha256(f"{unicodedata.unidata_version}\n{sources}".encode()).hexdigest()


def look(output: Path, article: int, file: str) -> Seen | None:
    """How a file lies there now; None when it does not."""
    try:
        found = os.stat(f"{output}/{file}")  # noqa: PTH116 - 49,000 of them
    except OSError:
        return None
    return Seen(article, file, found.st_size, found.st_mtime_ns)


def read_row(output: Path, article: int, file: str) -> Row | str:
    """An article's file, or why it cannot be read."""
    try:
        text = read_text(output / file)
    except UnreadableError as error:
        return str(error)
    apart = take_apart(text, article)
    if not apart.has_head:
        return "its front matter cannot be read"
    fields = apart.fields
    plain = plain_text(apart.body)
    year = _YEAR.fullmatch(fields.get("date", ""))
    when = _TIMESTAMP.search(fields.get("url", ""))
    picture = _PICTURE.search(apart.body)
    title, body = apart.title or f"article {article}", apart.rest.strip("\n")
    return Row(
        article=article,
        title=title,
        date=fields.get("date") if year else None,
        year=int(year[1]) if year else None,
        last_updated=fields.get("last_updated"),
        author=fields.get("author"),
        category=fields.get("category"),
        tags=tuple(dict.fromkeys(filter(None, apart.tags))),
        url=fields.get("url"),
        original_url=fields.get("original_url"),
        captured=_captured(when[1]) if when else None,
        source=fields.get("source"),
        digest=fields.get("digest"),
        verified={"true": 1, "false": 0}.get(fields.get("verified", "")),
        sha256=hashlib.sha256(text.encode("utf-8")).hexdigest(),
        chars=len("".join(plain.split())),
        summary=_summary(plain),
        picture=_address(picture) if picture else None,
        body=body,
        words=words_of(title, fields.get("author"), body),
    )


def words_of(title: str, author: str | None, body: str) -> tuple[str, str, str]:
    """What the index has of a row: title, byline, and the text with the blogger's block but without the subscription note, which most
    articles share."""
    return spaced(title), spaced(author or ""), spaced(plain_text(searched(body)))


def searched(body: str) -> str:
    """What is searched of all that stands below the front matter, as Markdown."""
    return f"{body_of(body)}\n\n{bloggers_of(body)}"


def _captured(timestamp: str) -> str | None:
    moment = read_moment(timestamp)
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else None


def _summary(plain: str) -> str:
    line = " ".join(plain.split())
    return line if len(line) <= SUMMARY else f"{line[:SUMMARY].rstrip()}…"


def _address(found: re.Match[str]) -> str:
    return html.unescape(found[1]) if found[1] is not None else html.unescape(_ESCAPED.sub(r"\1", found[2]))
