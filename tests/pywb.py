"""Real pywb, a Wayback Machine of one's own, on loopback. It lives in an environment of its own, which `make pywb`
makes."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

BIN = Path(__file__).parents[1] / ".venv-pywb" / "bin"


@dataclass(frozen=True)
class Got:
    """An answer as received, not followed where it leads: header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Pywb:
    """A running pywb: its address and the name of its collection."""

    port: int
    collection: str

    @property
    def url(self) -> str:
        """Where it is, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def replay(self, timestamp: str, original: str) -> Got:
        """A capture as it was, by its exact address (ASCII)."""
        return self.get(f"/{self.collection}/{timestamp}id_/{original}")

    def get(self, target: str) -> Got:
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        try:
            connection.request("GET", target)
            with connection.getresponse() as response:
                headers = {name.lower(): value for name, value in response.getheaders()}
                return Got(response.status, headers, response.read())
        finally:
            connection.close()


@contextmanager
def pywb_collection(
    folder: Path, *files: Path, name: str = "web", config: str = "framed_replay: false\n"
) -> Iterator[Pywb]:
    """pywb with one collection of WARC and WACZ files, in a new folder of its own; stopped whatever happens.

    Skips the test where `.venv-pywb` is missing. Named `web`, the collection's addresses are those of the Wayback
    Machine; its index is at `/web/cdx`. `config` is pywb's config.yaml; `redirect_to_exact: true` makes it jump to the
    closest capture.
    """
    if not (BIN / "wayback").exists():
        pytest.skip("pywb is not installed: `make pywb` makes .venv-pywb")
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(config, "utf-8")
    _manage(folder, "init", name)
    for file in files:
        _manage(folder, "add", *(["--unpack-wacz"] if file.suffix == ".wacz" else []), name, str(file.resolve()))
    with (folder / "log").open("wb") as log:
        port = _free_port()
        line = [str(BIN / "wayback"), "-b", "127.0.0.1", "-p", str(port), "-d", str(folder)]
        server = subprocess.Popen(line, cwd=folder, env=_environment(), stdout=log, stderr=log, start_new_session=True)
        try:
            running = Pywb(port, name)
            _wait(server, running, folder / "log")
            yield running
        finally:
            _stop(server)


def validate_wacz(file: Path) -> subprocess.CompletedProcess[str]:
    """What Webrecorder's own `wacz validate` says of a file; its status is 0 for a valid one."""
    line = [str(BIN / "wacz"), "validate", "-f", str(file)]
    return subprocess.run(line, env=_environment(), capture_output=True, text=True, check=False)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not re.match(r"PYTHON|COVERAGE|PYWB|REDIS", name)}


def _manage(folder: Path, *arguments: str) -> None:
    line = [str(BIN / "wb-manager"), *arguments]
    done = subprocess.run(line, cwd=folder, env=_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"wb-manager {' '.join(arguments)}: {done.stdout}{done.stderr}"


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait(server: subprocess.Popen[bytes], running: Pywb, log: Path) -> None:
    """Until it answers."""
    while server.poll() is None:
        try:
            if running.get(f"/{running.collection}/cdx?url=nothing.test").status == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"pywb did not start (status {server.poll()}): {log.read_text('utf-8', 'replace')[-2000:]}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End it with all its children; it has nothing to save."""
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()
