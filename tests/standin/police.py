"""What the archive does to impolite clients. A state machine on any clock; it only rules, the server carries out."""

from collections import deque
from dataclasses import dataclass
from enum import Enum

from .troubles import Endpoint


@dataclass(frozen=True, slots=True)
class Limits:
    """What is allowed, in any `window` of seconds; None: not watched.

    More than `cdx` or `playback` requests are answered 429 with `retry_after` (as in `answer.limited`). Who goes on for
    longer than `grace` seconds after a 429, without a silence of half of that, is refused for `ban` seconds, twice as
    long each time. Who opens more than `connections` is refused until the window has passed. Refused: no connection at
    all, or with `reset`, accepted and reset, so that the log shows it.
    """

    cdx: int | None = None
    playback: int | None = None
    connections: int | None = None
    window: float = 60.0
    retry_after: str = ""
    grace: float | None = None
    ban: float = 3600.0
    reset: bool = False


class Ruling(Enum):
    PASS = "pass"
    LIMITED = "limited"
    BANNED = "banned"


class Police:
    """Watches one client (the stand-in has only one) at times given in seconds."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.reset()

    def reset(self) -> None:
        self.bans = 0
        self._requests: dict[Endpoint, deque[float]] = {endpoint: deque() for endpoint in Endpoint}
        self._connections: deque[float] = deque()
        self._banned_until = float("-inf")
        self._warned: float | None = None
        self._last = float("-inf")

    def connect(self, now: float) -> bool:
        """Whether a new connection is let in; it counts if it is."""
        if self.refusing_for(now) > 0:
            return False
        self._connections.append(now)
        return True

    def refusing_for(self, now: float) -> float:
        """For how many seconds from now every new connection is refused."""
        until = self._banned_until
        allowed = self.limits.connections
        _forget(self._connections, now - self.limits.window)
        if allowed is not None and len(self._connections) >= allowed:
            until = max(until, self._connections[-allowed] + self.limits.window)
        return max(0.0, until - now)

    def request(self, endpoint: Endpoint, now: float) -> Ruling:
        """The ruling on a request that arrives now; every request counts, refused ones too."""
        silent, self._last = now - self._last, now
        if self.limits.grace is not None and self._warned is not None:
            if silent >= self.limits.grace / 2:
                self._warned = None
            elif now - self._warned > self.limits.grace:
                self._ban(now)
                return Ruling.BANNED
        seen = self._requests[endpoint]
        seen.append(now)
        _forget(seen, now - self.limits.window)
        allowed = self.limits.cdx if endpoint is Endpoint.CDX else self.limits.playback
        if allowed is not None and len(seen) > allowed:
            self.warned(now)
            return Ruling.LIMITED
        return Ruling.PASS

    def warned(self, now: float) -> None:
        """A 429 was given; who goes on from here is punished."""
        if self._warned is None:
            self._warned = now

    def _ban(self, now: float) -> None:
        self._banned_until = now + self.limits.ban * 2**self.bans
        self.bans += 1
        self._warned = None
        self._last = float("-inf")
        for seen in self._requests.values():
            seen.clear()


def _forget(times: deque[float], before: float) -> None:
    while times and times[0] <= before:
        times.popleft()
