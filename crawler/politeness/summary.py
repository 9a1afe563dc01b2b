"""What politeness tells of a run: how fast it goes, and what it came to."""

from collections.abc import Mapping
from dataclasses import dataclass

from crawler.politeness.rate_limiter import Endpoint
from crawler.utils.text import counted, format_duration


@dataclass(frozen=True, slots=True)
class RequestPace:
    """Requests of one kind (the value of an `Endpoint`) to one archive: sent in this run, sent in the last 60 seconds,
    permitted a minute now, and at most."""

    host: str
    kind: str
    sent: int
    minute: int
    permitted: float
    most: float


@dataclass(frozen=True, slots=True)
class PolitenessSummary:
    """Figures of one run. Times are seconds; `busiest_minute` is the highest number of requests in any sliding 60 s.

    `budget_used` is, for each endpoint, the share (0 to 1) of the requests that its rate of the moment allowed between
    its first and its last request, leaving out pauses, breaker and outage times; None before the second request. Below
    1 the crawl was held up by something else: slow answers, too few at once, or no more to ask for.
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
            used, busiest = self.budget_used[endpoint], self.busiest_minute[endpoint]
            share = "" if used is None else f", {used:.1%} of the permitted budget used"
            lines.append(f"{endpoint.value}: {counted(count, 'request')}, at most {busiest} in any minute{share}")
        paused, held = format_duration(self.pause_seconds), format_duration(self.held_seconds)
        lines.append(f"pauses after 429: {self.pauses} ({paused}); new connections: {self.connections}")
        lines.append(
            f"refused connections: {self.refusals}, breaker trips: {self.breaker_trips}, outages: {self.outages};"
            f" nothing or only probes sent for {held} in all"
        )
        return "\n".join(lines)
