"""Listing captures: CDX queries with resume keys, and what a CDX server's answer really is."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from crawler.wayback.capture import Capture
from crawler.wayback.http import CodingError, declared_coding, decode
from crawler.wayback.playback import NOT_AUTHORISED, Answer, own_answer, own_page_text, says

Row = TypeVar("Row")
FIELDS = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length")

_DETAIL = 200


@dataclass(frozen=True, slots=True)
class CdxQuery:
    """A listing: `url` as CDX takes it, `limit` rows a page, captures from the timestamp `since` on (all, if it is
    empty). Always with a limit: without one the server cuts the list and gives no key."""

    url: str
    match_type: str = "prefix"
    limit: int = 5000
    since: str = ""

    def request_url(self, base: str, resume_key: str | None = None, *, paged: bool = True) -> str:
        """The address of one page at the Wayback Machine, or of a whole listing of a pywb's collection.

        Unfiltered on purpose: a filter on the status drops revisits. The key is opaque and is encoded once, like any
        value; everything else is the same on every page, as it demands. pywb gives no key, so that a limit would cut
        the list unseen; it knows fields by other names and drops those it does not know. Some servers cap the rows by
        themselves and do not say so (Arquivo.pt: 100,000, by its documentation of 2023-12).
        """
        values = {"url": self.url, "matchType": self.match_type, "output": "json"}
        if paged:
            values |= {"fl": ",".join(FIELDS), "limit": str(self.limit), "showResumeKey": "true"}
        if self.since:
            values["from"] = self.since
        if resume_key is not None:
            values["resumeKey"] = resume_key
        endpoint = "cdx/search/cdx" if paged else "cdx"
        return f"{base.rstrip('/')}/{endpoint}?{urlencode(values, quote_via=quote, safe='')}"


@dataclass(frozen=True, slots=True)
class CdxPage:
    """A page that parsed to its end: captures in order, the key of the next page or None at the end of the listing.

    `rejected`: a short form of each row that is no capture; `duplicates`: how many exact repetitions were left out.
    """

    captures: tuple[Capture, ...] = ()
    resume_key: str | None = None
    rejected: tuple[str, ...] = ()
    duplicates: int = 0


class CdxTrouble(StrEnum):
    """Why a page does not count."""

    HTML = "HTML instead of JSON"
    CUT = "JSON cut off"
    NOT_JSON = "not JSON"
    NOT_AN_ARRAY = "not an array of rows"
    NO_HEADER = "rows without a header row"
    MISSING_FIELD = "a required field is missing"
    BAD_KEY = "a resume-key marker without its key"
    UNASKED_KEY = "a resume key from an index that is not paged"
    NOT_A_ROW = "a line that is no row"


class CdxError(Exception):
    """A page that does not count; ask again."""

    def __init__(self, kind: CdxTrouble, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind


def parse_page(body: bytes) -> CdxPage:
    """Read one decoded page of the Wayback Machine. `[]` is an empty, last page; no bytes are none. Raises CdxError."""
    text = _text(body)
    if not text:
        raise CdxError(CdxTrouble.CUT, "an answer without a byte")
    data = _json(text, "[", CdxTrouble.NOT_AN_ARRAY)
    if not isinstance(data, list):
        raise CdxError(CdxTrouble.NOT_AN_ARRAY, _brief(data))
    rows: list[Any] = data
    key: str | None = None
    if data and (data[-1] == [] or data[-2:-1] == [[]]):
        # If more remains, the last two rows are `[]` and `["<key>"]`. A key that is missed would make a cut listing
        # look whole.
        rows, last = data[:-2], data[-1]
        key = last[0] if isinstance(last, list) and len(last) == 1 else None
        if not isinstance(key, str) or not key or _has_surrogate(key):
            raise CdxError(CdxTrouble.BAD_KEY, _brief(last))
    if not rows:
        return CdxPage(resume_key=key)
    header = rows[0]
    if not isinstance(header, list) or not all(isinstance(name, str) for name in header) or "timestamp" not in header:
        raise CdxError(CdxTrouble.NO_HEADER, _brief(header))
    if missing := [name for name in FIELDS if name not in header]:
        raise CdxError(CdxTrouble.MISSING_FIELD, ", ".join(missing))
    columns = [header.index(name) for name in FIELDS]

    def capture(row: object) -> Capture | None:
        if not isinstance(row, list) or len(row) != len(header):
            return None
        values = [row[at] for at in columns]
        if not all(isinstance(value, str) for value in values):
            return None
        return _capture(dict(zip(FIELDS, values, strict=True)))

    return _page(rows[1:], capture, key)


def parse_lines(body: bytes) -> CdxPage:
    """Read one decoded answer of a pywb: a JSON object a line, or the Wayback Machine's array of rows; nothing is an
    empty listing. Raises CdxError.

    An answer of pywb has no end mark: one that was cut between two lines looks whole, which only HTTP can tell.
    """
    text = _text(body)
    if text.startswith("["):
        page = parse_page(body)
        if page.resume_key is not None:
            raise CdxError(CdxTrouble.UNASKED_KEY, page.resume_key[:_DETAIL])
        return page
    # Not splitlines(), which also parts at characters that stand unescaped in JSON strings.
    return _page(filter(None, (line.strip(" \t\r") for line in text.split("\n"))), _from_line)


def _from_line(line: str) -> Capture | None:
    """A row of pywb under the Wayback Machine's names. Without a status (revisits, resources) it has "-", as there."""
    row = _json(line, "{", CdxTrouble.NOT_A_ROW)
    if not isinstance(row, dict):
        raise CdxError(CdxTrouble.NOT_A_ROW, _brief(line))
    if "timestamp" not in row or not ("url" in row or "original" in row):
        raise CdxError(CdxTrouble.MISSING_FIELD, _brief(line))
    values: dict[str, str] = {}
    for name in FIELDS:
        value = row.get(name)
        if value in (None, "") and name in _OTHER_NAMES:
            value = row.get(_OTHER_NAMES[name])
        values[name] = str(value) if isinstance(value, (str, int)) else ""
    values["statuscode"] = values["statuscode"] or "-"
    values["digest"] = values["digest"].removeprefix("sha1:")
    return _capture(values)


