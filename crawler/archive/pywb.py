"""The dialect of pywb: its CDX index in JSON lines, and what its playback does otherwise than the Wayback Machine's.

All of it measured against pywb 2.10.0 (2026-11), except where another source is named.
"""

import json
from typing import Any
from urllib.parse import quote, urlencode

from crawler.archive.capture import Capture
from crawler.archive.cdx import CdxError, CdxPage, CdxQuery, CdxTrouble, parse_page
from crawler.archive.headers import Headers, declared_coding, first

ACCEPT_ENCODING = "gzip, deflate, br, zstd"
"""Asked so, pywb hands out the stored bytes, which match their digest; asked for `identity`, it takes their coding off."""

_CODED = "X-Archive-Orig-Content-Encoding"
_DETAIL = 200


def listing_url(collection: str, query: CdxQuery) -> str:
    """The address of a whole listing.

    Without limit, resume key and fields: pywb gives no key, so that a limit would cut the list unseen; it knows fields by other names
    and drops those it does not know. Some servers cap the rows by themselves and do not say so (Arquivo.pt: 100,000, by its
    documentation of 2023-12).
    """
    values = {"url": query.url, "matchType": query.match_type, "output": "json"}
    if query.since:
        values["from"] = query.since
    return f"{collection.rstrip('/')}/cdx?{urlencode(values, quote_via=quote, safe='')}"


def parse_lines(body: bytes) -> CdxPage:
    """Read one decoded answer: a JSON object a line, or the Wayback Machine's array of rows; nothing is an empty listing. Raises CdxError.

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
    """The header fields of a capture as the Wayback Machine has them: a coding that is still on the bytes is an archived one."""
    coding = declared_coding(headers)
    if coding is None or first(headers, "memento-datetime") is None or first(headers, _CODED) is not None:
        return headers
    return [*headers, (_CODED, coding)]
