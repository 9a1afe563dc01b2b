"""Watching a run of another process, by what it has noted in the ledger. Reads only, and does not touch the lock."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from crawler.archive.politeness_report import span
from crawler.ending import MEANING, Status
from crawler.ledger import Ledger
from crawler.ledger.figures import LastRun
from crawler.lock import last_holder
from crawler.progress import words
from crawler.progress.moment import KEY, Moment, Phase

QUIET = 60.0
"""Seconds after which a run that has noted nothing is said to be silent; it notes something every five."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the ledger says of the newest run: `moment` is the last one that it noted. `alive`: whether its process is there, None when
    that cannot be told from here."""

    run: LastRun | None = None
    moment: Moment | None = None
    alive: bool | None = None

    @property
    def under_way(self) -> bool:
        """Whether the run goes on, as far as can be seen."""
        return self.run is not None and not self.run.ended and self.alive is not False

    def shown(self, now: float) -> Moment | None:
        """The moment to show as that of now; None when there is none, or only an old one."""
        moment = self.moment
        fresh = moment is not None and moment.phase is not Phase.ENDED and now - moment.at < QUIET
        return moment if self.under_way and fresh else None


def look(ledger: Ledger, folder: Path) -> Seen:
    """What there is to see; `folder` is the output directory."""
    run = ledger.last_run()
    if run is None:
        return Seen()
    moment = _moment(ledger.meta(KEY))
    return Seen(run, moment if moment is not None and moment.run == run.id else None, None if run.ended else _alive(folder))


def said(seen: Seen, now: float) -> str:
    """What is to be said when there is nothing to show: why, and what the last run did."""
    run, moment = seen.run, seen.moment
    if run is None:
        return "No run has begun here yet. Waiting for one."
    did = f" {words.standing(moment)}." if moment is not None else ""
    if seen.under_way:
        if moment is None:
            return f"Run {run.id} began at {_time(run.started)} and is getting ready."
        if moment.phase is Phase.ENDED:
            return f"Run {run.id} is ending:{did}"
        return f"Run {run.id} has told nothing for {span(now - moment.at)}.{did}"
    if not run.ended:
        last = f" Its last sign was at {words.clock(moment.at, now, seconds=True)}." if moment is not None else ""
        return f"No run is under way. The last one, run {run.id}, was killed or lost; it began at {_time(run.started)}.{last}{did}"
    verdict = run.verdict or _meaning(run.status)
    return f"No run is under way. The last one, run {run.id}, ended at {_time(run.ended)} with status {run.status}: {verdict}.{did}"


def watch(see: Callable[[], Seen], tell: Callable[[Seen], None], sleep: Callable[[], None]) -> None:
    """Look, tell, sleep, for ever; whoever watches interrupts it."""
    while True:
        tell(see())
        sleep()


def _moment(text: str | None) -> Moment | None:
    try:
        return None if text is None else Moment.from_json(text)
    except ValueError:
        return None  # of another version


def _alive(folder: Path) -> bool | None:
    holder = last_holder(folder)
    if holder is None or holder[1] != socket.gethostname():
        return None
    try:
        os.kill(holder[0], 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _meaning(status: int | None) -> str:
    return MEANING.get(Status(status), "") if status in [known.value for known in Status] else "unknown"


def _time(written: str) -> str:
    return written.replace("T", " ").replace("Z", " UTC")
