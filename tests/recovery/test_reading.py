"""A page costs itself only: its time and memory are bounded, and a crash of the parser is a verdict."""

from __future__ import annotations

import gzip
import hashlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import brotli
import pytest

from crawler.hkcnews.extract import Extraction
from crawler.hkcnews.verdict import Verdict
from crawler.markdown.style import SeedStyle, Style
from crawler.recovery import judge as reading
from crawler.recovery.judge import IsolatedReader, read_page
from crawler.wayback.capture import StoredCapture
from tests.e2e.processes import children_are_forked
from tests.warc.foreign import chunked

TWIN = Path(__file__).parents[1] / "fixtures" / "twin" / "page.html"
ORIGINAL = "https://www.hkcnews.com/article/34011/slug"
STYLE = SeedStyle("https://archive.example/web", "20210101000000", ORIGINAL)


def stored(body: bytes, coding: str = "") -> StoredCapture:
    headers = (("Content-Type", "text/html"), ("Content-Encoding", coding))
    return StoredCapture(ORIGINAL, "20210101000000", 200, headers, body)


def hanging(page: StoredCapture, article: int, style: Style) -> Extraction:
    if page.payload == b"hang":
        signal.pause()
    return read_page(page, article, style)


def crashing(page: StoredCapture, article: int, style: Style) -> Extraction:
    if page.payload == b"crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    return read_page(page, article, style)


def devouring(page: StoredCapture, article: int, style: Style) -> Extraction:
    if page.payload == b"devour":
        return Extraction(read_page(page, article, style).judgement, None, (str(len(bytearray(8 << 30))),))
    return read_page(page, article, style)


@pytest.fixture(scope="module")
def isolated() -> Iterator[IsolatedReader]:
    """One for all pages, good and bad, with time enough for each however busy the machine is."""
    with children_are_forked():
        reader = IsolatedReader(seconds=900.0, megabytes=1500)
        yield reader
        reader.close()


def test_an_isolated_page_reads_as_one_that_is_not(isolated: IsolatedReader) -> None:
    page = stored(TWIN.read_bytes())
    assert isolated(page, 34011, STYLE) == read_page(page, 34011, STYLE)
    assert read_page(page, 34011, STYLE).verdict is Verdict.ARTICLE
    assert isolated(stored(b"\x1f\x8b\x08\x00cut"), 34011, STYLE).verdict is Verdict.UNDECODABLE


def cuts(page: bytes) -> dict[str, tuple[bytes, str]]:
    """A page of some length behind the article, cut off there, in every coding; and what is then wrong with it."""
    noise = hashlib.sha256(page).hexdigest().encode() * 50
    start = page[: page.rindex(b"</body>")] + b"<footer>" + noise
    return {
        "gzip": (gzip.compress(start + noise + b"</footer></body></html>")[:-30], "gzip is cut off"),
        "br": (brotli.compress(start + noise + b"</footer></body></html>")[:-20], "br is cut off"),
        "chunked": (chunked(start + noise + b"</footer></body></html>", 1000)[:-30], "its transfer is cut off"),
        "": (chunked(page + b"<!-- -->", 1000)[:-5].replace(b"3E8", b"3E9").replace(b"3e8", b"3e9"), "sizes of chunks"),
    }


@pytest.mark.parametrize("coding", ["gzip", "br", "chunked", ""])
def test_what_is_cut_behind_the_article_gives_it_with_the_fault_named(coding: str) -> None:
    body, fault = cuts(TWIN.read_bytes())[coding]
    whole = read_page(stored(TWIN.read_bytes()), 34011, STYLE).article
    recovered = read_page(stored(body, coding), 34011, STYLE)
    assert recovered.verdict is Verdict.ARTICLE
    assert recovered.article is not None
    assert whole is not None
    assert any(named.startswith(fault) for named in recovered.article.faults)
    assert coding == "" or recovered.article.body == whole.body


@pytest.mark.parametrize("coding", ["gzip", "br", "chunked"])
def test_what_is_cut_inside_the_article_is_cut_off_however_it_was_coded(coding: str) -> None:
    page = TWIN.read_bytes()
    inside = page[: page.index(b"</p>")]
    noise = b"".join(hashlib.sha256(b"%d" % n).digest() for n in range(200)).hex().encode()
    pack = {"gzip": gzip.compress, "br": brotli.compress, "chunked": chunked}[coding]
    recovered = read_page(stored(pack(inside + noise)[:-40], coding), 34011, STYLE)
    assert (recovered.verdict, "cut off" in recovered.judgement.because) == (Verdict.CUT_OFF, True)


@pytest.mark.parametrize(
    ("work", "body", "because"),
    [
        (hanging, b"hang", "it takes longer than 0.2 s"),
        (crashing, b"crash", "it crashed the parser twice (exit code -11)"),
        pytest.param(
            devouring,
            b"devour",
            "it needs more memory than a page may have",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="only Linux enforces the limit of memory"),
        ),
    ],
)
def test_a_bad_page_costs_itself_only(
    isolated: IsolatedReader, monkeypatch: pytest.MonkeyPatch, work: reading.ReadPage, body: bytes, because: str
) -> None:
    monkeypatch.setattr(reading, "read_page", work)
    with monkeypatch.context() as limited:
        if work is hanging:
            limited.setattr(isolated, "_seconds", 0.2)
        found = isolated(stored(body), 34011, STYLE)
    assert (found.verdict, found.judgement.because) == (Verdict.EXTRACTION_FAILED, because)
    assert isolated(stored(TWIN.read_bytes()), 34011, STYLE).verdict is Verdict.ARTICLE


def test_an_error_of_ours_is_named_and_costs_the_page(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*args: object) -> Extraction:
        raise KeyError("ours")

    monkeypatch.setattr(reading, "extract_capture", broken)
    found = read_page(stored(b"<html>"), 34011, STYLE)
    assert (found.verdict, found.judgement.because) == (Verdict.EXTRACTION_FAILED, "KeyError: 'ours'")
    assert "article 34011" in caplog.text


def test_odd_pages_get_a_verdict(isolated: IsolatedReader) -> None:
    article = b"<html><h1>t</h1><div class=article-content>"
    odd = {
        "deep": b"<div>" * 10_000 + b"text",
        "wide": article + b"<p>x" * 50_000,
        "nested emphasis": article + b"<b><i>" * 5_000 + b"x</div></html>",
        "nothing but NULs": b"<html>" + b"\x00" * 100_000 + b"</html>",
    }
    found = {name: isolated(stored(body), 34011, STYLE) for name, body in odd.items()}
    assert {name: one.judgement for name, one in found.items() if one.verdict is Verdict.EXTRACTION_FAILED} == {}