_OTHER_NAMES = {"original": "url", "mimetype": "mime", "statuscode": "status"}
"""What pywb calls some fields."""


def _text(body: bytes) -> str:
    # Bytes that are not UTF-8 become lone surrogates, so that they cost their row and not the page.
    return body.decode("utf-8", "surrogateescape").strip("\ufeff \t\r\n")


def _json(text: str, opening: str, otherwise: CdxTrouble) -> Any:
    """What a JSON text that should open so has. Raises CdxError."""
    try:
        return json.loads(text)
    except RecursionError:
        raise CdxError(otherwise, "nested too deep") from None
    except ValueError:
        kind = CdxTrouble.HTML if text[0] == "<" else CdxTrouble.CUT if text[0] == opening else CdxTrouble.NOT_JSON
        what = f"{len(text):,} characters" if kind is CdxTrouble.CUT else f"it begins with {_brief(text)}"
        raise CdxError(kind, what) from None


def _page(rows: Iterable[Row], read: Callable[[Row], Capture | None], key: str | None = None) -> CdxPage:
    captures: list[Capture] = []
    rejected: list[str] = []
    for row in rows:
        if (capture := read(row)) is not None:
            captures.append(capture)
        else:
            rejected.append(_brief(row))
    once = tuple(dict.fromkeys(captures))
    return CdxPage(once, key, tuple(rejected), len(captures) - len(once))


def _capture(values: Mapping[str, str]) -> Capture | None:
    """None for a row that names no capture."""
    capture = Capture(**values)
    is_one = capture.original.strip() and capture.moment is not None and not any(map(_has_surrogate, values.values()))
    return capture if is_one else None


def _has_surrogate(value: str) -> bool:
    return not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value)


def _brief(thing: object) -> str:
    try:
        text = ascii(thing)
    except RecursionError:
        text = "nested too deep"
    return text if len(text) <= _DETAIL else text[:_DETAIL] + "…"


class CdxAnswer(Enum):
    """What a CDX server's answer is."""

    PAGE = "page"
    RATE_LIMITED = "rate limited"
    NOT_AUTHORISED = "bulk query not authorised"
    EXCLUDED = "excluded from the archive"
    REFUSED = "refused"
    BAD_REQUEST = "bad request"
    SERVER_TROUBLE = "server trouble"


@dataclass(frozen=True, slots=True)
class CdxReply:
    """An answer, its page when it is one, and a line for the log when it is not."""

    answer: CdxAnswer
    page: CdxPage | None = None
    detail: str = ""


def read_reply(
    status: int, headers: Mapping[str, str], body: bytes, parse: Callable[[bytes], CdxPage] = parse_page
) -> CdxReply:
    """Decode, tell apart and parse one answer; never raises. `body` is the wire's, transfer coding removed; `parse`
    reads a decoded page or raises CdxError."""
    pairs = tuple(headers.items())
    detail = ""
    if status == 200:
        try:
            return CdxReply(CdxAnswer.PAGE, parse(decode(body, declared_coding(pairs)).body))
        except (CdxError, CodingError) as error:
            detail = str(error)
    text = own_page_text(pairs, body)
    own = own_answer(status, text)
    answer = _NO_PAGE.get(own, CdxAnswer.SERVER_TROUBLE)
    if own is Answer.REFUSED and says(NOT_AUTHORISED, text):
        answer = CdxAnswer.NOT_AUTHORISED
    if own is Answer.UNKNOWN_PAGE and status == HTTPStatus.BAD_REQUEST:
        answer = CdxAnswer.BAD_REQUEST
    return CdxReply(answer, None, detail or f"HTTP {status}: {text.strip()[:_DETAIL]}")


_NO_PAGE = {
    Answer.RATE_LIMITED: CdxAnswer.RATE_LIMITED,
    Answer.EXCLUDED: CdxAnswer.EXCLUDED,
    Answer.REFUSED: CdxAnswer.REFUSED,
}
