import asyncio
import random
from itertools import pairwise

import pytest

from crawler.politeness.politeness import Politeness, PolitenessClosed
from crawler.politeness.rate_limiter import PLAYBACK_RATE_FLOOR, Clock, Endpoint, RequestBudget
from crawler.politeness.summary import RequestPace
from crawler.wayback.playback import Outcome
from tests.clock import VirtualClock, on_virtual_clock
from tests.politeness.politeness_bench import CDX, FULL, PLAYBACK, Bench, busiest_minute
from tests.walking import walked


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


@walked(("latency", "workers", "most_late"), [(0.5, 8, 0.05), (2.0, 16, 0.2)])
@walked("endpoint", list(Endpoint))
def test_a_quarter_of_an_hour_uses_at_least_97_percent_and_no_minute_exceeds_the_rate(
    endpoint: Endpoint, latency: float, workers: int, most_late: float
) -> None:
    rng = random.Random(7)
    asyncio.run(_quarter_of_an_hour(VirtualClock(lambda: rng.uniform(0, most_late)), endpoint, latency, workers))


async def _quarter_of_an_hour(clock: VirtualClock, endpoint: Endpoint, latency: float, workers: int) -> None:
    bench = Bench(clock, **FULL)
    start = clock.monotonic()
    crowd = asyncio.gather(*(bench.work(endpoint, latency, start + 900) for _ in range(workers)))
    await clock.finish(crowd)
    rate = {CDX: 24, PLAYBACK: 240}[endpoint]
    times = bench.sent[endpoint]
    assert sum(start <= moment < start + 900 for moment in times) >= 0.97 * rate * 15
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
    assert [later - earlier for earlier, later in zip([60.0, *rates], rates, strict=False)] == pytest.approx(
        [24] * 7, rel=0.12
    )
    await bench.healthy_for(60)
    assert bench.rate == 240
    assert bench.politeness.summary().rate[CDX] == 24


@on_virtual_clock
async def test_a_start_above_the_rate_is_the_rate(clock: VirtualClock) -> None:
    assert Bench(clock, playback_rate=30.0).rate == 30


@walked(
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
def test_limits_halve_the_playback_rate_once_for_all_in_flight(
    endpoint: Endpoint, outcome: Outcome, rate: float
) -> None:
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
async def test_halving_slows_at_once_stalls_nothing_and_stops_at_the_floor(clock: VirtualClock) -> None:
    bench = Bench(clock, **FULL)
    await bench.healthy_for(120)
    for _ in range(9):
        highest = 240
        await bench.send(Outcome.OVERLOADED)
        halved, since = bench.rate, clock.monotonic()
        await bench.send()
        now = clock.monotonic()
        assert now - since == pytest.approx(60 / halved, rel=0.1)
        assert sum(moment > now - 60 for moment in bench.sent[PLAYBACK]) <= highest
    assert bench.rate == pytest.approx(PLAYBACK_RATE_FLOOR, abs=5)


def test_who_waits_first_goes_first_however_late_timers_wake() -> None:
    rng = random.Random(7)
    order: list[int] = []

    async def scenario() -> None:
        clock = VirtualClock(lambda: rng.uniform(0, 0.5))
        bench = Bench(clock)

        async def one(number: int) -> None:
            await bench.ask(CDX)
            order.append(number)

        await clock.finish(asyncio.gather(*(one(n) for n in range(10))))

    asyncio.run(scenario())
    assert order == list(range(10))


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
    errors = await clock.finish(asyncio.gather(connecting, *waiting, return_exceptions=True), within=0)
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
    assert (summary.pauses, summary.refusals, summary.breaker_trips, summary.outages, summary.connections) == (
        1,
        1,
        1,
        0,
        1,
    )
    assert summary.pause_seconds == pytest.approx(60)
    assert summary.held_seconds == pytest.approx(360)
    assert summary.budget_used[CDX] is None
    assert summary.budget_used[PLAYBACK] == pytest.approx(1, abs=0.01)
    text = summary.describe()
    assert "cdx: 1 request, at most 1 in any minute\n" in text
    assert "playback: 1,204 requests, at most 240 in any minute, " in text
    assert "pauses after 429: 1 (60 s); new connections: 1\n" in text


@on_virtual_clock
async def test_how_fast_it_goes_is_told_beside_how_fast_it_may(clock: VirtualClock) -> None:
    bench = Bench(clock)
    await bench.permits(3, CDX)
    await bench.healthy_for(120)
    await clock.advance(30)
    index, pace = bench.politeness.paces("archive.example")
    assert index == RequestPace("archive.example", "cdx", 3, 0, 24.0, 24.0)
    assert pace.sent == len(bench.sent[PLAYBACK])
    assert pace.minute == sum(moment > clock.monotonic() - 60 for moment in bench.sent[PLAYBACK]) > 0
    assert 60 < pace.permitted < pace.most == 240
    assert pace.permitted == bench.politeness.summary().rate[PLAYBACK]


@on_virtual_clock
async def test_the_share_used_falls_when_the_crawl_asks_too_slowly(clock: VirtualClock) -> None:
    bench = Bench(clock, **FULL)
    await clock.finish(bench.work(PLAYBACK, 0.5, clock.monotonic() + 600))  # one worker: 120 a minute of 240
    used = bench.politeness.summary().budget_used[PLAYBACK]
    assert used == pytest.approx(0.5, abs=0.01)


@on_virtual_clock
async def test_the_share_used_is_of_the_rate_of_the_moment(clock: VirtualClock) -> None:
    bench = Bench(clock)
    await bench.healthy_for(300)
    used = bench.politeness.summary().budget_used[PLAYBACK]
    assert used == pytest.approx(1, abs=0.02)


def test_the_real_clock_keeps_the_rate_too() -> None:
    async def scenario() -> float:
        clock = Clock()
        politeness = Politeness(RequestBudget(cdx_rate=6_000), clock, lambda message, seconds: None)
        start = clock.monotonic()
        for _ in range(20):
            politeness.report(await politeness.permit(CDX), Outcome.HEALTHY)
        assert clock.time() > 1_700_000_000
        return clock.monotonic() - start

    assert asyncio.run(scenario()) >= 0.12  # slots of 10 ms, of which a few may be caught up
