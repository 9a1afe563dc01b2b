"""How addresses on a page become addresses in a file: the seed's style, and the style for reading."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import ClassVar
from urllib.parse import parse_qs, urljoin, urlsplit

from crawler.markdown.document import relative_path
from crawler.markdown.inline import percent_encoded

_HOST = re.compile(r"^(https?)://(?:[^/?#@]*@)?([^/?#:]+)(:\d+)?", re.IGNORECASE)
SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*):")
_SCRIPTS = ("javascript:", "data:", "vbscript:", "file:")
_ARCHIVED = re.compile(r"^(?:https?:)?(?://[^/]+)?/web/\d{1,14}(?:[a-z]{2}_)?/")
_AT_ENDS = "".join(map(chr, range(33)))
_DEFAULT_PORT = {"http": ":80", "https": ":443"}


def is_followable(href: str) -> bool:
    """Whether a link's target is one that a reader can follow: not a script, not a file on its author's disk."""
    href = attribute_value(href)
    return bool(href) and not href[:11].lower().startswith(_SCRIPTS)


@lru_cache(maxsize=16)
def origin_of(original: str) -> str:
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
    """What a file refers to that this tree may have: articles by id, pictures by address; and whether by a local
    link."""

    articles: dict[int, bool] = field(default_factory=dict)
    pictures: dict[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Style(ABC):
    """What formats differ in: the addresses of links, pictures and frames, and what of the page is written.

    `replay`: the public address under which the archive replays captures, as `https://web.archive.org/web`;
    `timestamp`, `original`: the capture's own time and address; `keeps_note`: whether the subscription note is written;
    `captions_describe`: whether a picture without a description has its caption for one; `one_markup`: whether a line
    with a picture or an element of HTML in it has elements for its emphasis, too; `video`: how frames are written;
    `references`: what was referred to so far, None where nothing depends on what the tree has.
    """

    keeps_note: ClassVar[bool]
    captions_describe: ClassVar[bool]

    replay: str
    timestamp: str
    original: str
    _: KW_ONLY
    video: Video = Video.SHORTCODE
    one_markup: bool = False
    references: References | None = None

    @abstractmethod
    def link(self, href: str) -> str | None:
        """The target of a link; None when only its text may stay."""

    @abstractmethod
    def image(self, src: str) -> str:
        """The address of a picture."""

    @abstractmethod
    def frame(self, src: str) -> str:
        """The address of an embedded frame."""


@dataclass(frozen=True, slots=True)
class SeedStyle(Style):
    """The format of the seed: everything points into the archive, at the time of the capture (FORMAT's table)."""

    keeps_note: ClassVar[bool] = True
    captions_describe: ClassVar[bool] = False

    def link(self, href: str) -> str | None:
        href = attribute_value(href)
        if not is_followable(href):
            return None
        if href[:8].lower().startswith(("http:", "https:")):
            return f"{self.replay}/{self.timestamp}/{href}"
        if href.startswith("/") and not href.startswith("//") and not _ARCHIVED.match(href):
            _, slash, path = self.replay.partition("://")[2].partition("/")
            return f"{slash}{path}/{self.timestamp}/{origin_of(self.original)}{href}"
        return href

    def image(self, src: str) -> str:
        return self._resource(src, "im_")

    def frame(self, src: str) -> str:
        return self._resource(src, "if_")

    def _resource(self, src: str, flag: str) -> str:
        src = attribute_value(src)
        if _ARCHIVED.match(src) or src[:11].lower() == "data:image/":
            return src
        if src.startswith("//"):
            return f"//{self.replay.split('://', 1)[-1]}/{self.timestamp}{flag}/https:{src}"
        if src.startswith("/"):
            src = origin_of(self.original) + src
        elif not SCHEME.match(src):
            src = urljoin(self.original, src)
        return f"{self.replay}/{self.timestamp}{flag}/{src}"


def attribute_value(address: str) -> str:
    """An attribute's value as browsers read it: no line breaks or tabs, no white space or controls at its ends."""
    for invisible in "\t\r\n":
        address = address.replace(invisible, "")
    return address.strip(_AT_ENDS)


_NO_HOST = (
    r"(?!(?:html?|php|aspx?|jsp|js|css|json|xml|txt|pdf|docx?|xlsx?|pptx?|zip|jpe?g|png|gif|webp|svg|mp[34])(?![\w-]))"
)
_HOST_ONLY = re.compile(rf"(?:[\w-]+\.)+{_NO_HOST}[A-Za-z]{{2,}}(?::\d+)?(?=[/?#]|\Z)")
"""`cinema.example.org/soon`, also `www.example.org:8080`; names of files are none."""
_WHEN = r"(?:\d{1,14}\*?|\*)(?:[a-z]{2}_)?"
_WHAT = r"/*(?:https?:/|(?:[\w-]+\.)+[A-Za-z]{2,}(?::\d+)?/)"
_WRONG_SLASHES = re.compile(r"\A(https?):/(?!/(?!/))/*", re.IGNORECASE)


@lru_cache(maxsize=16)
def _archived(replay: str) -> re.Pattern[str]:
    """Where an address into the archive begins to be one of something else: behind `/web/` on any host or none, with or
    without a time, and behind `replay`."""
    host, slash, path = replay.partition("://")[2].partition("/")
    own = rf"(?:(?:https?:)?//{re.escape(host)})?{re.escape(slash + path)}" if path else r"(?!)"
    return re.compile(rf"(?:(?:(?:https?:)?//[^/?#]+)?/web|{own})/(?:{_WHEN}/(?={_WHAT})|(?=https?:/))", re.IGNORECASE)


def without_archive(address: str, replay: str) -> str:
    """What an address in an archive is a capture of, however often it is one; any other address as it is.

    `replay`: the public address under which the page's own archive replays captures.
    """
    pattern = _archived(replay)
    while found := pattern.match(address):
        address = with_scheme(address[found.end() :].lstrip("/"))
    return _WRONG_SLASHES.sub(r"\1://", address)


def absolute(address: str, original: str, replay: str) -> str:
    """An address on the page `original` as a browser would read it there, outside of any archive."""
    address = without_archive(attribute_value(address), replay)
    if SCHEME.match(address):
        return address
    if address.startswith("//"):
        return f"https:{address}"
    return origin_of(original) + address if address.startswith("/") else urljoin(original, address)


def with_scheme(href: str) -> str:
    """A link without a scheme that begins with the name of a host leads there: that is what its author meant, not a
    file of the site."""
    return f"http://{href}" if _HOST_ONLY.match(href) else href


_PLAYERS = tuple(
    (re.compile(host), re.compile(path), page)
    for host, path, page in (
        (
            r"(?:.*\.)?youtube(?:-nocookie)?\.com",
            r"/(?:embed|v)/(?!videoseries)([\w-]+)",
            "https://www.youtube.com/watch?v={}",
        ),
        (r"player\.vimeo\.com", r"/video/(\d+)", "https://vimeo.com/{}"),
        (r"(?:.*\.)?dailymotion\.com", r"/embed/video/(\w+)", "https://www.dailymotion.com/video/{}"),
    )
)
"""Hosts, the paths of their players, and the page of what is played."""
_FACEBOOK = re.compile(r"(?:.*\.)?facebook\.com")


def watch_url(address: str) -> str:
    """`https://www.youtube.com/embed/x` as `https://www.youtube.com/watch?v=x`, a Facebook plugin as what it shows;
    others as they are."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").lower()
    except ValueError:
        return address
    for hosts, paths, page in _PLAYERS:
        if hosts.fullmatch(host) and (found := paths.match(parts.path)):
            return page.format(found[1])
    if _FACEBOOK.fullmatch(host) and parts.path.startswith("/plugins/"):
        shown = parse_qs(parts.query).get("href", [""])[0]
        return shown if shown.startswith(("https://", "http://")) else address
    return address


NOWHERE = "about:invalid"
"""Stands for the address of a picture or frame that is a script: what the page shows there stays, what it does goes."""
_ABOVE_ARTICLES = "../../"
_NOT_IN_PATH = re.compile(r"[%?#]")


@dataclass(frozen=True, slots=True)
class ReadingStyle(Style):
    """Addresses for a reader of the tree. `references` collects, while a page is converted, what its file refers to.

    `number_of` gives the id of the article that an address names, None for anything else; bit n of `recovered` says
    whether article n has a file. `image_path` gives the path of a picture below the output directory, None while it is
    not there. What `is_gone` says of an address on the web is to be had in the archive only, at `timestamp`.
    """

    keeps_note: ClassVar[bool] = False
    captions_describe: ClassVar[bool] = True

    number_of: Callable[[str], int | None]
    recovered: int
    image_path: Callable[[str], str | None]
    is_gone: Callable[[str], bool]
    references: References = field(default_factory=References, kw_only=True)

    def link(self, href: str) -> str | None:
        href = attribute_value(href)
        if not is_followable(href):
            return None
        if href.startswith("#"):
            return href
        target = absolute(with_scheme(href), self.original, self.replay)
        number = self.number_of(target)
        if number is None:
            return self._to_be_had(target)
        local = bool(self.recovered >> number & 1)
        self.references.articles[number] = local
        if not local:
            return self._to_be_had(target)
        folder, _, name = relative_path(number).partition("/")
        here = self.number_of(self.original)
        beside = here is not None and relative_path(here).startswith(f"{folder}/")
        _, sharp, fragment = target.partition("#")
        return f"{'' if beside else f'../{folder}/'}{name}{sharp}{fragment}"

    def image(self, src: str) -> str:
        if (own := attribute_value(src)).lower().startswith("data:image/"):
            return own
        address = self._resource(src)
        if not address.lower().startswith(("http://", "https://")):
            return address
        path = self.image_path(address)
        self.references.pictures[address] = path is not None
        if path is None:
            return self._to_be_had(address, "im_")
        return _ABOVE_ARTICLES + _NOT_IN_PATH.sub(percent_encoded, path)

    def frame(self, src: str) -> str:
        address = self._resource(src)
        if self.video is Video.LINK:
            return self._to_be_had(without_archive(watch_url(address), self.replay))
        return self._to_be_had(address, "if_")

    def _to_be_had(self, address: str, flag: str = "") -> str:
        """Where what has this address can still be seen."""
        return f"{self.replay}/{self.timestamp}{flag}/{address}" if self.is_gone(address) else address

    def _resource(self, src: str) -> str:
        address = absolute(src, self.original, self.replay)
        return address if is_followable(address) else NOWHERE
