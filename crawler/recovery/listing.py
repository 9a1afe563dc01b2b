"""Which questions an archive's index is asked, page by page; and which articles to ask for that no listing has."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from itertools import chain, pairwise, zip_longest
from pathlib import Path
from typing import Any

from crawler.hkcnews.urls import ARTICLES, HIGHEST_ID, HOST, article_id
from crawler.ledger import Ledger
from crawler.markdown.document import RANGE
from crawler.utils.text import counted
from crawler.wayback.capture import Capture
from crawler.wayback.cdx import CdxAnswer, CdxPage, CdxQuery, CdxReply
from crawler.wayback.digest import cdx_digest

MOST_PREFIXES = 60
"""With more beginnings than this the whole site is listed instead: some 60 pages of 5,000 rows."""


class ListingEnd(Enum):
    """How asking for the listing ended."""

    WHOLE = "whole"
    INCOMPLETE = "incomplete"
    NOT_AUTHORISED = "not authorised"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ListingRequest:
    """One page to ask for: wait so many seconds, then the query with this resume key."""

    query: CdxQuery
    resume_key: str | None
    after: float = 0.0


class Listing:
    """Asks `next_question`, is told the answer by `answered` or `failed`, until `end` is set. `rows` and `new`: what it
    has brought in this run. `exact_only`: whether articles had to be asked for by their bare addresses, which leaves
    out all captures with anything behind the id."""

    def __init__(
        self,
        ledger: Ledger,
        ids: Collection[int] | None,
        page_rows: int,
        source: str,
        retry_seconds: Sequence[float],
        overlap_days: int = 0,
    ) -> None:
        """`retry_seconds`: the waits before a page that did not count is asked for again; after the last, this run
        gives it up. `overlap_days`: ask only for what came since the last whole listing, and so many days before it; 0
        asks for everything."""
        self._ledger = ledger
        self._ids = ids
        self.source = source
        self._page_rows = page_rows
        self._waits = retry_seconds
        self._overlap_days = overlap_days
        self._queries = list(queries(ids, page_rows))
        self._tries = 0
        self._restarted = False
        self._open: tuple[int, str | None] | None = None
        self.rows = self.captures = self.new = 0
        self.end: ListingEnd | None = None if self._queries else ListingEnd.WHOLE
        self.trouble = ""
        self.exact_only = False

    def next_question(self) -> ListingRequest | None:
        """The next page to ask for; None when the listing has ended."""
        if self.end is not None:
            return None
        query = self._queries[0]
        if self._open is None:
            query = self._queries[0] = self._since_the_last(query)
            name = [self.source, query.url, query.match_type, query.limit, *filter(None, [query.since])]
            self._open = self._ledger.open_listing(json.dumps(name))
        return ListingRequest(query, self._open[1], self._waits[self._tries - 1] if self._tries else 0.0)

    def answered(self, reply: CdxReply) -> None:
        """Take an answer to the last question."""
        if reply.answer is CdxAnswer.PAGE and reply.page is not None:
            self._take(reply.page)
        elif reply.answer is CdxAnswer.NOT_AUTHORISED and self._queries[0].match_type == "prefix" and self._ids:
            # Bulk queries are forbidden; an article can still be asked for by its exact address.
            self.exact_only = True
            left = tuple(query.url.removeprefix(ARTICLES) for query in self._queries)
            ids = [str(article) for article in sorted(self._ids) if str(article).startswith(left)]
            self._queries = [CdxQuery(f"{ARTICLES}{article}", "exact", self._page_rows) for article in ids]
            self._open = None
        elif reply.answer is CdxAnswer.NOT_AUTHORISED:
            self.end, self.trouble = ListingEnd.NOT_AUTHORISED, reply.detail
        elif reply.answer in (CdxAnswer.EXCLUDED, CdxAnswer.REFUSED):
            self.end, self.trouble = ListingEnd.REFUSED, reply.detail
        elif reply.answer is CdxAnswer.BAD_REQUEST and self._open and self._open[1] and not self._restarted:
            self._restarted = True
            self._ledger.drop_listing(self._open[0])
            self._open = None
        else:
            self.failed(reply.detail)

    def failed(self, detail: str) -> None:
        """The last question got no page: it is asked again, later and later, and at last given up."""
        self.trouble = detail
        self._tries += 1
        if self._tries > len(self._waits):
            self.end = ListingEnd.INCOMPLETE

    def _take(self, page: CdxPage) -> None:
        assert self._open is not None
        (listing, asked), key = self._open, page.resume_key
        if key is not None and key in self._ledger.listing_keys(listing) | {asked}:
            self.failed(f"the resume key {key[:40]} came again: the listing goes in a circle")
            return
        whole = self._queries[0].url == ARTICLES  # all of it is kept, since a later run may go on from here
        found = [(article_id(capture.original), capture) for capture in page.captures]
        known = [(article, capture) for article, capture in found if article is not None]
        wanted = [pair for pair in known if self._ids is None or whole or pair[0] in self._ids]
        self.new += self._ledger.add_page(listing, self.source, wanted, len(found) - len(known), page)
        self.rows += len(found) + len(page.rejected)
        self.captures += len(wanted)
        self._tries, self.trouble = 0, ""
        self._open = (listing, key)
        if key is None:
            del self._queries[0]
            self._open = None
            if not self._queries:
                self.end = ListingEnd.WHOLE

    def _since_the_last(self, query: CdxQuery) -> CdxQuery:
        """The query as it is asked: for what came since this archive listed all of it, where it has.

        A listing counts from when it was begun, since its first pages know nothing of what came while the last were
        asked for. One of this kind that was interrupted goes on as it was, unless another was whole since.
        """

        def beginning(*parts: str | int) -> str:
            """With what the names of listings begin that have these parts, and more."""
            return f"{json.dumps([self.source, *parts])[:-1]}, "

        begun = self._ledger.listed_whole(beginning(query.url, query.match_type), beginning(ARTICLES, "prefix"))
        if not self._overlap_days or begun is None:
            return query
        open_one = self._ledger.unfinished_listing(beginning(query.url, query.match_type, query.limit), begun)
        begun = min(begun, self._ledger.moment())  # the clock may have been ahead then
        since = datetime.fromisoformat(begun) - timedelta(days=self._overlap_days)
        return replace(query, since=json.loads(open_one)[-1] if open_one else f"{since:%Y%m%d%H%M%S}")


def queries(ids: Collection[int] | None, page_rows: int) -> Iterator[CdxQuery]:
    """The questions that list these articles, or all: ten ids that share a beginning are one prefix."""
    few = prefixes(ids) if ids is not None else [""]
    for prefix in few if len(few) <= MOST_PREFIXES else [""]:
        yield CdxQuery(f"{ARTICLES}{prefix}", "prefix", page_rows)


def prefixes(ids: Collection[int]) -> list[str]:
    """The fewest beginnings that list all ids without a stranger: `4000`…`4009` is `400`; `33951` stays itself."""
    found = {str(i) for i in ids}
    while True:
        parents = {text[:-1] for text in found if len(text) > 1}
        whole = {parent for parent in parents if all(f"{parent}{digit}" in found for digit in range(10))}
        if not whole:
            break
        found = {text for text in found if text[:-1] not in whole} | whole
    return sorted((text for text in found if not any(text[:n] in found for n in range(1, len(text)))), key=int)


FIRST, LAST = 174, 49_930
"""The ids of the site's articles, with gaps (counted in the public backup)."""
PUBLISHED = 49_122
"""Articles that the site had, by the public backup's count (FACTS section 1)."""
GAP_REQUESTS = 100
"""What `auto` allows a run, once most articles are known."""
LISTINGS = (
    # JSON with cards of articles in it, page by page.
    *((f"{HOST}/data/{name}", "prefix") for name in ("allposts", "newsposts")),
    (f"{HOST}/", "exact"),
    *((f"{HOST}/news/", "prefix"), (f"{HOST}/blogger", "prefix"), (f"{HOST}/event/", "prefix")),
    *((f"{HOST}/{name}", "prefix") for name in ("editorial", "datanews", "videos", "triangles", "srs")),
    # Not `/news_新聞/…`: pictures.
    *((f"{HOST}/news", "exact"), (f"{HOST}/news?page=", "prefix"), (f"{HOST}/?page=", "prefix")),
)
"""Where the site had lists of articles (FACTS, "Lists"), the longest first, and how the index is asked for them."""
_LISTS = frozenset(
    {"", "bloggers", "blogger", "data", "datanews", "editorial", "event", "news", "srs", "triangles", "videos"}
)
"""What the path of a list begins with."""
MOST_LISTINGS = 0.5
"""At most this share of the budget goes to archived lists; the rest asks for articles."""
_PATH = re.compile(r"https?://[^/?#]*/*([^/?#]*)", re.IGNORECASE)
_TEXT = re.compile(r"html|json|text/plain|revisit|^(?:unk|-|)$", re.IGNORECASE)
_SLASH = r"(?:/|\\+/|\\+u002[fF]|%2[fF]|&#x2[fF];|&#47;)"
_QUOTE = r"(?:\\*[\"']|\\+u002[27]|&quot;|&#3[49];)"
"""Also as they stand in JSON, in an attribute, and in an address within another one."""
_NAMED = re.compile(rf"article{_SLASH}+(\d{{1,9}})(?!\d)")
_OF_THE_SITE = re.compile(
    rf"(?:hkcnews\.com(?::\d+)?{_SLASH}+|[=:(]\s*(?:{_QUOTE}\s*){{0,2}}(?:\.?{_SLASH})?)\Z", re.IGNORECASE
)
_BEFORE = 60


