"""Recovered articles that may become better: which have a capture that would be preferred now, and whether what came of it is better."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from crawler.archive.digest import usable
from crawler.article import Article
from crawler.case import FINAL, Candidate, Case, open_case
from crawler.hkcnews.choice import SHARED_BY, resolved
from crawler.hkcnews.verdict import ANY_ARTICLE
from crawler.ledger import ArticleRow, CaptureRow, Ledger, State
from crawler.versions import said

_SHORTER = 0.6
"""Of the characters of a file at least this share must be in what takes its place."""
_KEPT = 0.3
"""And so many of its pieces of `_SHINGLE` characters."""
_SHINGLE = 4
_LATE = {"last_updated"}
"""What an earlier capture of the same article rightly does not have."""


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
    """Captures of bytes that were tried already, archived with the same status, are not better, whatever their place."""
    place = next((number for number, row in enumerate(case.queue) if row.id == present.capture), None)
    if place is None:  # outside of the window, or of a source that is not asked: nothing can be compared with it
        return False
    statuses = resolved([row.capture for row in case.rows])
    tried = {(row.capture.digest, statuses[row.capture]) for row in case.rows if row.verdict or row.id == present.capture}
    untried = filter(_is_untried, case.queue if present.faults else case.queue[:place])
    return any(
        not usable(row.capture.digest) or (row.capture.digest not in bad and (row.capture.digest, statuses[row.capture]) not in tried)
        for row in untried
    )


def _is_untried(row: CaptureRow) -> bool:
    return not row.verdict and row.answer not in FINAL


def improves(case: Case, best: Candidate, present: ArticleRow, file: Candidate | None) -> bool:
    """Whether what came of going through an article again is to take the place of its file. `file`: what the file was made of, where
    that can be read again.

    Not when it is the same capture with the same faults, or only the archive's troubles of today more; not when it has faults and
    the capture of the file could not be compared with it; and not when it says less than the file, or something else.
    """
    if best.row.id == present.capture:
        return not case.deferred and best.faults != present.faults
    if file is None:
        return best.badness == 0
    return best.badness <= file.badness and not lacks(best.article, file.article)


def lacks(new: Article, old: Article) -> bool:
    """Whether an article has lost a field that it had, most of its text, or nearly all that was in it: the page of somebody else, of a
    barrier, or of a layout that is not known. A text that was corrected or went on keeps most of what it had."""
    if old.sources.keys() - new.sources.keys() - _LATE:
        return True
    before, now = _squeezed(old), _squeezed(new)
    if len(now) < _SHORTER * len(before):
        return True
    shingles = {before[at : at + _SHINGLE] for at in range(max(1, len(before) - _SHINGLE + 1))}
    return sum(shingle in now for shingle in shingles) < _KEPT * len(shingles)


def _squeezed(article: Article) -> str:
    return "".join(said(article.title, article.body).split())
