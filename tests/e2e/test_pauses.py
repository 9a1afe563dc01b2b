"""A live 429 stops everything; what the archive does not allow ends the run; its troubles are waited out."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from crawler.ledger import State
from tests.e2e.crawling import crawl
from tests.pages import address, article
from tests.standin import Archive, Endpoint, Kind, StandIn, Trouble

pytestmark = pytest.mark.heavy

PAUSE = 1.0


def archive_of(count: int) -> Archive:
    archive = Archive()
    for number in range(1, count + 1):
        archive.add(address(number), "20210712013906", article(number))
    return archive


@pytest.mark.parametrize(
    ("on", "retry_after", "least"),
    [(Endpoint.PLAYBACK, "", PAUSE), (Endpoint.PLAYBACK, "2", 2.0), (Endpoint.CDX, "", PAUSE)],
    ids=["playback", "playback with Retry-After", "listing"],
)
def test_nothing_at_all_is_sent_during_a_pause(tmp_path: Path, on: Endpoint, retry_after: str, least: float) -> None:
    number = 6 if on is Endpoint.PLAYBACK else 1
    with StandIn(archive_of(30), [Trouble(Kind.LIMIT, on, first=number, times=1, value=retry_after)]) as standin:
        run = crawl(standin, tmp_path, PAUSE_SECONDS=str(PAUSE))
        requests = standin.requests
    assert run.status == 0, run.err
    assert [request.trouble for request in requests].count(Kind.LIMIT) == 1
    limited = next(at for at, request in enumerate(requests) if request.trouble == Kind.LIMIT)
    under_way = 3 if on is Endpoint.PLAYBACK else 0  # at most, over four connections
    assert min(r.time for r in requests[limited + 1 + under_way :]) - requests[limited].time >= least - 0.05
    assert sum(r.target == requests[limited].target for r in requests) == 2
    assert "pauses after 429: 1" in run.out
    assert "Too many requests (429): nothing is sent to the archive" in run.err
    assert run.article(30).state is State.RECOVERED


def test_a_pause_holds_for_the_next_run_too(tmp_path: Path) -> None:
    with StandIn(archive_of(3), [Trouble(Kind.LIMIT, Endpoint.CDX, times=1, value="3700")]) as standin:
        first = crawl(standin, tmp_path)
        second = crawl(standin, tmp_path)
        assert len(standin.requests) == 1
    for run in (first, second):
        assert run.status == 4, run.err
        assert "asks to be left alone" in run.err
        assert "Traceback" not in run.err


def test_a_refused_connection_ends_the_run_cleanly(tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: refused
        run = crawl(f"http://127.0.0.1:{nobody.getsockname()[1]}", tmp_path, BREAKER_SECONDS="0.3")
    assert run.status == 4, run.err
    assert "refuse" in run.err
    assert "Traceback" not in run.err
    assert "refused connections: 1, breaker trips: 1" in run.out


@pytest.mark.parametrize(
    "trouble",
    [
        Trouble(Kind.OUTAGE, Endpoint.PLAYBACK, pattern="/article/2$", status=200),
        Trouble(Kind.ERROR, Endpoint.PLAYBACK, pattern="/article/2$", status=502),
        Trouble(Kind.CUT, pattern="/article/2$", on=Endpoint.PLAYBACK),
        Trouble(Kind.CUT_CHUNKED, pattern="/article/2$", on=Endpoint.PLAYBACK),
        Trouble(Kind.HELD, pattern="/article/2$", on=Endpoint.PLAYBACK),
    ],
    ids=lambda trouble: trouble.kind.value,
)
def test_a_capture_in_trouble_is_asked_for_five_times_and_its_article_waits(tmp_path: Path, trouble: Trouble) -> None:
    with StandIn(archive_of(3), [trouble]) as standin:
        run = crawl(standin, tmp_path, DOWNLOAD_TIMEOUT="2" if trouble.kind is Kind.HELD else "90")
        asked = [r for r in standin.requests if r.original == address(2)]
    assert run.status == 3, run.err
    assert len(asked) == 5
    assert run.article(2).state is State.WAITING
    assert [run.article(number).state for number in (1, 3)] == [State.RECOVERED] * 2
    assert "1 article waits" in run.err
    assert "Waiting             1\n" in run.out


def test_an_answer_that_is_too_large_leads_to_the_next_capture(tmp_path: Path) -> None:
    archive = archive_of(1)
    archive.add(address(1), "20220101000000", article(1) + b" " * 5000)
    with StandIn(archive) as standin:
        run = crawl(standin, tmp_path, DOWNLOAD_MAXSIZE="4000")
        assert [r.timestamp for r in standin.playback_requests()] == ["20220101000000", "20210712013906"]
    assert run.status == 0, run.err
    assert run.article(1).state is State.RECOVERED


def test_a_listing_that_cannot_be_made_whole_is_said_and_what_is_listed_is_recovered(tmp_path: Path) -> None:
    with StandIn(archive_of(9), [Trouble(Kind.CUT_JSON, first=3)]) as standin:
        run = crawl(standin, tmp_path, LISTING_PAGE_ROWS="3")
        assert len(standin.cdx_requests()) == 5
    assert run.status == 3, run.err
    assert "the listing could not be made whole" in run.err
    assert len(run.files) == 6
    with StandIn(archive_of(9)) as standin:
        again = crawl(standin, tmp_path, LISTING_PAGE_ROWS="3")
        assert "resumeKey" in standin.cdx_requests()[0].target
    assert (again.status, len(again.files)) == (0, 9)


def test_listing_refused_for_the_whole_site_says_what_still_works(tmp_path: Path) -> None:
    with StandIn(archive_of(3), [Trouble(Kind.AUTHORIZATION)]) as standin:
        run = crawl(standin, tmp_path)
        assert run.status == 4, run.err
        assert "--ids 33951,40000-40100" in run.err
        assert standin.playback_requests() == []
        named = crawl(standin, tmp_path, {"ids": "2-3"})
    assert named.status == 0, named.err
    assert "only captures of bare addresses" in named.err
    assert named.files == ["article_2.md", "article_3.md"]


class _Refusing(BaseHTTPRequestHandler):
    """An archive with nothing new to list that refuses to play anything back."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        listing = self.path.startswith("/cdx/")
        body = b"[]" if listing else b"<html><h1>403 Forbidden</h1></html>"
        self.send_response(200 if listing else 403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        if not listing:
            self.asked.append(self.path)

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_an_archive_that_refuses_playback_ends_the_run(tmp_path: Path) -> None:
    with StandIn(archive_of(30)) as standin:
        assert crawl(standin, tmp_path, {"dry_run": "1"}).status == 0
    with ThreadingHTTPServer(("127.0.0.1", 0), _Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        run = crawl(f"http://127.0.0.1:{server.server_port}", tmp_path)
        server.shutdown()
    assert run.status == 4, run.err
    assert "refuses to play back captures: HTTP 403 for http" in run.err
    assert 1 <= len(_Refusing.asked) <= 8
    assert all(run.article(number).state is State.LISTED for number in range(1, 31))
