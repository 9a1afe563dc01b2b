"""Whether a run was healthy, and how it ended then: plain functions of counts and thresholds."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from crawler.hkcnews.verdict import Verdict
from crawler.ledger.figures import FieldCount
from crawler.utils.exit_status import ExitStatus, RunResult
from crawler.wayback.digest import DigestResult

COMPARED = (DigestResult.MATCH.value, DigestResult.MATCH_DECODED.value, DigestResult.MISMATCH.value)
_DIGITS = 9
"""Shares are compared to so many decimals: 0.9 - 0.7 is above 0.2 in floating point."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a healthy run stays within: the settings HEALTH_*. Shares are from 0 to 1."""

    least: int
    recovered: float
    other_pages: float
    field_loss: float
    mismatches: float
    refusals: int


@dataclass(frozen=True, slots=True)
class Measures:
    """What is measured of a run, all counts. `decided`: the articles due that came to a decision, recovered or given
    up; `verdicts` and `digests`: pages judged and captures compared, by value of `Verdict` and `DigestResult`;
    `refusals`: pauses after 429 answers and refused connections."""

    decided: int = 0
    recovered: int = 0
    verdicts: Mapping[str, int] = field(default_factory=dict)
    digests: Mapping[str, int] = field(default_factory=dict)
    fields: Mapping[str, FieldCount] = field(default_factory=dict)
    refusals: int = 0


@dataclass(frozen=True, slots=True)
class Breach:
    """A threshold that a run did not stay within: the setting's name, its value, what was measured, and both in
    words."""

    threshold: str
    limit: float
    value: float
    message: str


_EXPECTED: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "recovered": (operator.lt, "at least {:.1%} are expected"),
    "other_pages": (operator.gt, "at most {:.1%} are expected"),
    "field_loss": (operator.gt, "a growth of at most {:.1%} is expected: has the layout changed?"),
    "mismatches": (operator.gt, "at most {:.1%} are expected"),
    "refusals": (operator.gt, "at most {} are expected"),
}
"""Each threshold by its field of `Thresholds`: what breaks it, and what is expected."""


def breaches(measures: Measures, thresholds: Thresholds) -> list[Breach]:
    """Every threshold that was not kept, in the order of the settings; fewer than `least` cases prove nothing."""
    found = []
    for name, cases, value, words in _measured(measures):
        (breaks, expected), limit = _EXPECTED[name], getattr(thresholds, name)
        if cases >= thresholds.least and breaks(value, limit):
            found.append(Breach(f"HEALTH_{name.upper()}", limit, value, f"{words}, {expected.format(limit)}"))
    return found


def _measured(measures: Measures) -> Iterator[tuple[str, float, float, str]]:
    """For each threshold of how many cases its value is, the value, and both in words."""

    def share(name: str, part: int, of: int, words: str) -> tuple[str, float, float, str]:
        value = round(part / of, _DIGITS) if of else 0.0
        return name, of, value, f"{part} of the {of} {words} ({value:.1%})"

    judged = sum(measures.verdicts.values())
    others = judged - measures.verdicts.get(Verdict.ARTICLE.value, 0)
    compared = sum(measures.digests.get(result, 0) for result in COMPARED)
    mismatches = measures.digests.get(DigestResult.MISMATCH.value, 0)
    tried = "articles that were due and tried were recovered"
    yield share("recovered", measures.recovered, measures.decided, tried)
    yield share("other_pages", others, judged, "pages judged were no article")
    for name, count in measures.fields.items():
        if count.of and count.earlier:
            now, before = count.missing / count.of, count.earlier_missing / count.earlier
            words = f"{count.missing} of {count.of} articles have no {name} ({now:.1%}, before {before:.1%})"
            yield "field_loss", min(count.of, count.earlier), round(now - before, _DIGITS), words
    yield share("mismatches", mismatches, compared, "captures compared do not match the archive's digest")
    words = f"{measures.refusals} pauses after 429 answers and refused connections"
    yield "refusals", math.inf, measures.refusals, words


def conclude(
    ending: RunResult, found: Sequence[Breach], *, any_result: bool, listed: int, missing: int, summary: str
) -> RunResult:
    """How `recover` ends, from how its crawl ended. `any_result`: whether anything came of the run; `listed`,
    `missing`: articles in the ledger; `summary`: what the run did, in words.

    The order, and why: what stopped the run or damaged something comes first, since its remedy is another one than
    waiting and what was measured may be of half a run. Then the thresholds, because a run that looks good and is not is
    what they are for. An archive that was unavailable is a status of its own only when nothing came of the run: the
    timer brings the next run anyway, and what waits for it is missing like everything else that is. Breaches are named
    whatever the status.
    """
    unhealthy = "; ".join(f"{breach.threshold}: {breach.message}" for breach in found)
    if ending.status not in (ExitStatus.DONE, ExitStatus.UNAVAILABLE):
        return _result(ending.status, ending.message, unhealthy)
    if found:
        return _result(ExitStatus.UNHEALTHY, f"unhealthy: {unhealthy}", summary, ending.message)
    if ending.status is ExitStatus.UNAVAILABLE and not any_result:
        return _result(ExitStatus.UNAVAILABLE, f"nothing could be done: {ending.message}")
    if not listed:
        return _result(ExitStatus.INCOMPLETE, summary, "no source lists any article: look at SOURCES", ending.message)
    if missing:
        left = f"{missing:,} of {listed:,} listed articles are still missing"
        return _result(ExitStatus.INCOMPLETE, summary, left, ending.message)
    if ending.status is ExitStatus.UNAVAILABLE:
        return _result(ExitStatus.INCOMPLETE, summary, "nothing that is listed is missing", ending.message)
    return _result(ExitStatus.DONE, summary, f"all {listed:,} listed articles are there")


def _result(status: ExitStatus, *parts: str) -> RunResult:
    return RunResult(status, "; ".join(filter(None, parts)))
