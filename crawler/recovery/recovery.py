"""The recovery of articles: which capture to fetch next, and what follows from each answer. No HTTP, no Scrapy, no
clock.

The spider asks `steps`, sends what it is given and reports each answer with `received` or `troubled`."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from crawler.hkcnews.urls import article_id
from crawler.hkcnews.verdict import ANY_ARTICLE
from crawler.ledger import ArticleRow, CaptureRow, Found, Ledger, State
from crawler.markdown.article import Article, Evidence
from crawler.markdown.style import References, SeedStyle
from crawler.recovery.case import SHARED_BY, Candidate, Case, improves, open_case
from crawler.recovery.judge import Judge, ReadPage, StyleFor, read_page
from crawler.recovery.store import CaptureOrigin, Store, capture_columns
from crawler.warc.record import StoredCapture, WarcDamaged
from crawler.warc.writer import RecordLocation
from crawler.wayback import digest as digests
from crawler.wayback.capture import Capture
from crawler.wayback.http import declared_coding, first_header
from crawler.wayback.playback import ANSWERS, FINAL, Action, Answer, Reply

MOST_FOLLOWED = 20
"""So many captures that no listing has are followed for one article; an archive that leads on and on ends there."""
LEADS = {Answer.ARCHIVED_REDIRECT: Found.REDIRECT, Answer.CLOSEST_CAPTURE: Found.JUMP}


class Intake:
    """Puts captures into the store and the ledger and before the judge."""

    def __init__(self, ledger: Ledger, store: Store, judge: Judge) -> None:
        self._ledger = ledger
        self._store = store
        self._judge = judge

    def fetched(self, case: Case, row: CaptureRow, reply: Reply, fetched_from: str, check: digests.DigestCheck) -> bool:
        """Store what came and judge it; True when it is the article without fault."""
        expected = case.expected(row, reply.timestamp, reply.original)
        place = None
        if reply.answer is not Answer.CLOSEST_CAPTURE:
            rewritten = row.from_file is not None and row.from_file.rewritten
            origin = CaptureOrigin(
                fetched_from, expected.digest, row.source, row.replay, row.source_file, row.found.value, rewritten
            )
            place = self._store.add(reply, check, origin)
        self._ledger.note(
            row.id,
            **capture_columns(reply.answer, reply.status, reply.headers, reply.timestamp, reply.original, check, place),
        )
        if reply.location is not None:
            self._leads_to(case, row, LEADS[reply.answer], *reply.location)
            return False
        served = StoredCapture(reply.original, reply.timestamp, reply.status, reply.headers, reply.body)
        return self._judge.judge(case, row, served, expected, check)

    def stored(self, case: Case, row: CaptureRow) -> bool:
        """Judge a capture that is in the store, without a request; one that cannot be read is fetched again."""
        try:
            stored = self._store.read(
                RecordLocation(row.warc, row.warc_offset, row.warc_length), (row.served_timestamp, row.served_original)
            )
        except (OSError, WarcDamaged):
            self._ledger.note(row.id, warc="", digest_result="")
            case.queue[0] = next(fresh for fresh in self._ledger.captures(row.article) if fresh.id == row.id)
            return False
        if row.answer == Answer.ARCHIVED_REDIRECT.value:
            self._leads_to(
                case, row, Found.REDIRECT, row.served_timestamp, first_header(stored.headers, "location") or ""
            )
            return False
        expected = case.expected(row, stored.timestamp, stored.original)
        check = digests.compare_digest(
            stored.payload, row.coding, expected.digest, headers=stored.headers, known=stored.digest
        )
        return self._judge.judge(case, row, stored, expected, check)

    def _leads_to(self, case: Case, row: CaptureRow, how: Found, timestamp: str, original: str) -> None:
        """A redirect or a jump into another capture: that one joins the choice, last, unless it is in it already."""
        because = f"leads to {timestamp} {original}"
        self._ledger.note(row.id, verdict=how.value, because=because)
        case.passed(row, how.value, because)
        if article_id(original) == row.article and case.followed < MOST_FOLLOWED:
            added = self._ledger.add_capture(
                row.article, Capture(timestamp=timestamp, original=original), row.source, how
            )
            case.followed += added is not None
            if added is not None and not case.narrowed:
                case.queue.append(added)


@dataclass(frozen=True, slots=True)
class CaptureRequest:
    """Ask the archive for this capture."""

    row: CaptureRow


@dataclass(frozen=True, slots=True)
class RecoveredArticle:
    """Write this article; it was recovered from the capture `row`, with these faults."""

    row: CaptureRow
    article: Article
    faults: tuple[str, ...]
    evidence: Evidence | None = None
    references: References | None = None


@dataclass(frozen=True, slots=True)
class Selection:
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
        choice: Selection,
        now: Callable[[], float],
        retry_seconds: Sequence[float],
        read_page: ReadPage = read_page,
        style_for: StyleFor = SeedStyle,
        sources: Sequence[str] = (),
        recovered: Collection[int] = (),
        again: Collection[int] = (),
    ) -> None:
        """`retry_seconds`: the waits between the attempts at a capture when the archive has troubles of its own;
        `sources`: the names of the sources that may be asked, in order of preference (all, without any); `recovered`:
        articles that are to be gone through again, and stay as they are unless something better comes of it; `again`:
        recovered ones whatever of which takes their place."""
        self._ledger = ledger
        self.judge = Judge(read_page, ledger.note, ledger.digest_verdicts(ANY_ARTICLE), style_for, ledger.note_version)
        self._intake = Intake(ledger, store, self.judge)
        self._sources = sources
        self._run = run
        self._choice = choice
        self._now = now
        self._waits = retry_seconds
        self._present = {row.id: row for article in recovered if (row := ledger.article(article)) is not None}
        self._again = frozenset(again)
        self.kept: list[int] = []
        """Articles of `again` that stay as they were, for lack of a capture that fits and can be had."""
        self.passed_over: list[int] = []
        """Recovered articles that keep their files, since the other capture has more faults, or says less or something
        else."""
        self._coming: deque[int] = deque([*ledger.due(choice.ids), *sorted(self._again.union(self._present))])
        self._cases: dict[int, Case] = {}
        self._busy: set[int] = set()
        self._shared = ledger.shared_digests(SHARED_BY)
        self._started = 0
        self.due = self.left
        """Articles that this run has to do."""

    # What to do

    def steps(self, room: int) -> Iterator[CaptureRequest | RecoveredArticle]:
        """What can be done now, with at most `room` articles under way at once. Articles that need nothing are
        settled."""
        for article in [
            number for number, case in self._cases.items() if number not in self._busy and case.due <= self._now()
        ]:
            yield from self._advance(self._cases[article])
        while self._coming and len(self._busy) < room and not self._limit_reached():
            yield from self._advance(self._open(self._coming.popleft()))

    def choices(self) -> Iterator[tuple[int, Capture | None]]:
        """For each article that is due, the capture that would be fetched first; None when none is left. Changes
        nothing."""
        for number, article in enumerate(self._coming):
            if self._choice.limit is not None and number >= self._choice.limit:
                return
            queue = self._open(article, keep=False).queue
            untried = (row.capture for row in queue if not row.verdict and row.answer not in FINAL)
            yield article, next((capture for capture in untried if capture.digest not in self.judge.known), None)

    @property
    def finished(self) -> bool:
        """Whether nothing is under way and nothing is to come."""
        return not self._cases and (not self._coming or self._limit_reached())

    def wait(self) -> float | None:
        """Seconds until an article that waits is due again; None when none waits."""
        idle = [case.due for number, case in self._cases.items() if number not in self._busy]
        return max(0.0, min(idle) - self._now()) if idle else None

    @property
    def later(self) -> int:
        """Articles that wait for a later pass."""
        return sum(number not in self._busy and case.due > self._now() for number, case in self._cases.items())

    @property
    def left(self) -> int:
        """Articles that are not settled yet in this run; with a limit, no more than may still be fetched."""
        coming = (
            len(self._coming)
            if self._choice.limit is None
            else min(len(self._coming), self._choice.limit - self._started)
        )
        return len(self._cases) + max(0, coming)

    def _limit_reached(self) -> bool:
        return self._choice.limit is not None and self._started >= self._choice.limit

    def _open(self, article: int, keep: bool = True) -> Case:
        bad = self._shared | self.judge.known.keys()
        case = open_case(
            article, self._ledger.captures(article), bad, self._choice.since, self._choice.until, self._sources
        )
        if keep:
            self._cases[article] = case
        return case

    def _advance(self, case: Case) -> Iterator[CaptureRequest | RecoveredArticle]:
        """Go through the captures until one has to be fetched, one is the article, or none is left."""
        while case.queue:
            row = case.queue[0]
            if row.id in case.deferred or row.answer in FINAL:
                case.passed(row, case.deferred.get(row.id, row.answer), "")
            elif verdict := self.judge.carried(case, row):
                self._ledger.note(row.id, verdict=verdict[0], because=verdict[1])
                case.passed(row, *verdict)
            elif row.warc and (row.digest_result != digests.DigestResult.MISMATCH.value or row.verdict):
                if self._intake.stored(case, row):
                    break
            else:
                self._started += not case.fetched
                case.fetched = True
                self._busy.add(case.article)
                yield CaptureRequest(row)
                return
        yield from self._decide(case)

    # What came of it

    def received(
        self, row: CaptureRow, reply: Reply, fetched_from: str, counted: bool = True, whole: bool = True
    ) -> RecoveredArticle | None:
        """An answer of the archive. Gives the article if this was it, or the best there is after the last capture.

        `whole`: whether HTTP told where the body ends; without that, only the digest tells whether it was cut.
        """
        case = self._cases[row.article]
        what = ANSWERS[reply.answer].action
        if what not in (Action.JUDGE, Action.FOLLOW, Action.NEXT_CAPTURE):
            self.troubled(row, reply.answer, f"HTTP {reply.status}", counted)
            return None
        expected = case.expected(row, reply.timestamp, reply.original)
        check = digests.compare_digest(
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
            if what is Action.NEXT_CAPTURE:
                self._ledger.note(row.id, answer=reply.answer.value)
                case.passed(row, reply.answer.value, "")
            else:
                done = self._intake.fetched(case, row, reply, fetched_from, check)
                if what is Action.JUDGE and done:
                    return self._leave(case)
        self._busy.discard(case.article)
        return None

    def troubled(self, row: CaptureRow, answer: Answer, detail: str, counted: bool = True) -> None:
        """The archive had troubles of its own: the same capture again, later; never the capture's fault. In an outage
        of the whole archive they are not `counted` as attempts."""
        case = self._cases[row.article]
        self._ledger.attempt(self._run, row.id, answer.value, detail)
        if counted:
            case.attempts[row.id] += 1
        tries = case.attempts[row.id]
        if ANSWERS[answer].action is Action.NEXT_CAPTURE:
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

    # How it ends

    def _decide(self, case: Case) -> Iterator[RecoveredArticle]:
        if (write := self._leave(case)) is not None:
            yield write

    def _of_the_file(self, case: Case, present: ArticleRow) -> Candidate | None:
        """What the article's file was made of, judged with the others; None where the store has it no more."""
        row = next((row for row in case.queue if row.id == present.capture and row.warc), None)
        if row is not None:
            case.queue.remove(row)
            case.queue.insert(0, row)
            self._intake.stored(case, row)
        return next((candidate for candidate in case.candidates if candidate.row.id == present.capture), None)

    def _leave(self, case: Case) -> RecoveredArticle | None:
        """Close a case: with an article to write, waiting for the archive, or given up with the reason of each
        capture."""
        self._cases.pop(case.article, None)
        self._busy.discard(case.article)
        best: Candidate | None = case.best()
        present = self._present.get(case.article)
        if present is not None and (
            best is None or not improves(case, best, present, self._of_the_file(case, present))
        ):
            if best is not None and best.row.id != present.capture:
                self.passed_over.append(case.article)
            return None
        if best is not None:
            return RecoveredArticle(best.row, best.article, best.faults, best.evidence, best.references)
        if case.article in self._again and (case.deferred or case.narrowed):
            self.kept.append(case.article)
        elif case.deferred:
            self._ledger.settle(
                case.article, State.WAITING, self._run, reason=", ".join(sorted(set(case.deferred.values())))
            )
        elif not case.narrowed:
            details = [f"{capture}: {outcome}" for capture, outcome in case.outcomes.items()]
            self._ledger.settle(case.article, State.UNRECOVERABLE, self._run, reason=case.reason(), faults=details)
        return None
