"""The display on a terminal, and watching a run of another process."""

from __future__ import annotations

import logging
import os
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from crawler.ledger import Ledger
from crawler.ledger.figures import RunRow
from crawler.run.progress import PROGRESS_KEY, Phase, ProgressSnapshot, clock, outcome
from crawler.utils.exit_status import status_meaning
from crawler.utils.lock import lock_holder
from crawler.utils.text import format_duration

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live


def is_terminal(stream: TextIO) -> bool:
    """Whether lines can be drawn over again there."""
    return stream.isatty() and os.environ.get("TERM", "") not in ("", "dumb", "unknown")


class Terminal:
    """A display at the end of what is written to a terminal, drawn again by `show`, gone after `stop`.

    Log records that would go to the same stream are written above it meanwhile.
    """

    def __init__(self, stream: TextIO, *, keep: bool = False) -> None:
        """`keep`: what was shown last stays there after `stop`."""
        from rich.console import Console  # noqa: PLC0415

        self._stream = stream
        self._keep = keep
        self._console: Console = Console(file=stream, markup=False, emoji=False, highlight=False)
        self._live: Live | None = None
        self._routed: list[logging.StreamHandler[TextIO]] = []

    def show(self, what: RenderableType) -> None:
        """Draw this in place of what was drawn before."""
        if self._live is None:
            self._start(what)
        else:
            self._live.update(what, refresh=True)

    def write(self, text: str) -> None:
        """Write lines above the display, as they are."""
        from rich.text import Text  # noqa: PLC0415

        self._console.print(Text(text.removesuffix("\n")), soft_wrap=True)

    def flush(self) -> None:
        """As a log handler's stream has it."""
        self._stream.flush()

    def stop(self) -> None:
        """Give the terminal back as it was. More than once does no harm."""
        live, self._live = self._live, None
        for handler in self._routed:
            handler.setStream(self._stream)
        self._routed.clear()
        if live is not None:
            live.stop()

    def _start(self, what: RenderableType) -> None:
        from rich.live import Live  # noqa: PLC0415

        self._live = Live(
            what,
            console=self._console,
            auto_refresh=False,
            transient=not self._keep,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start(refresh=True)
        # The cursor stays: whatever ends this process, nothing has to be put in order after it.
        self._console.show_cursor(True)
        for handler in logging.getLogger().handlers:
            if isinstance(handler, logging.StreamHandler) and handler.stream in (self._stream, sys.stderr):
                handler.setStream(self)
                self._routed.append(handler)


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
    snapshot = _snapshot(ledger.meta(PROGRESS_KEY))
    return WatchedRun(
        run,
        snapshot if snapshot is not None and snapshot.run == run.id else None,
        None if run.ended else _alive(folder),
    )


def watch_message(seen: WatchedRun, now: float) -> str:
    """What is to be said when there is nothing to show: why, and what the last run did."""
    run, snapshot = seen.run, seen.snapshot
    if run is None:
        return "No run has begun here yet. Waiting for one."
    did = f" {outcome(snapshot)}." if snapshot is not None else ""
    if seen.under_way:
        if snapshot is None:
            return f"Run {run.id} began at {_time(run.started)} and is getting ready."
        if snapshot.phase is Phase.ENDED:
            return f"Run {run.id} is ending:{did}"
        return f"Run {run.id} has told nothing for {format_duration(now - snapshot.at)}.{did}"
    if not run.ended:
        last = f" Its last sign was at {clock(snapshot.at, now, seconds=True)}." if snapshot is not None else ""
        return (
            f"No run is under way. The last one, run {run.id}, was killed or lost; it began at"
            f" {_time(run.started)}.{last}{did}"
        )
    verdict = run.verdict or status_meaning(run.status) or "unknown"
    return (
        f"No run is under way. The last one, run {run.id}, ended at {_time(run.ended)} with status {run.status}:"
        f" {verdict}.{did}"
    )


def watch(see: Callable[[], WatchedRun], tell: Callable[[WatchedRun], None], sleep: Callable[[], None]) -> None:
    """Look, tell, sleep, for ever; whoever watches interrupts it."""
    while True:
        tell(see())
        sleep()


def _snapshot(text: str | None) -> ProgressSnapshot | None:
    try:
        return None if text is None else ProgressSnapshot.from_json(text)
    except ValueError:
        return None  # of another version


def _alive(folder: Path) -> bool | None:
    holder = lock_holder(folder)
    if holder is None or holder[1] != socket.gethostname():
        return None
    try:
        os.kill(holder[0], 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _time(written: str) -> str:
    return written.replace("T", " ").replace("Z", " UTC")
