"""The course of a run of this process: takes its moments, and remembers between them how fast it goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from crawler.archive.budget import Endpoint
from crawler.images.wanted import TYPICAL_REQUESTS
from crawler.ledger import State
from crawler.ledger.images import ImageState
from crawler.progress.estimate import ENOUGH, SUPPOSED_REQUESTS
from crawler.progress.eta import Speed, seconds_left
from crawler.progress.moment import Hold, Moment, Pace, Phase

if TYPE_CHECKING:
    from crawler.images.fetching import Images
    from crawler.listing import Listing
    from crawler.options import Arguments
    from crawler.recovery import Recovery
    from crawler.session import Session

SUPPOSED: Final = {Phase.ARTICLES: SUPPOSED_REQUESTS, Phase.IMAGES: float(TYPICAL_REQUESTS)}
"""Requests that one takes, as long as fewer than ENOUGH were settled in the run."""


class Running(Protocol):
    """What a course sees of the spider."""

    session: Session
    arguments: Arguments
    listing: Listing | None
    recovery: Recovery | None
    images: Images | None


@dataclass(frozen=True, slots=True)
class _Work:
    """What the present phase is about, how much of it there was and is left; `wait`: seconds until the next of `later` is due."""

    about: object = None
    due: int = 0
    left: int = 0
    later: int = 0
    wait: float = 0.0
    have: int = 0
    missing: int = 0


class Course:
    """Of one run, from when it is made. `now` is the time in seconds since the epoch, `ticks` are seconds that only go forward."""

    def __init__(self, now: float) -> None:
        self._started = now
        self._about: object = None
        self._speed = Speed()
        self._sent = 0

    def moment(self, running: Running, now: float, ticks: float) -> Moment:
        """Where the run stands."""
        session, listing, phase, work = running.session, running.listing, phase_of(running), _work(running)
        counts = session.ledger.counts()
        held = session.manners.holding()
        paces = _paces(session)
        return Moment(
            run=session.run,
            at=now,
            started=self._started,
            phase=phase,
            source=listing.source if listing is not None else "",
            rows=listing.progress.rows if listing is not None else 0,
            known=sum(counts.values()),
            recovered=counts[State.RECOVERED],
            given_up=counts[State.UNRECOVERABLE],
            waiting=counts[State.WAITING],
            due=work.due,
            left=work.left,
            later=work.later,
            later_at=now + work.wait if work.later else 0.0,
            have=work.have,
            missing=work.missing,
            eta=self._eta(phase, work, paces, held[1] if held else None, ticks),
            hold=Hold(held[0], now + held[1]) if held else None,
            paces=paces,
        )

    def _eta(self, phase: Phase, work: _Work, paces: Sequence[Pace], held: float | None, ticks: float) -> float | None:
        playback = [pace for pace in paces if pace.kind == Endpoint.PLAYBACK.value]
        sent = sum(pace.sent for pace in playback)
        if work.about is not self._about:
            self._about, self._speed, self._sent = work.about, Speed(), sent
        if phase not in SUPPOSED:
            return None
        settled = work.due - work.left
        self._speed.note(ticks, settled, held is not None)
        busiest = max(playback, key=lambda pace: pace.sent, default=None)
        seconds = seconds_left(
            work.left,
            (sent - self._sent) / settled if settled >= ENOUGH else SUPPOSED[phase],
            permitted=busiest.permitted if busiest else 0.0,
            most=busiest.most if busiest else 0.0,
            minute=busiest.minute if busiest else 0,
            speed=self._speed.a_minute,
            held=held or 0.0,
        )
        return None if seconds is None else max(seconds, work.wait if work.later else 0.0)


def phase_of(running: Running) -> Phase:
    """What a run is doing."""
    if running.images is not None:
        return Phase.IMAGES
    if running.recovery is None:
        return Phase.LISTING
    filling = running.recovery.finished and running.arguments.whole and running.session.gap_requests > 0
    return Phase.GAPS if filling else Phase.ARTICLES


def _work(running: Running) -> _Work:
    if (images := running.images) is not None:
        due = sum(images.done.values()) + images.left
        return _Work(images, due, images.left, have=images.done[ImageState.HAVE], missing=images.done[ImageState.MISSING])
    if (recovery := running.recovery) is not None:
        return _Work(recovery, recovery.due, recovery.left, recovery.later, recovery.wait() or 0.0)
    return _Work()


def _paces(session: Session) -> tuple[Pace, ...]:
    return tuple(
        Pace(host, endpoint.value, pace.sent, pace.last_minute, pace.permitted, pace.most)
        for host, politeness in session.manners.hosts()
        for endpoint, pace in politeness.paces().items()
    )
