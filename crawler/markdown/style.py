"""How addresses on a page become addresses in a file: one style for each format."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Protocol
from urllib.parse import urljoin

_HOST = re.compile(r"^(https?)://(?:[^/?#@]*@)?([^/?#:]+)(:\d+)?", re.IGNORECASE)
SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*):")
_SCRIPTS = ("javascript", "data", "vbscript", "file")
_ARCHIVED = re.compile(r"^(?:https?:)?(?://[^/]+)?/web/\d{1,14}(?:[a-z]{2}_)?/")
_INVISIBLE = re.compile(r"[\t\r\n]")
_AT_ENDS = "".join(map(chr, range(33)))
_DEFAULT_PORT = {"http": ":80", "https": ":443"}


def leads_somewhere(href: str) -> bool:
    """Whether a link's target is one that a reader can follow: not a script, not a file on its author's disk."""
    href = plain(href)
    scheme = SCHEME.match(href)
    return bool(href) and not (scheme and scheme[1].lower() in _SCRIPTS)


def site_of(original: str) -> str:
    """Scheme and host of a capture's own address, without the default port."""
    found = _HOST.match(original)
    if not found:
        return "https://www.hkcnews.com"
    scheme = found[1].lower()
    port = "" if (found[3] or "") == _DEFAULT_PORT[scheme] else found[3] or ""
    return f"{scheme}://{found[2]}{port}"


class Video(StrEnum):
    """How embedded frames are written."""

    SHORTCODE = "shortcode"
    LINK = "link"


@dataclass(slots=True)
class References:
    """What a file refers to that this tree may have: articles by id, pictures by address; and whether by a local link."""

    articles: dict[int, bool] = field(default_factory=dict)
    pictures: dict[str, bool] = field(default_factory=dict)


class Style(Protocol):
    """What formats differ in: the addresses of links, pictures and frames, and what of the page is written."""

    keeps_note: ClassVar[bool]
    """Whether the subscription note is written."""
    captions_describe: ClassVar[bool]
    """Whether a picture without a description has its caption for one."""

    @property
    def replay(self) -> str:
        """The public address under which the archive replays captures."""

    @property
    def video(self) -> Video:
        """How frames are written."""

    @property
    def references(self) -> References | None:
        """What was referred to so far; None where nothing depends on what the tree has."""

    def link(self, href: str) -> str | None:
        """The target of a link; None when only its text may stay."""

    def image(self, src: str) -> str:
        """The address of a picture."""

    def frame(self, src: str) -> str:
        """The address of an embedded frame."""


@dataclass(frozen=True, slots=True)
class SeedStyle:
    """The format of the seed: everything points into the archive, at the time of the capture (FORMAT's table).

    `replay` is the public address under which the archive replays captures, as `https://web.archive.org/web`; `original` the capture's
    own address.
    """

    replay: str
    timestamp: str
    original: str

    keeps_note: ClassVar[bool] = True
    captions_describe: ClassVar[bool] = False
    video: ClassVar[Video] = Video.SHORTCODE
    references: ClassVar[None] = None

    @property
    def site(self) -> str:
        """Scheme and host of the capture, without the default port."""
        return site_of(self.original)

    @property
    def _path(self) -> str:
        """What follows the archive's host."""
        _, slash, path = self.replay.partition("://")[2].partition("/")
        return slash + path

    def link(self, href: str) -> str | None:
        href = plain(href)
        scheme = SCHEME.match(href)
        if not leads_somewhere(href):
            return None
        if scheme and scheme[1].lower() in ("http", "https"):
            return f"{self.replay}/{self.timestamp}/{href}"
        if href.startswith("/") and not href.startswith("//") and not _ARCHIVED.match(href):
            return f"{self._path}/{self.timestamp}/{self.site}{href}"
        return href

    def image(self, src: str) -> str:
        return self._resource(src, "im_")

    def frame(self, src: str) -> str:
        return self._resource(src, "if_")

    def _resource(self, src: str, flag: str) -> str:
        src = plain(src)
        if _ARCHIVED.match(src) or src.lower().startswith("data:image/"):
            return src
        if src.startswith("//"):
            return f"//{self.replay.split('://', 1)[-1]}/{self.timestamp}{flag}/https:{src}"
        if src.startswith("/"):
            src = self.site + src
        elif not SCHEME.match(src):
            src = urljoin(self.original, src)
        return f"{self.replay}/{self.timestamp}{flag}/{src}"


def plain(address: str) -> str:
    """An attribute's value as browsers read it: no line breaks or tabs, no white space or controls at its ends."""
    return _INVISIBLE.sub("", address).strip(_AT_ENDS)
