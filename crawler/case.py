"""One article on its way: its captures in the order of choice, and what each has turned out to be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from crawler.archive.capture import Capture
from crawler.archive.digest import DigestResult
from crawler.article import Article
from crawler.hkcnews.choice import ranked
from crawler.hkcnews.extract import Recovered
from crawler.ledger import CaptureRow

MATCHES = (DigestResult.MATCH.value, DigestResult.MATCH_DECODED.value)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An article that was recovered from a capture, with its faults; the fewer, the better."""

    row: CaptureRow
    article: Article
    faults: tuple[str, ...]
    badness: int


@dataclass(slots=True)
class Case:
    """An article that is being recovered. Captures are taken from the front of `queue`."""

    article: int
    queue: list[CaptureRow]
    narrowed: bool
    due: float = 0.0
    fetched: bool = False
    followed: int = 0
    candidates: list[Candidate] = field(default_factory=list)
    tried: dict[str, str] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)
    attempts: Counter[int] = field(default_factory=Counter)
    deferred: dict[int, str] = field(default_factory=dict)

    def passed(self, row: CaptureRow, outcome: str, because: str) -> None:
        """The capture is done with and was not the article."""
        self.queue.remove(row)
        self.outcomes[f"{row.capture.timestamp} {row.capture.original}"] = f"{outcome}: {because}" if because else outcome

    def judged(self, row: CaptureRow, recovered: Recovered, digest: str, digest_result: str, digest_reason: str) -> bool:
        """Take a judgement; True when it is the article without fault, and nothing better can come.

        `digest` is that of the capture really served, to which the result belongs.
        """
        if digest_result in MATCHES:
            self.tried[digest] = recovered.verdict.value
        if recovered.article is None:
            self.passed(row, recovered.verdict.value, recovered.judgement.because)
            return False
        self.queue.remove(row)
        faults = [*recovered.article.faults, *recovered.differences]
        if digest_result == DigestResult.MISMATCH.value:
            faults.append(f"the bytes do not match the digest of the archive's index: {digest_reason}")
        badness = 4 * bool(recovered.differences) + 2 * (digest_result == DigestResult.MISMATCH.value) + bool(recovered.article.faults)
        self.candidates.append(Candidate(row, recovered.article, tuple(faults), badness))
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


def open_case(article: int, rows: Sequence[CaptureRow], bad: Collection[str], since: str, until: str) -> Case:
    """A case with the captures of the window in order of choice. `since` and `until` are timestamps of any length."""
    by_capture: Mapping[Capture, CaptureRow] = {row.capture: row for row in rows}
    order = [by_capture[capture] for capture in ranked([row.capture for row in rows], bad)]
    inside = [row for row in order if since <= row.capture.timestamp and (not until or row.capture.timestamp[: len(until)] <= until)]
    return Case(article, inside, narrowed=bool(since or until))


__all__ = ["MATCHES", "Candidate", "Case", "open_case"]
