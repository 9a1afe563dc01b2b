"""An article on its way: its captures in order of choice, and what they were; and the queue that articles wait in."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from crawler.hkcnews.extract import Extraction
from crawler.hkcnews.urls import misspelling
from crawler.hkcnews.verdict import ANY_ARTICLE
from crawler.ledger import ArticleRow, CaptureRow, Ledger, State
from crawler.ledger.rows import LED_TO
from crawler.markdown.article import Article, Evidence
from crawler.markdown.reader import readable_text
from crawler.markdown.style import References
from crawler.recovery.store import compare_served
from crawler.utils.timestamps import read_moment
from crawler.wayback.capture import EMPTY_DIGEST, Capture, StoredCapture
from crawler.wayback.digest import DigestCheck, DigestResult, cdx_digest
from crawler.wayback.playback import FINAL


@dataclass(slots=True, kw_only=True)
class OpenCase:
    """`due`: when it may be asked for again; `tries`: at its present capture, ended by the archive's own troubles."""

    due: float = 0.0
    tries: int = 0


Key = TypeVar("Key", bound=Hashable)
SomeCase = TypeVar("SomeCase", bound=OpenCase)


class CaseQueue(Generic[Key, SomeCase]):
    """Open cases by their articles or images, and what is still to come. `now` gives seconds that only go forward;
    `retry_seconds` are the waits between attempts when the archive has troubles of its own."""

    def __init__(self, coming: Iterable[Key], now: Callable[[], float], retry_seconds: Sequence[float]) -> None:
        self._coming = deque(coming)
        self._cases: dict[Key, SomeCase] = {}
        self._busy: set[Key] = set()
        self._now = now
        self._retry_seconds = retry_seconds

    @property
    def _remaining(self) -> int:
        """How many may still be begun."""
        return len(self._coming)

    @property
    def left(self) -> int:
        """How many are not settled yet in this run."""
        return len(self._cases) + self._remaining

    @property
    def later(self) -> int:
        """How many wait for a later pass."""
        return sum(case.due > self._now() for case in self._idle())

    def wait(self) -> float | None:
        """Seconds until one that waits is due again; None when none waits."""
        idle = [case.due for case in self._idle()]
        return max(0.0, min(idle) - self._now()) if idle else None

    def _idle(self) -> list[SomeCase]:
        return [case for key, case in self._cases.items() if key not in self._busy]

    def _due(self) -> list[SomeCase]:
        return [case for case in self._idle() if case.due <= self._now()]

    def _retry_later(self, case: SomeCase, counted: bool) -> bool:
        """False when a case has had all its attempts. In an outage of the whole archive they are not `counted`."""
        case.tries += counted
        if case.tries > len(self._retry_seconds):
            return False
        case.due = self._now() + self._retry_seconds[max(0, case.tries - 1)]
        return True

    def _close(self, key: Key) -> None:
        self._cases.pop(key, None)
        self._busy.discard(key)


SHARED_BY = 100
"""More articles than this share only a digest of a farewell page or its like; up to twenty may share an article."""

_REAL, _UNKNOWN, _REDIRECT, _ERROR, _BAD = range(5)


def capture_order(captures: Sequence[Capture], bad: Collection[str] = (), preference: Sequence[int] = ()) -> list[int]:
    """In which order to take the captures of one article: their places in `captures`, best first.

    Real answers (200, and revisits of them) before unresolved revisits, redirects and errors; digests known bad last of
    all; then newest first, because articles were corrected; among captures of the same bytes the preferred source first
    (`preference` has a number for each capture, lower is better), then the well-spelt address. No date excludes a
    capture: 6,519 articles of the public backup were captured after the site's closing.
    """
    if len(captures) == 1:
        return [0]
    statuses = resolved_status(captures)
    keys = []
    newest: dict[tuple[int, str], int] = {}
    for number, capture in enumerate(captures):
        status = statuses[capture]
        if status not in ("200", "-"):
            kind = _REDIRECT if status.startswith("3") else _ERROR
        elif capture.digest in bad or capture.digest == EMPTY_DIGEST:
            kind = _BAD
        else:
            kind = _REAL if status == "200" else _UNKNOWN
        # Without a digest nothing is known to be the same.
        bytes_of = capture.digest or f"{capture.timestamp} {capture.original}"
        time = int(capture.timestamp) if capture.timestamp.isascii() and capture.timestamp.isdigit() else 0
        newest[kind, bytes_of] = max(newest.get((kind, bytes_of), 0), time)
        wanted = preference[number] if preference else 0
        spelling = (wanted, misspelling(capture.original), -time, capture.original)
        keys.append((kind, bytes_of, spelling, not capture.statuscode.isdigit(), capture.statuscode))
    return sorted(range(len(captures)), key=lambda number: (keys[number][0], -newest[keys[number][:2]], keys[number]))


