"""An output directory is held by one: who holds it, that a dead process holds nothing, and what stands in the way."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from crawler.ledger.file import ledger_path
from crawler.recovery.extraction import ExtractionReport, FromFiles, FromStore
from crawler.utils.exit_status import CommandError, ExitStatus, LockedError
from crawler.utils.lock import lock_holder, lock_output

HOLDER = """
import sys
from pathlib import Path
from crawler.utils.lock import lock_output
lock = lock_output(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_run_is_told_who_holds_the_output(tmp_path: Path) -> None:
    lock = lock_output(tmp_path)
    with pytest.raises(
        CommandError, match=rf"another run holds {tmp_path}: process {os.getpid()} on \S+, since 20\d\d-"
    ) as refused:
        lock_output(tmp_path)
    assert refused.value.status is ExitStatus.LOCKED
    lock.close()
    with lock_output(tmp_path / "new" / "output", make=True), pytest.raises(LockedError, match="another run holds"):
        lock_output(tmp_path / "new" / "output")
    lock_output(tmp_path / "new" / "output").close()


def test_other_outputs_are_free(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    first, second = lock_output(tmp_path), lock_output(tmp_path / "other")
    first.close()
    second.close()


def test_a_lock_goes_with_its_process_however_that_ends(tmp_path: Path) -> None:
    line = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(CommandError, match=f"process {holder.pid} "):
            lock_output(tmp_path)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    assert json.loads((tmp_path / "run.lock").read_text("utf-8"))["pid"] == holder.pid
    lock = lock_output(tmp_path)
    assert json.loads((tmp_path / "run.lock").read_text("utf-8"))["pid"] == os.getpid()
    lock.close()


def test_whatever_the_file_says_the_system_decides(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    for left in ("", "not json", "[]", '{"pid": 1}'):
        path.write_text(left, "utf-8")
        lock = lock_output(tmp_path)
        path.write_text(left, "utf-8")
        with pytest.raises(CommandError, match="a process that left no name"):
            lock_output(tmp_path)
        lock.close()


def test_who_held_it_last_can_be_seen_without_touching_it(tmp_path: Path) -> None:
    assert lock_holder(tmp_path) is None
    assert not (tmp_path / "run.lock").exists()
    lock_output(tmp_path).close()
    assert (lock_holder(tmp_path) or ())[:2] == (os.getpid(), socket.gethostname())
    (tmp_path / "run.lock").write_text('{"pid": "x"}', "utf-8")
    assert lock_holder(tmp_path) is None


def no_directory(path: Path) -> None:
    path.write_text("a file is where the directory should be", "utf-8")


def lock_is_a_directory(path: Path) -> None:
    (path / "run.lock").mkdir(parents=True)


def link_leads_out(path: Path) -> None:
    path.mkdir()
    (path / "articles").symlink_to(path.parent)


@pytest.mark.parametrize("spoil", [no_directory, lock_is_a_directory, link_leads_out])
def test_what_cannot_be_held_is_a_matter_of_storage(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    spoil(tmp_path / "output")
    for make in (True, False):
        with pytest.raises(CommandError, match="output") as found:
            lock_output(tmp_path / "output", make=make)
        assert found.value.status is ExitStatus.STORAGE
    for source in (
        FromStore(tmp_path / "output", ExtractionReport(0)),
        FromFiles([], tmp_path / "output", ExtractionReport(0), "https://archive.example/web"),
    ):
        with pytest.raises(CommandError) as found, source.opened():
            pytest.fail("it was opened")
        assert found.value.status is ExitStatus.STORAGE
    assert not ledger_path(tmp_path / "output").exists()
