"""`citizen-news extract`: what a crawl wrote comes out of its own store byte for byte, with any number of workers, and
nothing is asked for."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.ledger import ArticleRow, Ledger, State
from tests.demo.build import ARCHIVE
from tests.e2e.crawling import Run, command, crawl, run
from tests.pages import address, article
from tests.standin import StandIn, load_sample
from tests.warc.foreign import chunked, http, packed, record

SAMPLE = Path(__file__).parents[3] / "shared" / "sample"
PUBLIC = "https://archive.example"


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A crawl of the demo archive, whose archive is gone by the time it is used."""
    with StandIn(load_sample(ARCHIVE)) as standin:
        yield crawl(standin, tmp_path_factory.mktemp("extract") / "output")


def extract(output: Path, *arguments: str, **settings: str) -> Run:
    """`citizen-news extract`, with an archive's address that nobody answers at."""
    given = {"ARCHIVE_URL": "http://127.0.0.1:9", "ARCHIVE_PUBLIC_URL": PUBLIC, "OUTPUT_DIR": str(output), **settings}
    return run(command("extract", *arguments, **given), output)


def tree(output: Path) -> dict[str, bytes]:
    """Every file below `articles/` with its bytes."""
    return {
        str(path.relative_to(output)): path.read_bytes()
        for path in sorted((output / "articles").rglob("*"))
        if path.is_file()
    }


def copied(crawled: Run, folder: Path) -> Path:
    shutil.copytree(crawled.output, folder / "output")
    return folder / "output"


@pytest.mark.heavy
@pytest.mark.parametrize("workers", ["1", "2", "4"])
def test_the_files_of_a_store_alone_give_the_crawls_files(crawled: Run, tmp_path: Path, workers: str) -> None:
    done = extract(tmp_path, str(crawled.output / "warc"), "--workers", workers)
    assert done.status == 0, done.err
    assert tree(tmp_path) == tree(crawled.output) != {}
    assert f"{len(tree(tmp_path))} new, 0 different" in done.out
    assert not (tmp_path / "ledger.sqlite").exists()


def test_the_store_gives_back_files_that_were_deleted_and_an_article_that_an_older_version_gave_up(
    crawled: Run, tmp_path: Path
) -> None:
    output = copied(crawled, tmp_path)
    shutil.rmtree(output / "articles")
    with Ledger(output / "ledger.sqlite") as ledger:
        ledger.settle(
            ArticleRow(next(ledger.articles(State.RECOVERED)).id, State.UNRECOVERABLE, reason="unknown_layout"), 1
        )
    before = (output / "ledger.sqlite").read_bytes()
    tried = extract(output, "--dry-run")
    assert (tried.status, "(dry run)" in tried.out) == (0, True)
    assert tree(output) == {}
    assert (output / "ledger.sqlite").read_bytes() == before
    done = extract(output)
    assert done.status == 0, done.err
    assert tree(output) == tree(crawled.output)
    with Ledger(output / "ledger.sqlite") as now, Ledger(crawled.output / "ledger.sqlite") as of_the_crawl:
        assert list(now.articles()) == list(of_the_crawl.articles())


@pytest.mark.heavy
def test_only_what_differs_is_written_and_said_by_field(crawled: Run, tmp_path: Path) -> None:
    output = copied(crawled, tmp_path)
    first, second, *_ = sorted((output / "articles").rglob("*.md"))
    first.write_text(first.read_text("utf-8").replace('title: "', 'title: "舊'), "utf-8")
    second.write_text(second.read_text("utf-8") + "多了一行\n", "utf-8")
    untouched = {path: path.stat().st_mtime_ns for path in output.rglob("*.md") if path not in (first, second)}
    for arguments in (("--changed", "--dry-run"), ("--changed",)):
        done = extract(output, *arguments)
        assert done.status == 0, done.err
        assert "0 new, 2 different from before" in done.out
        assert f"1  title: {int(first.stem.split('_')[1])}" in done.out
        assert (
            tree(output) != tree(crawled.output) if "--dry-run" in arguments else tree(output) == tree(crawled.output)
        )
    assert {path: path.stat().st_mtime_ns for path in untouched} == untouched


