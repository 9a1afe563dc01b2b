"""`compare`: a few articles fetched anew and held against an existing tree, before anybody crawls 49,000."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demo.build import ARCHIVE
from tests.e2e.crawling import QUICK, Run, command, crawl, run
from tests.pages import address, unknown_layout
from tests.standin import Archive, Endpoint, StandIn, load_sample


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    with StandIn(load_sample(ARCHIVE)) as served:
        yield served


@pytest.fixture(scope="module")
def backup(standin: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What somebody else recovered from the same archive."""
    return crawl(standin, tmp_path_factory.mktemp("backup") / "output").output / "articles"


def compare(standin: StandIn, tree: Path, output: Path, *arguments: str) -> Run:
    settings = {"ARCHIVE_URL": standin.url, "OUTPUT_DIR": str(output), **QUICK}
    return run(command("compare", str(tree), *arguments, **settings), output)


def test_the_same_pages_give_the_same_articles(standin: StandIn, backup: Path, tmp_path: Path) -> None:
    before = len([one for one in standin.requests if one.endpoint is Endpoint.PLAYBACK])
    done = compare(standin, backup, tmp_path / "output", "--count", "12")
    assert done.status == 0, done.err
    assert "Compared 12 articles" in done.out
    assert "worse here:" not in done.out
    assert len(done.files) == 12
    assert 12 <= len([one for one in standin.requests if one.endpoint is Endpoint.PLAYBACK]) - before < 30


@pytest.mark.heavy
def test_what_is_lost_here_is_shown_with_an_example(standin: StandIn, backup: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(backup, tree)
    path = next(iter(sorted(tree.rglob("*.md"))))
    head, end, body = path.read_text("utf-8").partition("\n---\n")
    path.write_text(f'{head}\nlast_updated: "2021-01-01 10:00:00"{end}{body}', "utf-8")
    done = compare(standin, tree, tmp_path / "output")
    assert done.status == 0, done.err
    assert f"worse here: last_updated of {path.stem.split('_')[1]}: there “2021-01-01 10:00:00”, here “”" in done.out


@pytest.mark.heavy
def test_pages_that_cannot_be_read_any_more_are_told_with_a_status_of_their_own(backup: Path, tmp_path: Path) -> None:
    archive = Archive()
    for path in backup.rglob("*.md"):
        number = int(path.stem.split("_")[1])
        archive.add(address(number), "20210712013906", unknown_layout(number))
    with StandIn(archive) as standin:
        done = compare(standin, backup, tmp_path / "output")
    assert done.status == 6, done.err
    assert "citizen-news inspect" in done.err


def test_what_cannot_be_compared_is_said(tmp_path: Path) -> None:
    for arguments, words in (
        (("/no/such/tree",), "not a directory"),
        ((".", "--count", "0"), "--count"),
        ((), "compare takes one argument: a directory"),
    ):
        done = run(command("compare", *arguments, OUTPUT_DIR=str(tmp_path / "output")), tmp_path)
        assert (done.status, words in done.err) == (2, True), done.err
