"""Recovered articles that may become better: which have a capture that would be preferred now, and whether what came of it is better."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from crawler.archive.digest import usable
from crawler.case import FINAL, Candidate, Case, open_case
from crawler.hkcnews.choice import SHARED_BY
from crawler.hkcnews.verdict import ANY_ARTICLE
from crawler.ledger import ArticleRow, CaptureRow, Ledger, State


def better_known(ledger: Ledger, ids: Collection[int] | None, since: str, until: str, sources: Sequence[str]) -> list[int]:
    """Recovered articles of which a capture is known that was not tried and comes before the one their file was made of; for a file with
    a fault, any that was not tried. Lowest id first. The parameters are those of `open_case`; changes nothing."""
    known = ledger.digest_verdicts(ANY_ARTICLE)
    bad = ledger.shared_digests(SHARED_BY) | known.keys()
    untried = ledger.with_untried_captures()
    found = []
    for row in ledger.articles(State.RECOVERED):
        if row.id in untried and (ids is None or row.id in ids):
            case = open_case(row.id, ledger.captures(row.id), bad, since, until, sources)
            if _has_better(case, row, bad):
                found.append(row.id)
    return found


def _has_better(case: Case, present: ArticleRow, bad: Collection[str]) -> bool:
    """Captures of bytes that were tried already are not better, whatever their place."""
    place = next((number for number, row in enumerate(case.queue) if row.id == present.capture), None)
    if place is None:  # outside of the window, or of a source that is not asked: nothing can be compared with it
        return False
    tried = {usable(row.capture.digest) for row in case.rows if row.verdict or row.id == present.capture} - {None}
    before = case.queue if present.faults else case.queue[:place]
    return any(_is_untried(row) and row.capture.digest not in bad and usable(row.capture.digest) not in tried for row in before)


def _is_untried(row: CaptureRow) -> bool:
    return not row.verdict and row.answer not in FINAL


def improves(case: Case, best: Candidate, present: ArticleRow) -> bool:
    """Whether what came of going through an article again is to take the place of its file.

    Not when it is the same capture with the same faults, or only the archive's troubles of today more; and not when it has faults and
    the capture of the file could not be compared with it.
    """
    if best.row.id == present.capture:
        return not case.deferred and best.faults != present.faults
    return best.badness == 0 or any(candidate.row.id == present.capture for candidate in case.candidates)
