"""Running a command and knowing what it cost: wall time, CPU time of it and all its children, and their memory
together."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds by the clock, seconds of CPU, and the highest resident memory of all processes together in MiB (0: not
    known here)."""

    wall: float
    cpu: float
    megabytes: float = 0.0


class Failed(Exception):
    """A command that is measured ended badly; says what it said."""


def scrapy(command: str, *arguments: str, settings: Mapping[str, object]) -> Cost:
    """Run one of this project's commands. Raises Failed."""
    options = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
    return run([sys.executable, "-m", "scrapy", *command.split(), *arguments, *options])


def run(command: Sequence[str]) -> Cost:
    """Run a command to its end. Raises Failed when its status is not 0."""
    begun = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        most = 0.0
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            most = max(most, resident(process.pid))
            time.sleep(_LOOK_SECONDS)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        said = process.stderr.read() if process.stderr else ""
    if process.returncode:
        raise Failed(f"{' '.join(command)}: status {process.returncode}\n{said[-2000:]}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, most)


def resident(root: int) -> float:
    """The resident memory of a process and all below it, MiB; what they share is counted for each. 0 where there is no
    /proc."""
    return sum(megabytes for _, megabytes in family(root))


def family(root: int) -> list[tuple[float, float]]:
    """Of a process, and then of each that runs below it: seconds of CPU, and resident memory in MiB."""
    parents: dict[int, int] = {}
    taken: dict[int, tuple[float, float]] = {}
    second, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE") / (1 << 20)
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            after_name = (entry / "stat").read_text("ascii", "replace").rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        parents[int(entry.name)] = int(after_name[1])
        user, system, pages = (int(after_name[at]) for at in (11, 12, 21))
        taken[int(entry.name)] = (user + system) / second, pages * page
    return [taken[pid] for pid in sorted(taken, key=lambda pid: pid != root) if _descends(pid, root, parents)]


def _descends(pid: int, root: int, parents: Mapping[int, int]) -> bool:
    while pid and pid != root:
        pid = parents.get(pid, 0)
    return pid == root


class Neighbours:
    """What other processes of the machine did since this was made: figures by the clock mean little beside a busy
    neighbour."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._foreign = _foreign()

    def cores(self) -> float | None:
        """How many cores they used on average; None where there is no /proc. Children still running count among
        them."""
        foreign = _foreign()
        return (
            None
            if foreign is None or self._foreign is None
            else max(0.0, foreign - self._foreign) / (time.monotonic() - self._begun)
        )


def _foreign() -> float | None:
    """Seconds of CPU of everything on the machine but this process and its children that have ended."""
    try:
        user, nice, system, _idle, _waiting, *interrupts = (
            Path("/proc/stat").read_text("ascii").split("\n", 1)[0].split()[1:8]
        )
    except (OSError, ValueError):
        return None
    ticks = sum(map(int, (user, nice, system, *interrupts)))
    ours = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return ticks / os.sysconf("SC_CLK_TCK") - sum(usage.ru_utime + usage.ru_stime for usage in ours)
