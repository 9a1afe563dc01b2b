"""The words of the line and of the display: each says one thing about a moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from crawler.archive.politeness_report import span
from crawler.progress.moment import Moment, Pace, Phase

KINDS = {"playback": "captures", "cdx": "index"}
"""What the kinds of requests are for, as they are told one after the other."""


def subject(moment: Moment) -> str:
    """What the run is doing, with numbers."""
    if moment.phase is Phase.LISTING:
        at = f"{_plain(moment.source)}: " if moment.source else ""
        return f"{at}{moment.rows:,} rows so far, {moment.known:,} articles known"
    if moment.phase is Phase.GAPS:
        return f"asking for articles that no listing has, {moment.known:,} articles known"
    if moment.phase is Phase.ENDED:
        return "the run has ended"
    return f"{moment.settled:,} of {moment.due:,}, {moment.left:,} left"


def standing(moment: Moment) -> str:
    """What came of it."""
    images = f"{moment.have:,} images fetched in this run, {moment.missing:,} missing"
    if moment.phase is Phase.IMAGES:
        return images
    articles = f"{moment.recovered:,} articles recovered in all, {moment.given_up:,} given up, {moment.waiting:,} waiting"
    return f"{articles}; {images}" if moment.have or moment.missing else articles


def later(moment: Moment, now: float) -> str:
    """What waits for a later pass; nothing when nothing does."""
    if not moment.later:
        return ""
    return f"{moment.later:,} wait for a later pass, the next in {span(max(0.0, moment.later_at - now))}"


def held(moment: Moment, now: float) -> str:
    """Why nothing is sent, with its countdown; nothing when it is."""
    if moment.hold is None:
        return ""
    left = moment.hold.until - now
    until = f"{countdown(left)} left, until {clock(moment.hold.until, now, seconds=True)}" if left > 0 else "until a probe is answered"
    return f"{_plain(moment.hold.reason)}: {until}"


def requests(moment: Moment) -> Iterator[str]:
    """Present rates against those that are permitted, an archive each."""
    hosts = list(dict.fromkeys(pace.host for pace in moment.paces))
    for host in hosts:
        parts = [_pace(pace) for kind in KINDS for pace in moment.paces if (pace.host, pace.kind) == (host, kind)]
        name = f"{_plain(host.rpartition('://')[2])}: " if len(hosts) > 1 else ""
        yield f"{name}{', '.join(parts)} a minute"


def _pace(pace: Pace) -> str:
    grows = f" (at most {pace.most:,.0f})" if round(pace.permitted) < round(pace.most) else ""
    return f"{KINDS[pace.kind]} {pace.minute:,} of {pace.permitted:,.0f}{grows}"


def time(moment: Moment, now: float) -> str:
    """How long it has lasted, and about how long it will."""
    lasted = f"{span(max(0.0, now - moment.started))} so far"
    if moment.eta is None or moment.phase is Phase.ENDED:
        return lasted
    left = max(0.0, moment.at + moment.eta - now)
    return f"{lasted}, about {span(left)} left for the {moment.phase}, until {clock(now + left, now)}"


def countdown(seconds: float) -> str:
    """`0:45`, `14:05`, `1:02:03`."""
    whole = max(0, round(seconds))
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def clock(moment: float, now: float, *, seconds: bool = False) -> str:
    """A time of day, with its date when that is another one than now's."""
    then = datetime.fromtimestamp(moment, UTC)
    day = "" if then.date() == datetime.fromtimestamp(now, UTC).date() else f"{then:%Y-%m-%d} "
    return f"{day}{then:%H:%M:%S} UTC" if seconds else f"{day}{then:%H:%M} UTC"


def _plain(name: str) -> str:
    """Without what would move a terminal's cursor or break a line."""
    return "".join(char if char.isprintable() else "?" for char in name)