class GapEvidence(StrEnum):
    """On what evidence an article is asked for, the strongest first."""

    ON_A_LIST = "on an archived list of the site's"
    LINKED = "linked from a recovered article"
    BETWEEN = "between ids that are known"


def ids_in(text: str) -> set[int]:
    """The articles that a page or a file of ours names by their addresses, whole or relative. Nothing else is taken
    from a list: what its cards say may be a title, an author, or how a text begins."""
    return {
        number
        for found in _NAMED.finditer(text)
        if _OF_THE_SITE.search(text[max(0, found.start() - _BEFORE) : found.start()])
        and 0 < (number := int(found[1])) <= HIGHEST_ID
    }


def unread(lists: Iterable[Iterable[Capture]], read: Collection[tuple[str, str]]) -> Iterator[Capture]:
    """Which captures of the site's lists to read, of those that the index has: by turns between the lists, of each the
    newest capture of every address, then the next older ones, which name other articles. `read`: (timestamp, original)
    of those that were read; the same bytes are not read again.
    """
    found = [_newest_first(filter(_is_list, captures)) for captures in lists]
    seen = {cdx_digest(c.digest) for captures in found for c in captures if (c.timestamp, c.original) in read}
    turns = ((c for c in captures if (c.timestamp, c.original) not in read) for captures in found)
    for capture in filter(None, chain.from_iterable(zip_longest(*turns))):
        digest = cdx_digest(capture.digest)
        if not digest or digest not in seen:
            seen.add(digest)
            yield capture


