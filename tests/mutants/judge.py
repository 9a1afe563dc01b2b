"""Judges mutants in a copy of the tree, its working directory: a line of JSON in for each, one out; no file is named
for what is to be run without a mutant. What tests import of others' packages is imported once; each mutant is written
to its file and judged in a fork, which imports everything of ours anew, as do the programs that tests start."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest

FAST = ("-m", "not heavy", "-p", "no:xdist", "-W", "ignore::pytest.PytestAssertRewriteWarning")
"""The fast tests; and it is no fault that hypothesis is imported already."""
SUBREAPER = 36
"""`PR_SET_CHILD_SUBREAPER` of Linux's prctl(2): what a mutant's tests leave running becomes this process's child, to be
ended."""
PATIENCE = 120.0
"""Seconds that any test may take, and ten times what it took."""
MEMORY = 8 << 30
Tests = Mapping[str, Mapping[str, float]]
"""By module, in the order to run: the tests, and what each took."""


@dataclass(frozen=True)
class Teller:
    """For pytest: only the tests in question, in their order, and each told to whoever waits at the pipe."""

    wanted: Mapping[str, float]
    pipe: int

    def __hash__(self) -> int:
        return id(self)

    def pytest_configure(self) -> None:
        settle_hypothesis()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted(
            (item for item in items if item.nodeid in self.wanted), key=lambda item: self.wanted[item.nodeid]
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self, nodeid: str) -> None:
        _tell(self.pipe, nodeid, self.wanted[nodeid])


def settle_hypothesis() -> None:
    """The same examples for each mutant, and those that fail are not made smaller."""
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    usual = hypothesis.settings.default
    hypothesis.settings.register_profile(
        "mutants", usual, derandomize=True, database=None, deadline=None, phases=phases
    )
    hypothesis.settings.load_profile("mutants")


def serve(modules: list[str]) -> None:
    """Until standard input ends."""
    ctypes.CDLL(None, use_errno=True).prctl(SUBREAPER, 1, 0, 0, 0)
    for name in modules:
        if "reactor" not in name:  # importing one chooses it
            with contextlib.suppress(Exception):
                importlib.import_module(name)
    gc.collect()
    gc.freeze()
    stamp = int(time.time())
    for number, line in enumerate(sys.stdin, 1):
        asked = json.loads(line)
        began = time.monotonic()
        with _changed(asked["file"], asked["source"], stamp + 2 * number):
            answer = judge(asked["tests"])
        print(json.dumps({**answer, "seconds": round(time.monotonic() - began, 1)}), flush=True)


@contextlib.contextmanager
def _changed(file: str, source: str, stamp: int) -> Iterator[None]:
    """With that text in the file, if one is named."""
    if not file:
        yield
        return
    path = Path(file)
    was = path.read_bytes()
    try:
        _write(path, source.encode(), stamp)
        yield
    finally:
        _write(path, was, stamp + 1)


def _write(path: Path, content: bytes, stamp: int) -> None:
    """With a time of its own, in whole seconds, which is what compiled files are compared with."""
    path.write_bytes(content)
    os.utime(path, (stamp, stamp))


def judge(tests: Tests) -> dict[str, Any]:
    """`killed` by the test that is named last, or by hanging in it, or `survived`."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        _run(tests, theirs)
    os.close(theirs)
    last, hung = _listen(ours, child)
    os.close(ours)
    if hung:
        os.kill(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    _end_what_is_left()
    return {"outcome": "survived" if status == 0 else "killed", "by": last if status else "", "hung": hung}


def _listen(pipe: int, child: int) -> tuple[str, bool]:
    """The test that the child told last before it ended, or said nothing for too long, which the second value tells."""
    last, patience, silent, rest = "", PATIENCE, 0, b""
    end = os.pidfd_open(child)
    try:
        while silent < patience:
            if not (ready := select.select([pipe, end], [], [], 1.0)[0]):
                silent += (
                    1  # seconds are counted one by one: when all of us are stopped for a while, nobody has been silent
                )
                continue
            if pipe not in ready or not (part := os.read(pipe, 65_536)):
                return last, False
            *lines, rest = (rest + part).split(b"\n")
            silent = 0
            for line in lines:
                last, seconds = json.loads(line)
                patience = PATIENCE + 10 * seconds
        return last, True
    finally:
        os.close(end)


def _tell(pipe: int, what: str, seconds: float) -> None:
    os.write(pipe, json.dumps([what, seconds]).encode() + b"\n")


def _run(tests: Tests, pipe: int) -> None:
    """In the fork: module by module until one fails; never returns."""
    status = 1
    try:
        os.setsid()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nowhere, stream)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        options = ["-x", f"--basetemp=../tmp-{os.getppid()}", *FAST]
        for module, wanted in tests.items():
            _tell(pipe, module, 0.0)
            if pytest.main([module, *options], plugins=[Teller(wanted, pipe)]) not in (
                0,
                pytest.ExitCode.NO_TESTS_COLLECTED,
            ):
                break
        else:
            status = 0
    finally:
        os._exit(status)


def _end_what_is_left() -> None:
    """Processes that the tests started and did not end; they are this one's children by now, or will be."""
    while left := Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
        for process in map(int, left):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, 0)


if __name__ == "__main__":
    serve(json.loads(sys.stdin.readline()))
