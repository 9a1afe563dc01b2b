"""Where an archive answers, and how it speaks: one door to the Wayback Machine's dialect and pywb's."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from crawler.wayback import cdx, playback
from crawler.wayback.capture import Capture
from crawler.wayback.cdx import CdxError, CdxPage, CdxQuery, CdxReply, CdxTrouble, parse_page
from crawler.wayback.http import Headers, declared_coding, first_header
from crawler.wayback.playback import Answer, Reply

ACCEPT_ENCODING = "gzip, deflate, br, zstd"
"""Asked so, pywb hands out the stored bytes, which match their digest; asked for `identity`, it takes their coding
off."""

_CODED = "X-Archive-Orig-Content-Encoding"
_DETAIL = 200


def listing_url(collection: str, query: CdxQuery) -> str:
    """The address of a whole listing.

    Without limit, resume key and fields: pywb gives no key, so that a limit would cut the list unseen; it knows fields
    by other names and drops those it does not know. Some servers cap the rows by themselves and do not say so
    (Arquivo.pt: 100,000, by its documentation of 2023-12).
    """
    values = {"url": query.url, "matchType": query.match_type, "output": "json"}
    if query.since:
        values["from"] = query.since
    return f"{collection.rstrip('/')}/cdx?{urlencode(values, quote_via=quote, safe='')}"


def parse_lines(body: bytes) -> CdxPage:
    """Read one decoded answer: a JSON object a line, or the Wayback Machine's array of rows; nothing is an empty
    listing. Raises CdxError.

    An answer of pywb has no end mark: one that was cut between two lines looks whole, which only HTTP can tell.
    """
    # Bytes that are not UTF-8 become lone surrogates, so that they cost their row and not the listing.
    text = body.decode("utf-8", "surrogateescape").strip("\ufeff \t\r\n")
    if text.startswith("["):
        page = parse_page(body)
        if page.resume_key is not None:
            raise CdxError(CdxTrouble.UNASKED_KEY, page.resume_key[:_DETAIL])
        return page
    captures: dict[Capture, None] = {}
    rejected: list[str] = []
    accepted = 0
    # Not splitlines(), which also parts at characters that stand unescaped in JSON strings.
    for line in filter(None, (line.strip(" \t\r") for line in text.split("\n"))):
        capture = _capture(_row(line))
        if capture is None:
            rejected.append(ascii(line)[:_DETAIL])
        else:
            accepted += 1
            captures[capture] = None
    return CdxPage(tuple(captures), None, tuple(rejected), accepted - len(captures))


def _row(line: str) -> dict[str, Any]:
    """One line as an object that has what every row has, however odd the values."""
    brief = ascii(line)[:_DETAIL]
    try:
        row = json.loads(line)
    except RecursionError:
        raise CdxError(CdxTrouble.NOT_A_ROW, "nested too deep") from None
    except ValueError as error:
        kind = CdxTrouble.HTML if line[0] == "<" else CdxTrouble.CUT if line[0] == "{" else CdxTrouble.NOT_JSON
        raise CdxError(kind, f"{error}; in {brief}") from None
    if not isinstance(row, dict):
        raise CdxError(CdxTrouble.NOT_A_ROW, brief)
    if "timestamp" not in row or not ("url" in row or "original" in row):
        raise CdxError(CdxTrouble.MISSING_FIELD, brief)
    return row


def _capture(row: dict[str, Any]) -> Capture | None:
    """A row under the Wayback Machine's names. Without a status (revisits, resources) it has "-", as there."""
    values = {
        "urlkey": _text(row, "urlkey"),
        "timestamp": _text(row, "timestamp"),
        "original": _text(row, "original", "url"),
        "mimetype": _text(row, "mimetype", "mime"),
        "statuscode": _text(row, "statuscode", "status") or "-",
        "digest": _text(row, "digest").removeprefix("sha1:"),
        "length": _text(row, "length"),
    }
    if not all(value.isascii() or value.encode("utf-8", "ignore").decode() == value for value in values.values()):
        return None
    capture = Capture(**values)
    return capture if capture.original.strip() and capture.moment is not None else None


def _text(row: dict[str, Any], *names: str) -> str:
    value = next((row[name] for name in names if row.get(name) not in (None, "")), "")
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""


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
        return listing_url(self.address, query)

    def read_listing(self, query: CdxQuery, status: int, headers: Mapping[str, str], body: bytes) -> CdxReply:
        """What an answer to `listing_url` is; never raises."""
        if self.dialect is Dialect.WAYBACK:
            return cdx.read_reply(status, headers, body)
        return cdx.read_reply(status, headers, body, parse_lines)

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
