"""The terminal that is drawn on, and what another process sees of a run, from the ledger alone."""

from __future__ import annotations

import io
import json
import logging
import os
import socket
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from crawler.ledger import Ledger
from crawler.run.progress import PROGRESS_KEY, Phase, progress_table
from crawler.run.terminal import QUIET, Terminal, is_terminal, look_at_run, watch_message
from crawler.utils.lock import lock_output
from tests.run.moments import NOW, moment


class _Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_only_terminals_that_can_draw_over_lines_are_drawn_on(monkeypatch: pytest.MonkeyPatch) -> None:
    for term, drawn in (("xterm-256color", True), ("dumb", False), ("", False)):
        monkeypatch.setenv("TERM", term)
        assert is_terminal(_Screen()) is drawn
        assert not is_terminal(io.StringIO())


def test_log_records_go_above_the_display_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    screen = _Screen()
    handler = logging.StreamHandler(screen)
    root = logging.getLogger()
    root.addHandler(handler)
    terminal = Terminal(screen)
    record = "[bold]not markup[/bold] :smile: " + "x" * 300
    try:
        terminal.show(progress_table(moment()))
        root.warning("%s", record)
        terminal.show(progress_table(moment(left=1)))
        terminal.stop()
        terminal.stop()
        root.warning("afterwards")
    finally:
        root.removeHandler(handler)
    written = screen.getvalue()
    assert f"{record}\n" in written
    assert written.endswith("afterwards\n")
    assert handler.stream is screen
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")


# Watching


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.sqlite", "https://archive.example")


def gone() -> int:
    """The number of a process that is no more."""
    child = subprocess.Popen(["true"])
    child.wait()
    return child.pid


def held_by(folder: Path, pid: int, host: str = "") -> None:
    """As a process that held the lock leaves its file."""
    (folder / "run.lock").write_text(
        json.dumps({"pid": pid, "host": host or socket.gethostname(), "since": "x"}), "utf-8"
    )


def test_before_the_first_run(ledger: Ledger, tmp_path: Path) -> None:
    seen = look_at_run(ledger, tmp_path)
    assert seen.shown(NOW) is None
    assert watch_message(seen, NOW) == "No run has begun here yet. Waiting for one."


def test_a_run_under_way_is_shown_as_it_noted_itself(ledger: Ledger, tmp_path: Path) -> None:
    now = replace(moment(), run=ledger.begin_run({}, "0"))
    held_by(tmp_path, os.getpid())
    assert watch_message(look_at_run(ledger, tmp_path), NOW).endswith("is getting ready.")
    ledger.set_meta(PROGRESS_KEY, now.to_json())
    seen = look_at_run(ledger, tmp_path)
    assert seen.shown(NOW + 5) == now
    assert seen.shown(NOW + QUIET) is None
    assert (
        watch_message(seen, NOW + 300)
        == "Run 1 has told nothing for 5 min. 12,300 articles recovered in all, 5 waiting, 40 unrecoverable."
    )


def test_a_run_that_is_writing_down_how_it_ended(ledger: Ledger, tmp_path: Path) -> None:
    ledger.set_meta(PROGRESS_KEY, replace(moment(Phase.ENDED), run=ledger.begin_run({}, "0")).to_json())
    held_by(tmp_path, os.getpid())
    seen = look_at_run(ledger, tmp_path)
    assert seen.shown(NOW) is None
    assert watch_message(seen, NOW).startswith("Run 1 is ending: 12,300 articles")


def test_a_run_that_has_ended(ledger: Ledger, tmp_path: Path) -> None:
    for number, verdict, words in (
        (1, "all is well", "status 0: all is well. 12,300 articles"),
        (2, "", "status 0: done; what"),
    ):
        run = ledger.begin_run({}, "0")
        ledger.set_meta(PROGRESS_KEY, replace(moment(Phase.ENDED), run=run).to_json())
        ledger.end_run(run, 0, verdict)
        seen = look_at_run(ledger, tmp_path)
        assert (seen.under_way, seen.shown(NOW)) == (False, None)
        assert watch_message(seen, NOW).startswith(f"No run is under way. The last one, run {number}, ended at 20")
        assert words in watch_message(seen, NOW)


def test_a_run_that_was_killed_is_not_taken_for_one_under_way(ledger: Ledger, tmp_path: Path) -> None:
    ledger.set_meta(PROGRESS_KEY, replace(moment(), run=ledger.begin_run({}, "0")).to_json())
    held_by(tmp_path, gone())
    seen = look_at_run(ledger, tmp_path)
    assert (seen.under_way, seen.shown(NOW)) == (False, None)
    assert "was killed or lost" in watch_message(seen, NOW)
    assert "Its last sign was at 08:00:00 UTC. 12,300 articles" in watch_message(seen, NOW + 60)


def test_of_a_run_on_another_machine_only_its_notes_tell(ledger: Ledger, tmp_path: Path) -> None:
    now = replace(moment(), run=ledger.begin_run({}, "0"))
    ledger.set_meta(PROGRESS_KEY, now.to_json())
    held_by(tmp_path, gone(), "elsewhere.example")
    assert look_at_run(ledger, tmp_path).shown(NOW) == now


def test_a_note_of_another_version_or_of_an_earlier_run_is_none(ledger: Ledger, tmp_path: Path) -> None:
    now = replace(moment(), run=ledger.begin_run({}, "0")).to_json()
    for note in ("", "{}", now.replace('"schema": 1', '"schema": 99')):
        ledger.set_meta(PROGRESS_KEY, note)
        assert look_at_run(ledger, tmp_path).snapshot is None
    ledger.set_meta(PROGRESS_KEY, now)
    assert look_at_run(ledger, tmp_path).snapshot is not None
    ledger.begin_run({}, "0")
    assert look_at_run(ledger, tmp_path).snapshot is None


def test_looking_does_not_touch_the_lock(ledger: Ledger, tmp_path: Path) -> None:
    ledger.begin_run({}, "0")
    lock = lock_output(tmp_path)
    assert look_at_run(ledger, tmp_path).alive is True
    lock.close()
    look_at_run(ledger, tmp_path)
    lock_output(tmp_path).close()
