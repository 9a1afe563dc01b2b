"""The display on a terminal, and watching a run of another process."""

from __future__ import annotations

import logging
import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from crawler.ledger import Ledger
from crawler.ledger.rows import RunRow
from crawler.run.progress import PROGRESS_KEY, Phase, ProgressSnapshot, clock, outcome
from crawler.utils.exit_status import status_meaning
from crawler.utils.lock import lock_holder
from crawler.utils.text import format_duration

if TYPE_CHECKING:
    from rich.console import RenderableType


def is_terminal(stream: TextIO) -> bool:
    """Whether lines can be drawn over again there."""
    return stream.isatty() and os.environ.get("TERM", "") not in ("", "dumb", "unknown")


class Terminal:
    """A display at the end of what is written to a terminal, drawn again by `show`, gone after `stop`.

    Log records that would go to the same stream are written above it meanwhile.
    """

    def __init__(self, stream: TextIO, *, keep: bool = False) -> None:
        """`keep`: what was shown last stays there after `stop`."""
        from rich.console import Console  # noqa: PLC0415 - a tenth of a second, for a terminal only
        from rich.live import Live  # noqa: PLC0415

        self._stream = stream
        self._console = Console(file=stream, markup=False, emoji=False, highlight=False)
        self._live = Live(
            console=self._console, auto_refresh=False, transient=not keep, redirect_stdout=False, redirect_stderr=False
        )
        self._routed: list[logging.StreamHandler[TextIO]] = []

    def show(self, what: RenderableType) -> None:
        """Draw this in place of what was drawn before."""
        self._live.update(what, refresh=self._live.is_started)
        if self._live.is_started:
            return
        self._live.start(refresh=True)
        # The cursor stays: whatever ends this process, nothing has to be put in order after it.
        self._console.show_cursor(True)
        for handler in logging.getLogger().handlers:
            if isinstance(handler, logging.StreamHandler) and handler.stream in (self._stream, sys.stderr):
                handler.setStream(self)
                self._routed.append(handler)

    def write(self, text: str) -> None:
        """Write lines above the display, as they are."""
        from rich.text import Text  # noqa: PLC0415 - as in `__init__`

        self._console.print(Text(text.removesuffix("\n")), soft_wrap=True)

    def flush(self) -> None:
        """As a log handler's stream has it."""
        self._stream.flush()

    def stop(self) -> None:
        """Give the terminal back as it was. More than once does no harm."""
        for handler in self._routed:
            handler.setStream(self._stream)
        self._routed.clear()
        self._live.stop()


QUIET = 60.0
"""Seconds after which a run that has noted nothing is said to be silent; it notes something every five."""


@dataclass(frozen=True, slots=True)
class WatchedRun:
    """What the ledger says of the newest run: `snapshot` is the last one that it noted. `alive`: whether its process is
    there, None when that cannot be told from here."""

    run: RunRow | None = None
    snapshot: ProgressSnapshot | None = None
    alive: bool | None = None

    @property
    def under_way(self) -> bool:
        """Whether the run goes on, as far as can be seen."""
        return self.run is not None and not self.run.ended and self.alive is not False

    def shown(self, now: float) -> ProgressSnapshot | None:
        """The snapshot to show as that of now; None when there is none, or only an old one."""
        snapshot = self.snapshot
        fresh = snapshot is not None and snapshot.phase is not Phase.ENDED and now - snapshot.at < QUIET
        return snapshot if self.under_way and fresh else None


def look_at_run(ledger: Ledger, folder: Path) -> WatchedRun:
    """What there is to see; `folder` is the output directory."""
    run = ledger.last_run()
    if run is None:
        return WatchedRun()
    try:
        snapshot = ProgressSnapshot.from_json(ledger.meta(PROGRESS_KEY) or "")
    except ValueError:  # none yet, or one of another version
        snapshot = None
    if snapshot is not None and snapshot.run != run.id:
        snapshot = None
    return WatchedRun(run, snapshot, None if run.ended else _is_alive(folder))


def _is_alive(folder: Path) -> bool | None:
    """Whether the process that took the lock last is there; None when that cannot be told."""
    holder = lock_holder(folder)
    if holder is None or holder[1] != socket.gethostname():
        return None
    try:
        os.kill(holder[0], 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody else's
    return True


def watch_message(seen: WatchedRun, now: float) -> str:
    """What is to be said when there is nothing to show: why, and what the last run did."""
    run, snapshot = seen.run, seen.snapshot
    if run is None:
        return "No run has begun here yet. Waiting for one."
    did = f" {outcome(snapshot)}." if snapshot is not None else ""
    began, ended = (time.replace("T", " ").replace("Z", " UTC") for time in (run.started, run.ended))
    if seen.under_way:
        if snapshot is None:
            return f"Run {run.id} began at {began} and is getting ready."
        if snapshot.phase is Phase.ENDED:
            return f"Run {run.id} is ending:{did}"
        return f"Run {run.id} has told nothing for {format_duration(now - snapshot.at)}.{did}"
    last = f"No run is under way. The last one, run {run.id},"
    if not run.ended:
        sign = f" Its last sign was at {clock(snapshot.at, now, seconds=True)}." if snapshot is not None else ""
        return f"{last} was killed or lost; it began at {began}.{sign}{did}"
    verdict = run.verdict or status_meaning(run.status) or "unknown"
    return f"{last} ended at {ended} with status {run.status}: {verdict}.{did}"
