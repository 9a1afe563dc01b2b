"""Commands in processes of their own, forked from one that has imported everything: a command costs its work, not a
second of imports.

What is forked has no reactor, no thread and no open file of a run; only the code is loaded. The processes that a
command starts for itself come from the same place. Nothing here waits with a bound of its own: a hang is ended by
pytest's time-out, which is minutes.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import pkgutil
import platform
import re
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import connection, context, forkserver, reduction
from pathlib import Path
from typing import IO, Any

import scrapy
from scrapy.settings import default_settings

ROOT = Path(__file__).parents[2]
SCRAPY = Path(scrapy.__file__).parent
platform.platform()  # asks another program and keeps the answer; Scrapy wants it at each start
_FORKING = multiprocessing.get_context("forkserver")
_SERVER = forkserver._forkserver


_OF_DATASETTE = tuple(f"crawler.publish.browse.{name}" for name in ("archive", "pages", "replay_answers"))
_OF_DASK = ("crawler.run.cluster",)


def _modules() -> Iterator[str]:
    """What a command imports; not the settings, which look at the environment, nor Datasette and Dask, which are
    slow."""
    yield from ("scrapy.cmdline", "scrapy.crawler", "scrapy.pipelines.files")
    yield from sorted(set(re.findall(r"scrapy(?:\.\w+)+(?=\.[A-Z])", str(vars(default_settings)))))
    for package, folder in {
        "scrapy.commands": SCRAPY / "commands",
        **{name: ROOT / name for name in ("crawler", "pipelines")},
    }.items():
        for module in pkgutil.walk_packages([str(folder)], f"{package}."):
            if module.name not in ("crawler.settings", *_OF_DATASETTE, *_OF_DASK):
                yield module.name


_FORKING.set_forkserver_preload(["tests.e2e.warm", __name__, *_modules()])
_CONTEXTS: dict[str, Any] = vars(context)["_concrete_contexts"]


class _Child(context.ForkServerProcess):
    """A process with its parent's environment, as one that is spawned has it, and not with that of the warm one."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._environment = dict(os.environ)

    def run(self) -> None:
        os.environ.clear()
        os.environ.update(self._environment)
        super().run()


class _Spawning(context.ForkServerContext):
    Process = _Child


@contextmanager
def children_are_forked() -> Iterator[None]:
    """What this process would spawn comes from the warm one too."""
    spawning = _CONTEXTS["spawn"]
    _CONTEXTS["spawn"] = _Spawning()
    try:
        yield
    finally:
        _CONTEXTS["spawn"] = spawning


class _Descriptor:
    """A file descriptor on its way to the child."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __reduce__(self) -> tuple[Any, ...]:
        return _detached, (reduction.DupFd(self.number),)


def _detached(sent: Any) -> int:
    number: int = sent.detach()
    return number


def _server() -> dict[str, Any]:
    """Where processes are forked, for children that want some."""
    forkserver.ensure_running()
    return {
        name: value for name, value in vars(_SERVER).items() if name in ("_forkserver_address", "_forkserver_authkey")
    }


@dataclass(frozen=True)
class _Order:
    """What a child is to do, and how."""

    line: list[str]
    streams: dict[int, Any]
    environment: dict[str, str]
    new_session: bool
    largest_file: int | None
    fault: str
    server: dict[str, Any]


def _execute(order: _Order) -> None:
    """In the child: become `python -m scrapy ...`, whose own children are forked like this one instead of spawned."""
    vars(_SERVER).update(order.server, ensure_running=lambda: None)
    _CONTEXTS["spawn"] = _Spawning()
    if order.new_session:
        os.setsid()
    if order.largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (order.largest_file, order.largest_file))
    for number, descriptor in order.streams.items():
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", encoding="utf-8", closefd=False) for number in (1, 2))
    sys.stderr.reconfigure(line_buffering=True)
    sys.stdin = os.fdopen(0, "r", encoding="utf-8", closefd=False)
    os.environ.clear()
    os.environ.update(order.environment)
    os.chdir(ROOT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    from scrapy.cmdline import execute  # noqa: PLC0415 - not in pytest's own process

    try:
        exec(order.fault)
        execute(["scrapy", *order.line])
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()


class Command:
    """A command that goes on beside the test, like `subprocess.Popen`; `stdout` and `stderr` are text, unless they were
    given.

    `largest_file` is what it may write to one file, in bytes: more fails as on a full disk. `fault` is Python that it
    runs first.
    """

    def __init__(
        self,
        line: list[str],
        environment: Mapping[str, str],
        *,
        stdin: int | None = None,
        stdout: int | None = None,
        stderr: int | None = None,
        new_session: bool = False,
        largest_file: int | None = None,
        fault: str = "",
    ) -> None:
        given = {0: stdin, 1: stdout, 2: stderr}
        pipes = {number: os.pipe() for number in (1, 2) if given[number] is None}
        nothing = os.open(os.devnull, os.O_RDONLY)
        writing = {number: pipes[number][1] if number in pipes else given[number] for number in (0, 1, 2)}
        writing[0] = nothing if stdin is None else stdin
        streams = {number: _Descriptor(descriptor) for number, descriptor in writing.items() if descriptor is not None}
        order = _Order(line, streams, dict(environment), new_session, largest_file, fault, _server())
        self._process = _FORKING.Process(target=_execute, args=(order,))
        self._process.start()
        os.close(nothing)
        for _, write in pipes.values():
            os.close(write)
        self.stdout, self.stderr = (_opened(pipes.get(number)) for number in (1, 2))

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it ended just now: whoever forked it has seen that before we could
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self) -> int:
        """The status, once it has ended."""
        connection.wait([self._process.sentinel])
        self._process.join()
        assert self._process.exitcode is not None
        return self._process.exitcode

    def until(self, happened: Callable[[], object]) -> None:
        """Wait for something that the command brings about; AssertionError with what it said if it ends without."""
        while not happened():
            assert self.poll() is None or happened(), self.communicate()
            time.sleep(0.01)

    def communicate(self) -> tuple[str, str]:
        """All that is written from now to the end, on both streams."""
        said = {stream: "" for stream in (self.stdout, self.stderr) if stream is not None and not stream.closed}

        def read(stream: IO[str]) -> None:
            said[stream] = stream.read()

        readers = [threading.Thread(target=read, args=(stream,)) for stream in said]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        self.wait()
        return tuple(said.get(stream, "") if stream is not None else "" for stream in (self.stdout, self.stderr))  # type: ignore[return-value]

    def close(self) -> None:
        """Kill what is left of it."""
        self.kill()
        self.wait()
        for stream in (self.stdout, self.stderr):
            if stream is not None:
                stream.close()


def _opened(pipe: tuple[int, int] | None) -> IO[str] | None:
    return os.fdopen(pipe[0], encoding="utf-8", errors="replace") if pipe else None


@contextmanager
def started(line: list[str], environment: Mapping[str, str], **more: Any) -> Iterator[Command]:
    """A command under way; what is left of it at the end is killed."""
    command = Command(line, environment, **more)
    try:
        yield command
    finally:
        command.close()
