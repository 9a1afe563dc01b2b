"""The recovery of articles: which capture to fetch next, and what follows from each answer. No HTTP, no Scrapy, no clock.

The spider asks `steps`, sends what it is given and reports each answer with `received` or `troubled`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from crawler.archive import digest as digests
from crawler.archive.capture import Capture
from crawler.archive.headers import Headers, declared_coding, first
from crawler.archive.playback import WHAT_NEXT, Answer, Next, Reply
from crawler.archive.warc import Place, WarcDamaged
from crawler.article import Article
from crawler.case import MATCHES, Candidate, Case, open_case
from crawler.hkcnews.choice import SHARED_BY
from crawler.hkcnews.extract import Recovered
from crawler.hkcnews.urls import article_id
from crawler.hkcnews.verdict import ANY_ARTICLE, Judgement, Verdict
from crawler.ledger import CaptureRow, Ledger, State
from crawler.markdown.style import Style
from crawler.reading import Read, Stored, read
from crawler.store import Store

MOST_FOLLOWED = 20
"""So many captures that no listing has are followed for one article; an archive that leads on and on ends there."""
LAYOUT_PAGES = 30
"""So many pages at the start of a run tell whether the layout is the one that is known."""
EXTRACTED = (Verdict.ARTICLE, Verdict.UNFAITHFUL, Verdict.UNKNOWN_LAYOUT, Verdict.EXTRACTION_FAILED)
"""Verdicts on pages that tell whether the layout is known; the others say nothing of it."""
FINAL = (Answer.NOT_ARCHIVED.value, Answer.EXCLUDED.value, Answer.TOO_LARGE.value)

StyleFor = Callable[[str, str], Style]


@dataclass(frozen=True, slots=True)
class Fetch:
    """Ask the archive for this capture."""

    row: CaptureRow


@dataclass(frozen=True, slots=True)
class Write:
    """Write this article; it was recovered from the capture `row`, with these faults."""

    row: CaptureRow
    article: Article
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be recovered: only these articles, at most so many fetched, only captures of this time."""

    ids: Collection[int] | None = None
    limit: int | None = None
    since: str = ""
    until: str = ""


