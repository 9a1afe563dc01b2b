"""One article on its way: its captures in the order of choice, and what each has turned out to be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from crawler.archive.capture import Capture, read_moment
from crawler.archive.digest import DigestResult, usable
from crawler.archive.playback import Answer
from crawler.article import Article, Evidence
from crawler.hkcnews.choice import order, resolved
from crawler.hkcnews.extract import Recovered
from crawler.ledger import CaptureRow
from crawler.ledger.rows import LED_TO
from crawler.markdown.style import References

FINAL = (Answer.NOT_ARCHIVED.value, Answer.EXCLUDED.value, Answer.TOO_LARGE.value)
"""Answers after which a capture is not asked for again."""
MATCHES = (DigestResult.MATCH.value, DigestResult.MATCH_DECODED.value)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An article that was recovered from a capture, with its faults; the fewer, the better. The evidence has only those faults that the
    captures have themselves, whatever happened to the run."""

    row: CaptureRow
    article: Article
    faults: tuple[str, ...]
    badness: int
    evidence: Evidence
    references: References | None


@dataclass(slots=True)
class Case:
    """An article that is being recovered. Captures are taken from the front of `queue`. `tried`: the verdicts on answers whose bytes
    matched, by digest and archived status."""

    article: int
    rows: Sequence[CaptureRow]
    queue: list[CaptureRow]
    narrowed: bool
    due: float = 0.0
    fetched: bool = False
    followed: int = 0
    candidates: list[Candidate] = field(default_factory=list)
    tried: dict[tuple[str, str], str] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)
    attempts: Counter[int] = field(default_factory=Counter)
    deferred: dict[int, str] = field(default_factory=dict)

    def expected(self, row: CaptureRow, timestamp: str, original: str) -> Capture:
        """The known capture with whose digest the bytes are compared: the one really served, if this article has it."""
        known = (other.capture for other in (*self.rows, row))
        return next((other for other in known if (other.timestamp, other.original) == (timestamp, original)), row.capture)

    def verdict_on_twin(self, row: CaptureRow) -> str | None:
        """The verdict on another capture with the same bytes and the same status; a revisit has the status of what it repeats."""
        if not any(digest == row.capture.digest for digest, _ in self.tried):
            return None
        return self.tried.get((row.capture.digest, resolved([other.capture for other in (*self.rows, row)])[row.capture]))

    def passed(self, row: CaptureRow, outcome: str, because: str) -> None:
        """The capture is done with and was not the article."""
        self.queue.remove(row)
        self.outcomes[f"{row.capture.timestamp} {row.capture.original}"] = f"{outcome}: {because}" if because else outcome

    def judged(self, row: CaptureRow, recovered: Recovered, status: int, digest: str, digest_result: str, digest_reason: str) -> bool:
        """Take a judgement; True when it is the article without fault, and nothing better can come.

        `status` and `digest` are those of the capture really served, to which the result belongs.
        """
        if digest_result in MATCHES:
            self.tried[digest, str(status)] = recovered.verdict.value
        if recovered.article is None:
            self.passed(row, recovered.verdict.value, recovered.judgement.because)
            return False
        self.queue.remove(row)
        faults = [*recovered.article.faults, *recovered.differences]
        if digest_result == DigestResult.MISMATCH.value:
            faults.append(f"the bytes do not match the digest of the archive's index: {digest_reason}")
        badness = 4 * bool(recovered.differences) + 2 * (digest_result == DigestResult.MISMATCH.value) + bool(recovered.article.faults)
        evidence = _evidence(recovered.article.timestamp, digest, digest_result, tuple(faults))
        self.candidates.append(Candidate(row, recovered.article, tuple(faults), badness, evidence, recovered.references))
        return badness == 0

    def best(self) -> Candidate | None:
        """The candidate to write when no capture is left: the one with the least faults, the earlier choice among equals."""
        found = min(self.candidates, key=lambda candidate: candidate.badness, default=None)
        if found is None or not self.deferred:
            return found
        return replace(found, faults=(*found.faults, f"{len(self.deferred)} other captures could not be fetched in this run"))

    def reason(self) -> str:
        """Why nothing was recovered: the different outcomes, most frequent first."""
        kinds = Counter(outcome.split(":", 1)[0] for outcome in self.outcomes.values())
        return ", ".join(kind for kind, _ in sorted(kinds.items(), key=lambda pair: (-pair[1], pair[0]))) or "no capture"


def _evidence(timestamp: str, digest: str, digest_result: str, faults: tuple[str, ...]) -> Evidence:
    captured, sha1 = read_moment(timestamp), usable(digest)
    return Evidence(
        f"{captured:%Y-%m-%dT%H:%M:%SZ}" if captured is not None else "", f"sha1:{sha1}" if sha1 else "", digest_result in MATCHES, faults
    )


def open_case(
    article: int, rows: Sequence[CaptureRow], bad: Collection[str], since: str = "", until: str = "", sources: Sequence[str] = ()
) -> Case:
    """A case with the captures of the window in order of choice. `since` and `until` are timestamps of any length; `sources` the names
    of the sources that may be asked, in order of preference (all, without any); what is in the store needs none. Rewritten views come
    after all stored bytes, captures that no listing has at the end."""
    rows = [row for row in rows if row.warc or not sources or row.source in sources]
    preference = [sources.index(row.source) if row.source in sources else len(sources) for row in rows]
    ranked = [rows[i] for i in order([row.capture for row in rows], bad, preference)]
    ranked.sort(key=lambda row: (row.found in LED_TO, row.held is not None and row.held.rewritten))
    inside = [row for row in ranked if since <= row.capture.timestamp and (not until or row.capture.timestamp[: len(until)] <= until)]
    return Case(article, rows, inside, narrowed=bool(since or until))


__all__ = ["FINAL", "MATCHES", "Candidate", "Case", "open_case"]
