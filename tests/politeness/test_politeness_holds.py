"""Pauses, the breaker and outages."""

import asyncio

import pytest

from crawler.politeness.circuit_breaker import PROBE_LEASE_SECONDS
from crawler.politeness.politeness import ArchiveStop
from crawler.wayback.playback import Outcome
from tests.clock import VirtualClock, on_virtual_clock
from tests.politeness.politeness_bench import CDX, PLAYBACK, Bench, done, refused_probe, stop
from tests.walking import walked

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


@walked(("calm", "pause"), [(580.0, 120.0), (620.0, 60.0)])
def test_ten_healthy_minutes_bring_the_pause_back_to_its_start(calm: float, pause: float) -> None:
    @on_virtual_clock
    async def scenario(clock: VirtualClock) -> None:
        bench = Bench(clock)
        await bench.send(Outcome.RATE_LIMITED)
        await bench.send()
        await bench.healthy_for(calm)
        await bench.send(Outcome.RATE_LIMITED)
        assert bench.said[-1][1] == pause
        await bench.send(Outcome.RATE_LIMITED)
        assert bench.said[-1][1] == 2 * pause

    scenario()


@walked(
    ("asked", "waits"),
    [(None, 60), (0, 60), (-5, 60), (float("nan"), 60), (10, 60), (61, 61), (1000, 1000), (3600, 3600)],
)
def test_a_longer_retry_after_is_obeyed(asked: float | None, waits: float) -> None:
    @on_virtual_clock
    async def scenario(clock: VirtualClock) -> None:
        bench = Bench(clock)
        await bench.send(Outcome.RATE_LIMITED, asked)
        assert bench.politeness.stop_reason is None
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


@walked("outcome", [Outcome.RATE_LIMITED, Outcome.OVERLOADED])
@walked(("asked", "counted"), [(3601.0, 3601.0), (float("inf"), 7 * 86400.0)])
def test_a_retry_after_above_an_hour_ends_the_run(outcome: Outcome, asked: float, counted: float) -> None:
    @on_virtual_clock
    async def scenario(clock: VirtualClock) -> None:
        bench = Bench(clock)
        permit, *_ = await bench.permits(2)
        waiting = bench.waiting()
        bench.politeness.report(permit, outcome, asked)
        reason = bench.politeness.stop_reason
        assert reason is not None
        assert reason.until == clock.time() + counted
        assert "(Retry-After)" in reason.message
        assert "2027-01-" in reason.message
        await clock.advance(0)
        assert [
            str(error) for error in await clock.finish(asyncio.gather(*waiting, return_exceptions=True), within=0)
        ] == [reason.message] * 3
        with pytest.raises(ArchiveStop, match="asks to be left alone"):
            await bench.politeness.permit(CDX)
        bench.restart()
        assert bench.politeness.stop_reason is not None
        assert bench.politeness.stop_reason.until == reason.until

    scenario()


@on_virtual_clock
async def test_the_latest_end_is_told(clock: VirtualClock) -> None:
    bench = Bench(clock)
    for permit, asked, told in zip(await bench.permits(3), (7200, 4000, 9000), (7200, 7200, 9000), strict=True):
        bench.politeness.report(permit, Outcome.RATE_LIMITED, asked)
        assert bench.politeness.stop_reason is not None
        assert bench.politeness.stop_reason.until == clock.time() + told


# The breaker


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
    assert bench.politeness.stop_reason is None
    await refused_probe(bench, 900)
    reason = bench.politeness.stop_reason
    assert reason is not None
    assert reason.until == clock.time() + 3600
    assert "refused connections 3 times" in reason.message
    with pytest.raises(ArchiveStop):
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


@walked("shut", [Outcome.REFUSED, Outcome.TROUBLE])
@walked("reported", [True, False])
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
    assert bench.politeness.stop_reason is None
    for _ in range(10):
        await bench.send(Outcome.TROUBLE)
    assert bench.said[-1][1] == 30


@on_virtual_clock
async def test_a_healthy_answer_breaks_the_row(clock: VirtualClock) -> None:
    bench = Bench(clock)
    for n in range(100):
        await bench.send(Outcome.HEALTHY if n % 10 == 9 else Outcome.TROUBLE)
        assert not bench.politeness.in_outage


@on_virtual_clock
async def test_the_same_things_again_and_again_are_no_outage(clock: VirtualClock) -> None:
    bench = Bench(clock)
    for n in range(90):
        await bench.send(Outcome.TROUBLE, about=f"capture {n % 9}")
        assert not bench.politeness.in_outage


@on_virtual_clock
async def test_what_was_troubled_while_the_archive_was_well_counts_no_more(clock: VirtualClock) -> None:
    bench = Bench(clock)
    for n in range(10):
        await bench.send(Outcome.TROUBLE, about=f"capture {n}")
    assert bench.politeness.in_outage
    await bench.send(about="a capture that came before")
    for n in range(30):
        await bench.send(Outcome.TROUBLE, about=f"capture {n % 10}")
        assert not bench.politeness.in_outage
    for n in range(10):
        await bench.send(Outcome.TROUBLE, about=f"another capture {n}")
    assert bench.politeness.in_outage


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
    await clock.advance(2)
    assert done(waiting) == 1
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
