"""What a run did, whether it was healthy, and how it ended then: plain functions of counts and thresholds."""

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from crawler.hkcnews.verdict import Verdict
from crawler.ledger.rows import FieldCount
from crawler.politeness.summary import PolitenessSummary
from crawler.utils.exit_status import ExitStatus, RunResult
from crawler.utils.text import counted
from crawler.wayback.digest import DigestResult

COMPARED = (DigestResult.MATCH.value, DigestResult.MATCH_DECODED.value, DigestResult.MISMATCH.value)
_DIGITS = 9
"""Shares are compared to so many decimals: 0.9 - 0.7 is above 0.2 in floating point."""


@dataclass(frozen=True, slots=True)
class RunNumbers:
    """What a run did, as its record has it: see `docs/schedule.md` for the meaning of each."""

    listing: Mapping[str, int] = field(default_factory=dict)
    due: int = 0
    recovered: int = 0
    improved: int = 0
    rewritten: int = 0
    given_up: int = 0
    verdicts: Mapping[str, int] = field(default_factory=dict)
    answers: Mapping[str, int] = field(default_factory=dict)
    digests: Mapping[str, int] = field(default_factory=dict)
    fields: Mapping[str, FieldCount] = field(default_factory=dict)
    politeness: Mapping[str, PolitenessSummary] = field(default_factory=dict)
    standing: Mapping[str, int] = field(default_factory=dict)

    @property
    def missing(self) -> int:
        """Articles that are listed and not there."""
        return self.standing["listed"] - self.standing["recovered"] - self.standing["adopted"]

    def describe(self) -> str:
        """What the run did, as the beginning of a sentence."""
        others = ((self.given_up, "unrecoverable"), (self.improved, "improved"), (self.rewritten, "rewritten"))
        parts = (f"{number:,} {what}" for number, what in others if number)
        return ", ".join((f"{self.recovered:,} of {counted(self.due, 'article')} due recovered", *parts))


@dataclass(frozen=True, slots=True)
class Breach:
    """A threshold that a run did not stay within: the setting's name, its value, what was measured, and both in
    words."""

    threshold: str
    limit: float
    value: float
    message: str


_EXPECTED: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "HEALTH_RECOVERED": (operator.lt, "at least {:.1%} are expected"),
    "HEALTH_OTHER_PAGES": (operator.gt, "at most {:.1%} are expected"),
    "HEALTH_FIELD_LOSS": (operator.gt, "a growth of at most {:.1%} is expected: has the layout changed?"),
    "HEALTH_MISMATCHES": (operator.gt, "at most {:.1%} are expected"),
    "HEALTH_REFUSALS": (operator.gt, "at most {} are expected"),
}
"""Each threshold by its setting: what breaks it, and what is expected."""


def breaches(numbers: RunNumbers, thresholds: Mapping[str, float]) -> list[Breach]:
    """Every threshold that was not kept, in the order of the settings HEALTH_…; fewer cases than HEALTH_LEAST prove
    nothing. Shares are from 0 to 1."""
    found = []
    for name, cases, value, words in _measured(numbers):
        (breaks, expected), limit = _EXPECTED[name], thresholds[name]
        if cases >= thresholds["HEALTH_LEAST"] and breaks(value, limit):
            found.append(Breach(name, limit, value, f"{words}, {expected.format(limit)}"))
    return found


def _measured(numbers: RunNumbers) -> Iterator[tuple[str, float, float, str]]:
    """For each threshold of how many cases its value is, the value, and both in words."""

    def share(name: str, part: int, of: int, words: str) -> tuple[str, float, float, str]:
        value = round(part / of, _DIGITS) if of else 0.0
        return name, of, value, f"{part} of the {of} {words} ({value:.1%})"

    judged = sum(numbers.verdicts.values())
    others = judged - numbers.verdicts.get(Verdict.ARTICLE.value, 0)
    compared = sum(numbers.digests.get(result, 0) for result in COMPARED)
    mismatches = numbers.digests.get(DigestResult.MISMATCH.value, 0)
    refusals = sum(summary.pauses + summary.refusals for summary in numbers.politeness.values())
    tried, words = numbers.recovered + numbers.given_up, "articles that were due and tried were recovered"
    yield share("HEALTH_RECOVERED", numbers.recovered, tried, words)
    yield share("HEALTH_OTHER_PAGES", others, judged, "pages judged were no article")
    for name, count in numbers.fields.items():
        if count.of and count.earlier:
            now, before = count.missing / count.of, count.earlier_missing / count.earlier
            which = f"{count.missing:,} of {counted(count.of, 'article')}"
            words = f"{which} have no {name} ({now:.1%}, before {before:.1%})"
            yield "HEALTH_FIELD_LOSS", min(count.of, count.earlier), round(now - before, _DIGITS), words
    yield share("HEALTH_MISMATCHES", mismatches, compared, "captures compared do not match the archive's digest")
    words = f"{counted(refusals, 'pause')} after 429 answers and refused connections"
    yield "HEALTH_REFUSALS", math.inf, refusals, words


def conclude(ending: RunResult, numbers: RunNumbers, found: Sequence[Breach]) -> RunResult:
    """How `recover` ends, from how its crawl ended.

    The order, and why: what stopped the run or damaged something comes first, since its remedy is another one than
    waiting and what was measured may be of half a run. Then the thresholds, because a run that looks good and is not is
    what they are for. An archive that was unavailable is a status of its own only when nothing came of the run: the
    timer brings the next run anyway, and what waits for it is missing like everything else that is. Breaches are named
    whatever the status.
    """
    unhealthy = "; ".join(f"{breach.threshold}: {breach.message}" for breach in found)
    came = numbers.recovered or numbers.improved or numbers.rewritten or numbers.verdicts
    status, did, listed = ExitStatus.INCOMPLETE, numbers.describe(), numbers.standing["listed"]
    if ending.status not in (ExitStatus.DONE, ExitStatus.UNAVAILABLE):
        status, parts = ending.status, [ending.message, unhealthy]
    elif found:
        status, parts = ExitStatus.UNHEALTHY, [f"unhealthy: {unhealthy}", did, ending.message]
    elif ending.status is ExitStatus.UNAVAILABLE and not came:
        status, parts = ending.status, [f"nothing could be done: {ending.message}"]
    elif not listed:
        parts = [did, "no source lists any article: look at SOURCES", ending.message]
    elif numbers.missing:
        be = "is" if numbers.missing == 1 else "are"
        parts = [did, f"{numbers.missing:,} of {counted(listed, 'listed article')} {be} still missing", ending.message]
    elif ending.status is ExitStatus.UNAVAILABLE:
        parts = [did, "nothing that is listed is missing", ending.message]
    else:
        status, parts = (
            ExitStatus.DONE,
            [did, f"all {listed:,} listed articles are there" if listed > 1 else "the one listed article is there"],
        )
    return RunResult(status, "; ".join(filter(None, parts)))
