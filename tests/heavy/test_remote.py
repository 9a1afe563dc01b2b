"""Captures in object storage: `extract` and a crawl take them from S3 as from this machine, a range at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from s3fs import S3FileSystem

from crawler.ledger import State
from crawler.warc.captures import ArchivedCapture, Damage
from crawler.warc.files import find_files, read_archived, scan_file
from crawler.warc.remote import RemoteError
from tests.demo.build import ARCHIVE
from tests.e2e.crawling import Run, crawl
from tests.e2e.test_extract import SAMPLE, extract, tree
from tests.e2e.test_sources import held
from tests.s3 import BROKEN, BUCKET, DENIED, GONE, S3, SECRET, SLOW_DOWN, s3_server

pytestmark = pytest.mark.heavy

CAPTURES = "captures.warc.gz"
DEMO = (ARCHIVE / CAPTURES).read_bytes()


@pytest.fixture(scope="module")
def server() -> Iterator[S3]:
    with s3_server() as s3:
        s3.put("demo/2021/captures.warc.gz", DEMO)
        s3.put("demo/notes.txt", b"somebody's")
        yield s3
    S3FileSystem.clear_instance_cache()


@pytest.fixture
def s3(server: S3, monkeypatch: pytest.MonkeyPatch) -> S3:
    """With nothing asked yet, and known to what is called from here."""
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    server.begin()
    return server


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The demo's tree, from a file of this machine."""
    output = tmp_path_factory.mktemp("here")
    assert extract(output, str(ARCHIVE / CAPTURES)).status == 0
    return tree(output)


def told_nothing_secret(done: Run) -> None:
    assert SECRET not in done.out + done.err
    assert "Traceback" not in done.err


def test_the_samples_tree_is_that_of_the_same_file_here_and_no_more_is_fetched_than_is_read(
    s3: S3, tmp_path: Path
) -> None:
    if not SAMPLE.exists():
        pytest.skip("../shared/sample is not here, so there is nothing to extract")
    data = (SAMPLE / CAPTURES).read_bytes()
    address = s3.put("sample.warc.gz", data)
    here, there = (extract(tmp_path / name, given) for name, given in (("a", str(SAMPLE / CAPTURES)), ("b", address)))
    assert (here.status, there.status, there.out) == (0, 0, here.out), there.err
    assert tree(tmp_path / "a") == tree(tmp_path / "b") != {}
    s3.begin()
    captures = [thing for thing in scan_file(address) if isinstance(thing, ArchivedCapture)]
    assert (len(s3.parts), sum(part.sent for part in s3.parts)) == (1, len(data)), "read once, in order"
    s3.begin()
    for capture in captures:
        read_archived(capture)
    assert len(s3.parts) < len(captures) / 5
    assert sum(part.sent for part in s3.parts) < 1.1 * len(data), "in order: what comes along is what is read next"
    s3.begin()
    last = captures[-1]
    read_archived(captures[0])
    read_archived(last)
    assert [part.sent <= last.place.length + 2**17 for part in s3.parts] == [True, True], "a record, not the file"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (DENIED, "access is denied (AccessDenied it is). Look at the credentials"),
        (SLOW_DOWN, "it cannot be read ([Errno 16] SlowDown it is). Run again later"),
        (BROKEN, "it cannot be read ("),
        (None, "it cannot be read (Response payload is not completed"),
    ],
)
def test_what_goes_wrong_on_the_way_is_said_of_the_address(
    s3: S3, monkeypatch: pytest.MonkeyPatch, fault: tuple[str, str] | None, words: str
) -> None:
    """At once while scanning, and later while a record is read."""
    monkeypatch.setattr(S3FileSystem, "retries", 1)
    (address,) = find_files([f"s3://{BUCKET}/demo"])
    capture = next(thing for thing in scan_file(address) if isinstance(thing, ArchivedCapture))
    s3.fault, s3.cut = (lambda number: fault), None if fault else 1000
    for read in (lambda: list(scan_file(address)), lambda: read_archived(capture)):
        with pytest.raises(RemoteError) as caught:
            read()
        assert str(caught.value).startswith(f"{address}: {words}")


def test_an_object_that_was_written_anew_meanwhile_is_not_taken_for_the_one_that_was_opened(s3: S3) -> None:
    address = s3.put("changing.warc.gz", DEMO)
    captures = [thing for thing in scan_file(address) if isinstance(thing, ArchivedCapture)]
    read_archived(captures[0])
    s3.put("changing.warc.gz", DEMO[:-1])
    with pytest.raises(RemoteError, match="it has changed meanwhile"):
        read_archived(captures[-1])


def test_a_torn_object_gives_what_is_whole(s3: S3, tmp_path: Path) -> None:
    (tmp_path / "torn.warc.gz").write_bytes(DEMO[:-5000])
    here, there = [list(scan_file(file)) for file in (tmp_path / "torn.warc.gz", s3.put("torn.warc.gz", DEMO[:-5000]))]
    assert len(here) == len(there)
    assert isinstance(there[-1], Damage)
    assert (there[-1].file, there[-1].offset) == (f"s3://{BUCKET}/torn.warc.gz", here[-1].offset)  # type: ignore[union-attr]


def test_a_run_that_loses_its_storage_ends_and_the_next_one_completes_it(
    s3: S3, wanted: dict[str, bytes], tmp_path: Path
) -> None:
    """The scan is one range; then the storage denies what the workers ask for."""
    s3.fault = lambda number: DENIED if number > 2 else None
    done = extract(tmp_path, f"s3://{BUCKET}/demo/2021/{CAPTURES}", "--workers", "1")
    assert (done.status, done.err.startswith(f"error: s3://{BUCKET}/demo/2021/{CAPTURES}: access is denied")) == (
        7,
        True,
    )
    told_nothing_secret(done)
    assert tree(tmp_path).items() <= wanted.items()
    s3.begin()
    s3.fault = lambda number: GONE if number > 2 else None
    done = extract(tmp_path, f"s3://{BUCKET}/demo/2021/{CAPTURES}", "--workers", "1")
    assert (done.status, "it is not there: 's3://" in done.out) == (8, True), done.err
    assert tree(tmp_path).items() <= wanted.items()
    s3.begin()
    done = extract(tmp_path, f"s3://{BUCKET}/demo", "--workers", "2")
    assert (done.status, tree(tmp_path)) == (0, wanted), done.err
    assert {asked.method for asked in s3.asked} == {"HEAD", "GET"}
    assert {asked.key for asked in s3.parts} == {f"{BUCKET}/demo/2021/{CAPTURES}"}


def test_a_crawl_takes_it_for_a_source_and_names_it(s3: S3, tmp_path: Path) -> None:
    for path in held(tmp_path / "mine", 6, 7).iterdir():
        s3.put(f"mine/{path.name}", path.read_bytes())
    done = crawl("http://127.0.0.1:9", tmp_path / "output", SOURCES=f"s3://{BUCKET}/mine/")
    assert done.status == 0, done.err
    assert [done.article(number).state for number in (6, 7)] == [State.RECOVERED] * 2
    assert done.fields(7)["source"] == "mine"
    assert SECRET.encode() not in (done.output / "ledger.sqlite").read_bytes()
    for allowed in (0, 1):  # nothing, or the scan, but no record
        s3.begin()
        s3.fault = lambda number, allowed=allowed: DENIED if number > allowed else None  # type: ignore[misc]
        again = crawl("http://127.0.0.1:9", tmp_path / f"again{allowed}", SOURCES=f"s3://{BUCKET}/mine/")
        assert (again.status, "access is denied" in again.err) == (7, True), again.err
        told_nothing_secret(again)
