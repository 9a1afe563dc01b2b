"""What is seen of a run: on its own terminal, without one, and on another one beside it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.ledger import Ledger
from crawler.run.progress import PROGRESS_KEY, Phase, ProgressSnapshot
from tests.e2e.crawling import QUICK, command, crawl, environment, run
from tests.e2e.processes import Command
from tests.e2e.screen import Program
from tests.pages import address, article
from tests.standin import Archive, Endpoint, Kind, StandIn, Trouble

HELD = Trouble(Kind.HELD, Endpoint.PLAYBACK, first=9)
"""The run goes on when it is let go, so that it does not end before something of it was seen."""
SLOW = {**QUICK, "PLAYBACK_RATE": "600", "PLAYBACK_RATE_START": "600"}
"""Ten requests a second, so that there is something to see."""


class Begun:
    """Commands that go on beside a test; none of them outlives it."""

    def __init__(self) -> None:
        self.processes: list[Command] = []

    def shown(self, line: list[str], *, stdout: bool = False, fault: str = "") -> Program:
        """On a terminal."""
        program = Program(line, stdout=stdout, fault=fault)
        self.processes.append(program.process)
        return program

    def piped(self, line: list[str]) -> Command:
        """Without one."""
        with Path(os.devnull).open("w") as nothing:
            process = Command(line, environment(), stderr=nothing.fileno())
        self.processes.append(process)
        return process


@pytest.fixture
def begun() -> Iterator[Begun]:
    commands = Begun()
    yield commands
    for process in commands.processes:
        process.close()


def said(process: Command) -> str:
    """The next line that a command prints."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, "it has ended"
    return line


def archive_of(count: int) -> Archive:
    archive = Archive()
    for number in range(1, count + 1):
        archive.add(address(number), "20210712013906", article(number))
    return archive


def line(archive: StandIn, output: Path, **settings: str) -> list[str]:
    return command("crawl", "articles", **{"ARCHIVE_URL": archive.url, "OUTPUT_DIR": str(output), **SLOW, **settings})


def noted(output: Path) -> ProgressSnapshot:
    with Ledger(output / "ledger.sqlite") as ledger:
        return ProgressSnapshot.from_json(ledger.meta(PROGRESS_KEY) or "")


def drawn(program: Program) -> bool:
    """Whether the display tells of articles."""
    return any(line.startswith("Articles ━") for line in program.screen.lines)


def test_without_a_terminal_a_line_of_progress_is_logged_and_the_end_is_noted(tmp_path: Path) -> None:
    with StandIn(archive_of(12)) as archive:
        done = crawl(archive, tmp_path, PLAYBACK_RATE="600", PLAYBACK_RATE_START="600", PROGRESS_SECONDS="0.3")
    assert done.status == 0, done.err
    assert "INFO 12 articles to recover" in done.err
    assert "INFO articles: " in done.err
    assert " of 12, " in done.err
    assert "\x1b" not in done.err
    end = noted(tmp_path)
    assert (end.phase, end.recovered, end.left) == (Phase.ENDED, 12, 0)


def test_a_dry_run_tells_what_would_be_asked_for_and_nothing_in_between(begun: Begun, tmp_path: Path) -> None:
    with StandIn(archive_of(3)) as archive:
        program = begun.shown([*line(archive, tmp_path), "-a", "dry_run=1", "-a", "limit=2"])
        status, out = program.end()
    assert status == 0, program.written
    assert "2 articles to recover" in program.written
    assert "\x1b" not in program.written
    assert out.splitlines()[:2] == [f"{n}\t20210712013906\t{address(n)}" for n in (1, 2)]


@pytest.mark.heavy
def test_on_a_terminal_the_display_stays_below_whole_log_lines_and_leaves_nothing(begun: Begun, tmp_path: Path) -> None:
    outage = Trouble(Kind.OUTAGE, Endpoint.PLAYBACK, pattern="/article/[123]5$", times=1, each=True, status=200)
    with StandIn(archive_of(40), [outage, HELD]) as archive:
        program = begun.shown(line(archive, tmp_path))
        program.until(drawn)
        shown = [line for line in program.screen.lines if line]
        archive.release()
        status, out = program.end()
    assert status == 0, program.written
    assert shown[-1].startswith("Time     ")
    assert sum(line.startswith("Articles") for line in shown) == 1
    left = [line for line in program.screen.lines if line]
    assert all(line[2:3] == ":" and " INFO " in line for line in left), left
    assert any(line.endswith("INFO listed at wayback: 40 captures, 40 of them new") for line in left)
    assert program.screen.cursor_shown
    assert "Recovered  40 of 40 articles" in out


@pytest.mark.heavy
@pytest.mark.parametrize("times", [1, 2], ids=["once", "twice"])
def test_after_ctrl_c_the_terminal_is_in_order(begun: Begun, tmp_path: Path, times: int) -> None:
    with StandIn(archive_of(300), [HELD]) as archive:
        program = begun.shown(line(archive, tmp_path))
        program.until(drawn)
        for _ in range(times):
            program.process.send_signal(signal.SIGINT)
            program.until(lambda seen: any("shutting down gracefully" in line for line in seen.screen.lines))
        archive.release()
        status, out = program.end()
    assert status == 130, program.written
    left = [line for line in program.screen.lines if line]
    assert not any(line.startswith(("Articles", "Requests", "Time")) for line in left), left
    assert left[-1].startswith("stopped: interrupted")
    assert program.screen.cursor_shown
    assert "Recovered" in out


