"""A clock for tests: hours pass in milliseconds, the same way each time; several coroutines may sleep on it."""

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from crawler.politeness.rate_limiter import Clock

T = TypeVar("T")


def _on_time() -> float:
    return 0.0


class VirtualClock(Clock):
    """Time moves in `advance`, `run_until` and `finish` only. `late()` gives the seconds by which each sleep wakes too
    late."""

    def __init__(self, late: Callable[[], float] = _on_time, wall: float = 1_800_000_000.0) -> None:
        self._now = 1000.0
        self._wall = wall - self._now
        self._late = late
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._slept = 0

    def monotonic(self) -> float:
        return self._now

    def time(self) -> float:
        return self._wall + self._now

    def jump_wall(self, seconds: float) -> None:
        """Sets the wall clock forward or back."""
        self._wall += seconds

    async def sleep(self, seconds: float) -> None:
        wake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._slept += 1
        heapq.heappush(self._sleepers, (self._now + max(0.0, seconds) + self._late(), self._slept, wake))
        await wake

    async def run_until(self, moment: float) -> None:
        """Lets everybody act up to that monotonic time, each at its own."""
        await _settle()
        while self._sleepers and self._sleepers[0][0] <= moment:
            await self._step()
        self._now = max(self._now, moment)

    async def advance(self, seconds: float) -> None:
        await self.run_until(self._now + seconds)

    async def finish(self, work: Awaitable[T], within: float = 86400.0) -> T:
        """The result of `work`, with as much time passing as it needs; TimeoutError when that is more than `within`
        seconds."""
        task = asyncio.ensure_future(work)
        end = self._now + within
        await _settle()
        while not task.done():
            if not self._sleepers or self._sleepers[0][0] > end:
                task.cancel()
                raise TimeoutError(f"not done within {within} s")
            await self._step()
        return task.result()

    async def _step(self) -> None:
        due, _, wake = heapq.heappop(self._sleepers)
        if wake.done():  # cancelled: nobody sleeps on it any more
            return
        self._now = max(self._now, due)
        wake.set_result(None)
        await _settle()


async def _settle() -> None:
    """Until nobody can go on without time passing. The loop's own queue is the only thing that knows; it is CPython's,
    hence the cast."""
    loop = cast(Any, asyncio.get_running_loop())
    while True:
        await asyncio.sleep(0)
        if not loop._ready:
            return


def on_virtual_clock(test: Callable[[VirtualClock], Awaitable[None]]) -> Callable[[], None]:
    """A coroutine test as one that pytest can call."""

    async def scenario() -> None:
        await test(VirtualClock())

    def run() -> None:
        asyncio.run(scenario())

    run.__name__, run.__doc__, run.__module__ = test.__name__, test.__doc__, test.__module__
    return run
