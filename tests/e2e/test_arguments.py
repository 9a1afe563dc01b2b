"""Spider arguments: what is asked of the archive, and what is left alone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from crawler.ledger import Ledger, State
from tests.e2e.crawling import crawl
from tests.pages import FAREWELL, address, article
from tests.standin import Archive, StandIn

OLD, NEW = "20200801000000", "20210712013906"


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    """Ten articles, two captures each; 8 is a farewell page only."""
    archive = Archive()
    for number in range(1, 11):
        for timestamp in (OLD, NEW):
            archive.add(address(number), timestamp, FAREWELL if number == 8 else article(number, f"攝於{timestamp}。"))
    with StandIn(archive) as served:
        yield served


@pytest.fixture(scope="module")
def finished(standin: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of a whole run."""
    output = tmp_path_factory.mktemp("finished") / "output"
    run = crawl(standin, output)
    assert run.status == 0, run.err
    assert len(run.files) == 9
    return output


@pytest.fixture(autouse=True)
def _forgotten(standin: StandIn) -> None:
    standin.reset()


def asked(standin: StandIn) -> tuple[list[str], list[tuple[str, str]]]:
    """The prefixes listed, and the captures fetched."""
    prefixes = [parse_qs(urlsplit(r.target).query)["url"][0] for r in standin.cdx_requests()]
    return prefixes, sorted((r.original, r.timestamp) for r in standin.playback_requests())


def test_ids_are_listed_by_their_own_prefixes(standin: StandIn, tmp_path: Path) -> None:
    run = crawl(standin, tmp_path, {"ids": "2,5-6"})
    assert run.status == 0, run.err
    prefixes = [f"hkcnews.com/article/{number}" for number in (2, 5, 6)]
    assert asked(standin) == (prefixes, [(address(number), NEW) for number in (2, 5, 6)])
    assert run.files == ["article_2.md", "article_5.md", "article_6.md"]


def test_a_dry_run_lists_and_chooses_and_fetches_nothing(standin: StandIn, tmp_path: Path) -> None:
    run = crawl(standin, tmp_path, {"dry_run": "1", "until": "2020", "limit": "3"})
    assert run.status == 0, run.err
    assert asked(standin) == (["hkcnews.com/article/"], [])
    assert run.out.splitlines()[:3] == [f"{number}\t{OLD}\t{address(number)}" for number in (1, 2, 3)]
    assert "Not tried yet      10" in run.out
    assert not (tmp_path / "articles").exists()
    assert not (tmp_path / "warc").exists()


def test_limit_and_window_narrow_what_is_fetched_and_settle_nothing_else(standin: StandIn, tmp_path: Path) -> None:
    run = crawl(standin, tmp_path, {"ids": "7-9", "limit": "2", "until": "2020"})
    assert run.status == 0, run.err
    assert asked(standin)[1] == [(address(7), OLD), (address(8), OLD)]
    assert "攝於2020" in run.file(7)
    assert run.article(8).state is State.LISTED
    assert run.article(9).state is State.LISTED


def test_again_writes_the_same_file_from_the_store_and_a_dry_run_of_it_changes_nothing(
    standin: StandIn, finished: Path, tmp_path: Path
) -> None:
    output = shutil.copytree(finished, tmp_path / "output")
    tried = crawl(standin, output, {"again": "5", "dry_run": "1"})
    assert tried.status == 0, tried.err
    assert tried.out.startswith(f"5\t{NEW}\t{address(5)}\n")
    with Ledger(output / "ledger.sqlite") as ledger:
        assert ledger.due() == []
        assert [row.verdict for row in ledger.captures(5)] == ["", "article"]
    standin.reset()
    path = output / "articles/1-1000/article_5.md"
    before = path.read_bytes()
    path.write_bytes(b"spoilt")
    run = crawl(standin, output, {"again": "5,8"})
    assert run.status == 0, run.err
    assert asked(standin) == (["hkcnews.com/article/5", "hkcnews.com/article/8"], [])
    assert path.read_bytes() == before
    assert run.article(8).state is State.UNRECOVERABLE
