"""Playback: addresses of captures, what an archive's answer to one really is, and what follows from it."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

from crawler.utils.timestamps import timestamp_of
from crawler.wayback.capture import Capture, StoredCapture
from crawler.wayback.http import CodingError, Headers, declared_coding, decode, first_header, header_text, header_values

ERROR_HEADER = "x-archive-wayback-runtime-error"

_MAX_PAGE = 1024 * 1024
_TAG = re.compile(r"<[^<>]*>")
_SPACE = re.compile(r"\s+")

OFFLINE = ("temporarily offline", "no server is available to handle this request")
EXCLUDED = (
    "excluded from the wayback machine",
    "administrativeaccesscontrolexception",
    "blocked site error",
    "robotaccesscontrolexception",
    "displayed due to robots.txt",
    "blocked by robots.txt",
)
NOT_ARCHIVED = (
    "has not archived that url",
    "hasn't archived that url",
    "resourcenotinarchiveexception",
    "could not be found in this collection",
)
NOT_AUTHORISED = ("requires authorization",)


def own_page_text(headers: Headers, body: bytes) -> str:
    """The text of an archive's own answer in lower case, on one line: its error header, then its page without tags."""
    with suppress(CodingError):  # a page that does not decode has no words; its status still speaks
        body = decode(body, declared_coding(headers), _MAX_PAGE).body
    page = _TAG.sub(" ", body[:_MAX_PAGE].decode("utf-8", "replace"))
    return _SPACE.sub(" ", " ".join([*header_values(headers, ERROR_HEADER), page])).replace("’", "'").lower()


def says(phrases: tuple[str, ...], text: str) -> bool:
    """Whether an archive's own page, as `own_page_text` gives it, has one of these phrases."""
    return any(phrase in text for phrase in phrases)