def test_damage_costs_its_record_and_is_told(crawled: Run, tmp_path: Path) -> None:
    (path,) = (crawled.output / "warc").iterdir()
    data = bytearray(path.read_bytes())
    with Ledger(crawled.output / "ledger.sqlite") as ledger:
        row = next(row for row in ledger.articles(State.RECOVERED) if len(ledger.captures(row.id)) == 1)
        (capture,) = ledger.captures(row.id)
    middle = capture.warc_offset + capture.warc_length // 2
    data[middle : middle + 40] = b"\x00" * 40
    (tmp_path / "damaged.warc.gz").write_bytes(data)
    done = extract(tmp_path / "output", str(tmp_path / "damaged.warc.gz"))
    assert done.status == 8, done.err
    assert f"damaged.warc.gz at byte {capture.warc_offset}" in done.out
    expected = tree(crawled.output)
    del expected[row.file]
    assert tree(tmp_path / "output") == expected


@pytest.mark.heavy
def test_what_cannot_be_extracted_is_said_before_anything_is_written(crawled: Run, tmp_path: Path) -> None:
    letters = tmp_path / "letters.warc.gz"
    letters.write_bytes(gzip.compress(b"somebody's letters\n"))
    for arguments, output, status, words in (
        ([str(tmp_path / "gone.warc.gz")], tmp_path / "a", 2, "gone.warc.gz"),
        ([str(letters)], tmp_path / "b", 8, "letters.warc.gz"),
        ([], tmp_path / "c", 11, "crawl first"),
        ([str(crawled.output / "warc")], crawled.output, 2, "crawl's ledger"),
        (["--workers", "0"], crawled.output, 2, "--workers"),
    ):
        done = extract(output, *arguments)
        assert (done.status, words in done.err) == (status, True), done.err
        assert "Traceback" not in done.err


@pytest.mark.heavy
def test_the_sample_comes_out_of_its_store_as_it_was_crawled(tmp_path: Path) -> None:
    if not SAMPLE.exists():
        pytest.skip("../shared/sample is not here, so there is nothing to crawl")
    with StandIn(load_sample(SAMPLE)) as standin:
        done = crawl(standin, tmp_path / "crawl")
    assert done.status == 0, done.err
    assert extract(tmp_path / "extract", str(done.output / "warc")).status == 0
    assert tree(tmp_path / "extract") == tree(done.output)


def test_the_samples_own_warc_gives_every_article(tmp_path: Path) -> None:
    """Its captures are of a Wayback-like crawl, in somebody else's file."""
    if not SAMPLE.exists():
        pytest.skip("../shared/sample is not here, so there is nothing to extract")
    truth = [json.loads(line) for line in (SAMPLE / "truth.jsonl").read_text("utf-8").splitlines()]
    done = extract(tmp_path, str(SAMPLE / "captures.warc.gz"), ARCHIVE_PUBLIC_URL="https://web.archive.org")
    found = {int(Path(name).stem.split("_")[1]) for name in tree(tmp_path)}
    assert found == {line["id"] for line in truth if line["status"] == "ok"}, done.out


def test_a_file_of_other_writers_faults_is_extracted_and_what_is_passed_over_is_said(tmp_path: Path) -> None:
    noise = b"".join(hashlib.sha256(b"%d" % number).digest() for number in range(100)).hex().encode()
    page = article(6).replace(b"</body></html>", b"<footer>" + noise + b"</footer></body></html>")
    other = "http://a.example/x"
    records = [
        record(article(5), "resource", url=address(5), fields={"Content-Type": "text/html"}),
        record(http(gzip.compress(page)[:-40], ("Content-Encoding: gzip",)), url=address(6)),
        record(http(chunked(article(7)), ()), url=address(7)),
        record(http(article(8)), url=address(8), fields={"Content-Length": str(len(http(article(8))) + 1)}),
        record(
            http(
                article(9).replace(b'<meta charset="utf-8">', b"").decode().encode("big5"),
                ("Content-Type: text/html; charset=gb2312",),
            ),
            url=address(9),
        ),
        record(b"no HTTP head", url=other),
        record(b"in short", "conversion", url=address(5), fields={"Content-Type": "text/plain"}),
    ]
    (tmp_path / "odd.warc.gz").write_bytes(packed(records))
    done = extract(tmp_path / "output", str(tmp_path / "odd.warc.gz"), FORMAT="reading")
    assert done.status == 0, done.err + done.out
    assert (
        "Passed over         2 records in the files: 1 conversion record, 1 damaged record of other addresses"
        in done.out
    )
    texts = {int(Path(name).stem.rpartition("_")[2]): text.decode() for name, text in tree(tmp_path / "output").items()}
    assert sorted(texts) == [5, 6, 7, 8, 9]
    assert all(f"第{number}日：燈塔今晚亮起。" in text for number, text in texts.items())
    assert "gzip is cut off" in texts[6]
    assert "is a guess: read as big5hkscs" in texts[9]
    assert not any("faults:" in texts[number] for number in (5, 7, 8))
