"""The limits of a run, read from the settings: what an archive may be asked for, and what a healthy run stays within."""

from __future__ import annotations

from collections.abc import Mapping

from crawler.archive.budget import PLAYBACK_RATE_CEILING, Budget, capped
from crawler.health import Thresholds
from crawler.options import LONGEST_WAIT, is_loopback, read_number, read_numbers, read_share, read_whole, wrong

CONNECTIONS = 8.0
"""New connections a minute by default: clients that opened one for each download were refused after 15 to 17 (2023-11)."""
UNLIMITED = 1_000_000.0
SLOWEST = 0.01
"""Requests a minute; a crawl that is slower than this never ends."""


def read_budget(settings: Mapping[str, object], archive_url: str) -> tuple[Budget, list[str]]:
    """The limits of the run, and a warning for each that was lowered to what the archive allows; raises Fatal."""
    for name in ("CDX_RATE", "PLAYBACK_RATE", "PLAYBACK_RATE_START", "CONNECTION_RATE"):
        if settings.get(name) != "auto" and not SLOWEST <= read_number(settings, name) <= UNLIMITED:
            raise wrong(f"{name}={settings.get(name)}: a number a minute from {SLOWEST:g} to {UNLIMITED:.0f} is needed")
    for name in ("PAUSE_SECONDS", "BREAKER_SECONDS", "OUTAGE_PROBE_SECONDS"):
        if not all(0 < seconds <= LONGEST_WAIT for seconds in read_numbers(settings, name)):
            raise wrong(f"{name}={settings.get(name)}: seconds above zero, at most a week, are needed")
    try:
        rate = read_number(settings, "PLAYBACK_RATE")
        lifted = is_loopback(archive_url) and rate > PLAYBACK_RATE_CEILING
        budget = Budget(
            cdx_rate=read_number(settings, "CDX_RATE"),
            playback_rate=rate,
            playback_rate_start=rate if lifted else min(rate, read_number(settings, "PLAYBACK_RATE_START")),
            pause_seconds=read_number(settings, "PAUSE_SECONDS"),
            pause_max_seconds=max(900.0, read_number(settings, "PAUSE_SECONDS")),
            breaker_seconds=read_numbers(settings, "BREAKER_SECONDS"),
            connections_per_minute=_connections(settings, archive_url),
            breaker_trips=len(read_numbers(settings, "BREAKER_SECONDS")),
            outage_seconds=read_number(settings, "OUTAGE_PROBE_SECONDS"),
            outage_max_seconds=max(600.0, read_number(settings, "OUTAGE_PROBE_SECONDS")),
        )
    except ValueError as error:
        raise wrong(str(error)) from error
    return capped(budget, is_loopback(archive_url))


def _connections(settings: Mapping[str, object], archive_url: str) -> float:
    """New TCP connections a minute; on loopback nobody counts them, unless the user does."""
    if settings.get("CONNECTION_RATE") != "auto":
        return read_number(settings, "CONNECTION_RATE")
    return UNLIMITED if is_loopback(archive_url) else CONNECTIONS


def read_health(settings: Mapping[str, object]) -> Thresholds:
    """What a healthy run stays within; raises Fatal."""
    return Thresholds(
        least=read_whole(settings, "HEALTH_LEAST"),
        recovered=read_share(settings, "HEALTH_RECOVERED"),
        other_pages=read_share(settings, "HEALTH_OTHER_PAGES"),
        field_loss=read_share(settings, "HEALTH_FIELD_LOSS"),
        mismatches=read_share(settings, "HEALTH_MISMATCHES"),
        refusals=read_whole(settings, "HEALTH_REFUSALS", least=0),
    )
