"""Where an archive answers, and how it speaks: one door to the Wayback Machine's dialect and pywb's."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus

from crawler.wayback import cdx, playback
from crawler.wayback.capture import Capture
from crawler.wayback.cdx import CdxQuery, CdxReply
from crawler.wayback.http import Headers, declared_coding, first_header
from crawler.wayback.playback import Answer, Reply

ACCEPT_ENCODING = "gzip, deflate, br, zstd"
"""Asked so, pywb hands out the stored bytes, which match their digest; for `identity` it takes their coding off."""

_CODED = "X-Archive-Orig-Content-Encoding"


def as_wayback(headers: Headers) -> Headers:
    """Header fields of a capture as the Wayback Machine has them: a coding still on the bytes is an archived one."""
    coding = declared_coding(headers)
    if coding is None or first_header(headers, "memento-datetime") is None or first_header(headers, _CODED) is not None:
        return headers
    return [*headers, (_CODED, coding)]


WAYBACK_MACHINE = "https://web.archive.org/web"
"""Where the Wayback Machine replays: counts as inside for its mirrors and proxies too."""


@dataclass(frozen=True, slots=True)
class WebArchive:
    """An archive, to be made by `wayback_archive` or `pywb_archive`.

    `name`: how ledger and files call it; `address`: where requests go, a Wayback Machine's root or a pywb's collection;
    `replay`: what stands before `/<timestamp>id_/<original>` in a request; `public`: the replay address that others can
    open; `paged`: whether a listing comes in pages of the query's limit, with keys, as the Wayback Machine's does, or
    whole, as pywb's; `accept_encoding`: what brings the stored bytes, as the digest counts them, from playback.
    Addresses are without a slash at their end.
    """

    name: str
    address: str
    replay: str
    public: str
    paged: bool
    accept_encoding: str

    def listing_url(self, query: CdxQuery, resume_key: str | None = None) -> str:
        """The address of a page of a listing; ValueError for a key that this archive cannot have given."""
        if resume_key is not None and not self.paged:
            raise ValueError(f"{self.name} gives no resume keys: {resume_key}")
        return query.request_url(self.address, resume_key, paged=self.paged)

    def read_listing(self, status: int, headers: Mapping[str, str], body: bytes) -> CdxReply:
        """What an answer to `listing_url` is; never raises."""
        return cdx.read_reply(status, headers, body, cdx.parse_page if self.paged else cdx.parse_lines)

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
        spoken = headers if self.paged else as_wayback(headers)
        reply = playback.read_reply(self.replay, requested, status, spoken, body, self._also)
        if self.paged or reply.answer is not Answer.REFUSED or status != HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS:
            return reply
        return replace(reply, answer=Answer.EXCLUDED)

    @property
    def _also(self) -> tuple[str, ...]:
        return (self.public, WAYBACK_MACHINE) if self.paged else (self.public,)


def wayback_archive(address: str, public: str) -> WebArchive:
    """The Wayback Machine, a mirror or a proxy: `https://web.archive.org`, public `https://web.archive.org/web`."""
    address = address.rstrip("/")
    return WebArchive("wayback", address, f"{address}/web", public.rstrip("/"), True, "identity")


def pywb_archive(address: str, public: str = "") -> WebArchive:
    """A pywb's collection, such as `https://arquivo.pt/wayback`; `public` where others open it by another address."""
    address = address.rstrip("/")
    public = public.rstrip("/") or address
    return WebArchive(f"pywb+{public}", address, address, public, False, ACCEPT_ENCODING)