_PLAYBACK_PATH = re.compile(r"/([0-9]{1,14})((?:[a-z]{2}_)?)/(.+)", re.DOTALL)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_LINK = re.compile(r"<([^>]*)>([^<]*)")
_REL = re.compile(r"""rel\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s;,]+))""", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Answer(Enum):
    """What came back, a closed set. The last five are troubles of the connection, which only the caller can see."""

    CAPTURE = "capture"
    ARCHIVED_REDIRECT = "archived redirect"
    CLOSEST_CAPTURE = "closest capture"
    NOT_ARCHIVED = "not archived"
    EXCLUDED = "excluded"
    OUTAGE = "outage page"
    RATE_LIMITED = "rate limited"
    SERVER_ERROR = "server error"
    REFUSED = "refused"
    UNKNOWN_PAGE = "unknown page"
    CUT_BODY = "cut body"
    TIMEOUT = "timeout"
    CONNECTION_LOST = "connection lost"
    CONNECTION_REFUSED = "connection refused"
    TOO_LARGE = "too large"


class Action(Enum):
    """What the recovery does next with the capture that was asked for."""

    JUDGE = "judge the page"
    FOLLOW = "follow to another capture"
    NEXT_CAPTURE = "take the next capture"
    RETRY = "ask again later"
    PAUSE = "send nothing to the host for a while"
    STOP = "end the run"


class Outcome(Enum):
    """What a request came to, as far as politeness goes."""

    HEALTHY = "healthy"
    """An answer, including archived 4xx and 5xx (an archived 429 too) and the archive's own "not archived"."""
    TROUBLE = "trouble"
    """Connected, but: outage page, live 5xx other than 503, read time-out, cut body."""
    OVERLOADED = "overloaded"
    """A live 503, whatever its page says: trouble that also halves the rate."""
    RATE_LIMITED = "rate limited"
    """A live 429, without Memento-Datetime."""
    REFUSED = "refused"
    """Connection refused, reset at connect, or connect time-out."""
    ABANDONED = "abandoned"
    """Given up by ourselves (cancelled, could not be sent): nothing was learnt."""


@dataclass(frozen=True, slots=True)
class AnswerRule:
    """What follows from an answer; `english`, `chinese`: what it is, in words; `settings`: those that change it."""

    action: Action
    outcome: Outcome
    english: str
    chinese: str
    settings: tuple[str, ...] = ()


_JUDGE, _FOLLOW, _NEXT, _RETRY, _PAUSE, _STOP = Action
_HEALTHY, _TROUBLE = Outcome.HEALTHY, Outcome.TROUBLE
_AGAIN, _BREAKER = "RETRY_SECONDS", "BREAKER_SECONDS CONNECTION_RATE"
_OUTAGE = "RETRY_SECONDS OUTAGE_SECONDS OUTAGE_PROBE_SECONDS"
_LIMITED, _REFUSED, _ABANDONED = Outcome.RATE_LIMITED, Outcome.REFUSED, Outcome.ABANDONED
ANSWERS: Mapping[Answer, AnswerRule] = {
    answer: AnswerRule(action, outcome, english, chinese, tuple(settings.split()))
    for answer, action, outcome, english, chinese, settings in (
        (Answer.CAPTURE, _JUDGE, _HEALTHY, "a capture came", "取得快照", "PAGE_SECONDS PAGE_MEMORY_MB"),
        (Answer.ARCHIVED_REDIRECT, _FOLLOW, _HEALTHY, "a redirect of the site, archived", "存檔的是網站的重新導向", ""),
        (Answer.CLOSEST_CAPTURE, _FOLLOW, _HEALTHY, "the archive led to another capture", "典藏庫轉往另一快照", ""),
        (Answer.NOT_ARCHIVED, _NEXT, _HEALTHY, "the archive does not have it", "典藏庫沒有收錄", ""),
        (Answer.EXCLUDED, _NEXT, _HEALTHY, "excluded from the archive", "典藏庫不予公開", ""),
        (Answer.OUTAGE, _RETRY, _TROUBLE, "the archive was offline", "典藏庫暫停服務", _OUTAGE),
        (Answer.RATE_LIMITED, _PAUSE, _LIMITED, "the archive asked to wait", "典藏庫要求暫緩", "PAUSE_SECONDS"),
        (Answer.SERVER_ERROR, _RETRY, _TROUBLE, "an error of the archive", "典藏庫出錯", "RETRY_SECONDS PLAYBACK_RATE"),
        (Answer.REFUSED, _STOP, _HEALTHY, "the archive refused", "典藏庫拒絕", ""),
        (Answer.UNKNOWN_PAGE, _RETRY, _HEALTHY, "a page of the archive that is not known", "典藏庫不明的網頁", _AGAIN),
        (Answer.CUT_BODY, _RETRY, _TROUBLE, "the answer was cut off", "回應中斷", _AGAIN),
        (Answer.TIMEOUT, _RETRY, _TROUBLE, "no answer in time", "逾時沒有回應", _AGAIN),
        (Answer.CONNECTION_LOST, _RETRY, _TROUBLE, "the connection was lost", "連線中斷", f"{_AGAIN} BREAKER_SECONDS"),
        (Answer.CONNECTION_REFUSED, _STOP, _REFUSED, "the connection was refused", "連線被拒", _BREAKER),
        (Answer.TOO_LARGE, _NEXT, _ABANDONED, "more bytes than DOWNLOAD_MAXSIZE", "超出大小上限", "DOWNLOAD_MAXSIZE"),
    )
}
"""What follows from each answer; docs/judging.md has the same table."""
FINAL = tuple(answer.value for answer, rule in ANSWERS.items() if rule.action is Action.NEXT_CAPTURE)
"""The answers after which no later run asks for the capture again, as the ledger has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply(StoredCapture):
    """One answer: of a capture, everything is the archived page's; `timestamp` and `original` are those really served.

    `location` is the (timestamp, original) to follow inside the archive, present with ARCHIVED_REDIRECT and
    CLOSEST_CAPTURE only.
    """

    answer: Answer
    location: tuple[str, str] | None = None


def reply_of(stored: StoredCapture) -> Reply:
    """The answer of an archive's playback that a stored capture was, but with the headers as they are stored."""
    content = (stored.original, stored.timestamp, stored.status, stored.headers, stored.payload, stored.digest)
    if (target := stored.redirect_target) is None:
        return Reply(*content, answer=Answer.CAPTURE)
    return Reply(*content, answer=Answer.ARCHIVED_REDIRECT, location=(stored.timestamp, target))


def playback_url(replay: str, timestamp: str, original: str, flag: str = "id_") -> str:
    """The address of a capture's stored bytes (`id_`) or image (`im_`), the original exactly as the CDX row spells it.

    `replay`: where an archive plays back, as `https://web.archive.org/web`; a slash and the timestamp follow it. Only
    what cannot stand in a request line is escaped: controls, space, `#`, and what is not ASCII (as UTF-8). Characters
    that a strict URL forbids but a request line can carry, such as `[` `|` `^` `"` `<`, stay, because the archive looks
    up what it is sent and their escaped form may be another key; `%` is never touched for the same reason.
    """
    return f"{replay.rstrip('/')}/{timestamp}{flag}/{escape(original)}"


_REPLAY = re.compile(
    r"((?:https?:)?(?://[^/?#]+)?(?:/[^?#]*?)?)/(?=\d{14}|\d+(?:[a-z]{2}_)?/(?:https?:/|//))(\d{4,14})(?:[a-z]{2}_)?/(.+)",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)


def split_replay(address: str) -> tuple[str, str, str]:
    """(where an archive replays, timestamp, what is replayed) of an address in any archive; empty for every other."""
    found = _REPLAY.match(address)
    return (found[1], found[2], found[3]) if found else ("", "", "")


def escape(original: str) -> str:
    """A URL as it can stand in a request line or a WARC header; printable ASCII without `#` comes out unchanged."""
    if all("!" <= char <= "~" and char != "#" for char in original):
        return original
    return "".join(
        chr(byte) if 0x21 <= byte <= 0x7E and byte != 0x23 else f"%{byte:02X}"
        for byte in original.encode("utf-8", "replace")
    )


def parse_playback_url(replay: str, url: str, also: Sequence[str] = ()) -> tuple[str, str, str] | None:
    """(timestamp, flag, original) of an address under `replay`, also without scheme or host; None for any other.

    `also`: further replay addresses that count as this archive's, since mirrors and proxies pass its Location headers
    on unchanged.
    """
    try:
        places = [replay]
        if url.startswith("/") and not url.startswith("//"):
            host, path = _host(urlsplit(replay).netloc), url
        else:
            there = re.match(r"(?:https?:)?//([^/?#]*)", url, re.IGNORECASE)
            if there is None:
                return None
            places += also
            host, path = _host(there[1]), url[there.end() :]
        homes = [urlsplit(place) for place in places]
    except ValueError:
        return None
    for home in homes:
        root = home.path.rstrip("/")
        found = _PLAYBACK_PATH.fullmatch(path.removeprefix(root)) if path.startswith(root) else None
        if found and host == _host(home.netloc):
            return found[1], found[2], found[3]
    return None


def read_reply(
    replay: str, requested: Capture, status: int, headers: Headers, body: bytes, also: Sequence[str] = ()
) -> Reply:
    """Tell what an answer to the request for `requested` is. `body` is the wire's, only transfer coding removed.

    It is a capture if and only if Memento-Datetime is there; then every status is the archived one (an archived 429 is
    no limit). `also` as for parse_playback_url.
    """
    pairs = tuple(headers)
    memento = first_header(pairs, "memento-datetime")
    # Without its fragment, which no server is ever sent.
    target = _clean(first_header(pairs, "location") or "").partition("#")[0] if status in _REDIRECTS else ""
    timestamp, original = requested.timestamp, requested.original
    inside = parse_playback_url(replay, target, also) if target else None
    location = (inside[0], inside[2]) if inside else None
    if memento is not None:
        moment = _date(memento)
        if moment is not None and moment != requested.moment:
            timestamp = timestamp_of(moment)
        original = _served_original(requested.original, pairs)
        location = location or (_archived_target(timestamp, original, target) if target else None)
        answer = Answer.CAPTURE if location is None else Answer.ARCHIVED_REDIRECT
    else:
        answer = Answer.CLOSEST_CAPTURE if location else own_answer(status, own_page_text(pairs, body))
    return Reply(original, timestamp, status, pairs, body, answer=answer, location=location)


def own_answer(status: int, text: str) -> Answer:
    """What an archive says in its own name. A 429 is the limit, whatever its page: going on is what locks one out."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Answer.RATE_LIMITED
    if says(OFFLINE, text):
        return Answer.OUTAGE
    if says(EXCLUDED, text):
        return Answer.EXCLUDED
    if status == HTTPStatus.NOT_FOUND and says(NOT_ARCHIVED, text):
        return Answer.NOT_ARCHIVED
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS):
        return Answer.REFUSED
    return Answer.SERVER_ERROR if 500 <= status <= 599 else Answer.UNKNOWN_PAGE


def _date(value: str) -> datetime | None:
    """The aware moment of an HTTP date, None when it is none."""
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _served_original(requested: str, headers: Headers) -> str:
    if ">" in requested:  # the header's own bracket: where such an address ends there cannot be told
        return requested
    for url, parameters in (found for value in header_values(headers, "link") for found in _LINK.findall(value)):
        relation = _REL.search(parameters)
        if relation and "original" in (relation[1] or relation[2] or relation[3] or "").lower().split():
            served = _clean(url)
            return requested if not served or _identity(served) == _identity(requested) else served
    return requested


def _identity(url: str) -> str:
    """What two spellings of one captured address share: no scheme, no default port, one way of percent-encoding."""
    rest = re.sub(r"^https?://", "//", url, flags=re.IGNORECASE)
    host, slash, path = rest.removeprefix("//").partition("/")
    encoded = "".join(
        char if char.isalnum() or char in "-._~%:/?@!$&'()*+,;=" else f"%{ord(char):02X}" for char in escape(path)
    )
    return f"{_host(host)}{slash or '/'}" + re.sub(r"%[0-9a-fA-F]{2}", lambda code: code[0].upper(), encoded)


def _archived_target(timestamp: str, original: str, where: str) -> tuple[str, str] | None:
    """Where a redirect leads that the archive left as it was archived, as pywb does: to the same moment's target."""
    try:
        if where.startswith("//"):
            where = f"{urlsplit(original).scheme or 'http'}:{where}"
        elif not _SCHEME.match(where):
            where = urljoin(original, where)
        good = urlsplit(where).scheme in ("http", "https") and bool(urlsplit(where).hostname)
    except ValueError:
        return None
    return (timestamp, where) if good else None


def _clean(url: str) -> str:
    """A URL out of a header, read as UTF-8 where it is, without controls."""
    return _CONTROL.sub("", header_text(url)).strip()


def _host(netloc: str) -> str:
    return re.sub(r":(?:80|443)?$", "", netloc.lower())


def retry_after(headers: Headers, now: datetime) -> float | None:
    """Seconds to wait by Retry-After, in either form; the longest of several. None when absent, negative or garbage."""
    waits: list[float] = []
    for value in header_values(headers, "retry-after"):
        if value.isascii() and value.isdigit():
            waits += [float(value)] if len(value) <= 15 else []
        elif (moment := _date(value)) is not None:
            waits.append((moment - now).total_seconds())
    return max((wait for wait in waits if wait >= 0), default=None)
