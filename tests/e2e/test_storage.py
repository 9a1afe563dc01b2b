"""Storage that fails: the run says so, ends with its status, harms nothing, and the next one goes on where it was."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from crawler.ledger import Ledger, State
from crawler.utils.exit_status import ExitStatus
from tests.e2e.crawling import QUICK, Run, command, crawl, run
from tests.pages import address, article
from tests.standin import Archive, Kind, StandIn, Trouble

pytestmark = pytest.mark.heavy

WHEN = "20210712013906"
NOISE = "noise"
"""Stands for a text of 1.2 MB that no compression makes small."""


def archive_of(count: int, text: str = "燈塔今晚亮起。") -> Archive:
    archive = Archive()
    for number in range(1, count + 1):
        archive.add(address(number), WHEN, article(number, text))
    return archive


def crawl_on_a_small_disk(url: str, output: Path, size: int) -> Run:
    """A crawl that may make no file larger than so many bytes; to write more fails, as on a full disk."""
    line = command("crawl", "articles", **{"ARCHIVE_URL": url, "OUTPUT_DIR": str(output), **QUICK})
    return run(line, output, largest_file=size)


@pytest.mark.parametrize(
    ("size", "count", "text", "names"),
    [
        pytest.param(700_000, 3, "燈" * 400_000, "article_", id="an article's file"),
        pytest.param(700_000, 3, NOISE, "File too large", id="the store"),
        pytest.param(20_000, 3, "燈", "ledger.sqlite", id="the ledger, when it is made"),
        pytest.param(250_000, 100, "燈", "disk I/O error", id="the ledger, in the middle"),
    ],
)
def test_a_disk_that_is_full(tmp_path: Path, size: int, count: int, text: str, names: str) -> None:
    if text == NOISE:
        text = "".join(random.Random(1).choices([chr(code) for code in range(0x4E00, 0x9FA5)], k=400_000))
    archive = archive_of(count, text)
    with StandIn(archive) as standin:
        full = crawl_on_a_small_disk(standin.url, tmp_path, size)
    assert full.status == ExitStatus.STORAGE, full.err
    last = full.err.rstrip().splitlines()[-1]
    assert last.startswith(("error: ", "stopped: "))
    assert names in last
    assert str(tmp_path) in last
    assert "Traceback" not in full.err
    assert not list(tmp_path.glob("articles/*/.*.part"))
    with StandIn(archive) as standin:
        again = crawl(standin, tmp_path)
        asked = len(standin.playback_requests())
    assert again.status == 0, again.err
    assert len(again.files) == count
    assert asked <= count
    assert all(path.read_text("utf-8").endswith("\n") for path in tmp_path.glob("articles/*/*"))


# Ledgers that are none


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of a whole run."""
    output = tmp_path_factory.mktemp("done")
    with StandIn(archive_of(5)) as standin:
        assert crawl(standin, output).status == 0
    return output


@pytest.fixture
def output(done: Path, tmp_path: Path) -> Path:
    """The same, to be harmed."""
    return shutil.copytree(done, tmp_path / "output")


def _noise_in_the_middle(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for at in range(4096, len(data), 4096):  # every page but the first
        data[at : at + 512] = random.Random(at).randbytes(512)
    path.write_bytes(data)


def _text(path: Path) -> None:
    path.write_text("not a ledger\n" * 1000, "utf-8")


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:6000])


def _newer(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("harm", [_noise_in_the_middle, _text, _cut, _newer, _folder])
def test_a_ledger_that_cannot_be_used_is_named_and_left_alone(output: Path, harm: Callable[[Path], None]) -> None:
    archive = archive_of(5)
    path = output / "ledger.sqlite"
    good = path.read_bytes()
    files = {file: file.read_bytes() for file in output.glob("articles/*/*")}
    harm(path)
    before = path.read_bytes() if path.is_file() else b""
    with StandIn(archive) as standin:
        ended = crawl(standin, output)
        assert standin.playback_requests() == []
    assert ended.status == ExitStatus.STORAGE, ended.err
    last = ended.err.rstrip().splitlines()[-1]
    assert last.startswith(("error: ", "stopped: "))
    assert str(output) in last
    assert "Traceback" not in ended.err
    assert {file: file.read_bytes() for file in output.glob("articles/*/*")} == files
    if path.is_file():
        assert path.read_bytes() == before
        path.unlink()
    else:
        path.rmdir()
    for rest in output.glob("ledger.sqlite-*"):
        rest.unlink()
    path.write_bytes(good)
    with StandIn(archive) as standin:
        assert crawl(standin, output).status == 0
        assert standin.playback_requests() == []


def test_an_empty_ledger_is_a_new_one_and_the_store_still_serves(output: Path) -> None:
    archive = archive_of(5)
    (output / "ledger.sqlite").write_bytes(b"")
    for rest in output.glob("ledger.sqlite-*"):
        rest.unlink()
    with StandIn(archive) as standin:
        ended = crawl(standin, output)
    assert ended.status == 0, ended.err
    assert len(ended.files) == 5


def test_a_damaged_record_is_fetched_again_when_it_is_needed(output: Path) -> None:
    archive = archive_of(5)
    with Ledger(output / "ledger.sqlite") as ledger:
        (row,) = ledger.captures(3)
    path = output / "warc" / row.warc
    data = bytearray(path.read_bytes())
    data[row.warc_offset + 40 : row.warc_offset + 80] = bytes(40)
    path.write_bytes(data)
    with StandIn(archive) as standin:
        ended = crawl(standin, output, {"again": "2-4"})
        assert [r.original for r in standin.playback_requests()] == [address(3)]
    assert ended.status == 0, ended.err
    assert len(ended.files) == 5
    assert path.read_bytes() == data, "what is damaged is left for whoever wants to mend it"


@pytest.mark.parametrize("read_only", ["articles/1-1000", "warc", "run.lock"])
def test_what_cannot_be_written_is_named(tmp_path: Path, read_only: str) -> None:
    """Permissions do not hold root back, so something else stands in the place of each."""
    place = tmp_path / read_only
    place.parent.mkdir(parents=True, exist_ok=True)
    if read_only == "run.lock":
        place.mkdir()
    else:
        place.write_text("somebody's file", "utf-8")
    with StandIn(archive_of(3)) as standin:
        ended = crawl(standin, tmp_path)
    assert ended.status == ExitStatus.STORAGE, ended.err
    assert str(tmp_path) in ended.err.rstrip().splitlines()[-1]
    assert "Traceback" not in ended.err
    assert place.is_dir() or place.read_text("utf-8") == "somebody's file"


def test_a_clock_set_back_lengthens_no_pause(tmp_path: Path) -> None:
    with StandIn(archive_of(3), [Trouble(Kind.LIMIT, times=1, value="3700")]) as standin:
        assert crawl(standin, tmp_path).status == ExitStatus.REFUSING
        with Ledger(tmp_path / "ledger.sqlite") as ledger:
            key = f"politeness {standin.url}"
            saved = json.loads(ledger.meta(key) or "{}")
            ledger.set_meta(key, json.dumps({**saved, "saved_at": time.time() + 10 * 365 * 86400, "pause_left": 1.0}))
        ended = crawl(standin, tmp_path)
    assert ended.status == 0, ended.err
    assert [ended.article(number).state for number in (1, 2, 3)] == [State.RECOVERED] * 3
