import json
import socket
import threading

import pytest

from .client import FIRST, SECOND, SITE, Client, client_of, small_archive
from .server import StandIn
from .troubles import Endpoint

FERRY = f"/web/{SECOND}id_/http://hkcnews.com:80/article/2"


def test_the_log_has_every_request_and_connection() -> None:
    standin = StandIn(small_archive())
    with client_of(standin) as client:
        client.get(FERRY)
        client.cdx("hkcnews.com/*")
        client.get(f"/web/2019id_/{SITE}1")
        assert [(r.number, r.endpoint, r.status, r.connection) for r in standin.requests] == [
            (1, Endpoint.PLAYBACK, 200, 1),
            (2, Endpoint.CDX, 200, 1),
            (3, Endpoint.PLAYBACK, 404, 1),
        ]
        assert standin.requests[0].headers["user-agent"] == "test/1"
        assert len(standin.playback_requests("http://hkcnews.com:80/article/2")) == 1
        assert [len(standin.playback_requests()), len(standin.cdx_requests()), len(standin.connections)] == [2, 1, 1]


def test_the_most_requests_in_any_window() -> None:
    now = [0.0]
    cdx = "/cdx/search/cdx?url=x"
    with client_of(standin := StandIn(small_archive(), clock=lambda: now[0])) as client:
        for now[0], target in [(0.0, FERRY), (1.0, FERRY), (1.5, FERRY), (1.9, cdx), (3.0, FERRY)]:
            client.get(target)
        assert [standin.in_window(seconds) for seconds in (0.3, 1.0, 2.0, 9.0)] == [1, 3, 4, 5]
        assert standin.in_window(1.0, Endpoint.CDX) == 1
        assert standin.in_window(1.0, Endpoint.PLAYBACK) == 2


def test_log_and_reset_over_http() -> None:
    with client_of(standin := StandIn(small_archive())) as client:
        client.get(FERRY)
        other = Client(standin)
        log = json.loads(other.get("/__standin__/log").body)
        assert [request["target"] for request in log["requests"]] == [FERRY]
        assert len(log["connections"]) == 1
        assert other.get("/__standin__/log", "POST").status == 405
        assert other.get("/__standin__/reset", "POST").status == 200
        other.close()
        assert standin.requests == []


def test_it_can_go_and_come_back_at_the_same_port() -> None:
    standin = StandIn(small_archive())
    with client_of(standin) as client:
        assert client.get(FERRY).status == 200
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", standin.port))
    before = standin.url
    with client_of(standin) as client:
        assert client.get(FERRY).status == 200
        assert standin.url == before
    assert not any(thread.name == "stand-in" for thread in threading.enumerate())


def test_captures_added_while_it_serves() -> None:
    archive = small_archive()
    with client_of(StandIn(archive)) as client:
        assert len(client.rows("hkcnews.com/*")[0]) == 4
        archive.add(SITE + "3", FIRST, b"An invented tram")
        assert len(client.rows("hkcnews.com/*")[0]) == 5
        assert client.get(f"/web/{FIRST}id_/{SITE}3").body == b"An invented tram"


def test_what_is_no_http_is_hung_up_on() -> None:
    with StandIn(small_archive()) as standin:
        for sent in (b"", b"nonsense\r\n\r\n", b"GET /x\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", standin.port)) as sock:
                sock.sendall(sent)
                sock.shutdown(socket.SHUT_WR)
                assert sock.recv(1) == b""
        assert standin.requests == []


def test_head_close_and_old_versions() -> None:
    with client_of(standin := StandIn(small_archive())) as client:
        got = client.get(FERRY, "HEAD")
        assert (got.status, got.body, got.header("content-length")) == (200, b"", str(len(client.get(FERRY).body)))
        assert client.get(FERRY, Connection="close").header("connection") == "close"
        with socket.create_connection(("127.0.0.1", standin.port)) as sock:
            sock.sendall(f"GET {FERRY} HTTP/1.0\r\n\r\n".encode())
            received = b"".join(iter(lambda: sock.recv(4096), b""))
        assert received.startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_failure_of_its_own_is_reported() -> None:
    archive = small_archive()
    archive.find = None  # type: ignore[method-assign, assignment]
    with (
        pytest.raises(RuntimeError, match="the stand-in failed"),
        client_of(StandIn(archive)) as client,
        pytest.raises(ConnectionError),
    ):
        client.get(FERRY)
