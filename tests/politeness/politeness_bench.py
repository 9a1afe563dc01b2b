"""Politeness on a virtual clock, with what was sent when and what was said."""

import asyncio
import json
from typing import Any

import pytest

from crawler.politeness.circuit_breaker import Permit
from crawler.politeness.politeness import Politeness
from crawler.politeness.rate_limiter import Endpoint, RequestBudget
from crawler.wayback.playback import Outcome
from tests.clock import VirtualClock

CDX, PLAYBACK = Endpoint.CDX, Endpoint.PLAYBACK
FULL = {"playback_rate_start": 240.0}


class Bench:
    def __init__(self, clock: VirtualClock, **budget: Any) -> None:
        self.clock = clock
        self.budget = RequestBudget(**budget)
        self.sent: dict[Endpoint, list[float]] = {CDX: [], PLAYBACK: []}
        self.said: list[tuple[str, float]] = []
        self.start()

    def start(self) -> None:
        self.politeness = Politeness(
            self.budget, self.clock, lambda message, seconds: self.said.append((message, seconds))
        )

    def restart(self) -> None:
        state = json.loads(json.dumps(self.politeness.state()))
        self.start()
        self.politeness.restore(state)

    async def ask(self, endpoint: Endpoint = PLAYBACK, about: str = "") -> Permit:
        permit = await self.politeness.permit(endpoint, about)
        self.sent[endpoint].append(self.clock.monotonic())
        return permit

    async def permits(self, count: int, endpoint: Endpoint = PLAYBACK) -> list[Permit]:
        return [await self.clock.finish(self.ask(endpoint)) for _ in range(count)]

    async def send(
        self,
        outcome: Outcome = Outcome.HEALTHY,
        retry_after: float | None = None,
        endpoint: Endpoint = PLAYBACK,
        about: str = "",
    ) -> float:
        """One request, answered at once; the seconds it had to wait."""
        before = self.clock.monotonic()
        permit = await self.clock.finish(self.ask(endpoint, about))
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


async def refused_probe(bench: Bench, waits: float) -> None:
    assert await bench.send(Outcome.REFUSED) == pytest.approx(waits)
