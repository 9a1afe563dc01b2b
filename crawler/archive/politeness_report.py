"""What politeness tells others: why a run must end, the state that survives a restart, the summary for people."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from enum import Enum
from typing import Final, Self

from crawler.archive.budget import Endpoint

STATE_VERSION: Final = 1
NO_NUMBER: Final = 1e12
"""Above any time in seconds that makes sense, the epoch's included."""


class EndKind(Enum):
    RETRY_AFTER = "retry_after"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class EndReason:
    """Why nothing more may be sent in this run; `until` is the wall-clock time (seconds since the epoch) from which another may start."""

    kind: EndKind
    message: str
    until: float


class PolitenessClosed(Exception):
    """Nothing more will be permitted: the crawl is being ended."""


class MustEnd(PolitenessClosed):
    """Nothing more will be permitted: the archive's limits end the run."""

    def __init__(self, reason: EndReason) -> None:
        super().__init__(reason.message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class SavedState:
    """What a restart must know. Waits are the seconds left at `saved_at` (wall clock), so that no jump of that clock can lengthen them."""

    saved_at: float
    playback_rate: float
    calm_seconds: float
    pause_left: float
    pause_level: int
    breaker_shut: int
    breaker_left: float
    breaker_level: int
    outage_shut: int
    outage_left: float
    outage_level: int
    version: int = STATE_VERSION

    def to_json(self) -> dict[str, float | int]:
        return asdict(self)

    @classmethod
    def from_json(cls, state: Mapping[str, object]) -> Self:
        """ValueError when a key is missing or unknown, a value makes no sense, or another version wrote it."""
        if state.get("version") != STATE_VERSION:
            raise ValueError(f"politeness state: version {state.get('version')!r} instead of {STATE_VERSION}")
        values: dict[str, int | float] = {}
        for field in fields(cls):
            value = state.get(field.name)
            if not isinstance(value, int if field.type is int else (int, float)) or not 0 <= value < NO_NUMBER:
                raise ValueError(f"politeness state: {field.name} is {value!r}")
            values[field.name] = value
        if unknown := state.keys() - values.keys():
            raise ValueError(f"politeness state: unknown {', '.join(sorted(unknown))}")
        return cls(**values)  # type: ignore[arg-type]  # checked just above

    def left(self, seconds: float, now: float) -> float:
        """What is left at wall-clock time `now` of a wait that had `seconds` to go when saved.

        A clock now behind `saved_at` was set back: none of the wait counts as served. One set forward cannot be told from time that passed.
        """
        return max(0.0, seconds - max(0.0, now - self.saved_at))


@dataclass(frozen=True, slots=True)
class Pace:
    """One kind of request now: sent in this run, sent in the last 60 seconds, permitted a minute now, and at most."""

    sent: int
    last_minute: int
    permitted: float
    most: float


@dataclass(frozen=True, slots=True)
class PolitenessSummary:
    """Figures of one run. Times are seconds; `busiest_minute` is the highest number of requests in any sliding 60 s.

    `budget_used` is, for each endpoint, the share (0 to 1) of the requests that its rate of the moment allowed between its first and its
    last request, leaving out pauses, breaker and outage times; None before the second request. Below 1 the crawl was held up by something
    else: slow answers, too few at once, or no more to ask for.
    """

    requests: Mapping[Endpoint, int]
    busiest_minute: Mapping[Endpoint, int]
    rate: Mapping[Endpoint, float]
    budget_used: Mapping[Endpoint, float | None]
    pauses: int
    pause_seconds: float
    refusals: int
    breaker_trips: int
    outages: int
    held_seconds: float
    connections: int

    def describe(self) -> str:
        """A few lines for people."""
        lines = []
        for endpoint, count in self.requests.items():
            used = self.budget_used[endpoint]
            share = "" if used is None else f", {used:.1%} of the permitted budget used"
            lines.append(f"{endpoint.value}: {count} requests, at most {self.busiest_minute[endpoint]} in any minute{share}")
        lines.append(f"pauses after 429: {self.pauses} ({span(self.pause_seconds)}); new connections: {self.connections}")
        lines.append(
            f"refused connections: {self.refusals}, breaker trips: {self.breaker_trips}, outages: {self.outages}; "
            f"nothing or only probes sent for {span(self.held_seconds)} in all"
        )
        return "\n".join(lines)


def span(seconds: float) -> str:
    """A duration for people: `90 s`, `15 min`, `2.0 h`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def moment(wall: float) -> str:
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
