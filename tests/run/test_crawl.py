"""The command that is told of a run's end: it gets the record's path and nothing else, and whatever it does is only a
word."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crawler.run.crawl import run_command

SEES = "import json, sys; json.dump([sys.argv[1:], sys.stdin.read()], open(sys.argv[1] + '.seen', 'w'))"


def test_it_gets_the_path_as_its_last_argument_and_nothing_to_read(tmp_path: Path) -> None:
    record, first = tmp_path / "a record; $(touch x).json", tmp_path / "first"
    assert run_command((sys.executable, "-c", SEES, str(first)), record) == ""
    assert (tmp_path / "first.seen").read_text("utf-8") == f'[["{first}", "{record}"], ""]'
    assert not (tmp_path / "x").exists()


def test_why_it_failed(tmp_path: Path) -> None:
    failures = {
        ("/no/such/command",): "could not be started: [Errno 2] No such file or directory: '/no/such/command'",
        (os.devnull,): "could not be started: [Errno 13] Permission denied: '/dev/null'",
        ("a\0b",): "could not be started: embedded null byte",
        ("sh", "-c", "exit 3"): "ended with status 3",
        ("sh", "-c", "kill -9 $$"): "ended with status -9",
    }
    assert {words: run_command(words, tmp_path / "record.json", seconds=900) for words in failures} == failures


def test_one_that_hangs_is_stopped_with_all_that_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = tmp_path / "started"
    os.mkfifo(started)
    told = []

    class Begun(subprocess.Popen[bytes]):
        """Its time begins when it has started something."""

        def wait(self, timeout: float | None = None) -> int:
            if timeout is not None:
                told.append(started.read_text("utf-8"))
            return super().wait(timeout)

    monkeypatch.setattr(subprocess, "Popen", Begun)
    hangs = ("sh", "-c", f"sleep 10000 & echo $! >'{started}'; wait")
    assert run_command(hangs, tmp_path, seconds=0.1) == "did not end within 0.1 s and was stopped"
    while _lives(int(told[0])):
        time.sleep(0.01)


def _lives(process: int) -> bool:
    """Whether it is there and not only waiting for whoever inherited it."""
    try:
        return Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_ctrl_c_stops_it_and_not_the_run(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    assert run_command(("sh", "-c", "kill -INT $PPID; sleep 10000"), tmp_path, seconds=900) == "was interrupted"
    assert signal.getsignal(signal.SIGINT) is before
