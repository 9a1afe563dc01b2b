"""The recovery of articles: which capture to fetch next, and what follows from each answer. No HTTP, Scrapy or clock.

The spider asks `steps`, sends what it is given and reports each answer with `received` or `troubled`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

from crawler.hkcnews.urls import article_id
from crawler.hkcnews.verdict import ANY_ARTICLE
from crawler.ledger import ArticleRow, CaptureRow, Found, Ledger, State
from crawler.markdown.style import SeedStyle
from crawler.recovery.case import SHARED_BY, ArticleItem, Case, CaseQueue, Selection, improves, is_untried, open_case
from crawler.recovery.judge import Judge, ReadPage, StyleFor, read_page
from crawler.recovery.store import Store, capture_columns
from crawler.warc.record import WarcDamaged
from crawler.warc.writer import CaptureOrigin
from crawler.wayback.capture import Capture
from crawler.wayback.digest import DigestResult
from crawler.wayback.playback import ANSWERS, FINAL, Action, Answer, Reply

MOST_FOLLOWED = 20
"""So many captures that no listing has are followed for one article; an archive that leads on and on ends there."""
LEADS = {Answer.ARCHIVED_REDIRECT: Found.REDIRECT, Answer.CLOSEST_CAPTURE: Found.JUMP}


class Recovery(CaseQueue[int, Case]):
    """The articles of a run, from the choice among their captures to the one that is written."""

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
        """`sources`: the names of the sources that may be asked, in order of preference (all, without any);
        `recovered`: articles that are to be gone through again, and stay as they are unless something better comes of
        it; `again`: recovered ones, whose files are replaced by whatever is recovered now."""
        self._present = {row.id: row for article in recovered if (row := ledger.article(article)) is not None}
        self._again = frozenset(again)
        super().__init__([*ledger.due(choice.ids), *sorted(self._again.union(self._present))], now, retry_seconds)
        self._ledger = ledger
        self._store = store
        self.judge = Judge(read_page, ledger.note, ledger.digest_verdicts(ANY_ARTICLE), style_for, ledger.note_version)
        self._sources = sources
        self._run = run
        self._choice = choice
        self.left_unchanged: list[int] = []
        """Articles of `again` that stay as they were, for lack of a capture that fits and can be had."""
        self.not_improved: list[int] = []
        """Recovered articles that keep their files: the other capture has more faults, or says less or other things."""
        self._shared = ledger.shared_digests(SHARED_BY)
        self._started = 0
        self.due = self.left
        """Articles that this run has to do."""

    # What to do

    def steps(self, room: int) -> Iterator[CaptureRow | ArticleItem]:
        """What can be done now, with at most `room` articles under way at once: captures to ask for, and articles to
        write. Articles that need nothing are settled."""
        for case in self._due():
            yield from self._advance(case)
        while self._remaining and len(self._busy) < room:
            article = self._coming.popleft()
            case = self._cases[article] = self._open(article)
            yield from self._advance(case)

    def choices(self) -> Iterator[tuple[int, Capture | None]]:
        """For each due article the capture that would be fetched first; None when none is left. Changes nothing."""
        for article in [*self._coming][: self._choice.limit]:
            untried = (row.capture for row in filter(is_untried, self._open(article).queue))
            yield article, next((capture for capture in untried if capture.digest not in self.judge.known), None)

    @property
    def _remaining(self) -> int:
        """With a limit, no more than may still be fetched."""
        if self._choice.limit is None:
            return len(self._coming)
        return max(0, min(len(self._coming), self._choice.limit - self._started))

    def _open(self, article: int) -> Case:
        bad = self._shared | self.judge.known.keys()
        return open_case(article, self._ledger.captures(article), bad, self._choice, self._sources)

    def _advance(self, case: Case) -> Iterator[CaptureRow | ArticleItem]:
        """Go through the captures until one has to be fetched, one is the article, or none is left."""
        while case.queue and not case.is_done:
            row = case.queue[0]
            if row.id in case.deferred or row.answer in FINAL:
                case.reject(row, case.deferred.get(row.id, row.answer))
            elif self.judge.judge_by_digest(case, row):
                continue
            elif row.warc and (row.digest_result != DigestResult.MISMATCH.value or row.verdict):
                self._from_store(case, row)
            else:
                self._started += not case.fetched
                case.fetched = True
                self._busy.add(case.article)
                yield row
                return
        if (item := self._leave(case)) is not None:
            yield item

    # What came of it

    def received(
        self, row: CaptureRow, reply: Reply, fetched_from: str, counted: bool = True, whole: bool = True
    ) -> ArticleItem | None:
        """An answer of the archive. Gives the article if this was it. `whole`: whether HTTP told where the body ends;
        without that, only the digest tells whether it was cut."""
        case, action = self._cases[row.article], ANSWERS[reply.answer].action
        if action is Action.STOP:
            self.abandoned(row)
            return None
        if action not in (Action.JUDGE, Action.FOLLOW, Action.NEXT_CAPTURE):
            self.troubled(row, reply.answer, f"HTTP {reply.status}", counted)
            return None
        check = case.compare(row, reply)
        if not whole and check.result is DigestResult.MISMATCH:
            self.troubled(row, Answer.CUT_BODY, "ended without its end, and does not match its digest", counted)
            return None
        with self._ledger.batch():
            self._ledger.attempt(self._run, row.id, reply.answer.value, f"HTTP {reply.status}")
            if action is Action.NEXT_CAPTURE:
                self._ledger.note(row.id, answer=reply.answer.value)
                case.reject(row, reply.answer.value)
            else:
                place = None
                if reply.answer is not Answer.CLOSEST_CAPTURE:
                    rewritten = row.from_file is not None and row.from_file.rewritten
                    about = (row.source, row.replay, row.source_file, row.found.value, rewritten)
                    place = self._store.add(reply, check, CaptureOrigin(fetched_from, *about))
                self._ledger.note(row.id, **capture_columns(reply, check, place))
                if reply.location is not None:
                    self._follow(case, row, LEADS[reply.answer], *reply.location)
                else:
                    self.judge.judge(case, row, reply, check)
        self._busy.discard(case.article)
        return self._leave(case) if case.is_done else None

    def _from_store(self, case: Case, row: CaptureRow) -> None:
        """Judge a capture that is in the store, without a request; one that cannot be read is fetched again."""
        try:
            stored = self._store.read_capture(row)
        except (OSError, WarcDamaged):
            self._ledger.note(row.id, warc="", digest_result="")
            case.queue[0] = next(fresh for fresh in self._ledger.captures(row.article) if fresh.id == row.id)
            return
        if row.answer == Answer.ARCHIVED_REDIRECT.value:
            self._follow(case, row, Found.REDIRECT, stored.timestamp, stored.redirect_target or "")
        else:
            self.judge.judge(case, row, stored, case.compare(row, stored, row.coding))

    def _follow(self, case: Case, row: CaptureRow, how: Found, timestamp: str, original: str) -> None:
        """A redirect or a jump into another capture: that one joins the choice, last, unless it is in it already."""
        because = f"leads to {timestamp} {original}"
        self._ledger.note(row.id, verdict=how.value, because=because)
        case.reject(row, how.value, because)
        if article_id(original) == row.article and case.followed < MOST_FOLLOWED:
            capture = Capture(timestamp=timestamp, original=original)
            added = self._ledger.add_capture(row.article, capture, row.source, how)
            case.followed += added is not None
            if added is not None and not case.narrowed:
                case.queue.append(added)

    def troubled(self, row: CaptureRow, answer: Answer, detail: str, counted: bool = True) -> None:
        """The archive had troubles of its own: the same capture again, later; never the capture's fault. In an outage
        of the whole archive they are not `counted` as attempts."""
        case = self._cases[row.article]
        self._ledger.attempt(self._run, row.id, answer.value, detail)
        if ANSWERS[answer].action is Action.NEXT_CAPTURE:
            self._ledger.note(row.id, answer=answer.value)
            case.reject(row, answer.value, detail)
        elif not self._retry_later(case, counted):
            case.deferred[row.id] = answer.value
        self._busy.discard(case.article)

    def abandoned(self, row: CaptureRow) -> None:
        """The request was never sent or its answer never came, because the run ends; the article stays due."""
        self._close(row.article)

    # How it ends

    def _leave(self, case: Case) -> ArticleItem | None:
        """Close a case: with an article to write, waiting for the archive, or given up with each capture's reason."""
        self._close(case.article)
        best, present = case.best(), self._present.get(case.article)
        if present is not None:
            if best is not None and improves(case, best, present, self._of_the_file(case, present)):
                return best
            if best is not None and best.row.id != present.capture:
                self.not_improved.append(case.article)
        elif best is not None:
            return best
        elif case.article in self._again and (case.deferred or case.narrowed):
            self.left_unchanged.append(case.article)
        elif case.deferred:
            reason = ", ".join(sorted(set(case.deferred.values())))
            self._ledger.settle(ArticleRow(case.article, State.WAITING, reason), self._run)
        elif not case.narrowed:
            details = tuple(f"{capture}: {outcome}" for capture, outcome in case.outcomes.items())
            row = ArticleRow(case.article, State.UNRECOVERABLE, case.reason(), faults=details)
            self._ledger.settle(row, self._run)
        return None

    def _of_the_file(self, case: Case, present: ArticleRow) -> ArticleItem | None:
        """What the article's file was made of, judged with the others; None where the store has it no more."""
        row = next((row for row in case.queue if row.id == present.capture and row.warc), None)
        if row is not None:
            case.queue.remove(row)
            case.queue.insert(0, row)
            self._from_store(case, row)
        return next((item for item in case.candidates if item.row.id == present.capture), None)
