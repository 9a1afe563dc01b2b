"""What survives a restart."""

from typing import Any

import pytest

from crawler.politeness.politeness import Politeness
from crawler.politeness.rate_limiter import RequestBudget
from crawler.wayback.playback import Outcome
from tests.clock import VirtualClock, on_virtual_clock
from tests.politeness.politeness_bench import CDX, FULL, PLAYBACK, Bench, done, refused_probe, stop
from tests.walking import walked


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
    assert bench.politeness.stop_reason is None


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
    assert bench.politeness.stop_reason is not None
    bench.restart()  # after the end: the hour is waited, then one more refusal ends this run too
    assert bench.politeness.stop_reason is None
    await refused_probe(bench, 3600)
    assert bench.politeness.stop_reason is not None
    await stop(waiting)
    await stop(again)


@walked(("jump", "left"), [(-86400.0 * 365, 40), (-1.0, 40), (0.0, 40), (15.0, 25), (86400.0 * 365, 0)])
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


@walked(
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
    politeness = Politeness(RequestBudget(), clock, lambda message, seconds: states.append(politeness.state()))
    permit = await politeness.permit(PLAYBACK)
    politeness.report(permit, Outcome.RATE_LIMITED)
    permit = await clock.finish(politeness.permit(PLAYBACK))
    politeness.report(permit, Outcome.REFUSED)
    assert [(state["pause_left"], state["breaker_left"]) for state in states] == [(60, 0), (0, 0), (0, 300)]
