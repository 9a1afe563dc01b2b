"""What each process of a cluster takes while a store is extracted: a scheduler and a worker on loopback, with two
processes that read."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.extracting import TWO, prepared
from tests.bench.processes import ROOT, Cost, Failed, family

_SHORT_LOG = {"DASK_DISTRIBUTED__ADMIN__LOW_LEVEL_LOG_LENGTH": "10"}
CLIENT, SCHEDULER, WORKER, READERS = "the client", "the scheduler", "a worker", "its two processes"


@dataclass(frozen=True, slots=True)
class Moment:
    """What the processes of each kind have taken once so many pages were done, and what they have in memory."""

    done: int
    costs: Mapping[str, Cost]


def watched(store: Path, pages: int) -> list[Moment]:
    """Extract a store of so many pages, and look once a second. Raises Failed."""
    with prepared(store) as settings, _cluster(store.parent) as (address, scheduler, worker):
        settings |= {"PROGRESS_SECONDS": min(1.0, pages / 1000)}
        options = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
        command = [sys.executable, "-m", "scrapy", "extract", "--cluster", address, *options]
        begun, moments, said = time.perf_counter(), [], ""
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr is not None
            for line in process.stderr:
                if progress := re.match(r"extracted ([\d,]+) of", line):
                    wall = time.perf_counter() - begun
                    roots = {CLIENT: process.pid, SCHEDULER: scheduler, WORKER: worker}
                    moments.append(Moment(int(progress[1].replace(",", "")), _costs(roots, wall)))
                else:
                    said += line
        if process.returncode or not moments:
            raise Failed(f"{' '.join(command)}: status {process.returncode}\n{said[-2000:]}")
        return moments


def _costs(roots: Mapping[str, int], wall: float) -> dict[str, Cost]:
    costs = {}
    for kind, root in roots.items():
        own, *below = family(root) or [(0.0, 0.0)]
        costs[kind] = Cost(wall, *own)
        if kind == WORKER:
            costs[READERS] = Cost(wall, sum(cpu for cpu, _ in below), sum(size for _, size in below))
    return costs


@contextmanager
def _cluster(folder: Path) -> Iterator[tuple[str, int, int]]:
    """The scheduler's address, its process and the worker's."""
    dask, about = [sys.executable, "-m", "distributed.cli.dask_"], folder / "scheduler.json"
    more = ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(about)]
    begun: list[subprocess.Popen[bytes]] = []
    try:
        for what, *options in (("scheduler", "--port", "0"), ("worker", "--no-nanny", "--nthreads", TWO)):
            line = [*dask[:2], dask[2] + what, *more, *options]
            begun.append(subprocess.Popen(line, cwd=ROOT, stderr=subprocess.DEVNULL, env=os.environ | _SHORT_LOG))
            while not (about.exists() and about.read_text("utf-8")):
                if begun[0].poll() is not None:
                    raise Failed("the scheduler of Dask did not begin")
                time.sleep(0.05)
        yield json.loads(about.read_text("utf-8"))["address"], begun[0].pid, begun[1].pid
    finally:
        for process in reversed(begun):
            process.terminate()
            process.wait()
        about.unlink(missing_ok=True)
