import socket
import time

import pytest

from .client import SECOND, Client, client_of, small_archive
from .police import Limits, Police, Ruling
from .server import StandIn
from .troubles import Endpoint

FERRY = f"/web/{SECOND}id_/http://hkcnews.com:80/article/2"
CDX, PLAYBACK = Endpoint.CDX, Endpoint.PLAYBACK


def rulings(police: Police, endpoint: Endpoint, *times: float) -> str:
    """First letters: passed, limited, banned."""
    return "".join(police.request(endpoint, now).value[0] for now in times)


def test_rates_are_per_endpoint_and_window() -> None:
    police = Police(Limits(cdx=2, playback=3, window=60))
    assert rulings(police, CDX, 0, 1, 2) == "ppl"
    assert rulings(police, PLAYBACK, 3, 4, 5, 6) == "pppl"
    assert rulings(police, CDX, 61.5, 62) == "pp"
    assert rulings(police, CDX, 200, 230, 259.9, 260) == "ppll"


def test_nothing_is_watched_by_default() -> None:
    police = Police(Limits())
    assert all(police.request(CDX, 0.0) is Ruling.PASS and police.connect(0.0) for _ in range(1000))


def test_going_on_after_a_429_is_banned_and_doubled() -> None:
    police = Police(Limits(cdx=1, window=60, grace=60, ban=3600))
    assert rulings(police, CDX, *range(0, 61, 10)) == "pllllll"
    assert rulings(police, CDX, 70, 71) == "lb"
    assert [police.refusing_for(now) for now in (71, 3670, 3671)] == [3600, 1, 0]
    assert not police.connect(3670)
    assert police.connect(3671)
    assert rulings(police, CDX, *range(4000, 4070, 10), 4075) == "pllllllb"
    assert police.refusing_for(4075) == 7200


def test_another_endpoint_does_not_get_round_it() -> None:
    police = Police(Limits(cdx=1, window=60, grace=60))
    assert rulings(police, CDX, 0, 1) == "pl"
    assert rulings(police, PLAYBACK, 20, 40, 61, 62) == "pppb"


def test_a_pause_is_forgiven() -> None:
    for pause in (30, 60, 61):
        police = Police(Limits(cdx=2, window=20, grace=60))
        assert rulings(police, CDX, 0, 0, 0, 0.5) == "ppll"
        assert rulings(police, CDX, 0.5 + pause, 50 + pause, 100 + pause) == "ppp"


def test_connections_are_counted_in_a_window() -> None:
    police = Police(Limits(connections=2, window=10))
    assert [police.connect(now) for now in (0, 4, 5, 9.9, 10, 13, 14)] == [True, True, False, False, True, False, True]
    assert police.refusing_for(15) == 5


def connect(standin: StandIn) -> None:
    with socket.create_connection(("127.0.0.1", standin.port)) as sock:
        sock.sendall(b"GET /__standin__/log HTTP/1.0\r\n\r\n")
        if not sock.recv(1):
            raise ConnectionError("closed")


def test_429_over_the_wire() -> None:
    standin = StandIn(small_archive(), limits=Limits(cdx=1, playback=2, retry_after="5"))
    with client_of(standin) as client:
        assert [client.get(FERRY).status for _ in range(3)] == [200, 200, 429]
        answers = [client.cdx("hkcnews.com/*") for _ in range(2)]
        assert [(got.status, got.header("retry-after")) for got in answers] == [(200, None), (429, "5")]
        assert [r.status for r in standin.requests] == [200, 200, 429, 200, 429]


@pytest.mark.parametrize("reset", [False, True])
def test_who_goes_on_is_refused(reset: bool) -> None:
    now = [0.0]
    standin = StandIn(small_archive(), limits=Limits(playback=1, grace=5, ban=3600, reset=reset), clock=lambda: now[0])
    with client_of(standin) as client:
        _go_on(client, now)
        with pytest.raises(ConnectionResetError if reset else ConnectionRefusedError):
            connect(standin)
        assert any(connection.refused for connection in standin.connections) is reset
        assert standin.requests[-1].trouble == "banned"


@pytest.mark.parametrize("reset", [False, True])
def test_a_refusal_ends_by_itself(reset: bool) -> None:
    now = [0.0]
    standin = StandIn(small_archive(), limits=Limits(playback=1, grace=5, ban=0.1, reset=reset), clock=lambda: now[0])
    with client_of(standin) as client:
        _go_on(client, now)
        now[0] += 0.1
        _let_in(standin)


def _go_on(client: Client, now: list[float]) -> None:
    """Ask again and again after the 429, until the connection is gone."""
    try:
        for now[0] in range(10):
            client.get(FERRY)
    except ConnectionError:
        client.close()
        return
    pytest.fail("it was let to go on")


def _let_in(standin: StandIn) -> None:
    """Knock until it is let in."""
    while True:
        try:
            return connect(standin)
        except ConnectionError:
            time.sleep(0.01)


def test_too_many_connections_are_refused_and_the_open_one_lives_on() -> None:
    now = [0.0]
    standin = StandIn(small_archive(), limits=Limits(connections=2, window=0.1), clock=lambda: now[0])
    with client_of(standin) as client:
        assert client.get(FERRY).status == 200
        connect(standin)
        with pytest.raises(ConnectionError):
            connect(standin)
        assert client.get(FERRY).status == 200
        now[0] = 0.1
        _let_in(standin)


def test_reset_ends_a_refusal() -> None:
    standin = StandIn(small_archive(), limits=Limits(connections=1, window=600))
    with client_of(standin) as client:
        assert client.get(FERRY).status == 200
        with pytest.raises(ConnectionRefusedError):
            connect(standin)
        standin.reset()
        connect(standin)
        assert standin.requests == []
