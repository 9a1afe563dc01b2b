"""Exit statuses: each kind of end has its own, and says what to do."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from crawler.ending import Status
from crawler.ledger import Ledger, State
from crawler.lock import Lock
from tests.e2e.crawling import QUICK, Run, command, crawl, environment, run
from tests.e2e.processes import started
from tests.pages import address, article, unknown_layout
from tests.standin import Archive, Endpoint, Kind, StandIn, Trouble

NOBODY = "http://127.0.0.1:9"
"""Never asked: these runs end before anything is sent."""


@pytest.mark.parametrize(
    ("arguments", "settings", "said"),
    [
        ({}, {"PLAYBACK_RATES": "5"}, "unknown setting PLAYBACK_RATES: did you mean PLAYBACK_RATE?"),
        ({}, {"RETRY_SECONDS": "1,2"}, "RETRY_SECONDS=1,2: at least 4 numbers of seconds"),
        ({}, {"LISTING_PAGE_ROWS": "many"}, "LISTING_PAGE_ROWS=many"),
        ({"idz": "5"}, {}, "unknown spider argument idz: did you mean ids?"),
        ({"ids": "0"}, {}, "'0' is not an article id"),
    ],
)
def test_2_what_was_asked_for_is_wrong(tmp_path: Path, arguments: dict[str, str], settings: dict[str, str], said: str) -> None:
    ended = crawl(NOBODY, tmp_path / "output", arguments, **settings)
    assert ended.status == Status.USAGE
    assert said in ended.err
    assert ended.err.count("\n") == 1, ended.err
    assert not (tmp_path / "output").exists()


def test_2_there_is_one_spider(tmp_path: Path) -> None:
    ended = run(command("crawl", "news"), tmp_path)
    assert ended.status == Status.USAGE
    assert "scrapy crawl articles" in ended.err


def test_5_a_second_run_is_told_who_holds_the_output(tmp_path: Path) -> None:
    lock = Lock(tmp_path)
    ended = crawl(NOBODY, tmp_path)
    lock.release()
    assert ended.status == Status.LOCKED
    assert "another run holds" in ended.err
    assert not (tmp_path / "ledger.sqlite").exists()


def test_6_an_unknown_layout_stops_the_run_and_settles_nothing(tmp_path: Path) -> None:
    archive = Archive()
    for number in range(1, 61):
        archive.add(address(number), "20210712013906", unknown_layout(number))
    with StandIn(archive) as standin:
        ended = crawl(standin, tmp_path)
        assert 30 <= len(standin.playback_requests()) < 50
    assert ended.status == Status.LAYOUT, ended.err
    assert "30 of the first 30 pages have a layout that is not the one known here" in ended.err
    assert "scrapy inspect" in ended.err
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        assert ledger.counts()[State.UNRECOVERABLE] == 0
        assert len(ledger.due()) == 60


def test_7_a_ledger_of_another_public_archive_is_refused(tmp_path: Path) -> None:
    Ledger(tmp_path / "ledger.sqlite", "https://web.archive.org").close()
    ended = crawl(NOBODY, tmp_path)
    assert ended.status == Status.STORAGE
    assert "holds captures of https://web.archive.org; it refuses those of https://archive.example" in ended.err


def _no_folder(output: Path) -> None:
    output.write_text("a file stands where the folder should be", "utf-8")


def _damaged_ledger(output: Path) -> None:
    output.mkdir()
    (output / "ledger.sqlite").write_bytes(b"not a ledger" * 100)


def _no_place_for_articles(output: Path) -> None:
    output.mkdir()
    (output / "articles").write_text("a file stands where the folder should be", "utf-8")


def _no_place_for_the_store(output: Path) -> None:
    output.mkdir()
    (output / "warc").write_text("a file stands where the folder should be", "utf-8")


@pytest.mark.parametrize("harm", [_no_folder, _damaged_ledger, _no_place_for_articles, _no_place_for_the_store])
def test_7_an_output_that_cannot_be_used(tmp_path: Path, harm: object) -> None:
    assert callable(harm)
    output = tmp_path / "output"
    harm(output)
    archive = Archive()
    for number in range(1, 21):
        archive.add(address(number), "20210712013906", article(number))
    with StandIn(archive) as standin:
        ended = crawl(standin, output)
        assert len(standin.playback_requests()) < 20
    assert ended.status == Status.STORAGE, ended.err
    assert ended.err.rstrip().splitlines()[-1].startswith("stopped: ")
    assert str(output) in ended.err
    assert "Traceback" not in ended.err


def test_130_ctrl_c_once_finishes_what_is_under_way_and_tells(tmp_path: Path) -> None:
    archive = Archive()
    for number in range(1, 101):
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
    assert process.returncode == Status.INTERRUPTED, err
    assert "stopped: interrupted" in err
    assert "Traceback" not in err
    assert "Listed            100 articles" in out
    ended = Run(process.returncode, out, err, tmp_path)
    assert asked < 25
    assert len(ended.files) == asked, "what was under way was finished"
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        assert len(ledger.due()) == 100 - asked
    with StandIn(archive) as standin:
        resumed = crawl(standin, tmp_path)
        assert len(standin.playback_requests()) == 100 - asked
    assert (resumed.status, len(resumed.files)) == (0, 100)


@pytest.mark.heavy
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("group", [False, True], ids=["the process", "its group"])
def test_130_a_second_signal_stops_at_once_and_is_no_error(tmp_path: Path, number: signal.Signals, group: bool) -> None:
    archive = Archive()
    for article_number in range(1, 41):
        archive.add(address(article_number), "20210712013906", article(article_number))
    slow = Trouble(Kind.SLOW, Endpoint.PLAYBACK, seconds=0.3)
    with StandIn(archive, [slow]) as standin:
        line = command("crawl", "articles", **{**QUICK, "OUTPUT_DIR": str(tmp_path), "ARCHIVE_URL": standin.url})
        with started(line, environment(), new_session=True) as process:
            process.until(lambda: len(standin.playback_requests()) >= 6)
            for _ in range(2):
                os.killpg(process.pid, number) if group else process.send_signal(number)
                time.sleep(0.1)
            _, err = process.communicate()
    assert process.returncode == Status.INTERRUPTED, err
    assert "error of this software" not in err
    (record,) = (tmp_path / "runs").iterdir()
    assert json.loads(record.read_text("utf-8"))["status"] == Status.INTERRUPTED
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        assert ledger.counts()[State.UNRECOVERABLE] == 0


@pytest.mark.parametrize(
    ("arguments", "said"), [((), "there is no ledger"), (("-s", "OUTPUT_DIRS=x"), "unknown setting OUTPUT_DIRS: did you mean OUTPUT_DIR?")]
)
def test_status_of_nothing(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    ended = run(command("status", *arguments, OUTPUT_DIR=str(tmp_path)), tmp_path)
    assert ended.status == (Status.USAGE if arguments else Status.STORAGE)
    assert said in ended.err
    assert list(tmp_path.iterdir()) == []
