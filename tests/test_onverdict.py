"""The command that is told of a run's end: it gets the record's path and nothing else, and whatever it does is only a word."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from crawler.onverdict import tell

SEES = "import json, sys; json.dump([sys.argv[1:], sys.stdin.read()], open(sys.argv[1] + '.seen', 'w'))"


def test_it_gets_the_path_as_its_last_argument_and_nothing_to_read(tmp_path: Path) -> None:
    record, first = tmp_path / "a record; $(touch x).json", tmp_path / "first"
    assert tell((sys.executable, "-c", SEES, str(first)), record) == ""
    assert (tmp_path / "first.seen").read_text("utf-8") == f'[["{first}", "{record}"], ""]'
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("/no/such/command",), "could not be started: [Errno 2] No such file or directory: '/no/such/command'"),
        ((os.devnull,), "could not be started: [Errno 13] Permission denied: '/dev/null'"),
        (("a\0b",), "could not be started: embedded null byte"),
        ((sys.executable, "-c", "raise SystemExit(3)"), "ended with status 3"),
        ((sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"), "ended with status -9"),
    ],
)
def test_why_it_failed(tmp_path: Path, words: tuple[str, ...], why: str) -> None:
    assert tell(words, tmp_path / "record.json") == why


def test_one_that_hangs_is_stopped_with_all_that_it_started(tmp_path: Path) -> None:
    hangs = f"import subprocess, sys, time; p = subprocess.Popen(['sleep', '60']); open({str(tmp_path / 'pid')!r}, 'w').write(str(p.pid))"
    began = time.monotonic()
    assert tell((sys.executable, "-c", f"{hangs}; time.sleep(60)"), tmp_path, seconds=0.5) == "did not end within 0.5 s and was stopped"
    assert time.monotonic() - began < 10
    child = int((tmp_path / "pid").read_text("utf-8"))
    status = Path(f"/proc/{child}/stat")
    for _ in range(100):  # gone, or waiting to be buried by whoever inherited it
        if not status.exists() or status.read_text("utf-8").rpartition(")")[2].split()[0] == "Z":
            break
        time.sleep(0.02)
    else:
        pytest.fail("what it started lives on")


def test_ctrl_c_stops_it_and_not_the_run(tmp_path: Path) -> None:
    interrupts = "import os, signal, time; os.kill(os.getppid(), signal.SIGINT); time.sleep(60)"
    before = signal.getsignal(signal.SIGINT)
    assert tell((sys.executable, "-c", interrupts), tmp_path) == "was interrupted"
    assert signal.getsignal(signal.SIGINT) is before
