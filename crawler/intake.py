"""What came of a capture, from the archive or out of the store: stored, told to the ledger, judged, or followed to another one."""

from __future__ import annotations

from crawler.archive import digest as digests
from crawler.archive.capture import Capture
from crawler.archive.headers import first
from crawler.archive.playback import Answer, Reply
from crawler.archive.warc import Place
from crawler.archive.warcrecord import StoredCapture, WarcDamaged
from crawler.case import Case
from crawler.hkcnews.urls import article_id
from crawler.judging import Judge
from crawler.learnt import learnt
from crawler.ledger import CaptureRow, Found, Ledger
from crawler.store import Origin, Store

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
            rewritten = row.held is not None and row.held.rewritten
            origin = Origin(fetched_from, expected.digest, row.source, row.replay, row.held_in, row.found.value, rewritten)
            place = self._store.add(reply, check, origin)
        self._ledger.note(row.id, **learnt(reply.answer, reply.status, reply.headers, reply.timestamp, reply.original, check, place))
        if reply.location is not None:
            self._leads_to(case, row, LEADS[reply.answer], *reply.location)
            return False
        served = StoredCapture(reply.original, reply.timestamp, reply.status, reply.headers, reply.body)
        return self._judge.judge(case, row, served, expected, check)

    def stored(self, case: Case, row: CaptureRow) -> bool:
        """Judge a capture that is in the store, without a request; one that cannot be read is fetched again."""
        try:
            stored = self._store.read(Place(row.warc, row.warc_offset, row.warc_length), (row.served_timestamp, row.served_original))
        except (OSError, WarcDamaged):
            self._ledger.note(row.id, warc="", digest_result="")
            case.queue[0] = next(fresh for fresh in self._ledger.captures(row.article) if fresh.id == row.id)
            return False
        if row.answer == Answer.ARCHIVED_REDIRECT.value:
            self._leads_to(case, row, Found.REDIRECT, row.served_timestamp, first(stored.headers, "location") or "")
            return False
        expected = case.expected(row, stored.timestamp, stored.original)
        check = digests.check(stored.payload, row.coding, expected.digest, headers=stored.headers, known=stored.digest)
        return self._judge.judge(case, row, stored, expected, check)

    def _leads_to(self, case: Case, row: CaptureRow, how: Found, timestamp: str, original: str) -> None:
        """A redirect or a jump into another capture: that one joins the choice, last, unless it is in it already."""
        because = f"leads to {timestamp} {original}"
        self._ledger.note(row.id, verdict=how.value, because=because)
        case.passed(row, how.value, because)
        if article_id(original) == row.article and case.followed < MOST_FOLLOWED:
            added = self._ledger.add_capture(row.article, Capture(timestamp=timestamp, original=original), row.source, how)
            case.followed += added is not None
            if added is not None and not case.narrowed:
                case.queue.append(added)
