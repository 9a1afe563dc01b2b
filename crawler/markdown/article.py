"""A recovered article as plain values: what extraction gives and what the check and the writer take."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Blogger:
    """The block about the author that follows the body of about 38% of the articles.

    `name` is the line as the page has it (`博客 | 名`), `avatar` the picture's address in its final form (empty when
    the page has none), `biography` Markdown.
    """

    name: str
    avatar: str = ""
    biography: str = ""


@dataclass(frozen=True, slots=True)
class Article:
    """One article, recovered from one capture.

    Texts are empty when the page does not have them. `date` is `YYYY-MM-DD`, `last_updated` `YYYY-MM-DD hh:mm:ss`, both
    as the site printed them (Hong Kong time). `timestamp` and `original` name the capture really served, as the archive
    spells it. `body` and `note` are Markdown without surrounding newlines. `sources` names, for each field that was
    found, where on the page; `faults` what is known to be wrong with this recovery, in words. `source` names the file
    of web archives that had the capture, empty when it is from the archive whose address the file gives. `images` are
    the addresses of all pictures on the page, the avatar's too, absolute and as the site had them.
    """

    id: int
    timestamp: str
    original: str
    title: str
    date: str = ""
    last_updated: str = ""
    author: str = ""
    category: str = ""
    tags: tuple[str, ...] = ()
    body: str = ""
    note: str = ""
    bloggers: tuple[Blogger, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    source: str = ""
    images: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a recovery, and what against it.

    `captured` is the time of the capture (ISO 8601, UTC); `digest` the SHA-1 of its bytes as the archive's index has
    it, as `sha1:` and base 32, empty when it has none; `verified` says whether the bytes that came match it; `faults`
    what is known to be wrong.
    """

    captured: str
    digest: str
    verified: bool
    faults: tuple[str, ...] = ()
