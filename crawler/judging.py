"""Judging what a capture holds: stored, compared with its digest, read; and what the first pages say of the layout."""

from __future__ import annotations

from collections.abc import Callable

from crawler.archive import digest as digests
from crawler.archive.capture import Capture
from crawler.archive.headers import Headers, declared_coding, first
from crawler.archive.playback import Answer, Reply
from crawler.archive.warc import Place, WarcDamaged
from crawler.case import MATCHES, Case
from crawler.hkcnews.extract import Recovered
from crawler.hkcnews.urls import article_id
from crawler.hkcnews.verdict import ANY_ARTICLE, Judgement, Verdict
from crawler.learnt import learnt
from crawler.ledger import CaptureRow, Ledger
from crawler.markdown.style import Style
from crawler.reading import Read, Stored
from crawler.store import Store

MOST_FOLLOWED = 20
"""So many captures that no listing has are followed for one article; an archive that leads on and on ends there."""
LAYOUT_PAGES = 30
"""So many pages at the start of a run tell whether the layout is the one that is known."""
EXTRACTED = (Verdict.ARTICLE, Verdict.UNFAITHFUL, Verdict.UNKNOWN_LAYOUT, Verdict.EXTRACTION_FAILED)
"""Verdicts on pages that tell whether the layout is known; the others say nothing of it."""

StyleFor = Callable[[str, str], Style]


class Judge:
    """Writes what it learns of captures into the ledger and their cases. `known` has the verdicts that hold for the same
    bytes under any article, by digest."""

    def __init__(self, ledger: Ledger, store: Store, style_for: StyleFor, read_page: Read) -> None:
        self._ledger = ledger
        self._store = store
        self._style_for = style_for
        self._read = read_page
        self.known = ledger.digest_verdicts(ANY_ARTICLE)
        self.pages = 0
        self.unread = 0
        self.example = 0
        """The last article whose page could not be read."""

    def carried(self, case: Case, row: CaptureRow) -> tuple[str, str] | None:
        """The verdict on a capture whose very bytes were judged already, under this article or, where it holds, any other."""
        digest = row.capture.digest
        if digests.usable(digest) is None:
            return None
        if digest in self.known:
            return self.known[digest]
        return (case.tried[digest], "the same bytes as another capture") if digest in case.tried else None

    def taken(self, case: Case, row: CaptureRow, reply: Reply, fetched_from: str, expected: Capture, check: digests.DigestCheck) -> bool:
        """Store what came and judge it; True when it is the article without fault."""
        place = None
        if reply.answer is not Answer.CLOSEST_CAPTURE:
            matched = check.result in (digests.DigestResult.MATCH, digests.DigestResult.MATCH_DECODED)
            payload = check.payload if matched else reply.body
            place = self._store.add(reply, payload, fetched_from, expected.digest, check.result.value, check.codings if matched else ())
        columns = learnt(reply.answer, reply.status, reply.headers, reply.timestamp, reply.original, check, place)
        self._ledger.note(row.id, **columns)
        if reply.location is not None:
            self._leads_to(case, row, reply.answer.name.lower(), *reply.location)
            return False
        return self._judge(case, row, reply.status, reply.headers, reply.body, reply.timestamp, reply.original, expected, check)

    def expected(self, row: CaptureRow, timestamp: str, original: str) -> Capture:
        """The listed capture with whose digest the bytes are compared: the one really served, if this article has it."""
        listed = (other.capture for other in self._ledger.captures(row.article))
        return next((other for other in listed if (other.timestamp, other.original) == (timestamp, original)), row.capture)

    def _leads_to(self, case: Case, row: CaptureRow, how: str, timestamp: str, original: str) -> None:
        """A redirect or a jump into another capture: that one joins the choice, last, unless it is in it already."""
        because = f"leads to {timestamp} {original}"
        self._ledger.note(row.id, verdict=how, because=because)
        case.passed(row, how, because)
        if article_id(original) == row.article and case.followed < MOST_FOLLOWED:
            added = self._ledger.add_capture(row.article, Capture(timestamp=timestamp, original=original), how)
            case.followed += added is not None
            if added is not None and not case.narrowed:
                case.queue.append(added)

    def stored(self, case: Case, row: CaptureRow) -> bool:
        """Judge a capture that is in the store, without a request; one that cannot be read is fetched again."""
        try:
            stored = self._store.read(Place(row.warc, row.warc_offset, row.warc_length))
        except (OSError, WarcDamaged):
            self._ledger.note(row.id, warc="", digest_result="")
            case.queue[0] = next(fresh for fresh in self._ledger.captures(row.article) if fresh.id == row.id)
            return False
        if row.answer == Answer.ARCHIVED_REDIRECT.value:
            target = first(stored.headers, "location") or ""
            self._leads_to(case, row, row.answer.replace(" ", "_"), row.served_timestamp, target)
            return False
        served = (row.served_timestamp, row.served_original)
        expected = self.expected(row, *served)
        check = digests.check(stored.payload, row.coding, expected.digest, headers=stored.headers)
        return self._judge(case, row, stored.status, stored.headers, stored.payload, *served, expected, check)

    def _judge(
        self,
        case: Case,
        row: CaptureRow,
        status: int,
        headers: Headers,
        body: bytes,
        timestamp: str,
        original: str,
        expected: Capture,
        check: digests.DigestCheck,
    ) -> bool:
        content_type, coding = first(headers, "content-type") or "", declared_coding(headers) or ""
        stored = Stored(body, coding, content_type, status, row.article, timestamp, original)
        recovered = self._read(stored, self._style_for(timestamp, original))
        if recovered.article is not None and not (recovered.article.title and recovered.article.body):
            recovered = Recovered(Judgement(Verdict.BLANK, "no title or no body is left of it"))
        verdict, because = recovered.verdict, recovered.judgement.because
        if recovered.differences:
            verdict, because = Verdict.UNFAITHFUL, "; ".join(recovered.differences)
        self._ledger.note(row.id, verdict=verdict.value, because=because)
        if verdict in ANY_ARTICLE and check.result.value in MATCHES:
            self.known[expected.digest] = (verdict.value, because)
        if verdict in EXTRACTED and self.pages < LAYOUT_PAGES:
            self.pages += 1
            if verdict is not Verdict.ARTICLE:
                self.unread += 1
                self.example = row.article
        return case.judged(row, recovered, expected.digest, check.result.value, check.reason.value)

    def layout_unknown(self, at_end: bool = False) -> bool:
        """Whether most of the first pages could not be read, so that going on would only burn requests."""
        enough = self.pages >= LAYOUT_PAGES or (at_end and self.pages >= 5)
        return enough and self.unread * 2 > self.pages
