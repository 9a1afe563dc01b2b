"""Listing: which questions the archive's index is asked, page by page, and what its answers put into the ledger."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from crawler.archive.cdx import CdxAnswer, CdxPage, CdxQuery, CdxReply
from crawler.hkcnews.urls import ARTICLES, article_id
from crawler.ledger import Ledger

MOST_PREFIXES = 60
"""With more beginnings than this the whole site is listed instead: some 60 pages of 5,000 rows."""


class ListingEnd(Enum):
    """How asking for the listing ended."""

    WHOLE = "whole"
    INCOMPLETE = "incomplete"
    NOT_AUTHORISED = "not authorised"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Question:
    """One page to ask for: wait so many seconds, then the query with this resume key."""

    query: CdxQuery
    resume_key: str | None
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Progress:
    """What the listing has brought in this run."""

    pages: int = 0
    rows: int = 0
    new: int = 0


class Listing:
    """Asks `next_question`, is told the answer by `answered` or `failed`, until `end` is set."""

    def __init__(
        self,
        ledger: Ledger,
        ids: Collection[int] | None,
        page_rows: int,
        source: str,
        retry_seconds: Sequence[float],
        overlap_days: int = 0,
    ) -> None:
        """`retry_seconds`: the waits before a page that did not count is asked for again; after the last, this run gives it up.
        `overlap_days`: ask only for what came since the last whole listing, and so many days before it; 0 asks for everything."""
        self._ledger = ledger
        self._ids = ids
        self.source = source
        self._rows = page_rows
        self._waits = retry_seconds
        self._overlap_days = overlap_days
        self._queries = list(queries(ids, page_rows))
        self._tries = 0
        self._restarted = False
        self._open: tuple[int, str | None] | None = None
        self.progress = Progress()
        self.end: ListingEnd | None = None if self._queries else ListingEnd.WHOLE
        self.trouble = ""
        self.exact_only = False
        """Whether articles had to be asked for by their bare addresses, which leaves out all captures with anything behind the id."""

    def next_question(self) -> Question | None:
        """The next page to ask for; None when the listing has ended."""
        if self.end is not None:
            return None
        if self._open is None:
            self._queries[0] = self._since_the_last(self._queries[0])
            self._open = self._ledger.open_listing(_name(self.source, self._queries[0]))
        query = self._queries[0]
        after = self._waits[self._tries - 1] if self._tries else 0.0
        return Question(query, self._open[1], after)

    def answered(self, reply: CdxReply) -> None:
        """Take an answer to the last question."""
        if reply.answer is CdxAnswer.PAGE and reply.page is not None:
            self._take(reply.page)
        elif reply.answer is CdxAnswer.NOT_AUTHORISED:
            self._not_authorised(reply.detail)
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
        listing, key = self._open
        if page.resume_key is not None and page.resume_key in self._ledger.listing_keys(listing) | {key}:
            self.failed(f"the resume key {page.resume_key[:40]} came again: the listing goes in a circle")
            return
        wanted = []
        ignored = 0
        whole = self._queries[0].url == ARTICLES  # all of it is kept, since a later run may go on from here
        for capture in page.captures:
            article = article_id(capture.original)
            if article is None:
                ignored += 1
            elif self._ids is None or article in self._ids or whole:
                wanted.append((article, capture))
        new = self._ledger.add_page(listing, wanted, page.resume_key, ignored, len(page.rejected), page.duplicates, self.source)
        done = self.progress
        self.progress = Progress(done.pages + 1, done.rows + len(page.captures) + len(page.rejected), done.new + new)
        self._tries, self.trouble = 0, ""
        self._open = (listing, page.resume_key)
        if page.resume_key is None:
            self._next_query()

    def _since_the_last(self, query: CdxQuery) -> CdxQuery:
        """The query as it is asked: for what came since this archive listed all of it, where it has.

        A listing counts from when it was begun, since its first pages know nothing of what came while the last were asked for. One of
        this kind that was interrupted goes on as it was, unless another was whole since.
        """
        name, source = _beginning, self.source
        begun = self._ledger.listed_whole(name(source, query.url, query.match_type), name(source, ARTICLES, "prefix"))
        if not self._overlap_days or begun is None:
            return query
        open_one = self._ledger.unfinished_listing(name(source, query.url, query.match_type, query.limit), begun)
        begun = min(begun, self._ledger.moment())  # the clock may have been ahead then
        since = datetime.fromisoformat(begun) - timedelta(days=self._overlap_days)
        return replace(query, since=json.loads(open_one)[-1] if open_one else f"{since:%Y%m%d%H%M%S}")

    def _next_query(self) -> None:
        self._queries.pop(0)
        self._open = None
        self._tries = 0
        if not self._queries:
            self.end = ListingEnd.WHOLE

    def _not_authorised(self, detail: str) -> None:
        """Bulk queries may be forbidden; then an article can still be asked for by its exact address."""
        if self._queries[0].match_type == "prefix" and self._ids is not None:
            self.exact_only = True
            left = tuple(query.url.removeprefix(ARTICLES) for query in self._queries)
            self._queries = [CdxQuery(f"{ARTICLES}{i}", "exact", self._rows) for i in sorted(self._ids) if str(i).startswith(left)]
            self._open = None
        else:
            self.end, self.trouble = ListingEnd.NOT_AUTHORISED, detail


def queries(ids: Collection[int] | None, page_rows: int) -> Iterator[CdxQuery]:
    """The questions that list these articles, or all: ten ids that share a beginning are one prefix, so that a range of
    a hundred costs one question and not a hundred."""
    if ids is None:
        yield CdxQuery(ARTICLES, "prefix", page_rows)
        return
    few = prefixes(ids)
    if len(few) > MOST_PREFIXES:
        yield CdxQuery(ARTICLES, "prefix", page_rows)
        return
    for prefix in few:
        yield CdxQuery(f"{ARTICLES}{prefix}", "prefix", page_rows)


def prefixes(ids: Collection[int]) -> list[str]:
    """The fewest beginnings that list all the ids without whole strangers: `4000`…`4009` is `400`; `33951` stays itself."""
    found = {str(i) for i in ids}
    while True:
        parents = {text[:-1] for text in found if len(text) > 1}
        whole = {parent for parent in parents if all(f"{parent}{digit}" in found for digit in range(10))}
        if not whole:
            break
        found = {text for text in found if text[:-1] not in whole} | whole
    return sorted((text for text in found if not any(text[:n] in found for n in range(1, len(text)))), key=lambda text: (len(text), text))


def _name(source: str, query: CdxQuery) -> str:
    """What tells a listing from others: each archive has its own place to go on from."""
    return json.dumps([source, query.url, query.match_type, query.limit, *filter(None, [query.since])])


def _beginning(*parts: str | int) -> str:
    """With what the names of listings begin that have these parts, and more."""
    return f"{json.dumps(parts)[:-1]}, "