def resolved_status(captures: Sequence[Capture]) -> Mapping[Capture, str]:
    """The archived status of each capture; a revisit has that of the same digest, `-` where there is none."""
    known: dict[str, str] = {}
    for capture in captures:
        if capture.statuscode.isdigit() and capture.digest:
            # The lowest, if it has several: bytes that were the article once are.
            known[capture.digest] = min(capture.statuscode, known.get(capture.digest, capture.statuscode))
    return {c: c.statuscode if c.statuscode.isdigit() else known.get(c.digest, "-") for c in captures}


def is_untried(row: CaptureRow) -> bool:
    """Whether a capture may still be fetched and judged."""
    return not row.verdict and row.answer not in FINAL


MATCHES = (DigestResult.MATCH.value, DigestResult.MATCH_DECODED.value)


@dataclass(slots=True, repr=False)
class ArticleItem:
    """An article recovered from the capture `row`, on its way to the disk. The fewer its `faults`, the lower its
    `badness`. `evidence` has only those faults that the captures have themselves, whatever happened to the run. The
    pipelines fill in `text`, then `file` and `sha256`."""

    row: CaptureRow
    article: Article
    faults: tuple[str, ...] = ()
    badness: int = 0
    evidence: Evidence | None = None
    references: References | None = None
    text: str = ""
    file: str = ""
    sha256: str = ""

    def __repr__(self) -> str:
        return f"article {self.article.id}"


@dataclass(slots=True)
class Case(OpenCase):
    """An article that is being recovered. Captures are taken from the front of `queue`. `tried`: the verdicts on
    answers whose bytes matched, by digest and archived status."""

    article: int
    rows: Sequence[CaptureRow]
    queue: list[CaptureRow]
    narrowed: bool
    fetched: bool = False
    followed: int = 0
    candidates: list[ArticleItem] = field(default_factory=list)
    tried: dict[tuple[str, str], str] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)
    deferred: dict[int, str] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        """Whether the article without fault has come, so that nothing better can."""
        return any(item.badness == 0 for item in self.candidates)

    def compare(self, row: CaptureRow, served: StoredCapture, coding: str = "") -> DigestCheck:
        """Compare what was served for `row` with the digest of the capture that it is, if known, else `row`'s."""
        key = (served.timestamp, served.original)
        known = (other.capture for other in (*self.rows, row))
        expected = next((one for one in known if (one.timestamp, one.original) == key), row.capture)
        is_other = (expected.timestamp, expected.original) != key
        return compare_served(served, expected.digest, coding, other_capture=is_other)

    def verdict_on_twin(self, row: CaptureRow) -> str | None:
        """The verdict on another capture with the same bytes and status; a revisit has that of what it repeats."""
        if not any(digest == row.capture.digest for digest, _ in self.tried):
            return None
        statuses = resolved_status([other.capture for other in (*self.rows, row)])
        return self.tried.get((row.capture.digest, statuses[row.capture]))

    def reject(self, row: CaptureRow, outcome: str, because: str = "") -> None:
        """The capture is done with and was not the article."""
        self._take_off(row)
        about = f"{row.capture.timestamp} {row.capture.original}"
        self.outcomes[about] = f"{outcome}: {because}" if because else outcome

    def judged(self, row: CaptureRow, found: Extraction, status: int, check: DigestCheck) -> None:
        """Take a judgement. `status` is that of the capture really served, as is the digest it was compared with."""
        if check.matches:
            self.tried[check.digest, str(status)] = found.verdict.value
        if found.article is None:
            self.reject(row, found.verdict.value, found.judgement.because)
            return
        self._take_off(row)
        mismatch = check.result is DigestResult.MISMATCH
        faults = [*found.article.faults, *found.differences]
        if mismatch:
            faults.append(f"the bytes do not match the digest of the archive's index: {check.reason.value}")
        badness = 4 * bool(found.differences) + 2 * mismatch + bool(found.article.faults)
        captured, sha1 = read_moment(found.article.timestamp), cdx_digest(check.digest)
        evidence = Evidence(
            f"{captured.replace(tzinfo=None).isoformat()}Z" if captured is not None else "",
            f"sha1:{sha1}" if sha1 else "",
            check.matches,
            tuple(faults),
        )
        self.candidates.append(ArticleItem(row, found.article, tuple(faults), badness, evidence, found.references))

    def _take_off(self, row: CaptureRow) -> None:
        self.queue.remove(row)
        self.tries = 0

    def best(self) -> ArticleItem | None:
        """What to write when no capture is left: what has the least faults, the earlier choice among equals."""
        found = min(self.candidates, key=lambda item: item.badness, default=None)
        if found is None or not self.deferred:
            return found
        fault = f"{len(self.deferred)} other captures could not be fetched in this run"
        return replace(found, faults=(*found.faults, fault))

    def reason(self) -> str:
        """Why nothing was recovered: the different outcomes, most frequent first."""
        kinds = Counter(outcome.split(":", 1)[0] for outcome in self.outcomes.values())
        return ", ".join(sorted(kinds, key=lambda kind: (-kinds[kind], kind))) or "no capture"


