"""`citizen-news export`: one file of everything, whole or not at all, and never silently less."""

from __future__ import annotations

import gzip
import json
import shutil
import signal
import zipfile
from pathlib import Path
from typing import Any

import pytest

from crawler.ledger import Ledger, State
from crawler.utils.exit_status import ExitStatus
from crawler.utils.text import format_size
from tests.e2e.crawling import Run, command, crawl, environment, run
from tests.e2e.processes import started
from tests.pages import FAREWELL, address, article
from tests.standin import Archive, StandIn

pytestmark = pytest.mark.heavy

FIRST, WHEN = "20200801000000", "20210712013906"
RECOVERED = range(1, 6)
PARTS = [
    "indexes/index.cdx.gz",
    "indexes/index.idx",
    "pages/pages.jsonl",
    "datapackage.json",
    "datapackage-digest.json",
]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of a whole run: five articles, and a farewell page that was fetched and is none."""
    output = tmp_path_factory.mktemp("done")
    archive = Archive()
    for number in RECOVERED:
        archive.add(address(number, "/%E7%87%88%E5%A1%94"), WHEN, article(number))
    archive.add(address(9), FIRST, FAREWELL)
    with StandIn(archive) as standin:
        ended = crawl(standin, output)
    assert ended.status == 0, ended.err
    return output


@pytest.fixture
def output(done: Path, tmp_path: Path) -> Path:
    """The same, to be changed."""
    return shutil.copytree(done, tmp_path / "output")


def export(output: Path, *arguments: str) -> Run:
    return run(command("export", *arguments, OUTPUT_DIR=str(output)), output)


def pages(path: Path) -> list[dict[str, Any]]:
    """The page list without its header."""
    with zipfile.ZipFile(path) as archive:
        return [json.loads(line) for line in archive.read("pages/pages.jsonl").splitlines()[1:]]


def index(path: Path) -> list[dict[str, Any]]:
    with zipfile.ZipFile(path) as archive:
        return [
            json.loads(line.split(b" ", 2)[2])
            for line in gzip.decompress(archive.read("indexes/index.cdx.gz")).splitlines()
        ]


def stored(output: Path) -> list[Path]:
    return sorted((output / "warc").glob("*.warc.gz"))


def test_the_whole_store_with_the_titles_of_its_articles(done: Path, tmp_path: Path) -> None:
    path = tmp_path / "all.wacz"
    ended = export(done, "--wacz", str(path))
    assert (ended.status, ended.err) == (0, "")
    assert ended.out == f"{path}: 6 captures, 5 pages, 1 WARC file, {format_size(path.stat().st_size)}\n"
    (warc,) = stored(done)
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == [f"archive/{warc.name}", *PARTS]
        assert archive.read(f"archive/{warc.name}") == warc.read_bytes()
    url = "https://www.hkcnews.com/article/{}/%E7%87%88%E5%A1%94"
    assert pages(path) == [
        {"id": str(number), "url": url.format(number), "ts": "2021-07-12T01:39:06Z", "title": f"燈塔日誌{number}"}
        for number in RECOVERED
    ]
    assert {page["url"] for page in pages(path)} < {row["url"] for row in index(path)}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.wacz"]


def test_a_file_that_is_there_is_replaced_only_when_asked(done: Path, tmp_path: Path) -> None:
    path = tmp_path / "all.wacz"
    path.write_bytes(b"somebody's")
    refused = export(done, "--wacz", str(path))
    assert (refused.status, path.read_bytes()) == (ExitStatus.USAGE, b"somebody's")
    assert "--force" in refused.err
    assert export(done, "--wacz", str(path), "--force").status == 0
    assert len(pages(path)) == 5


@pytest.mark.parametrize(
    "arguments",
    [[], ["x.wacz"], ["--wacz", "x.zip"], ["--wacz", "x.wacz", "y"]],
    ids=["nothing", "no option", "suffix", "too much"],
)
def test_what_is_asked_for_must_be_clear(tmp_path: Path, arguments: list[str]) -> None:
    ended = export(tmp_path, *arguments)
    assert ended.status == ExitStatus.USAGE
    assert ended.err.startswith("error: ")
    assert "--wacz" in ended.err


@pytest.mark.parametrize("folder", [False, True])
def test_there_must_be_something_to_export(tmp_path: Path, folder: bool) -> None:
    if folder:
        (tmp_path / "warc").mkdir()
        (tmp_path / "warc" / "empty.warc.gz").touch()
    ended = export(tmp_path, "--wacz", str(tmp_path / "all.wacz"))
    assert (ended.status, ended.err) == (
        ExitStatus.NOTHING,
        f"error: there is nothing to export: no *.warc.gz in {tmp_path / 'warc'}\n",
    )
    assert not list(tmp_path.glob("all*"))


def test_a_file_that_a_run_has_open_is_left_out_and_named(output: Path, tmp_path: Path) -> None:
    (warc,) = stored(output)
    unfinished = warc.with_name("hkcnews-20261122T103005-00000000.warc.gz.open")
    unfinished.write_bytes(warc.read_bytes()[:5000])
    ended = export(output, "--wacz", str(tmp_path / "all.wacz"))
    assert ended.status == 0
    assert ended.err.startswith(f"note: {unfinished} is left out")
    with zipfile.ZipFile(tmp_path / "all.wacz") as archive:
        assert archive.namelist() == [f"archive/{warc.name}", *PARTS]


def test_what_is_damaged_is_named_and_the_rest_is_there(output: Path, tmp_path: Path) -> None:
    with Ledger(output / "ledger.sqlite") as ledger:
        (row,) = ledger.captures(3)
    warc = output / "warc" / row.warc
    data = bytearray(warc.read_bytes())
    data[row.warc_offset + 40 : row.warc_offset + 80] = bytes(40)
    warc.write_bytes(data)
    path = tmp_path / "all.wacz"
    ended = export(output, "--wacz", str(path))
    assert ended.status == ExitStatus.DAMAGED, ended.err
    damaged, note, last = ended.err.splitlines()
    assert damaged.startswith(f"damaged: {row.warc}, bytes {row.warc_offset} to {row.warc_offset + row.warc_length}: ")
    assert damaged.endswith("(articles 3)")
    assert note.startswith("note: 1 recovered article not among its pages")
    assert note.endswith(": 3")
    assert last.startswith("stopped: 1 damaged place in the store")
    assert [page["id"] for page in pages(path)] == ["1", "2", "4", "5"]
    assert len(index(path)) == 5
    with zipfile.ZipFile(path) as archive:
        assert archive.read(f"archive/{row.warc}") == data


def test_articles_whose_files_or_captures_are_gone(output: Path, tmp_path: Path) -> None:
    with Ledger(output / "ledger.sqlite") as ledger:
        rows = {row.id: row for row in ledger.articles(State.RECOVERED)}
        ledger.note(rows[5].capture, warc="gone.warc.gz")
    (output / rows[1].file).unlink()
    (output / rows[2].file).write_text("no front matter", "utf-8")
    (output / rows[3].file).write_text('---\ntitle: "never closed\n---\n', "utf-8")
    ended = export(output, "--wacz", str(tmp_path / "all.wacz"))
    assert ended.status == 0
    assert ended.err.splitlines() == [
        "note: 1 recovered article not among its pages, since its files have no capture of them: 5"
    ]
    titles = {page["id"]: page["title"] for page in pages(tmp_path / "all.wacz")}
    assert titles == {**{str(n): address(n, "/%E7%87%88%E5%A1%94") for n in (1, 2, 3)}, "4": "燈塔日誌4"}


def test_a_store_without_a_ledger(output: Path, tmp_path: Path) -> None:
    (output / "ledger.sqlite").unlink()
    ended = export(output, "--wacz", str(tmp_path / "all.wacz"))
    assert ended.status == 0
    assert ended.err.startswith("note: there is no ledger ")
    assert [page["id"].split("-")[0] for page in pages(tmp_path / "all.wacz")] == ["1", "2", "3", "4", "5", "9"]
    assert not (output / "ledger.sqlite").exists()


def test_a_ledger_that_cannot_be_read_ends_it(output: Path, tmp_path: Path) -> None:
    (output / "ledger.sqlite").write_text("not a ledger\n" * 1000, "utf-8")
    ended = export(output, "--wacz", str(tmp_path / "all.wacz"))
    assert ended.status == ExitStatus.STORAGE
    assert "the ledger" in ended.err
    assert not list(tmp_path.glob("all*"))


def test_a_directory_that_is_not_there_is_named(done: Path, tmp_path: Path) -> None:
    ended = export(done, "--wacz", str(tmp_path / "nowhere" / "all.wacz"))
    assert ended.status == ExitStatus.STORAGE
    assert ended.err.startswith(
        f"error: {tmp_path / 'nowhere' / 'all.wacz'} was not written: No such file or directory"
    )


@pytest.mark.heavy
@pytest.mark.parametrize("beyond", [-10_000, -100, 0, 100, 1200, 1700])
def test_a_disk_that_is_full_leaves_nothing(output: Path, tmp_path: Path, beyond: int) -> None:
    """A limit on the size of files stands for it; writing then fails in the same way. A ledger would not open under
    it."""
    (output / "ledger.sqlite").unlink()
    path = tmp_path / "all.wacz"
    size = max(1, stored(output)[0].stat().st_size + beyond)
    line = command("export", "--wacz", str(path), OUTPUT_DIR=str(output))
    full = run(line, output, largest_file=size)
    assert full.status == ExitStatus.STORAGE, full.err
    assert full.err.splitlines()[1:] == [f"error: {path} was not written: File too large"]
    assert not list(tmp_path.glob("all*"))
    assert export(output, "--wacz", str(path)).status == 0
    assert path.stat().st_size > size


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("sign", "status", "left"), [(signal.SIGKILL, -9, ["all.wacz.part"]), (signal.SIGINT, 130, [])]
)
def test_one_that_is_stopped_in_the_middle_leaves_no_file(
    done: Path, tmp_path: Path, sign: signal.Signals, status: int, left: list[str]
) -> None:
    path, part = tmp_path / "all.wacz", tmp_path / "all.wacz.part"
    line = command("export", "--wacz", str(path), OUTPUT_DIR=str(done))
    waits = (
        "import crawler.preserve.wacz, signal; crawler.preserve.wacz.recovered_pages = lambda *given, signal=signal:"
        " signal.pause()"
    )
    with started(line, environment(), fault=waits) as running:
        running.until(lambda: part.exists() and part.stat().st_size)
        running.send_signal(sign)
        _, err = running.communicate()
    assert running.returncode == status, err
    assert "Traceback" not in err
    assert sorted(found.name for found in tmp_path.iterdir()) == left
    again = export(done, "--wacz", str(path))
    assert again.status == 0, again.err
    assert sorted(found.name for found in tmp_path.iterdir()) == ["all.wacz"]
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
