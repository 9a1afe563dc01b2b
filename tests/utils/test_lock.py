"""One run at a time: who holds the output, and that a dead process holds nothing."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from crawler.utils.exit_status import CommandError, ExitStatus
from crawler.utils.lock import OutputLock, lock_holder

HOLDER = """
import sys
from pathlib import Path
from crawler.utils.lock import OutputLock as Lock
lock = Lock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_run_is_told_who_holds_the_output(tmp_path: Path) -> None:
    lock = OutputLock(tmp_path)
    with pytest.raises(
        CommandError, match=rf"another run holds {tmp_path}: process {os.getpid()} on \S+, since 20\d\d-"
    ) as refused:
        OutputLock(tmp_path)
    assert refused.value.status is ExitStatus.LOCKED
    lock.release()
    OutputLock(tmp_path).release()


def test_other_outputs_are_free(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    first, second = OutputLock(tmp_path), OutputLock(tmp_path / "other")
    first.release()
    second.release()


def test_a_lock_goes_with_its_process_however_that_ends(tmp_path: Path) -> None:
    line = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(CommandError, match=f"process {holder.pid} "):
            OutputLock(tmp_path)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    assert json.loads((tmp_path / "run.lock").read_text("utf-8"))["pid"] == holder.pid
    lock = OutputLock(tmp_path)
    assert json.loads((tmp_path / "run.lock").read_text("utf-8"))["pid"] == os.getpid()
    lock.release()


def test_whatever_the_file_says_the_system_decides(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    for left in ("", "not json", "[]", '{"pid": 1}'):
        path.write_text(left, "utf-8")
        lock = OutputLock(tmp_path)
        path.write_text(left, "utf-8")
        with pytest.raises(CommandError, match="a process that left no name"):
            OutputLock(tmp_path)
        lock.release()


def test_who_held_it_last_can_be_seen_without_touching_it(tmp_path: Path) -> None:
    assert lock_holder(tmp_path) is None
    assert not (tmp_path / "run.lock").exists()
    OutputLock(tmp_path).release()
    assert lock_holder(tmp_path) == (os.getpid(), socket.gethostname())
    (tmp_path / "run.lock").write_text('{"pid": "x"}', "utf-8")
    assert lock_holder(tmp_path) is None
