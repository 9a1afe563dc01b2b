"""Whether a run was healthy: each threshold at its boundary, and how a run ends for what was found."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from crawler.ledger.rows import FieldCount
from crawler.politeness.summary import PolitenessSummary
from crawler.run.health import Breach, RunNumbers, breaches, conclude
from crawler.utils.exit_status import ExitStatus, RunResult

LIMITS = {
    "HEALTH_LEAST": 20,
    "HEALTH_RECOVERED": 0.1,
    "HEALTH_OTHER_PAGES": 0.9,
    "HEALTH_FIELD_LOSS": 0.2,
    "HEALTH_MISMATCHES": 0.1,
    "HEALTH_REFUSALS": 5,
}


def dates(of: int, missing: int, earlier: int, earlier_missing: int) -> RunNumbers:
    return RunNumbers(
        fields={"title": FieldCount(of, 0, earlier, 0), "date": FieldCount(of, missing, earlier, earlier_missing)}
    )


def refused(pauses: int, refusals: int) -> RunNumbers:
    summary = PolitenessSummary({}, {}, {}, {}, pauses, 60.0, refusals, 0, 0, 0.0, 1)
    return RunNumbers(politeness={"https://archive.example": summary})


AT_BOUNDARIES: list[tuple[RunNumbers, str, float]] = [
    # Nothing recovered where something was due
    (RunNumbers(recovered=1, given_up=19), "HEALTH_RECOVERED", 0.05),
    (RunNumbers(recovered=0, given_up=20), "HEALTH_RECOVERED", 0.0),
    (RunNumbers(recovered=2, given_up=18), "", 0),
    (RunNumbers(recovered=0, given_up=19), "", 0),
    (RunNumbers(), "", 0),
    # Pages that are no article
    (RunNumbers(verdicts={"farewell": 19, "article": 1}), "HEALTH_OTHER_PAGES", 0.95),
    (RunNumbers(verdicts={"farewell": 10, "blank": 10}), "HEALTH_OTHER_PAGES", 1.0),
    (RunNumbers(verdicts={"farewell": 18, "article": 2}), "", 0),
    (RunNumbers(verdicts={"farewell": 19}), "", 0),
    (RunNumbers(verdicts={"article": 1000}), "", 0),
    # Fields
    (dates(20, 9, 20, 4), "HEALTH_FIELD_LOSS", 0.25),
    (dates(20, 8, 20, 4), "", 0),
    (dates(10_000, 9_000, 10_000, 7_000), "", 0),  # 0.9 - 0.7, in floating point above 0.2
    (dates(10_000, 9_001, 10_000, 7_000), "HEALTH_FIELD_LOSS", 0.2001),
    (dates(19, 19, 49_000, 0), "", 0),
    (dates(20, 20, 19, 0), "", 0),
    (dates(20, 20, 20, 20), "", 0),
    (dates(20, 0, 20, 20), "", 0),
    (dates(0, 0, 0, 0), "", 0),
    # Digests
    (RunNumbers(digests={"match": 17, "mismatch": 3}), "HEALTH_MISMATCHES", 0.15),
    (RunNumbers(digests={"match": 10, "match after decoding": 8, "mismatch": 2}), "", 0),
    (RunNumbers(digests={"mismatch": 19}), "", 0),
    (RunNumbers(digests={"mismatch": 19, "unknown": 50}), "", 0),
    (RunNumbers(digests={"mismatch": 20, "unknown": 1000}), "HEALTH_MISMATCHES", 1.0),
    # Refusals count as they are
    (refused(4, 2), "HEALTH_REFUSALS", 6),
    (refused(0, 5), "", 0),
]


def test_each_threshold_at_its_boundary() -> None:
    for measures, threshold, value in AT_BOUNDARIES:
        found = breaches(measures, LIMITS)
        assert [(breach.threshold, breach.value) for breach in found] == ([(threshold, value)] if threshold else []), (
            measures
        )
        for breach in found:
            assert breach.limit == LIMITS[threshold]
            assert " expected" in breach.message


def test_a_breach_says_what_was_counted_and_what_was_before() -> None:
    (found,) = breaches(dates(40, 24, 100, 2), LIMITS)
    said = (
        "24 of 40 articles have no date (60.0%, before 2.0%), a growth of at most 20.0% is expected: has the layout"
        " changed?"
    )
    assert found == Breach("HEALTH_FIELD_LOSS", 0.2, 0.58, said)


def test_all_thresholds_can_be_switched_off_and_all_can_be_broken_at_once() -> None:
    bad = replace(refused(1000, 0), given_up=20, verdicts={"blank": 20}, digests={"mismatch": 20})
    bad = replace(bad, fields=dates(20, 20, 20, 0).fields)
    named = [f"HEALTH_{name}" for name in ("RECOVERED", "OTHER_PAGES", "FIELD_LOSS", "MISMATCHES", "REFUSALS")]
    assert [breach.threshold for breach in breaches(bad, LIMITS)] == named
    assert breaches(bad, dict(zip(LIMITS, (1, 0, 1, 1, 1, 1_000_000), strict=True))) == []


BREACH = Breach("HEALTH_REFUSALS", 5, 6, "6 refusals")
HARD = (
    ExitStatus.ERROR,
    ExitStatus.USAGE,
    ExitStatus.REFUSING,
    ExitStatus.LOCKED,
    ExitStatus.LAYOUT,
    ExitStatus.STORAGE,
    ExitStatus.DAMAGED,
    ExitStatus.INTERRUPTED,
)


def did(recovered: int, listed: int = 9, missing: int = 0) -> RunNumbers:
    standing = {"listed": listed, "recovered": listed - missing, "adopted": 0}
    return RunNumbers(due=5, recovered=recovered, standing=standing)


def test_what_stopped_or_damaged_a_run_comes_before_its_health() -> None:
    for status, came in product(HARD, (0, 1)):
        ended = conclude(RunResult(status, "why"), did(came, missing=3), [BREACH])
        assert ended == RunResult(status, "why; HEALTH_REFUSALS: 6 refusals")


DONE, OUT = RunResult(ExitStatus.DONE), RunResult(ExitStatus.UNAVAILABLE, "out")
ENDS: dict[tuple[RunResult, bool, int, int, int], RunResult] = {
    (DONE, False, 1, 9, 0): RunResult(ExitStatus.DONE, "did; all 9 listed articles are there"),
    (DONE, False, 0, 9, 0): RunResult(ExitStatus.DONE, "did; all 9 listed articles are there"),
    (DONE, False, 1, 9, 2): RunResult(ExitStatus.INCOMPLETE, "did; 2 of 9 listed articles are still missing"),
    (DONE, False, 0, 0, 0): RunResult(ExitStatus.INCOMPLETE, "did; no source lists any article: look at SOURCES"),
    (DONE, True, 1, 9, 0): RunResult(ExitStatus.UNHEALTHY, "unhealthy: HEALTH_REFUSALS: 6 refusals; did"),
    (OUT, False, 0, 9, 0): RunResult(ExitStatus.UNAVAILABLE, "nothing could be done: out"),
    (OUT, False, 0, 0, 0): RunResult(ExitStatus.UNAVAILABLE, "nothing could be done: out"),
    (OUT, True, 0, 9, 2): RunResult(ExitStatus.UNHEALTHY, "unhealthy: HEALTH_REFUSALS: 6 refusals; did; out"),
    (OUT, False, 1, 9, 2): RunResult(ExitStatus.INCOMPLETE, "did; 2 of 9 listed articles are still missing; out"),
    (OUT, False, 1, 9, 0): RunResult(ExitStatus.INCOMPLETE, "did; nothing that is listed is missing; out"),
}
"""By how the crawl ended, whether a threshold was broken, and how many articles were recovered, are listed and are
missing."""


def test_how_a_run_ends() -> None:
    found = {}
    for ending, broken, recovered, listed, missing in ENDS:
        numbers = did(recovered, listed, missing)
        ended = conclude(ending, numbers, [BREACH] if broken else [])
        found[ending, broken, recovered, listed, missing] = replace(
            ended, message=ended.message.replace(f"{recovered} of 5 articles due recovered", "did")
        )
    assert found == ENDS


def test_whatever_came_of_a_run_counts() -> None:
    nothing = did(0)
    for came in (replace(nothing, improved=1), replace(nothing, rewritten=1), replace(nothing, verdicts={"blank": 1})):
        assert conclude(OUT, came, []).status is ExitStatus.INCOMPLETE
