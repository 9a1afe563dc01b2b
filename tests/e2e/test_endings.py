"""Exit statuses: each kind of end has its own, and says what to do."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from crawler.ledger import Ledger, State
from crawler.utils.exit_status import ExitStatus
from crawler.utils.lock import lock_output
from tests.e2e.crawling import QUICK, Run, command, crawl, environment, run
from tests.e2e.processes import started
from tests.pages import address, article, unknown_layout
from tests.standin import Archive, Endpoint, Kind, StandIn, Trouble

NOBODY = "http://127.0.0.1:9"
"""Never asked: these runs end before anything is sent."""


def test_2_what_was_asked_for_is_wrong(tmp_path: Path) -> None:
    """What else may be wrong is in `tests/run/test_settings.py`."""
    said = {
        "unknown setting PLAYBACK_RATES: did you mean PLAYBACK_RATE?": crawl(
            NOBODY, tmp_path / "output", PLAYBACK_RATES="5"
        ),
        "RETRY_SECONDS=1,2: at least 4 numbers of seconds": crawl(NOBODY, tmp_path / "output", RETRY_SECONDS="1,2"),
        "unknown spider argument idz: did you mean ids?": crawl(NOBODY, tmp_path / "output", {"idz": "5"}),
    }
    for words, ended in said.items():
        assert ended.status == ExitStatus.USAGE
        assert words in ended.err
        assert ended.err.count("\n") == 1, ended.err
    other = run(command("crawl", "news"), tmp_path)
    assert (other.status, "news: there is one spider" in other.err) == (ExitStatus.USAGE, True)
    assert not (tmp_path / "output").exists()


_OFFLINE = """
import socket
def nowhere(*_, **__):
    raise socket.gaierror(-3, "Temporary failure in name resolution")
