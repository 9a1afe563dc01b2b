"""Several sources in one crawl: files of web archives fill gaps without a request, a real pywb is asked in its own
dialect."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.ledger import Ledger, State
from crawler.recovery.store import Store
from crawler.warc.writer import CaptureOrigin
from crawler.wayback.digest import compare_digest
from tests.demo.build import ARCHIVE
from tests.e2e.crawling import Run, crawl
from tests.e2e.test_extract import extract, tree
from tests.pages import FAREWELL, address, article
from tests.pywb import pywb_collection
from tests.recovering import FIRST, SECOND, THIRD, capture, memento
from tests.standin import Archive, Endpoint, StandIn, load_sample


def held(folder: Path, *numbers: int, timestamp: str = SECOND) -> Path:
    """A folder with a WARC of captures of these articles, as somebody else made it."""
    store = Store(folder)
    for number in numbers:
        of = capture(number, timestamp)
        reply = memento(of)
        store.add(reply, compare_digest(reply.payload, None, "-"), CaptureOrigin("https://site.example/"))
    store.close()
    return folder


def sources_of(run: Run, number: int) -> list[str]:
    with Ledger(run.output / "ledger.sqlite") as ledger:
        return [row.source for row in ledger.captures(number)]


@pytest.fixture
def archive() -> Archive:
    """Article 5 is there, 6 only as a farewell page, 7 not at all."""
    archive = Archive()
    archive.add(address(5), SECOND, article(5))
    archive.add(address(6), THIRD, FAREWELL)
    return archive


@pytest.mark.heavy
def test_a_file_fills_the_gaps_and_is_named(archive: Archive, tmp_path: Path) -> None:
    mine = held(tmp_path / "mine", 6, 7)
    with StandIn(archive) as standin:
        done = crawl(standin, tmp_path / "output", SOURCES=f"wayback,{mine}")
        asked = [request for request in standin.requests if request.endpoint is Endpoint.PLAYBACK]
        again = crawl(standin, tmp_path / "output", SOURCES=f"wayback,{mine}")
        assert [request for request in standin.requests if request.endpoint is Endpoint.PLAYBACK] == asked
    assert (done.status, again.status) == (0, 0), done.err
    assert len(asked) == 2
    assert [done.article(number).state for number in (5, 6, 7)] == [State.RECOVERED] * 3
    assert "source" not in done.fields(5)
    assert (done.fields(6)["source"], done.fields(7)["source"]) == ("mine", "mine")
    assert done.fields(7)["url"] == f"https://archive.example/web/{SECOND}/{address(7)}"
    assert (sources_of(done, 6), sources_of(done, 7)) == (["wayback", "mine"], ["mine"])
    files = tree(done.output)
    for number in (6, 7):
        (done.output / done.article(number).file).unlink()
    for path in mine.iterdir():
        path.unlink()
    assert extract(done.output).status == 0
    assert tree(done.output) == files
    assert extract(tmp_path / "apart", str(done.output / "warc")).status == 0
    assert tree(tmp_path / "apart") == files


def test_what_a_file_has_is_not_asked_of_the_archive_when_the_file_comes_first(
    archive: Archive, tmp_path: Path
) -> None:
    """The very same capture at both."""
    mine = held(tmp_path / "mine", 5)
    with StandIn(archive) as standin:
        done = crawl(standin, tmp_path / "output", {"ids": "5"}, SOURCES=f"{mine},wayback")
        assert [request.endpoint for request in standin.requests] == [Endpoint.CDX]
    assert done.fields(5)["source"] == "mine"


def test_files_alone_need_no_archive(tmp_path: Path) -> None:
    mine = held(tmp_path / "mine", 5, 6)
    done = crawl("http://127.0.0.1:9", tmp_path / "output", SOURCES=str(mine))
    assert done.status == 0, done.err
    assert len(done.files) == 2


@pytest.mark.heavy
def test_a_better_capture_of_another_source_is_taken_whatever_the_order(archive: Archive, tmp_path: Path) -> None:
    """Ranked together: the newest article first."""
    mine = held(tmp_path / "mine", 5, timestamp=FIRST)
    with StandIn(archive) as standin:
        done = crawl(standin, tmp_path / "output", {"ids": "5"}, SOURCES=f"{mine},wayback")
    assert done.fields(5)["url"] == f"https://archive.example/web/{SECOND}/{address(5)}"


@pytest.mark.heavy
def test_a_damaged_file_is_told_and_used_as_far_as_it_goes(archive: Archive, tmp_path: Path) -> None:
    mine = held(tmp_path / "mine", 6, 7)
    (path,) = mine.iterdir()
    path.write_bytes(path.read_bytes()[:-900])
    with StandIn(archive) as standin:
        done = crawl(standin, tmp_path / "output", SOURCES=f"wayback,{mine}")
    assert done.article(6).state is State.RECOVERED
    assert "WARNING" in done.err
    assert path.name in done.err


@pytest.mark.heavy
def test_a_file_that_went_between_two_runs_is_missed_and_not_made_up(archive: Archive, tmp_path: Path) -> None:
    mine = held(tmp_path / "mine", 6, 7)
    with StandIn(archive) as standin:
        crawl(standin, tmp_path / "output", {"dry_run": "1"}, SOURCES=f"wayback,{mine}")
        for path in mine.iterdir():
            path.write_bytes(path.read_bytes()[:100])
        done = crawl(standin, tmp_path / "output", SOURCES=f"wayback,{mine}")
    assert done.article(5).state is State.RECOVERED
    assert [done.article(number).state for number in (6, 7)] == [State.UNRECOVERABLE] * 2


@pytest.mark.heavy
def test_a_real_pywb_is_a_source(tmp_path: Path) -> None:
    """A crawl from a pywb that replays an earlier crawl's store gives the same articles; but of bytes that did not
    match their digest when they were stored a pywb gives the digest that they have now, so that nobody can tell any
    more."""
    with StandIn(load_sample(ARCHIVE)) as standin:
        first = crawl(standin, tmp_path / "first")
    with pywb_collection(tmp_path / "pywb", *sorted((first.output / "warc").iterdir())) as pywb:
        address = f"{pywb.url}/{pywb.collection}"
        second = crawl("http://127.0.0.1:9", tmp_path / "second", SOURCES=f"pywb+{address}=https://archive.example/web")
    assert second.status == 0, second.err
    with Ledger(first.output / "ledger.sqlite") as ledger:
        rows = [row for article in ledger.articles_with_captures() for row in ledger.captures(article)]
    doubtful = {first.article(row.article).file for row in rows if row.digest_result == "mismatch"}
    assert tree(second.output).keys() == tree(first.output).keys()
    assert {file: data for file, data in tree(second.output).items() if file not in doubtful} == {
        file: data for file, data in tree(first.output).items() if file not in doubtful
    }
    assert len(doubtful) < 5


@pytest.mark.heavy
def test_a_real_pywb_fills_a_gap_of_the_archive(archive: Archive, tmp_path: Path) -> None:
    mine = sorted(held(tmp_path / "mine", 6, 7).iterdir())
    with StandIn(archive) as standin, pywb_collection(tmp_path / "pywb", *mine) as pywb:
        place = f"{pywb.url}/{pywb.collection}"
        done = crawl(standin, tmp_path / "output", SOURCES=f"wayback,pywb+{place}")
    assert done.status == 0, done.err
    assert [done.article(number).state for number in (5, 6, 7)] == [State.RECOVERED] * 3
    assert done.fields(7)["url"] == f"{place}/{SECOND}/{address(7)}"
    assert done.fields(5)["url"] == f"https://archive.example/web/{SECOND}/{address(5)}"
    assert sources_of(done, 6) == ["wayback", f"pywb+{place}"]
