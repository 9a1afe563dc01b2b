"""Where an archive answers, and how it speaks: one door to the Wayback Machine's dialect and pywb's."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from http import HTTPStatus

from crawler.wayback import cdx, playback
from crawler.wayback.capture import Capture
from crawler.wayback.cdx import CdxQuery, CdxReply
from crawler.wayback.http import Headers, declared_coding, first_header
from crawler.wayback.playback import Answer, Reply

ACCEPT_ENCODING = "gzip, deflate, br, zstd"
"""Asked so, pywb hands out the stored bytes, which match their digest; asked for `identity`, it takes their coding
off."""

_CODED = "X-Archive-Orig-Content-Encoding"


def as_wayback(headers: Headers) -> Headers:
    """The header fields of a capture as the Wayback Machine has them: a coding that is still on the bytes is an
    archived one."""
    coding = declared_coding(headers)
    if coding is None or first_header(headers, "memento-datetime") is None or first_header(headers, _CODED) is not None:
        return headers
    return [*headers, (_CODED, coding)]


WAYBACK_MACHINE = "https://web.archive.org/web"
"""Where the Wayback Machine replays: counts as inside for its mirrors and proxies too."""


class Dialect(StrEnum):
    """How an archive is asked and answers."""

    WAYBACK = "wayback"
    PYWB = "pywb"


@dataclass(frozen=True, slots=True)
class WebArchive:
    """An archive, to be made by `wayback` or `pywb`.

    `name`: how ledger and files call it; `address`: where requests go, a Wayback Machine's root or a pywb's collection;
    `public`: the replay address that others can open. Addresses are without a slash at their end.
    """

    name: str
    dialect: Dialect
    address: str
    public: str

    @property
    def replay(self) -> str:
        """What stands before `/<timestamp>id_/<original>` in a request."""
        return f"{self.address}/web" if self.dialect is Dialect.WAYBACK else self.address

    @property
    def paged(self) -> bool:
        """Whether a listing comes in pages of the query's limit, with keys, rather than whole."""
        return self.dialect is Dialect.WAYBACK

    @property
    def accept_encoding(self) -> str:
        """The Accept-Encoding of playback requests that brings the stored bytes, as the digest counts them."""
        return "identity" if self.dialect is Dialect.WAYBACK else ACCEPT_ENCODING

    @property
    def _also(self) -> tuple[str, ...]:
        return (self.public, WAYBACK_MACHINE) if self.dialect is Dialect.WAYBACK else (self.public,)

    def listing_url(self, query: CdxQuery, resume_key: str | None = None) -> str:
        """The address of a page of a listing; ValueError for a key that this archive cannot have given."""
        if self.dialect is Dialect.WAYBACK:
            return query.request_url(self.address, resume_key)
        if resume_key is not None:
            raise ValueError(f"{self.name} gives no resume keys: {resume_key}")
        return query.whole_url(self.address)

    def read_listing(self, status: int, headers: Mapping[str, str], body: bytes) -> CdxReply:
        """What an answer to `listing_url` is; never raises."""
        parse = cdx.parse_page if self.dialect is Dialect.WAYBACK else cdx.parse_lines
        return cdx.read_reply(status, headers, body, parse)

    def playback_url(self, timestamp: str, original: str, flag: str = "id_") -> str:
        """The address of a capture, as `playback.playback_url`."""
        return playback.playback_url(self.replay, timestamp, original, flag)

    def parse_playback_url(self, url: str) -> tuple[str, str, str] | None:
        """(timestamp, flag, original) of an address in this archive, also its public one; None when it is elsewhere."""
        return playback.parse_playback_url(self.replay, url, self._also)

    def read_reply(self, requested: Capture, status: int, headers: Headers, body: bytes) -> Reply:
        """What an answer to a request for a capture is, as `playback.read_reply`; never raises.

        A pywb serves the nearest capture that it can read at once, with status 200: the reply's timestamp tells. Its
        451 is said of one capture, by a rule of the collection, and not of the client.
        """
        if self.dialect is Dialect.WAYBACK:
            return playback.read_reply(self.replay, requested, status, headers, body, self._also)
        reply = playback.read_reply(self.replay, requested, status, as_wayback(headers), body, self._also)
        if reply.answer is Answer.REFUSED and status == HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS:
            return replace(reply, answer=Answer.EXCLUDED)
        return reply


def wayback_archive(address: str, public: str) -> WebArchive:
    """The Wayback Machine, a mirror or a proxy of it: `https://web.archive.org`, replaying publicly at
    `https://web.archive.org/web`."""
    return WebArchive("wayback", Dialect.WAYBACK, address.rstrip("/"), public.rstrip("/"))


def pywb_archive(address: str, public: str = "") -> WebArchive:
    """A pywb's collection, such as `https://arquivo.pt/wayback`; `public` where others open it by another address."""
    address = address.rstrip("/")
    public = public.rstrip("/") or address
    return WebArchive(f"pywb+{public}", Dialect.PYWB, address, public)