socket.getaddrinfo = socket.gethostbyname = nowhere
import crawler.run.session
crawler.run.session.OFFLINE_SECONDS = 0
"""
"""A machine without a network. What is coming up is not waited for."""


@pytest.mark.parametrize("name", ["crawl", "inspect"])
def test_3_without_a_network_nobody_waits_for_an_outage(tmp_path: Path, name: str) -> None:
    line = command(name, *(["33951"] if name == "inspect" else []), OUTPUT_DIR=str(tmp_path), CONTACT="x@example.org")
    ended = run(line, tmp_path, fault=_OFFLINE)
    assert ended.status == ExitStatus.UNAVAILABLE, ended.err
    last = ended.err.rstrip().splitlines()[-1]
    assert last.startswith("stopped: https://web.archive.org cannot be reached")
    assert "Is this machine online?" in last
    assert ended.err.count("WARNING") <= 1, ended.err


def test_5_a_second_run_is_told_who_holds_the_output(tmp_path: Path) -> None:
    lock = lock_output(tmp_path)
    ended = crawl(NOBODY, tmp_path)
    lock.close()
    assert ended.status == ExitStatus.LOCKED
    assert "another run holds" in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["run.lock"], "there was no run"


def test_6_an_unknown_layout_stops_the_run_and_settles_nothing(tmp_path: Path) -> None:
    archive = Archive()
    for number in range(1, 51):
        archive.add(address(number), "20210712013906", unknown_layout(number))
    with StandIn(archive) as standin:
        ended = crawl(standin, tmp_path)
        assert 30 <= len(standin.playback_requests()) < 50
    assert ended.status == ExitStatus.LAYOUT, ended.err
    assert "30 of the first 30 pages have a layout that is not the one known here" in ended.err
    assert "citizen-news inspect" in ended.err
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        assert ledger.counts()[State.UNRECOVERABLE] == 0
        assert len(ledger.due()) == 50


def _damaged_ledger(output: Path) -> None:
    output.mkdir()
    (output / "ledger.sqlite").write_bytes(b"not a ledger" * 100)


def _no_place_for_articles(output: Path) -> None:
    output.mkdir()
    (output / "articles").write_text("a file stands where the folder should be", "utf-8")


@pytest.mark.parametrize("harm", [_damaged_ledger, _no_place_for_articles])
def test_7_an_output_that_cannot_be_used(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    """Before anything is asked for, and when the first article is to be written."""
    output = tmp_path / "output"
    harm(output)
    archive = Archive()
    for number in range(1, 21):
        archive.add(address(number), "20210712013906", article(number))
    with StandIn(archive) as standin:
        ended = crawl(standin, output)
        assert len(standin.playback_requests()) < 20
    assert ended.status == ExitStatus.STORAGE, ended.err
    assert ended.err.rstrip().splitlines()[-1].startswith(("stopped: ", "error: "))
    assert str(output) in ended.err
    assert "Traceback" not in ended.err


def test_130_ctrl_c_once_finishes_what_is_under_way_and_tells(tmp_path: Path) -> None:
    archive = Archive()
    for number in range(1, 41):
        archive.add(address(number), "20210712013906", article(number))
    settings = {**QUICK, "OUTPUT_DIR": str(tmp_path)}
    with StandIn(archive, [Trouble(Kind.HELD, Endpoint.PLAYBACK, first=9)]) as standin:
        line = command("crawl", "articles", **{**settings, "ARCHIVE_URL": standin.url})
        with started(line, environment()) as process:
            process.until(lambda: len(standin.playback_requests()) >= 9)
            process.send_signal(signal.SIGINT)
            assert process.stderr is not None
            assert any("shutting down gracefully" in line for line in process.stderr)
            standin.release()
            out, err = process.communicate()
        asked = len(standin.playback_requests())
    assert process.returncode == ExitStatus.INTERRUPTED, err
    assert "stopped: interrupted" in err
    assert "Traceback" not in err
    assert "of 40 articles, in" in out
    ended = Run(process.returncode, out, err, tmp_path)
    assert asked < 25
    assert len(ended.files) == asked, "what was under way was finished"
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        assert len(ledger.due()) == 40 - asked
    with StandIn(archive) as standin:
        resumed = crawl(standin, tmp_path)
        assert len(standin.playback_requests()) == 40 - asked
    assert (resumed.status, len(resumed.files)) == (0, 40)


@pytest.mark.heavy
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("group", [False, True], ids=["the process", "its group"])
def test_130_a_second_signal_stops_at_once_and_is_no_error(tmp_path: Path, number: signal.Signals, group: bool) -> None:
    archive = Archive()
    for article_number in range(1, 41):
        archive.add(address(article_number), "20210712013906", article(article_number))
    with StandIn(archive, [Trouble(Kind.HELD, Endpoint.PLAYBACK, first=4)]) as standin:
        line = command("crawl", "articles", **{**QUICK, "OUTPUT_DIR": str(tmp_path), "ARCHIVE_URL": standin.url})
        with started(line, environment(), new_session=True) as process:
            process.until(lambda: len(standin.playback_requests()) >= 6)
            assert process.stderr is not None
            os.killpg(process.pid, number) if group else process.send_signal(number)
            assert any("shutting down gracefully" in line for line in process.stderr)
            os.killpg(process.pid, number) if group else process.send_signal(number)
            _, err = process.communicate()
    assert process.returncode == ExitStatus.INTERRUPTED, err
    assert "error of this software" not in err
    (record,) = (tmp_path / "runs").iterdir()
    assert json.loads(record.read_text("utf-8"))["status"] == ExitStatus.INTERRUPTED
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        assert ledger.counts()[State.UNRECOVERABLE] == 0


def test_status_of_nothing(tmp_path: Path) -> None:
    for arguments, status, said in (
        ((), ExitStatus.NOTHING, "there is no ledger"),
        (("-s", "OUTPUT_DIRS=x"), ExitStatus.USAGE, "unknown setting OUTPUT_DIRS: did you mean OUTPUT_DIR?"),
    ):
        ended = run(command("status", *arguments, OUTPUT_DIR=str(tmp_path)), tmp_path)
        assert (ended.status, said in ended.err) == (status, True), ended.err
    assert list(tmp_path.iterdir()) == []