@pytest.mark.heavy
def test_a_terminal_that_goes_away_does_not_stop_the_run(begun: Begun, tmp_path: Path) -> None:
    with StandIn(archive_of(40), [HELD]) as archive:
        program = begun.shown(line(archive, tmp_path))
        program.until(drawn)
        program.hang_up()
        archive.release()
        status, out = program.end()
    assert status == 0
    assert "Recovered  40 of 40 articles" in out
    assert noted(tmp_path).recovered == 40


@pytest.mark.heavy
def test_an_error_in_the_display_is_told_and_stops_nothing(begun: Begun, tmp_path: Path) -> None:
    with StandIn(archive_of(12)) as archive:
        program = begun.shown(
            line(archive, tmp_path), fault="import crawler.run.monitor as e; e.progress_table = lambda moment: 1 / 0"
        )
        status, out = program.end()
    assert status == 0, program.written
    assert program.written.count("the progress of the run is not shown any more") == 1
    assert "Recovered  12 of 12 articles" in out
    assert noted(tmp_path).phase is Phase.ENDED


@pytest.mark.heavy
def test_no_display_is_drawn_when_none_is_wanted(begun: Begun, tmp_path: Path) -> None:
    with StandIn(archive_of(12)) as archive:
        program = begun.shown(line(archive, tmp_path, PROGRESS_SECONDS="0"))
        status, _ = program.end()
    assert status == 0, program.written
    assert "\x1b" not in program.written
    assert noted(tmp_path).recovered == 12


# From another terminal


def watching(output: Path) -> list[str]:
    return command("status", "--watch", OUTPUT_DIR=str(output))


@pytest.mark.heavy
def test_a_run_is_watched_from_another_terminal_until_it_has_ended(begun: Begun, tmp_path: Path) -> None:
    with StandIn(archive_of(60), [HELD]) as archive:
        process = begun.piped(line(archive, tmp_path, PLAYBACK_RATE="2400", PLAYBACK_RATE_START="2400"))
        process.until((tmp_path / "ledger.sqlite").exists)
        watcher = begun.shown(watching(tmp_path), stdout=True)
        watcher.until(drawn)
        archive.release()
        watcher.until(
            lambda seen: any("No run is under way. The last one, run 1, ended" in line for line in seen.screen.lines)
        )
        process.communicate()
        watcher.process.send_signal(signal.SIGINT)
        status, _ = watcher.end()
    assert (process.returncode, status) == (0, 0), watcher.written
    assert "60 articles recovered in all" in " ".join(watcher.screen.lines)
    assert watcher.screen.cursor_shown


@pytest.mark.heavy
def test_without_a_terminal_watching_prints_a_line_whenever_something_changes(begun: Begun, tmp_path: Path) -> None:
    with StandIn(archive_of(40), [HELD]) as archive:
        process = begun.piped(line(archive, tmp_path))
        process.until((tmp_path / "ledger.sqlite").exists)
        watcher = begun.piped(watching(tmp_path))
        seen = [said(watcher)]
        while not seen[-1].startswith("articles: "):
            seen.append(said(watcher))
        archive.release()
        while "No run is under way" not in seen[-1]:
            seen.append(said(watcher))
        watcher.send_signal(signal.SIGINT)
        rest, _ = watcher.communicate()
        process.communicate()
    assert (process.returncode, watcher.returncode, rest) == (0, 0, "")
    assert len(set(seen)) == len(seen)


def test_watching_where_nothing_was_crawled_says_so_and_waits(begun: Begun, tmp_path: Path) -> None:
    watcher = begun.piped(watching(tmp_path))
    assert "No run has begun" in said(watcher)
    assert watcher.poll() is None
    watcher.send_signal(signal.SIGINT)
    watcher.communicate()
    assert watcher.returncode == 0


@pytest.mark.heavy
@pytest.mark.parametrize("other", ["--json", "--gaps"])
def test_watching_goes_with_nothing_else(tmp_path: Path, other: str) -> None:
    done = run([*watching(tmp_path), other], tmp_path)
    assert done.status == 2
    assert "--watch without --json" in done.err


@pytest.mark.heavy
def test_a_run_is_seen_in_its_pause_and_when_it_was_killed_that_is_said(begun: Begun, tmp_path: Path) -> None:
    with StandIn(archive_of(30), [Trouble(Kind.LIMIT, Endpoint.PLAYBACK, first=9, times=1)]) as archive:
        process = begun.piped(line(archive, tmp_path, PAUSE_SECONDS="900"))
        process.until((tmp_path / "ledger.sqlite").exists)
        watcher = begun.shown(watching(tmp_path), stdout=True)
        watcher.until(
            lambda seen: any(line.startswith("Held     the archive asked for a pause: 1") for line in seen.screen.lines)
        )
        process.kill()
        process.communicate()
        watcher.until(lambda seen: any("The last one, run 1, was killed or lost" in line for line in seen.screen.lines))
        watcher.process.send_signal(signal.SIGINT)
        status, _ = watcher.end()
    assert status == 0, watcher.written