class Recovery:
    """Open cases and the articles that are still to come. `now` gives seconds that only go forward."""

    def __init__(
        self,
        ledger: Ledger,
        store: Store,
        run: int,
        choice: Choice,
        style_for: StyleFor,
        now: Callable[[], float],
        retry_seconds: Sequence[float],
        read_page: Read = read,
    ) -> None:
        """`retry_seconds`: the waits between the attempts at a capture when the archive has troubles of its own."""
        self._ledger = ledger
        self._store = store
        self._run = run
        self._choice = choice
        self._style_for = style_for
        self._now = now
        self._waits = retry_seconds
        self._read = read_page
        self._coming: deque[int] = deque(ledger.due(choice.ids))
        self._cases: dict[int, Case] = {}
        self._busy: set[int] = set()
        self._shared = ledger.shared_digests(SHARED_BY)
        self._known = ledger.digest_verdicts(ANY_ARTICLE)
        self._started = 0
        self.pages = 0
        self.unread = 0

    # What to do

    def steps(self, room: int) -> Iterator[Fetch | Write]:
        """What can be done now, with at most `room` articles under way at once. Articles that need nothing are settled."""
        for article in [number for number, case in self._cases.items() if number not in self._busy and case.due <= self._now()]:
            yield from self._advance(self._cases[article])
        while self._coming and len(self._busy) < room and not self._limit_reached():
            yield from self._advance(self._open(self._coming.popleft()))

    def choices(self) -> Iterator[tuple[int, Capture | None]]:
        """For each article that is due, the capture that would be fetched first; None when none is left. Changes nothing."""
        for number, article in enumerate(self._coming):
            if self._choice.limit is not None and number >= self._choice.limit:
                return
            queue = self._open(article, keep=False).queue
            untried = (row.capture for row in queue if not row.verdict and row.answer not in FINAL)
            yield article, next((capture for capture in untried if capture.digest not in self._known), None)

    @property
    def finished(self) -> bool:
        """Whether nothing is under way and nothing is to come."""
        return not self._cases and (not self._coming or self._limit_reached())

    def wait(self) -> float | None:
        """Seconds until an article that waits is due again; None when none waits."""
        idle = [case.due for number, case in self._cases.items() if number not in self._busy]
        return max(0.0, min(idle) - self._now()) if idle else None

    @property
    def left(self) -> int:
        """Articles that are not settled yet in this run."""
        return len(self._cases) + len(self._coming)

    def _limit_reached(self) -> bool:
        return self._choice.limit is not None and self._started >= self._choice.limit

    def _open(self, article: int, keep: bool = True) -> Case:
        bad = self._shared | set(self._known)
        case = open_case(article, self._ledger.captures(article), bad, self._choice.since, self._choice.until)
        if keep:
            self._cases[article] = case
        return case

    def _advance(self, case: Case) -> Iterator[Fetch | Write]:
        """Go through the captures until one has to be fetched, one is the article, or none is left."""
        while case.queue:
            row = case.queue[0]
            if row.id in case.deferred or row.answer in FINAL:
                case.passed(row, case.deferred.get(row.id, row.answer), "")
            elif verdict := self._carried(case, row):
                self._ledger.note(row.id, verdict=verdict[0], because=verdict[1])
                case.passed(row, *verdict)
            elif row.warc and (row.digest_result != digests.DigestResult.MISMATCH.value or row.verdict):
                if self._judge_stored(case, row):
                    break
            else:
                self._started += not case.fetched
                case.fetched = True
                self._busy.add(case.article)
                yield Fetch(row)
                return
        yield from self._decide(case)

    def _carried(self, case: Case, row: CaptureRow) -> tuple[str, str] | None:
        """The verdict on a capture whose very bytes were judged already, under this article or, where it holds, any other."""
        digest = row.capture.digest
        if digests.usable(digest) is None:
            return None
        if digest in self._known:
            return self._known[digest]
        return (case.tried[digest], "the same bytes as another capture") if digest in case.tried else None

    # What came of it

    def received(self, row: CaptureRow, reply: Reply, fetched_from: str, counted: bool = True, whole: bool = True) -> Write | None:
        """An answer of the archive. Gives the article if this was it, or the best there is after the last capture.

        `whole`: whether HTTP told where the body ends; without that, only the digest tells whether it was cut.
        """
        case = self._cases[row.article]
        what = WHAT_NEXT[reply.answer]
        if what not in (Next.JUDGE, Next.FOLLOW, Next.NEXT_CAPTURE):
            self.troubled(row, reply.answer, f"HTTP {reply.status}", counted)
            return None
        expected = self._expected(row, reply.timestamp, reply.original)
        check = digests.check(
            reply.body,
            declared_coding(reply.headers),
            expected.digest,
            headers=reply.headers,
            other_capture=(expected.timestamp, expected.original) != (reply.timestamp, reply.original),
        )
        if not whole and check.result is digests.DigestResult.MISMATCH:
            self.troubled(row, Answer.CUT_BODY, "ended without its end, and does not match its digest", counted)
            return None
        with self._ledger.batch():
            self._ledger.attempt(self._run, row.id, reply.answer.value, f"HTTP {reply.status}")
            if what is Next.NEXT_CAPTURE:
                self._ledger.note(row.id, answer=reply.answer.value)
                case.passed(row, reply.answer.value, "")
            else:
                done = self._take(case, row, reply, fetched_from, expected, check)
                if what is Next.JUDGE and done:
                    return self._leave(case)
        self._busy.discard(case.article)
        return None

    def troubled(self, row: CaptureRow, answer: Answer, detail: str, counted: bool = True) -> None:
        """The archive had troubles of its own: the same capture again, later; never the capture's fault. In an outage of the whole
        archive they are not `counted` as attempts."""
        case = self._cases[row.article]
        self._ledger.attempt(self._run, row.id, answer.value, detail)
        if counted:
            case.attempts[row.id] += 1
        tries = case.attempts[row.id]
        if WHAT_NEXT[answer] is Next.NEXT_CAPTURE:
            self._ledger.note(row.id, answer=answer.value)
            case.passed(row, answer.value, detail)
        elif tries > len(self._waits):
            case.deferred[row.id] = answer.value
        else:
            case.due = self._now() + self._waits[max(0, tries - 1)]
        self._busy.discard(case.article)

    def abandoned(self, row: CaptureRow) -> None:
        """The request was never sent or its answer never came, because the run ends; the article stays due."""
        self._cases.pop(row.article, None)
        self._busy.discard(row.article)

    def _take(self, case: Case, row: CaptureRow, reply: Reply, fetched_from: str, expected: Capture, check: digests.DigestCheck) -> bool:
        """Store what came and judge it; True when it is the article without fault."""
        if reply.answer is not Answer.CLOSEST_CAPTURE:
            matched = check.result in (digests.DigestResult.MATCH, digests.DigestResult.MATCH_DECODED)
            payload = check.payload if matched else reply.body
            place = self._store.add(reply, payload, fetched_from, expected.digest, check.result.value, check.codings if matched else ())
            self._ledger.note(row.id, warc=place.file, warc_offset=place.offset, warc_length=place.length)
        self._ledger.note(
            row.id,
            answer=reply.answer.value,
            status=reply.status,
            digest_result=check.result.value,
            digest_reason=check.reason.value,
            served_timestamp=reply.timestamp,
            served_original=reply.original,
            coding=declared_coding(reply.headers) or "",
        )
        if reply.location is not None:
            self._leads_to(case, row, reply.answer.name.lower(), *reply.location)
            return False
        return self._judge(case, row, reply.status, reply.headers, reply.body, reply.timestamp, reply.original, expected, check)

    def _expected(self, row: CaptureRow, timestamp: str, original: str) -> Capture:
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

    def _judge_stored(self, case: Case, row: CaptureRow) -> bool:
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
        expected = self._expected(row, *served)
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
            self._known[expected.digest] = (verdict.value, because)
        if verdict in EXTRACTED and self.pages < LAYOUT_PAGES:
            self.pages += 1
            self.unread += verdict is not Verdict.ARTICLE
        return case.judged(row, recovered, expected.digest, check.result.value, check.reason.value)

    # How it ends

    def _decide(self, case: Case) -> Iterator[Write]:
        if (write := self._leave(case)) is not None:
            yield write

    def _leave(self, case: Case) -> Write | None:
        """Close a case: with an article to write, waiting for the archive, or given up with the reason of each capture."""
        self._cases.pop(case.article, None)
        self._busy.discard(case.article)
        best: Candidate | None = case.best()
        if best is not None:
            return Write(best.row, best.article, best.faults)
        if case.deferred:
            self._ledger.settle(case.article, State.WAITING, self._run, reason=", ".join(sorted(set(case.deferred.values()))))
        elif not case.narrowed:
            details = [f"{capture}: {outcome}" for capture, outcome in case.outcomes.items()]
            self._ledger.settle(case.article, State.UNRECOVERABLE, self._run, reason=case.reason(), faults=details)
        return None

    def layout_unknown(self, at_end: bool = False) -> bool:
        """Whether most of the first pages could not be read, so that going on would only burn requests."""
        enough = self.pages >= LAYOUT_PAGES or (at_end and self.pages >= 5)
        return enough and self.unread * 2 > self.pages
