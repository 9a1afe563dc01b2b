"""`verify` over a crawl of the demo archive: nothing is wrong with it, each planted damage is named with what to
do, and what it says to do mends it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crawler.ledger import ArticleRow, CaptureRow, State
from crawler.ledger.queries import StoreQueries
from crawler.utils.exit_status import ExitStatus
from crawler.utils.lock import lock_output
from tests.demo.build import ARCHIVE
from tests.e2e.crawling import Run, command, crawl, run
from tests.standin import StandIn, load_sample

pytestmark = pytest.mark.heavy

MANIFEST = "manifest-sha256.txt"


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of a crawl of the demo archive."""
    with StandIn(load_sample(ARCHIVE)) as standin:
        done = crawl(standin, tmp_path_factory.mktemp("verify") / "output")
    assert done.status == 0, done.err
    return done.output


@pytest.fixture
def output(crawled: Path, tmp_path: Path) -> Path:
    """The same, to be damaged."""
    return shutil.copytree(crawled, tmp_path / "output")


def verify(output: Path, *arguments: str) -> Run:
    return run(command("verify", *arguments, OUTPUT_DIR=str(output)), output)


def told(output: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit status and the object of `--json`."""
    done = verify(output, "--json", *arguments)
    assert "Traceback" not in done.err
    loaded: dict[str, Any] = json.loads(done.out)
    return done.status, loaded


def first(output: Path) -> tuple[ArticleRow, CaptureRow]:
    """The first recovered article, and its capture."""
    with StoreQueries(output / "ledger.sqlite") as ledger:
        article, capture = next(ledger.recovered())
    assert capture is not None
    return article, capture


def warc(output: Path) -> Path:
    (path,) = (output / "warc").iterdir()
    return path


def test_a_crawl_is_sound(crawled: Path) -> None:
    status, object_ = told(crawled)
    with StoreQueries(crawled / "ledger.sqlite") as ledger:
        recovered = ledger.counts()[State.RECOVERED]
    assert (status, object_["sound"], object_["findings"], object_["articles"]) == (0, True, [], recovered)
    assert sum(object_["digests"].values()) == object_["captures"] > recovered
    done = verify(crawled)
    assert (done.status, done.err) == (0, "")
    assert "\nNothing is wrong" in done.out


def _file_changed(output: Path) -> str:
    file = first(output)[0].file
    data = (output / file).read_bytes()
    (output / file).write_bytes(data[:-1] + b" ")
    return file


def _file_deleted(output: Path) -> str:
    file = first(output)[0].file
    (output / file).unlink()
    return file


def _yaml_broken(output: Path) -> str:
    file = first(output)[0].file
    text = (output / file).read_text("utf-8")
    (output / file).write_text(text.replace('title: "', 'title: "an "inner" ', 1), "utf-8")
    return file


def _foreign_file(output: Path) -> str:
    (output / "articles" / "article_999999.md").write_text("# 外來\n", "utf-8")
    return "articles/article_999999.md"


def _record_corrupted(output: Path) -> str:
    capture, path = first(output)[1], warc(output)
    data = bytearray(path.read_bytes())
    data[capture.warc_offset + capture.warc_length // 2] ^= 0xFF
    path.write_bytes(data)
    return f"warc/{path.name}"


def _warc_deleted(output: Path) -> str:
    path = warc(output)
    path.unlink()
    return f"warc/{path.name}"


def _ledger_points_elsewhere(output: Path) -> str:
    article, capture = first(output)
    with StoreQueries(output / "ledger.sqlite") as ledger:
        _, other = list(ledger.recovered())[1]
        assert other is not None
        ledger.note(capture.id, warc_offset=other.warc_offset, warc_length=other.warc_length)
    assert article.id != other.article
    return f"warc/{capture.warc}"


def _torn_open_file(output: Path) -> str:
    path = warc(output)
    torn = path.with_name("hkcnews-20261122T103005-00000000.warc.gz.open")
    torn.write_bytes(path.read_bytes()[:-30])
    return f"warc/{torn.name}"


DAMAGES: dict[Callable[[Path], str], str] = {
    _file_changed: "file_changed",
    _file_deleted: "file_missing",
    _yaml_broken: "front_matter",
    _foreign_file: "unknown_file",
    _record_corrupted: "store_damaged",
    _warc_deleted: "warc_missing",
    _ledger_points_elsewhere: "other_capture_stored",
    _torn_open_file: "unfinished",
}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__.strip("_"))
def test_each_damage_is_named_with_what_to_do(output: Path, damage: Callable[[Path], str]) -> None:
    file = damage(output)
    status, object_ = told(output)
    assert (status, object_["kinds"]) == (ExitStatus.DAMAGED, {DAMAGES[damage]: 1})
    (finding,) = object_["findings"]
    assert finding["file"] == file
    done = verify(output)
    assert (done.status, file in done.out, finding["advice"] in done.out) == (ExitStatus.DAMAGED, True, True)
    assert done.err == f"stopped: 1 finding in {output}\n"


@pytest.mark.parametrize("damage", [_file_changed, _file_deleted, _yaml_broken, _torn_open_file])
def test_extract_mends_what_it_is_said_to_mend(output: Path, damage: Callable[[Path], str]) -> None:
    damage(output)
    done = run(
        command("extract", "--changed", OUTPUT_DIR=str(output), ARCHIVE_PUBLIC_URL="https://archive.example"), output
    )
    assert done.status == 0, done.err
    assert told(output)[0] == 0


@pytest.mark.parametrize("damage", [_record_corrupted, _warc_deleted])
def test_a_crawl_fetches_again_what_it_is_said_to_fetch_again(output: Path, damage: Callable[[Path], str]) -> None:
    damage(output)
    (finding,) = told(output)[1]["findings"]
    ids = ",".join(map(str, finding["articles"] or [finding["article"]]))
    with StandIn(load_sample(ARCHIVE)) as standin:
        done = crawl(standin, output, {"again": ids})
    assert done.status == 0, done.err
    (left,) = told(output)[1]["findings"]
    # The place stays damaged or gone, but no recovered article needs it any more.
    assert (left["kind"], left["article"], left["articles"]) == (finding["kind"], None, [])


def test_a_manifest_is_written_only_over_what_is_sound_and_checked_from_then_on(output: Path) -> None:
    assert verify(output, "--manifest").status == 0
    assert (
        subprocess.run(["sha256sum", "--check", "--strict", "--quiet", MANIFEST], cwd=output, check=False).returncode
        == 0
    )
    status, object_ = told(output)
    assert (status, object_["manifest"]) == (0, object_["articles"] + 1)
    before = (output / MANIFEST).read_bytes()
    _file_changed(output)
    refused = verify(output, "--manifest")
    assert (refused.status, "was not written" in refused.err) == (ExitStatus.DAMAGED, True)
    assert (output / MANIFEST).read_bytes() == before


def test_a_bag_is_exported_and_checked(output: Path, tmp_path: Path) -> None:
    bag = tmp_path / "bag"
    assert run(command("export", "--bag", str(bag), OUTPUT_DIR=str(output)), output).status == 0
    done = verify(tmp_path / "nowhere", "--bag", str(bag))
    assert (done.status, "\nNothing is wrong" in done.out) == (0, True)
    (bag / "data" / "ledger.sqlite").unlink()
    status, object_ = told(tmp_path / "nowhere", "--bag", str(bag))
    assert (status, object_["kinds"]) == (ExitStatus.DAMAGED, {"manifest_missing": 1})
    again = run(command("export", "--bag", str(bag), OUTPUT_DIR=str(output)), output)
    assert (again.status, "is there already" in again.err) == (ExitStatus.USAGE, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bag", "output"]


def test_what_cannot_be_checked_is_said(output: Path, tmp_path: Path) -> None:
    lock = lock_output(output)
    locked = verify(output)
    lock.close()
    for done, status, words in (
        (locked, ExitStatus.LOCKED, "another run"),
        (verify(tmp_path / "nowhere"), ExitStatus.NOTHING, "there is no ledger"),
        (verify(output, "articles"), ExitStatus.USAGE, "no arguments"),
        (verify(output, "--manifest", "--bag", str(tmp_path)), ExitStatus.USAGE, "--bag"),
        (verify(output, "--bag", str(tmp_path)), ExitStatus.DAMAGED, "is no bag"),
        (verify(output, "--workers", "0"), ExitStatus.USAGE, "--workers"),
    ):
        assert (done.status, words in done.err) == (status, True), done.err
        assert "Traceback" not in done.err
    assert not (tmp_path / "nowhere").exists()