def _is_list(capture: Capture) -> bool:
    """An answer with a text, at an address that is one of a list; not what else lies below it, such as pictures."""
    path = _PATH.match(capture.original)
    is_text = capture.statuscode in ("200", "-") and _TEXT.search(capture.mimetype)
    return bool(is_text and path and path[1].lower() in _LISTS)


def _newest_first(captures: Iterable[Capture]) -> list[Capture]:
    """The newest of each address, newest first, then the second newest of each, and so on."""
    ages: Counter[str] = Counter()
    aged: list[tuple[int, Capture]] = []
    for capture in sorted(captures, key=lambda capture: (capture.timestamp, capture.original), reverse=True):
        aged.append((ages[capture.urlkey], capture))
        ages[capture.urlkey] += 1
    return [capture for _, capture in sorted(aged, key=lambda pair: pair[0])]


def linked_ids(output: Path, files: Iterable[str]) -> set[int]:
    """The articles that recovered files name. A file that is gone is passed over: it is written again anyway."""
    found: set[int] = set()
    for file in files:
        with suppress(OSError):
            found |= ids_in((output / file).read_text("utf-8", "replace"))
    return found


def gap_candidates(
    known: Collection[int], evidence: dict[GapEvidence, set[int]], asked: Collection[int]
) -> Iterator[tuple[int, GapEvidence]]:
    """What to ask for, best evidence first; ids between the lowest and the highest known last, those in the smallest
    gaps first: a whole range that is missing is less likely to be one of single articles that were overlooked than a
    hole of one or two."""
    given = set(known) | set(asked)
    for why in (GapEvidence.ON_A_LIST, GapEvidence.LINKED):
        for article in sorted(evidence.get(why, set()) - given):
            given.add(article)
            yield article, why
    for lower, higher in sorted(pairwise(sorted(known)), key=lambda pair: (pair[1] - pair[0], pair[0])):
        yield from ((article, GapEvidence.BETWEEN) for article in range(lower + 1, higher) if article not in given)


def gap_status(ledger: Ledger) -> dict[str, Any]:
    """What lacks of all that the site published, as data: in ranges of a thousand ids, as the folders have them."""
    known = ledger.known_ids()
    counts = Counter((article - 1) // RANGE for article in known)
    ranges = [
        {"from": number * RANGE + 1, "to": (number + 1) * RANGE, "known": counts[number]}
        for number in range(max(counts, default=-1) + 1)
    ]
    asked = {why: {"asked": number, "found": found} for why, (number, found) in ledger.gap_found().items()}
    return {"published": PUBLISHED, "known": len(known), "asked": asked, "ranges": ranges}


def describe_gap(ledger: Ledger) -> Iterator[str]:
    """The same as lines to read, with how many of each range are not known."""
    status = gap_status(ledger)
    ids = LAST - FIRST + 1
    yield f"Known {status['known']:,} of the {PUBLISHED:,} articles that the site had"
    never = f"{ids - PUBLISHED:,} of these never were an article; which ones nobody knows"
    yield f"Its ids ran from {FIRST} to {LAST}, {ids:,} in all: {never}"
    for why, of in status["asked"].items():
        none = f"{of['asked'] - of['found']:,} have none, as those that never were"
        yield f"Asked for, {why}: {counted(of['asked'], 'id')}; {of['found']:,} with captures, {none}"
    yield f"{'ids':>13}  {'known':>5}  not known"
    for one in status["ranges"]:
        first, last = max(one["from"], FIRST), min(one["to"], LAST)
        missing = max(0, last - first + 1 - one["known"])
        yield f"{one['from']:>6}-{one['to']:<6}  {one['known']:>5}  {missing:>5}"
