"""The listing endpoint: reads a CDX query, selects rows, pages them with resume keys, writes JSON or text."""

import base64
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from urllib.parse import parse_qsl, quote_plus, unquote_plus

from .answer import Answer
from .archive import FIELDS, Archive, Row
from .surt import MatchType, scope

_NAMES = {"url", "matchType", "output", "fl", "limit", "showResumeKey", "resumeKey", "from", "to", "filter"}
_FILTER = re.compile(rf"(!?)({'|'.join(FIELDS)}):(.*)", re.DOTALL)


class BadQuery(ValueError):
    """A query that is answered with 400; the text says why."""


class Edge(Enum):
    """What happens to further captures of the same key and second when a page ends between them."""

    WHOLE = "whole"  # the page runs on until all of them are listed
    LOST = "lost"  # they are in no page, as with the old server
    REPEATED = "repeated"  # the next page begins with the first of them again


@dataclass(frozen=True, slots=True)
class Listing:
    """How the listing behaves: rows in a page at most, whatever the limit asked for; form of the resume key; page
    edges."""

    max_rows: int = 150_000
    text_keys: bool = False
    edge: Edge = Edge.WHOLE


@dataclass(frozen=True, slots=True)
class Query:
    """A CDX query; `limit` None: none was given, negative: the last rows. `filters`: negated, field, expression."""

    url: str
    match_type: MatchType
    json: bool
    fields: tuple[str, ...]
    limit: int | None
    show_key: bool
    resume_key: str
    since: str
    until: str
    filters: tuple[tuple[bool, str, re.Pattern[str]], ...]

    @property
    def bulk(self) -> bool:
        return scope(self.url, self.match_type).match_type is not MatchType.EXACT


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing: rows by the fields asked for (or anything, where garbage is played), and the key if more
    remains."""

    rows: tuple[object, ...]
    key: str = ""


def parse(query_string: str) -> Query:
    """The query in a query string. BadQuery for what the archive refuses and for parameters that are not modelled
    here."""
    pairs = parse_qsl(query_string, keep_blank_values=True, encoding="utf-8", errors="surrogateescape")
    unknown = sorted({name for name, _ in pairs} - _NAMES)
    if unknown:
        raise BadQuery(f"not modelled by the stand-in: {', '.join(unknown)}")
    given = dict(pairs)
    if not given.get("url"):
        raise BadQuery("url is missing")
    fields = tuple(given["fl"].split(",")) if given.get("fl") else FIELDS
    if not set(fields) <= set(FIELDS):
        raise BadQuery(f"unknown field in fl={given['fl']}")
    try:
        match_type = MatchType(given.get("matchType", "exact"))
        limit = int(given["limit"]) if "limit" in given else None
        filters = tuple(_filter(value) for name, value in pairs if name == "filter")
    except (ValueError, re.error) as error:
        raise BadQuery(str(error)) from error
    since, until = given.get("from", ""), given.get("to", "")
    if not re.fullmatch(r"\d{0,14}", since) or not re.fullmatch(r"\d{0,14}", until):
        raise BadQuery("from and to are 1 to 14 digits")
    show_key = given.get("showResumeKey") == "true"
    wants_json = given.get("output") == "json"
    return Query(
        given["url"], match_type, wants_json, fields, limit, show_key, given.get("resumeKey", ""), since, until, filters
    )


def _filter(text: str) -> tuple[bool, str, re.Pattern[str]]:
    match = _FILTER.fullmatch(text)
    if not match:
        raise ValueError(f"filter={text}")
    return bool(match[1]), match[2], re.compile(match[3])


def matching(archive: Archive, query: Query) -> Iterator[Row]:
    """All rows that the query means, of all pages."""
    for row in archive.select(scope(query.url, query.match_type)):
        if row.timestamp < query.since or row.timestamp[: len(query.until)] > query.until:
            continue
        if row.original in archive.overlooked and not query.url.rstrip("*/")[-1:].isdigit():
            continue
        # Anchored at the start only: the newer of the two behaviours reported for the archive.
        if all(bool(regex.match(getattr(row, field))) is not negated for negated, field, regex in query.filters):
            yield row


def answer_page(archive: Archive, query: Query, listing: Listing) -> Page:
    """The page that answers the query. BadQuery for a resume key that is none."""
    rows = matching(archive, query)
    if query.resume_key:
        after = read_key(query.resume_key, listing.edge)
        rows = (row for row in rows if (row.urlkey, row.timestamp) > after)
    if query.limit is not None and query.limit < 0:
        return Page(tuple(tuple(rows)[query.limit :]))
    size = listing.max_rows if query.limit is None else min(query.limit, listing.max_rows)
    taken = list(islice(rows, size))
    rest = next(rows, None)
    while listing.edge is Edge.WHOLE and taken and rest is not None and taken[-1][:2] == rest[:2]:
        taken.append(rest)
        rest = next(rows, None)
    # Without a limit the archive gives no key, even where it stops before the end.
    more = rest is not None and query.show_key and query.limit is not None and taken
    return Page(tuple(taken), key_after(taken[-1], query, listing) if more else "")


def key_after(row: Row, query: Query, listing: Listing) -> str:
    """The resume key that continues behind `row`. Fields that are not in `fl` go missing in it, as on the archive."""
    key, timestamp = (getattr(row, name) if name in query.fields else "-" for name in ("urlkey", "timestamp"))
    if listing.text_keys:
        return quote_plus(f"{key} {timestamp[:-1]}{chr(ord(timestamp[-1]) + 1)}")
    return pack_key(f"{key} {timestamp}")


def pack_key(position: str, level: int = -1) -> str:
    """The opaque form: unpadded base64url of zlib; another compression level spells the same position differently."""
    return base64.urlsafe_b64encode(zlib.compress(position.encode("utf-8"), level)).decode("ascii").rstrip("=")


def unpack_key(key: str) -> str | None:
    """The position in an opaque key, None when it is not one."""
    try:
        return zlib.decompress(base64.urlsafe_b64decode(key + "=" * (-len(key) % 4))).decode("utf-8")
    except (ValueError, zlib.error):
        return None


def read_key(key: str, edge: Edge) -> tuple[str, str]:
    """The urlkey and timestamp behind which a resume key continues."""
    position = unpack_key(key)
    # The older form is decoded once more, on top of the query's own decoding.
    urlkey, space, timestamp = (unquote_plus(key) if position is None else position).rpartition(" ")
    if not space or not timestamp:
        raise BadQuery("not a resume key")
    if position is None or edge is Edge.REPEATED:
        timestamp = timestamp[:-1] + chr(ord(timestamp[-1]) - 1) + "~"
    return urlkey, timestamp


def render(query: Query, page: Page) -> Answer:
    """The page as sent: JSON with a header row, or text; the key after an empty row or line."""
    rows: list[object] = [
        [getattr(row, name) for name in query.fields] if isinstance(row, Row) else row for row in page.rows
    ]
    if query.json:
        lines = [list(query.fields), *rows] if rows or page.key else []
        lines += [[], [page.key]] if page.key else []
        text = "[" + ",\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + "]\n"
        return Answer(200, (("Content-Type", "application/json"),), text.encode("utf-8", "surrogateescape"))
    text = "".join(" ".join(map(str, row)) + "\n" if isinstance(row, list) else f"{row}\n" for row in rows)
    text += f"\n{page.key}\n" if page.key else ""
    return Answer(200, (("Content-Type", "text/plain; charset=utf-8"),), text.encode("utf-8", "surrogateescape"))
