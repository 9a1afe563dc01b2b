import asyncio
import json
import random
from itertools import pairwise
from typing import Any

import pytest

from crawler.archive.breaker import PROBE_LEASE_SECONDS, Permit
from crawler.archive.budget import Budget, Endpoint, Outcome
from crawler.archive.clock import SystemClock
from crawler.archive.limiter import PLAYBACK_RATE_FLOOR
from crawler.archive.politeness import Politeness
from crawler.archive.politeness_report import EndKind, MustEnd, PolitenessClosed
from tests.clock import VirtualClock, on_virtual_clock

CDX, PLAYBACK = Endpoint.CDX, Endpoint.PLAYBACK
FULL = {"playback_rate_start": 240.0}


class Bench:
    """Politeness on a clock, with what was sent when and what was said."""

    def __init__(self, clock: VirtualClock, **budget: Any) -> None:
        self.clock = clock
        self.budget = Budget(**budget)
        self.sent: dict[Endpoint, list[float]] = {CDX: [], PLAYBACK: []}
        self.said: list[tuple[str, float]] = []
        self.start()

    def start(self) -> None:
        self.politeness = Politeness(self.budget, self.clock, lambda message, seconds: self.said.append((message, seconds)))

    def restart(self) -> None:
        state = json.loads(json.dumps(self.politeness.state()))
        self.start()
        self.politeness.restore(state)

    async def ask(self, endpoint: Endpoint = PLAYBACK) -> Permit:
        permit = await self.politeness.permit(endpoint)
        self.sent[endpoint].append(self.clock.monotonic())
        return permit

    async def permits(self, count: int, endpoint: Endpoint = PLAYBACK) -> list[Permit]:
        return [await self.clock.finish(self.ask(endpoint)) for _ in range(count)]

    async def send(self, outcome: Outcome = Outcome.HEALTHY, retry_after: float | None = None, endpoint: Endpoint = PLAYBACK) -> float:
        """One request, answered at once; the seconds it had to wait."""
        before = self.clock.monotonic()
        permit = await self.clock.finish(self.ask(endpoint))
        waited = self.clock.monotonic() - before
        self.politeness.report(permit, outcome, retry_after)
        return waited

    async def work(self, endpoint: Endpoint, latency: float, until: float) -> None:
        """A worker with healthy answers."""
        while self.clock.monotonic() < until:
            permit = await self.ask(endpoint)
            await self.clock.sleep(latency)
            self.politeness.report(permit, Outcome.HEALTHY)

    async def healthy_for(self, seconds: float) -> None:
        await self.clock.finish(self.work(PLAYBACK, 0.0, self.clock.monotonic() + seconds))

    def waiting(self, count: int = 3) -> list[asyncio.Task[Permit]]:
        return [asyncio.ensure_future(self.ask((CDX, PLAYBACK)[n % 2])) for n in range(count)]

    @property
    def rate(self) -> float:
        return self.politeness.summary().rate[PLAYBACK]


def done(tasks: list[asyncio.Task[Permit]]) -> int:
    return sum(task.done() for task in tasks)


