"""Real pywb as the judge: it replays what a crawl stored, and the WACZ made of it, byte for byte."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path

import pytest

from crawler.ledger import Ledger, State
from crawler.recovery.store import Store
from crawler.utils.timestamps import read_moment, timestamp_of
from crawler.warc.writer import CaptureOrigin
from crawler.wayback.capture import Capture
from crawler.wayback.digest import compare_digest
from crawler.wayback.http import decode
from crawler.wayback.playback import escape, read_reply
from tests.demo.build import ARCHIVE
from tests.e2e.crawling import command, crawl, run
from tests.pywb import Pywb, pywb_collection, validate_wacz
from tests.standin import Archive, StandIn, load_sample

pytestmark = pytest.mark.heavy

REPLAY = "http://archive.test/web"
IMAGE = Capture(timestamp="20210712013910", original="https://www.hkcnews.com/news_新聞/2021/07/12/燈塔 一_large.jpg")
MOVED = Capture(timestamp="20190301020304", original="http://www.hkcnews.com/article/77777")
TARGET = "https://www.hkcnews.com/article/77777/%E7%87%88%E5%A1%94"


def picture() -> bytes:
    """A PNG of noise, so that every value of a byte is in it."""
    side = 64
    lines = b"".join(b"\0" + random.Random(line).randbytes(side) for line in range(side))
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(lines)),
        (b"IEND", b""),
    )
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def add_to_the_store(output: Path) -> None:
    """Put in an image, as a crawl does that fetches images, and a redirect, as one does that has nothing better to ask
    for."""
    store = Store(output / "warc")
    for capture, status, fields, body in (
        (IMAGE, 200, {"Content-Type": "image/png", "x-archive-orig-server": "lighthouse"}, picture()),
        (MOVED, 301, {"Content-Type": "text/html", "Location": f"{REPLAY}/{MOVED.timestamp}/{TARGET}"}, b"Moved"),
    ):
        moment = read_moment(capture.timestamp)
        assert moment is not None
        fields["Memento-Datetime"] = format_datetime(moment, usegmt=True)
        reply = read_reply(REPLAY, capture, status, tuple(fields.items()), body)
        store.add(reply, compare_digest(reply.payload, None, "-"), CaptureOrigin(f"{REPLAY}/x"))
    store.close()


@pytest.fixture(scope="module")
def archive() -> Archive:
    return load_sample(ARCHIVE)


@pytest.fixture(scope="module")
def output(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a crawl of the demo leaves, and more."""
    folder = tmp_path_factory.mktemp("crawled") / "output"
    with StandIn(archive) as standin:
        ended = crawl(standin, folder)
    assert ended.status == 0, ended.err
    add_to_the_store(folder)
    return folder


@pytest.fixture(scope="module")
def wacz(output: Path) -> Path:
    path = output.parent / "citizen-news.wacz"
    ended = run(command("export", "--wacz", str(path), OUTPUT_DIR=str(output)), output)
    assert ended.status == 0, ended.err
    assert ended.err == ""
    return path


@pytest.fixture(scope="module", params=["warc", "wacz"])
def pywb(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pywb]:
    """pywb over the store's files, which it indexes itself, and over the WACZ, whose index it takes."""
    output: Path = request.getfixturevalue("output")
    files = (
        sorted((output / "warc").glob("*.warc.gz")) if request.param == "warc" else [request.getfixturevalue("wacz")]
    )
    assert files
    with pywb_collection(tmp_path_factory.mktemp("pywb") / request.param, *files) as running:
        yield running


def same_moment(timestamp: str, memento_datetime: str) -> bool:
    return timestamp_of(parsedate_to_datetime(memento_datetime)) == timestamp


def test_every_article_is_replayed_as_the_archive_had_it(pywb: Pywb, archive: Archive, output: Path) -> None:
    with Ledger(output / "ledger.sqlite") as ledger:
        settled = {row.id: row.capture for row in ledger.articles(State.RECOVERED)}
        rows = [row for article, capture in settled.items() for row in ledger.captures(article) if row.id == capture]
    assert len(rows) > 30
    for row in rows:
        found = archive.find(row.served_original, row.served_timestamp)
        assert found is not None
        got = pywb.replay(row.served_timestamp, escape(row.served_original))
        assert got.status == 200, row.article
        assert same_moment(row.served_timestamp, got.headers["memento-datetime"]), row.article
        # A coding that the archived headers name is taken off by pywb, as it is by browsers.
        codings = {name.lower(): value for name, value in found.headers}.get("content-encoding", "")
        assert got.body == (decode(found.body, codings).body if codings else found.body), row.article


def test_an_image_is_replayed_byte_for_byte(pywb: Pywb) -> None:
    got = pywb.replay(IMAGE.timestamp, escape(IMAGE.original))
    assert (got.status, got.headers["content-type"]) == (200, "image/png")
    assert same_moment(IMAGE.timestamp, got.headers["memento-datetime"])
    assert got.headers["x-archive-orig-server"] == "lighthouse"
    assert got.body == picture()


def test_an_archived_redirect_leads_where_it_led(pywb: Pywb) -> None:
    got = pywb.replay(MOVED.timestamp, MOVED.original)
    assert (got.status, got.headers["location"]) == (301, TARGET)
    assert same_moment(MOVED.timestamp, got.headers["memento-datetime"])


def test_what_is_not_in_the_store_is_not_replayed(pywb: Pywb) -> None:
    got = pywb.replay("20210712013906", "https://www.hkcnews.com/article/99999")
    assert got.status == 404
    assert "memento-datetime" not in got.headers


def test_webrecorders_own_tool_finds_the_wacz_valid(wacz: Path, pywb: Pywb) -> None:
    told = validate_wacz(wacz)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "Validation succeeded" in told.stdout
