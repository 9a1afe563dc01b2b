"""Moments of a run of this process: its phases, and an end in sight that keeps to the limits."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from crawler.ledger import Ledger
from crawler.ledger.images import ImageState
from crawler.politeness.politeness import Politeness
from crawler.politeness.rate_limiter import Endpoint, RequestBudget
from crawler.politeness.summary import RequestPace
from crawler.run.monitor import ProgressMonitor, RunningSpider
from crawler.run.progress import Hold, Phase, ProgressSnapshot
from crawler.wayback.playback import Outcome
from tests.clock import VirtualClock
from tests.run.moments import HOST, NOW

AT_TOP = RequestBudget(playback_rate=240.0, playback_rate_start=240.0)


@dataclass
class Run:
    """A spider as a monitor sees it, with a real politeness on a clock of its own."""

    ledger: Ledger
    clock: VirtualClock = field(default_factory=VirtualClock)
    held: tuple[str, float] | None = None
    parts: dict[str, Any] = field(default_factory=dict)
    gap_requests: int = 0

    def __post_init__(self) -> None:
        self.politeness = Politeness(AT_TOP, self.clock, lambda *_: None)
        self.monitor = ProgressMonitor(NOW)

    def moment(self, ticks: float = 0.0) -> ProgressSnapshot:
        politeness = SimpleNamespace(holding=lambda: self.held, paces=lambda: tuple(self.politeness.paces(HOST)))
        session = SimpleNamespace(run=7, ledger=self.ledger, politeness=politeness, gap_requests=self.gap_requests)
        given = {"listing": None, "recovery": None, "images": None, **self.parts}
        running = SimpleNamespace(session=session, arguments=SimpleNamespace(whole=True), **given)
        return self.monitor.snapshot(cast(RunningSpider, running), NOW + ticks, ticks)

    async def send(self, endpoint: Endpoint, count: int) -> None:
        """So many requests, each answered well."""
        for _ in range(count):
            permit = await self.clock.finish(self.politeness.permit(endpoint))
            self.politeness.report(permit, Outcome.HEALTHY)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(Ledger(tmp_path / "ledger.sqlite", "https://archive.example"))


def recovery(due: int, left: int, later: int = 0, wait: float = 0.0) -> SimpleNamespace:
    return SimpleNamespace(due=due, left=left, later=later, wait=lambda: wait)


def test_listing_comes_first(run: Run) -> None:
    run.parts["listing"] = SimpleNamespace(source="wayback", rows=15_000)
    run.ledger.adopt([1, 2], "elsewhere")
    now = run.moment(60.0)
    assert (now.run, now.phase, now.source, now.rows, now.known, now.eta) == (
        7,
        Phase.LISTING,
        "wayback",
        15_000,
        2,
        None,
    )
    assert (now.started, now.at) == (NOW, NOW + 60)
    assert now.paces == (RequestPace(HOST, "cdx", 0, 0, 24.0, 24.0), RequestPace(HOST, "playback", 0, 0, 240.0, 240.0))


def test_articles_are_expected_at_the_permitted_rate(run: Run) -> None:
    run.parts["recovery"] = recovery(due=4_000, left=4_000)
    now = run.moment()
    assert (now.phase, now.due, now.left) == (Phase.ARTICLES, 4_000, 4_000)
    assert now.eta == pytest.approx(4_000 * 1.05 / 240 * 60)


def test_what_articles_take_is_measured(run: Run) -> None:
    about = run.parts["recovery"] = recovery(due=4_000, left=4_000)
    run.moment()
    asyncio.run(run.send(Endpoint.PLAYBACK, 120))
    about.left = 3_960
    now = run.moment(30.0)
    assert [pace.minute for pace in now.paces] == [0, 120]
    # 120 requests of the 240 a minute that are permitted, three for each article; 80 articles a minute so far.
    assert now.eta == pytest.approx(max(3_960 * 3 / 240, 3_960 / 80) * 60)


def test_a_pause_comes_before_the_rest(run: Run) -> None:
    run.parts["recovery"] = recovery(due=400, left=400)
    run.held = ("the archive asked for a pause", 900.0)
    now = run.moment()
    assert now.hold == Hold("the archive asked for a pause", NOW + 900)
    assert now.eta == pytest.approx(900 + 400 * 1.05 / 240 * 60)


def test_the_run_does_not_end_before_the_next_pass(run: Run) -> None:
    run.parts["recovery"] = recovery(due=400, left=2, later=2, wait=240.0)
    now = run.moment()
    assert (now.later, now.later_at, now.eta) == (2, NOW + 240, 240.0)


def test_gaps_follow_when_all_is_settled(run: Run) -> None:
    run.parts["recovery"] = recovery(due=400, left=0)
    for run.gap_requests, phase in ((100, Phase.GAPS), (0, Phase.ARTICLES)):
        assert run.moment().phase is phase


def test_images_come_last_and_have_a_measure_of_their_own(run: Run) -> None:
    run.parts["recovery"] = recovery(due=400, left=0)
    run.moment()
    done = Counter({ImageState.HAVE: 38, ImageState.MISSING: 2})
    run.parts["images"] = SimpleNamespace(done=done, left=60, wait=lambda: None)
    now = run.moment(10.0)
    assert (now.phase, now.due, now.left, now.have, now.missing) == (Phase.IMAGES, 100, 60, 38, 2)
    assert now.eta is not None
