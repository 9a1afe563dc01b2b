"""The demo's article sources: what one file in `articles/` holds, and how it is read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

ARTICLES = Path(__file__).parent / "articles"

_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)
_ASCII = "".join(map(chr, range(0x21, 0x7F)))


class Content(StrEnum):
    """What the archive holds for a capture."""

    ARTICLE = "article"
    EARLIER = "earlier"  # the article before its correction
    REVISIT = "revisit"  # the article again, listed as warc/revisit
    TRUNCATED = "truncated"  # the article, cut off in the body
    OTHER = "other"  # the page of the article named by `of`
    FAREWELL = "farewell"
    BLANK = "blank"
    NOT_FOUND = "not_found"
    REDIRECT = "redirect"  # 302 to `to`
    IMAGE = "image"


class Encoding(StrEnum):
    """How the stored payload is encoded."""

    NONE = "none"
    GZIP = "gzip"
    GZIP_UNANNOUNCED = "gzip_raw"  # gzip bytes, no Content-Encoding header
    BROTLI = "br"


class Layout(StrEnum):
    """Variants of the page around the body."""

    STANDARD = "standard"  # title and line of information twice, for wide and for narrow windows
    SINGLE = "single"  # both once, the title before the category
    METADATA_TAGS = "metadata_tags"  # no tag links, the tags only in the keywords
    BARE_NOTE = "bare_note"  # the subscription note at the end of the body, without a wrapper of its own
    SITE_TITLES = "site_titles"  # the metadata name the site only, the headings alone the article
    RENAMED = "renamed"  # every class that no source attests has another name


@dataclass(frozen=True, slots=True)
class Blogger:
    """The block about the writer; `intro` is HTML, `number` that of the writer's own page."""

    role: str
    name: str
    avatar: str
    intro: str
    number: int = 7


@dataclass(frozen=True, slots=True)
class StoredCapture:
    """One capture; `good` says whether a recovered file may name it."""

    timestamp: str
    original: str
    content: Content
    encoding: Encoding
    good: bool
    to: str
    of: int


@dataclass(frozen=True, slots=True)
class Source:
    """One article: what its page shows (`body` is HTML) and how the archive holds it."""

    id: int
    case: str
    reason: str | None
    title: str
    date: str
    last_updated: str
    author: str
    author_link: str
    category: str
    tags: tuple[str, ...]
    blogger: Blogger | None
    layout: Layout
    behind_date: str
    captures: tuple[StoredCapture, ...]
    body: str

    @property
    def is_english(self) -> bool:
        return self.category == "tri-angles"

    @property
    def path(self) -> str:
        """Where the site has it, unescaped: tags and number, then the title."""
        slug, title = (
            "-".join(re.findall(r"\w+", text)) for text in (" ".join([*self.tags, str(self.id)]), self.title)
        )
        return f"/article/{self.id}/{slug}/{title}"


def address(readable: str) -> str:
    """Percent-encodes what is not ASCII (and spaces); whatever is written with `%` already stays as it is."""
    return quote(readable, safe=_ASCII)


def _capture(row: dict[str, Any]) -> StoredCapture:
    content = Content(row.get("content", "article"))
    return StoredCapture(
        timestamp=row["at"],
        original=address(row["url"]),
        content=content,
        encoding=Encoding(row.get("encoding", "none")),
        good=row.get("good", content in (Content.ARTICLE, Content.REVISIT)),
        to=address(row.get("to", "")),
        of=row.get("of", 0),
    )


def read_source(path: Path) -> Source:
    """Reads one article file. Raises ValueError (or KeyError for a missing key) when it is not one."""
    match = _FRONT_MATTER.match(path.read_text(encoding="utf-8"))
    if match is None:
        raise ValueError(f"{path.name}: no header between two --- lines")
    head = yaml.safe_load(match[1])
    if path.stem != str(head["id"]):
        raise ValueError(f"{path.name}: holds article {head['id']}")
    return Source(
        id=head["id"],
        case=head["case"],
        reason=head.get("reason"),
        title=head["title"],
        date=head["date"],
        last_updated=head.get("last_updated", ""),
        author=head["author"],
        author_link=head.get("author_link", ""),
        category=head["category"],
        tags=tuple(head.get("tags", ())),
        blogger=Blogger(**head["blogger"]) if "blogger" in head else None,
        layout=Layout(head.get("layout", "standard")),
        behind_date=head.get("behind_date", ""),
        captures=tuple(_capture(row) for row in head["captures"]),
        body=match[2].strip("\n"),
    )


def read_sources(folder: Path = ARTICLES) -> list[Source]:
    """All articles of the folder, by id."""
    return sorted((read_source(path) for path in folder.glob("*.html")), key=lambda source: source.id)