@dataclass(frozen=True, slots=True)
class Selection:
    """What is to be recovered: only these articles, at most so many fetched, only captures of this time."""

    ids: Collection[int] | None = None
    limit: int | None = None
    since: str = ""
    until: str = ""


def open_case(
    article: int, rows: Sequence[CaptureRow], bad: Collection[str], choice: Selection, sources: Sequence[str] = ()
) -> Case:
    """A case with the captures of the chosen time in order of choice. `sources`: the names of those that may be asked,
    in order of preference (all, without any); what is in the store needs none. Rewritten views come after all stored
    bytes, captures that no listing has at the end."""
    rows = [row for row in rows if row.warc or not sources or row.source in sources]
    preference = [sources.index(row.source) if row.source in sources else len(sources) for row in rows]
    ranked = [rows[i] for i in capture_order([row.capture for row in rows], bad, preference)]
    ranked.sort(key=lambda row: (row.found in LED_TO, row.from_file is not None and row.from_file.rewritten))
    since, until = choice.since, choice.until
    inside = [
        row
        for row in ranked
        if since <= row.capture.timestamp and (not until or row.capture.timestamp[: len(until)] <= until)
    ]
    return Case(article, rows, inside, narrowed=bool(since or until))


def improvable_articles(ledger: Ledger, choice: Selection, sources: Sequence[str]) -> list[int]:
    """Recovered articles of which a capture is known that was not tried and comes before the one their file was made
    of; for a file with a fault, any that was not tried. Lowest id first. Parameters as of `open_case`."""
    bad = ledger.shared_digests(SHARED_BY) | ledger.digest_verdicts(ANY_ARTICLE).keys()
    with_untried = ledger.with_untried_captures()
    found = []
    for present in ledger.articles(State.RECOVERED):
        if present.id not in with_untried or (choice.ids is not None and present.id not in choice.ids):
            continue
        case = open_case(present.id, ledger.captures(present.id), bad, choice, sources)
        place = next((number for number, row in enumerate(case.queue) if row.id == present.capture), None)
        if place is None:  # outside of the window, or of a source that is not asked: nothing can be compared with it
            continue
        # Bytes that were tried already, archived with the same status, are not better, whatever their place.
        statuses = resolved_status([row.capture for row in case.rows])
        tried = {
            (row.capture.digest, statuses[row.capture]) for row in case.rows if row.verdict or row.id == present.capture
        }
        before = (row.capture for row in filter(is_untried, case.queue if present.faults else case.queue[:place]))
        if any(
            not cdx_digest(capture.digest)
            or (capture.digest not in bad and (capture.digest, statuses[capture]) not in tried)
            for capture in before
        ):
            found.append(present.id)
    return found


def improves(case: Case, best: ArticleItem, present: ArticleRow, file: ArticleItem | None) -> bool:
    """Whether what came of going through an article again is to take the place of its file. `file`: what the file was
    made of, where that can be read again.

    Not when it is the same capture with the same faults, or only the archive's troubles of today more; not when it has
    faults and the capture of the file could not be compared with it; and not when it says less than the file, or
    something else."""
    if best.row.id == present.capture:
        return not case.deferred and best.faults != present.faults
    if file is None:
        return best.badness == 0
    return best.badness <= file.badness and not loses_content(best.article, file.article)


_SHORTER = 0.6
"""Of the characters of a file at least this share must be in what takes its place."""
_KEPT, _SHINGLE = 0.3, 4
"""And this share of its pieces of so many characters."""
_LATE = {"last_updated"}
"""What an earlier capture of the same article rightly does not have."""


def loses_content(new: Article, old: Article) -> bool:
    """Whether an article has lost a field that it had, most of its text, or nearly all that was in it: the page of
    somebody else, of a barrier, or of a layout that is not known. A text that was corrected or went on keeps most of
    what it had."""
    if old.sources.keys() - new.sources.keys() - _LATE:
        return True
    before, now = ("".join(readable_text(one.title, one.body).split()) for one in (old, new))
    if len(now) < _SHORTER * len(before):
        return True
    shingles = {before[at : at + _SHINGLE] for at in range(max(1, len(before) - _SHINGLE + 1))}
    return sum(shingle in now for shingle in shingles) < _KEPT * len(shingles)
