"""How much the archive may be asked for: endpoints, outcomes of requests, limits with their sources."""

import math
from dataclasses import dataclass, fields, replace
from enum import Enum, auto
from typing import Final

# Requests a minute and address. edgi-govdata-archiving/wayback v0.5.1 (2026-06-19, issues 206 and 208): CDX hard 30, and v0.5.0 (2026-05):
# playback hard 600, of which the archive asks clients to use 80% (issue 147, 2023-12).
CDX_RATE_CEILING: Final = 30.0
PLAYBACK_RATE_CEILING: Final = 480.0


class Endpoint(Enum):
    CDX = "cdx"
    PLAYBACK = "playback"


class Outcome(Enum):
    """What a permitted request came to, as far as politeness goes."""

    HEALTHY = auto()
    """An answer, including archived 4xx and 5xx (an archived 429 too) and the archive's own "not archived"."""
    TROUBLE = auto()
    """Connected, but: outage page, live 5xx other than 503, read time-out, cut body."""
    OVERLOADED = auto()
    """A live 503: trouble that also halves the rate."""
    RATE_LIMITED = auto()
    """A live 429, without Memento-Datetime."""
    REFUSED = auto()
    """Connection refused, reset at connect, or connect time-out."""
    ABANDONED = auto()
    """Given up by ourselves (cancelled, could not be sent): nothing was learnt."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The limits of one run. Rates are a minute, times in seconds, all above zero; ValueError names what is wrong.

    `pause_seconds` doubles with each 429 and `breaker_seconds` goes on to its next time with each refusal, until there were
    `healthy_seconds` without either or an outage. `breaker_trips` refusals with no such time between end the run, and so does a
    `Retry-After` above `retry_after_limit`. Troubles with `outage_after` different things in a row begin an outage, probed after
    `outage_seconds`, then after twice that and so on.
    """

    cdx_rate: float = 24.0
    playback_rate: float = 240.0
    playback_rate_start: float = 60.0
    pause_seconds: float = 60.0
    pause_max_seconds: float = 900.0
    healthy_seconds: float = 600.0
    retry_after_limit: float = 3600.0
    breaker_seconds: tuple[float, ...] = (300.0, 900.0, 3600.0)
    breaker_trips: int = 3
    outage_after: int = 10
    outage_seconds: float = 30.0
    outage_max_seconds: float = 600.0
    # New TCP connections are what the archive refuses: after 15 to 17 downloads with one connection each (issues 267, 273, 275 of
    # hartator/wayback-machine-downloader, 2023-11 on). Four at once for the kept-alive ones, then eight a minute: never above twelve.
    connections_per_minute: float = 8.0
    connections_burst: int = 4

    def __post_init__(self) -> None:
        if not self.breaker_seconds:
            raise ValueError("breaker_seconds: at least one time is needed")
        for field in fields(self):
            value = getattr(self, field.name)
            for number in value if isinstance(value, tuple) else (value,):
                if not (math.isfinite(number) and number > 0):
                    raise ValueError(f"{field.name}: must be a number above zero, not {number!r}")
        for least, most in (("pause_seconds", "pause_max_seconds"), ("outage_seconds", "outage_max_seconds")):
            if getattr(self, least) > getattr(self, most):
                raise ValueError(f"{most}: must not be below {least}")


def capped(budget: Budget, loopback: bool) -> tuple[Budget, list[str]]:
    """The budget with its rates lowered to the archive's ceilings and a warning for each that was; as it is for an archive on loopback."""
    if loopback:
        return budget, []
    warnings = [
        f"{name} {getattr(budget, name):g}/min is above what the archive allows; {ceiling:g}/min is used"
        for name, ceiling in (
            ("cdx_rate", CDX_RATE_CEILING),
            ("playback_rate", PLAYBACK_RATE_CEILING),
            ("playback_rate_start", PLAYBACK_RATE_CEILING),
        )
        if getattr(budget, name) > ceiling
    ]
    lowered = replace(
        budget,
        cdx_rate=min(budget.cdx_rate, CDX_RATE_CEILING),
        playback_rate=min(budget.playback_rate, PLAYBACK_RATE_CEILING),
        playback_rate_start=min(budget.playback_rate_start, PLAYBACK_RATE_CEILING),
    )
    return lowered, warnings
