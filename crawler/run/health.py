"""Whether a run was healthy, and how it ended then: plain functions of counts and thresholds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
    """What a healthy run stays within: the settings HEALTH_*, which have the meanings. Shares are from 0 to 1."""

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


def breaches(measures: Measures, thresholds: Thresholds) -> list[Breach]:
    """Every threshold that was not kept, in the order of the settings; fewer than `least` cases prove nothing."""
    return [
        *_recovered(measures, thresholds),
        *_other_pages(measures, thresholds),
        *_field_loss(measures, thresholds),
        *_mismatches(measures, thresholds),
        *_refusals(measures, thresholds),
    ]


def _recovered(measures: Measures, thresholds: Thresholds) -> Iterator[Breach]:
    of, share = measures.decided, _share(measures.recovered, measures.decided)
    if of >= thresholds.least and share < thresholds.recovered:
        said = f"{measures.recovered} of the {of} articles that were due and tried were recovered ({share:.1%})"
        yield Breach(
            "HEALTH_RECOVERED", thresholds.recovered, share, f"{said}, at least {thresholds.recovered:.1%} are expected"
        )


def _other_pages(measures: Measures, thresholds: Thresholds) -> Iterator[Breach]:
    of = sum(measures.verdicts.values())
    other = of - measures.verdicts.get(Verdict.ARTICLE.value, 0)
    share = _share(other, of)
    if of >= thresholds.least and share > thresholds.other_pages:
        said = f"{other} of the {of} pages judged were no article ({share:.1%})"
        yield Breach(
            "HEALTH_OTHER_PAGES",
            thresholds.other_pages,
            share,
            f"{said}, at most {thresholds.other_pages:.1%} are expected",
        )


def _field_loss(measures: Measures, thresholds: Thresholds) -> Iterator[Breach]:
    for name, count in measures.fields.items():
        if count.of < thresholds.least or count.earlier < thresholds.least:
            continue
        now, before = _share(count.missing, count.of), _share(count.earlier_missing, count.earlier)
        growth = round(now - before, _DIGITS)
        if growth > thresholds.field_loss:
            said = f"{count.missing} of {count.of} articles have no {name} ({now:.1%}, before {before:.1%})"
            expected = f"a growth of at most {thresholds.field_loss:.1%} is expected: has the layout changed?"
            yield Breach("HEALTH_FIELD_LOSS", thresholds.field_loss, growth, f"{said}, {expected}")


def _mismatches(measures: Measures, thresholds: Thresholds) -> Iterator[Breach]:
    of = sum(measures.digests.get(result, 0) for result in COMPARED)
    bad = measures.digests.get(DigestResult.MISMATCH.value, 0)
    share = _share(bad, of)
    if of >= thresholds.least and share > thresholds.mismatches:
        said = f"{bad} of the {of} captures compared do not match the archive's digest ({share:.1%})"
        yield Breach(
            "HEALTH_MISMATCHES",
            thresholds.mismatches,
            share,
            f"{said}, at most {thresholds.mismatches:.1%} are expected",
        )


def _refusals(measures: Measures, thresholds: Thresholds) -> Iterator[Breach]:
    if measures.refusals > thresholds.refusals:
        said = f"{measures.refusals} pauses after 429 answers and refused connections"
        yield Breach(
            "HEALTH_REFUSALS",
            thresholds.refusals,
            measures.refusals,
            f"{said}, at most {thresholds.refusals} are expected",
        )


def _share(part: int, of: int) -> float:
    return round(part / of, _DIGITS) if of else 0.0


def conclude(
    ending: RunResult, found: Sequence[Breach], *, came: bool, listed: int, missing: int, did: str
) -> RunResult:
    """How `scrapy recover` ends, from how its crawl ended. `came`: whether anything came of the run; `listed`,
    `missing`: where the ledger stands; `did`: what the run did, in words.

    The order, and why: what stopped the run or damaged something comes first, since its remedy is another one than
    waiting and what was measured may be of half a run. Then the thresholds, because a run that looks good and is not is
    what they are for. An archive that was unavailable is a status of its own only when nothing came of the run: the
    timer brings the next run anyway, and what waits for it is missing like everything else that is. Breaches are named
    whatever the status.
    """
    unhealthy = "; ".join(f"{breach.threshold}: {breach.message}" for breach in found)
    if ending.status not in (ExitStatus.DONE, ExitStatus.UNAVAILABLE):
        return RunResult(ending.status, "; ".join(filter(None, (ending.message, unhealthy))))
    if found:
        return RunResult(
            ExitStatus.UNHEALTHY, "; ".join(filter(None, (f"unhealthy: {unhealthy}", did, ending.message)))
        )
    if ending.status is ExitStatus.UNAVAILABLE and not came:
        return RunResult(ExitStatus.UNAVAILABLE, f"nothing could be done: {ending.message}")
    if not listed:
        return RunResult(
            ExitStatus.INCOMPLETE,
            "; ".join(filter(None, (f"{did}; no source lists any article: look at SOURCES", ending.message))),
        )
    if missing or ending.status is ExitStatus.UNAVAILABLE:
        left = (
            f"{missing:,} of {listed:,} listed articles are still missing"
            if missing
            else "nothing that is listed is missing"
        )
        return RunResult(ExitStatus.INCOMPLETE, "; ".join(filter(None, (did, left, ending.message))))
    return RunResult(ExitStatus.DONE, f"{did}; all {listed:,} listed articles are there")