async def stop(tasks: list[asyncio.Task[Permit]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def busiest_minute(times: list[float]) -> int:
    return max(sum(start <= moment < start + 60 for moment in times[n : n + 600]) for n, start in enumerate(times))


# Rates


@on_virtual_clock
async def test_requests_are_evenly_spaced_from_the_first_on(clock: VirtualClock) -> None:
    bench = Bench(clock, playback_rate=60.0)
    for endpoint, gap in ((CDX, 2.5), (PLAYBACK, 1.0)):
        await bench.permits(50, endpoint)
        times = bench.sent[endpoint]
        # The first ones may be closer when the clock has run since the start.
        assert [later - earlier for earlier, later in pairwise(times[3:])] == pytest.approx([gap] * 46, abs=0.002)
    assert busiest_minute(bench.sent[CDX]) <= 24


@on_virtual_clock
async def test_rest_does_not_build_up_a_burst(clock: VirtualClock) -> None:
    bench = Bench(clock)
    await bench.permits(1, CDX)
    await clock.advance(3600)
    start = clock.monotonic()
    await bench.permits(100, CDX)
    assert sum(moment < start + 2.4 for moment in bench.sent[CDX][1:]) == 3  # the due one and two to catch up
    assert busiest_minute(bench.sent[CDX]) == 24


@pytest.mark.parametrize(("latency", "workers", "most_late"), [(0.0, 1, 0.0), (0.5, 4, 0.0), (0.5, 8, 0.05), (2.0, 16, 0.2)])
@pytest.mark.parametrize("endpoint", list(Endpoint))
def test_half_an_hour_uses_at_least_97_percent_and_no_minute_exceeds_the_rate(
    endpoint: Endpoint, latency: float, workers: int, most_late: float
) -> None:
    rng = random.Random(7)
    asyncio.run(_half_an_hour(VirtualClock(lambda: rng.uniform(0, most_late)), endpoint, latency, workers))


async def _half_an_hour(clock: VirtualClock, endpoint: Endpoint, latency: float, workers: int) -> None:
    bench = Bench(clock)
    start = clock.monotonic() + 600  # the ramp
    crowd = asyncio.gather(*(bench.work(endpoint, latency, start + 1800) for _ in range(workers)))
    await clock.finish(crowd)
    rate = {CDX: 24, PLAYBACK: 240}[endpoint]
    times = bench.sent[endpoint]
    assert sum(start <= moment < start + 1800 for moment in times) >= 0.97 * rate * 30
    assert all(later >= earlier + 60 for earlier, later in zip(times, times[rate:], strict=False))
    assert bench.politeness.summary().busiest_minute[endpoint] == rate


@on_virtual_clock
async def test_the_playback_rate_climbs_evenly_in_about_seven_minutes(clock: VirtualClock) -> None:
    bench = Bench(clock)
    assert bench.rate == 60
    rates = []
    for _ in range(7):
        await bench.healthy_for(60)
        rates.append(bench.rate)
    assert [later - earlier for earlier, later in zip([60.0, *rates], rates, strict=False)] == pytest.approx([24] * 7, rel=0.12)
    await bench.healthy_for(60)
    assert bench.rate == 240
    assert bench.politeness.summary().rate[CDX] == 24


@on_virtual_clock
async def test_a_start_above_the_rate_is_the_rate(clock: VirtualClock) -> None:
    assert Bench(clock, playback_rate=30.0).rate == 30


@pytest.mark.parametrize(
    ("endpoint", "outcome", "rate"),
    [
        (PLAYBACK, Outcome.RATE_LIMITED, 120),
        (CDX, Outcome.RATE_LIMITED, 120),
        (PLAYBACK, Outcome.OVERLOADED, 120),
        (CDX, Outcome.OVERLOADED, 240),
        (PLAYBACK, Outcome.REFUSED, 120),
        (CDX, Outcome.REFUSED, 120),
        (PLAYBACK, Outcome.TROUBLE, 240),
        (PLAYBACK, Outcome.ABANDONED, 240),
        (PLAYBACK, Outcome.HEALTHY, 240),
    ],
)
def test_limits_halve_the_playback_rate_once_for_all_in_flight(endpoint: Endpoint, outcome: Outcome, rate: float) -> None:
    @on_virtual_clock
    async def scenario(clock: VirtualClock) -> None:
        bench = Bench(clock, **FULL)
        for permit in await bench.permits(5, endpoint):
            bench.politeness.report(permit, outcome)
        assert bench.rate == rate

    scenario()


@on_virtual_clock
async def test_a_good_answer_to_an_older_request_does_not_raise_a_halved_rate(clock: VirtualClock) -> None:
    bench = Bench(clock, **FULL)
    limited, *others = await bench.permits(5)
    bench.politeness.report(limited, Outcome.OVERLOADED)
    for permit in others:
        bench.politeness.report(permit, Outcome.HEALTHY)
    assert bench.rate == 120
    await bench.send()
    assert bench.rate > 120


@on_virtual_clock
async def test_halving_stops_at_the_floor_and_keeps_every_window(clock: VirtualClock) -> None:
    bench = Bench(clock, **FULL)
    await bench.healthy_for(120)
    for _ in range(9):
        await bench.send(Outcome.OVERLOADED)
        rate = round(bench.rate)
        await bench.send()
        now = clock.monotonic()
        assert sum(moment > now - 60 for moment in bench.sent[PLAYBACK]) <= rate
    assert bench.rate == pytest.approx(PLAYBACK_RATE_FLOOR, abs=5)


@on_virtual_clock
async def test_who_waits_first_goes_first(clock: VirtualClock) -> None:
    bench = Bench(clock)
    order: list[int] = []

    async def one(number: int) -> None:
        await bench.ask(CDX)
        order.append(number)

    await clock.finish(asyncio.gather(*(one(n) for n in range(10))))
    assert order == list(range(10))


# Pauses


@on_virtual_clock
async def test_a_429_stops_all_endpoints_and_those_already_asleep(clock: VirtualClock) -> None:
    bench = Bench(clock)
    limited, *_ = await bench.permits(3)
    waiting = bench.waiting(8)
    await clock.advance(0.5)
    before = done(waiting)
    bench.politeness.report(limited, Outcome.RATE_LIMITED)
    begun = clock.monotonic()
    await clock.advance(59.99)
    assert done(waiting) == before < 8
    name, left = bench.politeness.holding() or ("", 0)
    assert "pause" in name
    assert left == pytest.approx(0.01)
    await clock.advance(60)
    assert done(waiting) == 8
    assert min(moment for times in bench.sent.values() for moment in times if moment > begun) >= begun + 60
    assert [seconds for _, seconds in bench.said] == [60, 0]
    assert bench.politeness.holding() is None


@on_virtual_clock
async def test_pauses_double_up_to_the_most(clock: VirtualClock) -> None:
    bench = Bench(clock)
    await bench.send(Outcome.RATE_LIMITED)
    waits = [await bench.send(Outcome.RATE_LIMITED) for _ in range(6)]
    assert waits == pytest.approx([60, 120, 240, 480, 900, 900])


@pytest.mark.parametrize(("calm", "pause"), [(580.0, 120.0), (620.0, 60.0)])
def test_ten_healthy_minutes_bring_the_pause_back_to_its_start(calm: float, pause: float) -> None:
    @on_virtual_clock
    async def scenario(clock: VirtualClock) -> None:
        bench = Bench(clock)
        await bench.send(Outcome.RATE_LIMITED)
        await bench.send()
        await bench.healthy_for(calm)
        await bench.send(Outcome.RATE_LIMITED)
        assert bench.said[-1][1] == pause

    scenario()


@pytest.mark.parametrize(
    ("asked", "waits"), [(None, 60), (0, 60), (-5, 60), (float("nan"), 60), (10, 60), (61, 61), (1000, 1000), (3600, 3600)]
)
def test_a_longer_retry_after_is_obeyed(asked: float | None, waits: float) -> None:
    @on_virtual_clock
    async def scenario(clock: VirtualClock) -> None:
        bench = Bench(clock)
        await bench.send(Outcome.RATE_LIMITED, asked)
        assert bench.politeness.must_end is None
        assert await bench.send(endpoint=CDX) == pytest.approx(waits)

    scenario()


@on_virtual_clock
async def test_429s_already_in_flight_extend_nothing_beyond_their_own_retry_after(clock: VirtualClock) -> None:
    bench = Bench(clock)
    first, *others = await bench.permits(4)
    bench.politeness.report(first, Outcome.RATE_LIMITED)
    begun = clock.monotonic()
    await clock.advance(10)
    bench.politeness.report(others[0], Outcome.RATE_LIMITED)
    bench.politeness.report(others[1], Outcome.RATE_LIMITED, 20)
    assert bench.politeness.summary().pauses == 1
    await bench.send()
    assert clock.monotonic() == pytest.approx(begun + 60)
    bench.politeness.report(others[2], Outcome.RATE_LIMITED, 30)
    assert await bench.send(Outcome.RATE_LIMITED) == pytest.approx(30)
    assert bench.said[-1][1] == 120  # the second of its own


@on_virtual_clock
async def test_a_503_with_retry_after_is_obeyed_but_doubles_nothing(clock: VirtualClock) -> None:
    bench = Bench(clock)
    await bench.send(Outcome.OVERLOADED, 45)
    assert await bench.send(Outcome.RATE_LIMITED) == pytest.approx(45)
    assert await bench.send() == pytest.approx(60)
    assert bench.politeness.summary().pauses == 2


@pytest.mark.parametrize("outcome", [Outcome.RATE_LIMITED, Outcome.OVERLOADED])
@pytest.mark.parametrize(("asked", "counted"), [(3601.0, 3601.0), (float("inf"), 7 * 86400.0)])
def test_a_retry_after_above_an_hour_ends_the_run(outcome: Outcome, asked: float, counted: float) -> None:
    @on_virtual_clock
    async def scenario(clock: VirtualClock) -> None:
        bench = Bench(clock)
        permit, *_ = await bench.permits(2)
        waiting = bench.waiting()
        bench.politeness.report(permit, outcome, asked)
        reason = bench.politeness.must_end
        assert reason is not None
        assert (reason.kind, reason.until) == (EndKind.RETRY_AFTER, clock.time() + counted)
        assert "2027-01-" in reason.message
        await clock.advance(0)
        assert [str(error) for error in await asyncio.gather(*waiting, return_exceptions=True)] == [reason.message] * 3
        with pytest.raises(MustEnd) as caught:
            await bench.politeness.permit(CDX)
        assert caught.value.reason is reason
        bench.restart()
        assert bench.politeness.must_end is not None
        assert bench.politeness.must_end.until == reason.until

    scenario()


# The breaker


async def refused_probe(bench: Bench, waits: float) -> None:
    assert await bench.send(Outcome.REFUSED) == pytest.approx(waits)


@on_virtual_clock
async def test_a_refusal_opens_the_breaker_for_one_probe_whose_success_closes_it(clock: VirtualClock) -> None:
    bench = Bench(clock)
    refused, late = await bench.permits(2)
    waiting = bench.waiting(4)
    bench.politeness.report(refused, Outcome.REFUSED)
    bench.politeness.report(late, Outcome.REFUSED)  # was in flight with it
    await clock.advance(299.9)
    assert done(waiting) == 0
    await clock.advance(200)
    assert done(waiting) == 1
    assert bench.politeness.holding() == ("connections refused", 0)
    probe = next(task for task in waiting if task.done()).result()
    bench.politeness.report(probe, Outcome.HEALTHY)
    await clock.advance(10)
    assert done(waiting) == 4
    summary = bench.politeness.summary()
    assert (summary.refusals, summary.breaker_trips) == (2, 1)
    assert [seconds for _, seconds in bench.said] == [300, 0]


@on_virtual_clock
async def test_failed_probes_wait_longer_and_end_the_run(clock: VirtualClock) -> None:
    bench = Bench(clock)
    await bench.send(Outcome.REFUSED)
    await refused_probe(bench, 300)
    assert bench.politeness.must_end is None
    await refused_probe(bench, 900)
    reason = bench.politeness.must_end
    assert reason is not None
    assert (reason.kind, reason.until) == (EndKind.REFUSED, clock.time() + 3600)
    assert "3 times" in reason.message
    with pytest.raises(MustEnd):
        await bench.politeness.permit(PLAYBACK)


@on_virtual_clock
async def test_a_trip_soon_after_the_last_goes_on_where_that_stopped(clock: VirtualClock) -> None:
    bench = Bench(clock)
    await bench.send(Outcome.REFUSED)
    await bench.send()
    await bench.healthy_for(300)
    await bench.send(Outcome.REFUSED)
    await bench.send()
    await bench.healthy_for(620)
    await bench.send(Outcome.REFUSED)
    assert [seconds for _, seconds in bench.said if seconds] == [300, 900, 300]


@on_virtual_clock
async def test_answers_from_before_the_trip_neither_close_the_breaker_nor_trip_it_again(clock: VirtualClock) -> None:
    bench = Bench(clock)
    refused, healthy, late = await bench.permits(3)
    bench.politeness.report(refused, Outcome.REFUSED)
    bench.politeness.report(healthy, Outcome.HEALTHY)
    assert await bench.send() == pytest.approx(300)
    bench.politeness.report(late, Outcome.REFUSED)
    assert await bench.send() < 3


@on_virtual_clock
async def test_a_probe_that_ends_in_trouble_is_followed_by_one_probe_at_a_time(clock: VirtualClock) -> None:
    bench = Bench(clock)
    await bench.send(Outcome.REFUSED)
    await bench.send(Outcome.TROUBLE)
    assert bench.politeness.in_outage
    waiting = bench.waiting()
    await clock.advance(100)
    assert done(waiting) == 1
    await stop(waiting)


@pytest.mark.parametrize("shut", [Outcome.REFUSED, Outcome.TROUBLE])
@pytest.mark.parametrize("reported", [True, False])
def test_a_probe_without_an_answer_makes_room_for_another(shut: Outcome, reported: bool) -> None:
    @on_virtual_clock
    async def scenario(clock: VirtualClock) -> None:
        bench = Bench(clock, outage_after=1)
        await bench.send(shut)
        [probe] = await bench.permits(1)
        if reported:
            bench.politeness.report(probe, Outcome.ABANDONED)
        waited = await bench.send()
        assert waited < 3 if reported else waited == pytest.approx(PROBE_LEASE_SECONDS)
        assert await bench.send() < 3

    scenario()


# Outages


@on_virtual_clock
async def test_ten_troubles_in_a_row_are_an_outage_with_growing_waits(clock: VirtualClock) -> None:
    bench = Bench(clock)
    for n in range(9):
        await bench.send(Outcome.TROUBLE if n % 2 else Outcome.OVERLOADED, endpoint=(CDX, PLAYBACK)[n % 2])
    assert not bench.politeness.in_outage
    await bench.send(Outcome.TROUBLE)
    assert bench.politeness.in_outage
    assert bench.politeness.holding() == ("the archive has an outage", 30)
    waits = [await bench.send(Outcome.TROUBLE) for _ in range(6)]
    assert waits == pytest.approx([30, 60, 120, 240, 480, 600])
    assert await bench.send() == pytest.approx(600)
    assert not bench.politeness.in_outage
    assert [seconds for _, seconds in bench.said] == [30, 60, 120, 240, 480, 600, 600, 0]
    assert bench.politeness.summary().outages == 1
    assert bench.politeness.must_end is None


@on_virtual_clock
async def test_a_healthy_answer_breaks_the_row(clock: VirtualClock) -> None:
    bench = Bench(clock)
    for n in range(100):
        await bench.send(Outcome.HEALTHY if n % 10 == 9 else Outcome.TROUBLE)
        assert not bench.politeness.in_outage


@on_virtual_clock
async def test_one_probe_at_a_time_and_a_late_healthy_answer_ends_the_outage_at_once(clock: VirtualClock) -> None:
    bench = Bench(clock, outage_after=3)
    *troubled, late, slow = await bench.permits(5)
    for permit in troubled:
        bench.politeness.report(permit, Outcome.TROUBLE)
    waiting = bench.waiting(6)
    bench.politeness.report(late, Outcome.TROUBLE)  # sent before: lengthens nothing
    await clock.advance(29)
    assert done(waiting) == 0
    await clock.advance(100)
    assert done(waiting) == 1
    probe = next(task for task in waiting if task.done()).result()
    bench.politeness.report(probe, Outcome.TROUBLE)
    await clock.advance(10)
    assert done(waiting) == 1
    bench.politeness.report(slow, Outcome.HEALTHY)
    ended = clock.monotonic()
    await clock.advance(8)
    assert done(waiting) == 6
    gaps = [moment - ended for times in bench.sent.values() for moment in times if moment >= ended]
    assert sum(gap < 0.9 for gap in gaps) == 2  # one for each endpoint, no burst


@on_virtual_clock
async def test_a_429_in_an_outage_does_not_end_it(clock: VirtualClock) -> None:
    bench = Bench(clock, outage_after=1)
    await bench.send(Outcome.TROUBLE)
    await bench.send(Outcome.RATE_LIMITED)
    assert bench.politeness.in_outage
    waiting = bench.waiting(4)
    await clock.advance(59)
    assert done(waiting) == 0
    await clock.advance(30)
    assert done(waiting) == 1
    await stop(waiting)


# Connections


@on_virtual_clock
async def test_new_connections_are_few(clock: VirtualClock) -> None:
    bench = Bench(clock, **FULL)
    opened: list[float] = []
    for permit in await bench.permits(40):
        await clock.finish(bench.politeness.permit_connection(permit))
        opened.append(clock.monotonic())
    assert opened[3] == opened[0]
    assert busiest_minute(opened) == 11
    assert opened[-1] - opened[3] == pytest.approx(36 * 7.5, abs=0.1)
    assert bench.politeness.summary().connections == 40


@on_virtual_clock
async def test_a_request_that_waits_for_its_connection_waits_out_a_pause_too(clock: VirtualClock) -> None:
    bench = Bench(clock)
    limited, held = await bench.permits(2)
    bench.politeness.report(limited, Outcome.RATE_LIMITED)
    begun = clock.monotonic()
    await clock.finish(bench.politeness.permit_connection(held))
    assert clock.monotonic() == begun + 60
    # It was sent after the pause: its own 429 is a further one.
    bench.politeness.report(held, Outcome.RATE_LIMITED)
    assert bench.said[-1][1] == 120


@on_virtual_clock
async def test_held_connections_do_not_join_the_probe_nor_block_it(clock: VirtualClock) -> None:
    bench = Bench(clock)
    refused, *held = await bench.permits(3)
    bench.politeness.report(refused, Outcome.REFUSED)
    probe_task = asyncio.ensure_future(bench.ask())
    await clock.advance(301)
    probe = probe_task.result()
    connecting = [asyncio.ensure_future(bench.politeness.permit_connection(permit)) for permit in (*held, probe)]
    await clock.advance(60)
    assert [task.done() for task in connecting] == [False, False, True]
    bench.politeness.report(probe, Outcome.HEALTHY)
    await clock.advance(1)
    assert all(task.done() for task in connecting)


# Restarts


@on_virtual_clock
async def test_a_restart_is_no_way_round_a_pause_its_doubling_or_the_learned_rate(clock: VirtualClock) -> None:
    bench = Bench(clock, **FULL)
    await bench.send(Outcome.RATE_LIMITED)
    await bench.send(Outcome.RATE_LIMITED)
    await clock.advance(20)
    bench.restart()
    assert bench.said[-1][1] == pytest.approx(100)
    assert bench.rate == 60
    assert await bench.send(Outcome.RATE_LIMITED) == pytest.approx(100)
    bench.restart()
    assert bench.said[-1][1] == 240
    assert bench.politeness.must_end is None


@on_virtual_clock
async def test_stopped_time_counts_as_waited_but_not_as_healthy(clock: VirtualClock) -> None:
    bench = Bench(clock)
    await bench.send(Outcome.RATE_LIMITED)
    state = bench.politeness.state()
    await clock.advance(86400)
    bench.start()
    bench.politeness.restore(state)
    assert await bench.send(Outcome.RATE_LIMITED) < 2
    assert bench.said[-1][1] == 120


@on_virtual_clock
async def test_healthy_minutes_add_up_over_a_restart(clock: VirtualClock) -> None:
    bench = Bench(clock)
    await bench.send(Outcome.RATE_LIMITED)
    await bench.send()
    for _ in range(2):
        await bench.healthy_for(310)
        bench.restart()
    await bench.send(Outcome.RATE_LIMITED)
    assert bench.said[-1][1] == 60


@on_virtual_clock
async def test_a_restart_is_no_way_round_the_breaker(clock: VirtualClock) -> None:
    bench = Bench(clock)
    await bench.send(Outcome.REFUSED)
    await clock.advance(100)
    bench.restart()
    waiting = bench.waiting()
    await clock.advance(199)
    assert done(waiting) == 0
    await clock.advance(60)
    assert done(waiting) == 1
    bench.restart()  # killed while its probe was out: again one probe, at once
    again = bench.waiting()
    await clock.advance(60)
    assert done(again) == 1
    probe = next(task for task in again if task.done()).result()
    bench.politeness.report(probe, Outcome.REFUSED)
    assert bench.said[-1][1] == 900
    bench.restart()
    await refused_probe(bench, 900)
    assert bench.politeness.must_end is not None
    bench.restart()  # after the end: the hour is waited, then one more refusal ends this run too
    assert bench.politeness.must_end is None
    await refused_probe(bench, 3600)
    assert bench.politeness.must_end is not None
    await stop(waiting)
    await stop(again)


@pytest.mark.parametrize(("jump", "left"), [(-86400.0 * 365, 40), (-1.0, 40), (0.0, 40), (15.0, 25), (86400.0 * 365, 0)])
def test_a_wall_clock_set_back_lengthens_no_wait(jump: float, left: float) -> None:
    @on_virtual_clock
    async def scenario(clock: VirtualClock) -> None:
        bench = Bench(clock, playback_rate_start=240.0)
        await bench.send(Outcome.RATE_LIMITED)
        await clock.advance(20)
        state = bench.politeness.state()
        clock.jump_wall(jump)
        bench.start()
        bench.politeness.restore(state)
        assert await bench.send(endpoint=CDX) == pytest.approx(left, abs=1e-3)

    scenario()


@on_virtual_clock
async def test_a_wall_clock_that_jumps_during_the_run_changes_nothing(clock: VirtualClock) -> None:
    bench = Bench(clock)
    await bench.send(Outcome.RATE_LIMITED)
    clock.jump_wall(86400)
    await clock.advance(10)
    clock.jump_wall(-2 * 86400)
    assert await bench.send() == pytest.approx(50)


@on_virtual_clock
async def test_waits_no_gate_knows_are_shortened_to_its_longest(clock: VirtualClock) -> None:
    bench = Bench(clock)
    bench.politeness.restore({**bench.politeness.state(), "breaker_shut": 1, "breaker_left": 1e9, "breaker_level": 1})
    assert await bench.send() == pytest.approx(3600)


@pytest.mark.parametrize(
    "damage",
    [
        {"version": 2},
        {"pause_left": None},
        {"pause_left": "60"},
        {"pause_left": float("nan")},
        {"pause_left": float("inf")},
        {"pause_left": -1.0},
        {"pause_level": 1.5},
        {"breaker_level": 10**400},
        {"calm": 1.0},
    ],
)
def test_a_damaged_state_is_refused_whole(damage: dict[str, Any]) -> None:
    @on_virtual_clock
    async def scenario(clock: VirtualClock) -> None:
        bench = Bench(clock)
        state = {**bench.politeness.state(), "playback_rate": 100.0, **damage}
        with pytest.raises(ValueError, match="politeness state"):
            bench.politeness.restore(state)
        assert bench.rate == 60

    scenario()


@on_virtual_clock
async def test_a_state_with_a_key_missing_is_refused(clock: VirtualClock) -> None:
    bench = Bench(clock)
    for key in bench.politeness.state():
        state = bench.politeness.state()
        if key != "version":
            del state[key]
            with pytest.raises(ValueError, match=key):
                bench.politeness.restore(state)


@on_virtual_clock
async def test_a_state_saved_while_being_told_holds_what_was_told(clock: VirtualClock) -> None:
    states: list[dict[str, Any]] = []
    politeness = Politeness(Budget(), clock, lambda message, seconds: states.append(politeness.state()))
    permit = await politeness.permit(PLAYBACK)
    politeness.report(permit, Outcome.RATE_LIMITED)
    permit = await clock.finish(politeness.permit(PLAYBACK))
    politeness.report(permit, Outcome.REFUSED)
    assert [(state["pause_left"], state["breaker_left"]) for state in states] == [(60, 0), (0, 0), (0, 300)]


# Ends


@on_virtual_clock
async def test_closing_wakes_all_without_sending(clock: VirtualClock) -> None:
    bench = Bench(clock)
    held, limited = await bench.permits(2)
    bench.politeness.report(limited, Outcome.RATE_LIMITED)
    waiting = bench.waiting(6)
    connecting = asyncio.ensure_future(bench.politeness.permit_connection(held))
    await clock.advance(1)
    bench.politeness.close("interrupted")
    await clock.advance(0)
    errors = await asyncio.gather(connecting, *waiting, return_exceptions=True)
    assert [(type(error), str(error)) for error in errors] == [(PolitenessClosed, "interrupted")] * 7
    with pytest.raises(PolitenessClosed):
        await bench.politeness.permit(CDX)
    bench.politeness.report(held, Outcome.HEALTHY)


@on_virtual_clock
async def test_a_cancelled_waiter_uses_no_slot_and_blocks_nobody(clock: VirtualClock) -> None:
    bench = Bench(clock)
    await bench.permits(1, CDX)
    first, second = (asyncio.ensure_future(bench.ask(CDX)) for _ in range(2))
    await clock.advance(1)
    first.cancel()
    await clock.advance(1.6)
    assert first.cancelled()
    assert second.done()


# The summary


@on_virtual_clock
async def test_the_summary_says_what_happened(clock: VirtualClock) -> None:
    bench = Bench(clock, **FULL)
    await bench.healthy_for(300)
    await bench.send(Outcome.RATE_LIMITED)
    await bench.send(Outcome.REFUSED)
    await bench.send()
    [only] = await bench.permits(1, CDX)
    await bench.politeness.permit_connection(only)
    summary = bench.politeness.summary()
    assert summary.requests == {CDX: 1, PLAYBACK: 1204}
    assert summary.busiest_minute == {CDX: 1, PLAYBACK: 240}
    assert (summary.pauses, summary.refusals, summary.breaker_trips, summary.outages, summary.connections) == (1, 1, 1, 0, 1)
    assert summary.pause_seconds == pytest.approx(60)
    assert summary.held_seconds == pytest.approx(360)
    assert summary.budget_used[CDX] is None
    assert summary.budget_used[PLAYBACK] == pytest.approx(1, abs=0.01)
    text = summary.describe()
    assert "cdx: 1 requests, at most 1 in any minute\n" in text
    assert "playback: 1204 requests, at most 240 in any minute, " in text
    assert "pauses after 429: 1 (60 s); new connections: 1\n" in text


@on_virtual_clock
async def test_the_share_used_falls_when_the_crawl_asks_too_slowly(clock: VirtualClock) -> None:
    bench = Bench(clock, **FULL)
    await clock.finish(bench.work(PLAYBACK, 0.5, clock.monotonic() + 600))  # one worker: 120 a minute of 240
    used = bench.politeness.summary().budget_used[PLAYBACK]
    assert used == pytest.approx(0.5, abs=0.01)


def test_the_real_clock_does() -> None:
    async def scenario() -> float:
        clock = SystemClock()
        politeness = Politeness(Budget(cdx_rate=60_000), clock, lambda message, seconds: None)
        start = clock.monotonic()
        for _ in range(20):
            politeness.report(await politeness.permit(CDX), Outcome.HEALTHY)
        assert clock.time() > 1_700_000_000
        return clock.monotonic() - start

    assert asyncio.run(scenario()) >= 0
