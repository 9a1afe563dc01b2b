"""Steps measured in turns: each round does all of them in another order, so that a machine's moods meet all alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import median

from tests.bench.processes import Cost

Step = Callable[[], Cost]


@dataclass(frozen=True, slots=True)
class Rounds:
    """What each step cost in each round, by the names of the steps."""

    costs: Mapping[str, Sequence[Cost]]

    def fastest(self, step: str) -> float:
        """The least seconds of CPU: what else the machine has to do only adds to them."""
        return min(cost.cpu for cost in self.costs[step])

    def cpu(self, step: str) -> float:
        """The median of the seconds of CPU."""
        return median(cost.cpu for cost in self.costs[step])

    def wall(self, step: str) -> float:
        """The median of the seconds by the clock."""
        return median(cost.wall for cost in self.costs[step])

    def cpu_ratio(self, step: str, base: str) -> float:
        """How many times the CPU of `base` a step takes: the median of the ratios of each round."""
        return median(a.cpu / b.cpu for a, b in zip(self.costs[step], self.costs[base], strict=True))

    def wall_ratio(self, step: str, base: str) -> float:
        """The same by the clock."""
        return median(a.wall / b.wall for a, b in zip(self.costs[step], self.costs[base], strict=True))

    def wall_beyond(self, step: str, base: str) -> float:
        """How many seconds longer than `base` a step takes: the median of the differences of each round."""
        return median(a.wall - b.wall for a, b in zip(self.costs[step], self.costs[base], strict=True))


def interleaved(steps: Mapping[str, Step], rounds: int) -> Rounds:
    """Do all steps so many times, each time in another order."""
    chance = Random(0)
    costs: dict[str, list[Cost]] = {name: [] for name in steps}
    names = list(steps)
    for _ in range(rounds):
        chance.shuffle(names)
        for name in names:
            costs[name].append(steps[name]())
    return Rounds(costs)


def timed(work: Callable[[], object]) -> Cost:
    """What a piece of work costs in this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Cost(time.perf_counter() - wall, time.process_time() - cpu)
