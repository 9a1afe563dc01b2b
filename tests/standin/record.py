"""The request log: every request and connection with its time, to be asserted on."""

from dataclasses import asdict, dataclass, field
from typing import Any

from .troubles import Endpoint


@dataclass(slots=True)
class Logged:
    """A request. `time` in seconds of the stand-in's clock; `target` as it stood on the request line; `status` and
    `trouble` as answered.

    `original` and `timestamp` for playback. `status` 0: not answered, or reset.
    """

    number: int
    time: float
    endpoint: Endpoint
    method: str
    target: str
    connection: int
    headers: dict[str, str]
    original: str = ""
    timestamp: str = ""
    status: int = 0
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Connection:
    """A TCP connection that was accepted; `refused`: and reset at once."""

    number: int
    time: float
    refused: bool = False


@dataclass(slots=True)
class Record:
    """All requests and connections since the start or the last reset."""

    requests: list[Logged] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)

    def playback_requests(self, original: str | None = None) -> list[Logged]:
        """Playback requests, all or those for one original (as sent)."""
        return [r for r in self.requests if r.endpoint is Endpoint.PLAYBACK and original in (None, r.original)]

    def cdx_requests(self) -> list[Logged]:
        return [r for r in self.requests if r.endpoint is Endpoint.CDX]

    def in_window(self, seconds: float, endpoint: Endpoint | None = None) -> int:
        """The highest number of requests in any window of that many seconds."""
        times = [r.time for r in self.requests if endpoint in (None, r.endpoint)]
        most = first = 0
        for last, time in enumerate(times):
            while time - times[first] >= seconds:
                first += 1
            most = max(most, last - first + 1)
        return most

    def as_json(self) -> dict[str, Any]:
        return {"requests": [asdict(r) for r in self.requests], "connections": [asdict(c) for c in self.connections]}

    def clear(self) -> None:
        self.requests.clear()
        self.connections.clear()
