"""When nothing may be sent: the pause after a 429, and the circuit breaker that lets one probe through at a time
(refused connections, outages)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from crawler.politeness.rate_limiter import Endpoint

PROBE_LEASE_SECONDS: Final = 600.0
"""After this time a probe that was never reported is taken for lost, and another may go: above any download time-out,
and no dead end."""


@dataclass(slots=True, eq=False)
class Permit:
    """Permission to send one request. Not frozen: its number is renewed when it had to wait again for a connection, so
    that a 429 is told from one to a request sent before the pause."""

    endpoint: Endpoint
    number: int
    about: str = ""
    """What is asked for: trouble with one thing again and again says nothing of the archive. Empty: something else each
    time."""
    connecting: bool = False
    """The request waits until a new connection may be opened for it."""
    connected: bool = False
    """A new connection was opened for it."""


class Hold:
    """A time in which nothing may be sent, longer each time. Times are seconds of a monotonic clock."""

    def __init__(self, waits: Sequence[float]) -> None:
        self._waits = waits
        self._mark = 0
        self.level = 0
        self.until = float("-inf")

    def is_news(self, permit: Permit) -> bool:
        """Whether the request was sent after this began last, so that its outcome says something new."""
        return permit.number > self._mark

    def next_wait(self) -> float:
        """Goes on to the next longer time, in seconds."""
        self.level += 1
        return self._waits[min(self.level, len(self._waits)) - 1]


class Pause(Hold):
    """The host-wide pause after a 429."""

    count = 0
    announced = False

    def wait(self, now: float) -> float:
        return max(0.0, self.until - now)

    def extend(self, seconds: float, issued: int, now: float) -> float:
        """Waits at least so long from now; 0 where it does already. Requests up to `issued` are on their way."""
        if seconds <= self.wait(now):
            return 0.0
        self.count += now >= self.until
        self._mark = issued
        self.until = now + seconds
        self.announced = True
        return seconds


class CircuitBreaker(Hold):
    """Closed, which lets everything pass, or open for a time that grows with each trip; when that is over one probe at
    a time may pass, until one resets the breaker."""

    is_open = False
    _probe: Permit | None = None
    _probe_since = 0.0

    def wait(self, now: float, permit: Permit) -> float:
        """Seconds until this breaker has to be asked again; 0 lets `permit` pass."""
        if not self.is_open or permit is self._probe:
            return 0.0
        if now < self.until:
            return self.until - now
        return max(0.0, self._probe_since + PROBE_LEASE_SECONDS - now) if self._probe else 0.0

    def left(self, now: float) -> float | None:
        """Seconds until a probe may pass; None while the breaker is closed."""
        return max(0.0, self.until - now) if self.is_open else None

    def enter(self, permit: Permit, now: float) -> None:
        """What passes an open breaker is its probe."""
        if self.is_open and permit is not self._probe:
            self._probe, self._probe_since = permit, now

    def release(self, permit: Permit) -> bool:
        """The answer to `permit` is known. True when it was the probe."""
        was_probe = permit is self._probe
        if was_probe:
            self._probe = None
        return was_probe

    def trip(self, issued: int, now: float) -> float:
        """Opens the breaker for its next longer time, in seconds. Requests up to number `issued` are on their way."""
        seconds = self.next_wait()
        self._mark = issued
        self._probe = None
        self.is_open = True
        self.until = now + seconds
        return seconds

    def reset(self) -> None:
        self.is_open = False
        self._probe = None

    def restore(self, is_open: bool, level: int, seconds: float, now: float) -> None:
        """As an earlier run left it; a wait longer than this breaker knows is a damaged one and shortened to that."""
        self.level = level
        self.is_open = is_open
        if is_open:
            self.until = now + min(seconds, max(self._waits))


def doubling_waits(first: float, most: float) -> tuple[float, ...]:
    """`first`, doubled again and again up to `most`."""
    waits = [first]
    while waits[-1] < most:
        waits.append(min(most, waits[-1] * 2))
    return tuple(waits)
