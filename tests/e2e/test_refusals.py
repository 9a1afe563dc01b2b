"""An archive that refuses, asks for a pause or breaks down: the crawl waits as it should, and starting again is no way
round."""

from __future__ import annotations

import re
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from crawler.ledger import State
from crawler.utils.exit_status import ExitStatus
from tests.e2e.crawling import QUICK, Run, command, crawl, environment
from tests.e2e.processes import Command, started
from tests.pages import address, article
from tests.standin import Archive, Endpoint, Kind, Limits, StandIn, Trouble
from tests.standin.police import Ruling

pytestmark = pytest.mark.heavy

BAN = 0.8


class Banning(StandIn):
    """An archive that loses its patience at one request: it and all open connections are reset, and new ones refused
    for a while."""

    def __init__(self, archive: Archive, at: int, seconds: float, *, reset: bool = False) -> None:
        super().__init__(archive, limits=Limits(ban=seconds, reset=reset))
        self._at = at
        self.police.request = self._ruling  # type: ignore[method-assign]

    def _ruling(self, endpoint: Endpoint, now: float) -> Ruling:
        if len(self.requests) != self._at:
            return Ruling.PASS
        self.police._ban(now)
        return Ruling.BANNED


def archive_of(count: int) -> Archive:
    archive = Archive()
    for number in range(1, count + 1):
        archive.add(address(number), "20210712013906", article(number))
    return archive


@contextmanager
def crawling(url: str, output: Path, **settings: str) -> Iterator[Command]:
    """A crawl under way; whatever is left of it at the end is killed."""
    line = command("crawl", "articles", **{"ARCHIVE_URL": url, "OUTPUT_DIR": str(output), **QUICK, **settings})
    with started(line, environment()) as process:
        yield process


def interrupted(process: Command, output: Path) -> Run:
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    return Run(process.wait(), out, err, output)


# Refused


def test_refused_from_the_start_ends_at_once_and_a_second_run_waits(tmp_path: Path) -> None:
    standin = StandIn(archive_of(1))
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: refused
        standin.port = nobody.getsockname()[1]
        first = crawl(standin.url, tmp_path)
    assert first.status == ExitStatus.REFUSING, first.err
    last = first.err.splitlines()[-1]
    assert (
        last
        == f"stopped: {standin.url} refuses connections (or nothing listens there). A new run asks again after 5 min"
    ), last
    with standin:  # it listens by now, and still nothing may be sent
        with crawling(standin.url, tmp_path) as process:
            assert process.stderr is not None
            line = process.stderr.readline()
            assert re.search(
                r"Waiting on after refused connections in the last run, then one probe for \d+ (min|s)", line
            ), line
            time.sleep(1)
            second = interrupted(process, tmp_path)
        assert standin.connections == []
    assert second.status == ExitStatus.INTERRUPTED, second.err
    assert "Traceback" not in second.err


@pytest.mark.parametrize("reset", [False, True], ids=["refused", "reset"])
def test_a_ban_in_the_middle_is_waited_out_with_one_probe_at_a_time(tmp_path: Path, reset: bool) -> None:
    with Banning(archive_of(60), 30, BAN, reset=reset) as standin:
        run = crawl(standin, tmp_path, BREAKER_SECONDS=",".join(["0.5"] * 50))
        banned = next(r for r in standin.requests if r.trouble == "banned")
        during = [r for r in standin.requests if banned.time < r.time < banned.time + BAN]
        refused = [c.time - banned.time for c in standin.connections if c.refused]
        assert standin.police.bans == 1
    assert run.status == 0, run.err
    assert len(run.files) == 60
    assert during == []
    waits = run.err.count("Connection refused, one probe follows: nothing is sent to the archive for 0 s")
    assert waits >= 1, run.err
    assert "The archive accepts connections again" in run.err
    assert int(re.findall(r"breaker trips: (\d+)", run.out)[0]) == waits
    if reset:  # those under way, which show that it is no accident, and the probes
        assert len(refused) <= 10 + waits, refused


def test_refused_for_good_ends_after_the_last_trip(tmp_path: Path) -> None:
    with Banning(archive_of(60), 30, 3600) as standin:
        run = crawl(standin, tmp_path, BREAKER_SECONDS="0.1,0.1,0.1")
        asked = len(standin.playback_requests())
    assert run.status == ExitStatus.REFUSING, run.err
    assert (
        "The archive refused connections 3 times in a row: this run ends. Start again after" in run.err.splitlines()[-1]
    )
    assert "breaker trips: 3" in run.out
    assert "Traceback" not in run.err
    assert 5 < len(run.files) < asked
    assert all(run.article(number).state in (State.LISTED, State.RECOVERED) for number in range(1, 61))


def test_connections_cut_before_any_answer_are_a_refusal(tmp_path: Path) -> None:
    with StandIn(archive_of(3), [Trouble(Kind.RESET)]) as standin:
        run = crawl(standin, tmp_path)
        assert len(standin.requests) == 2, "once may be an accident"
    assert run.status == ExitStatus.REFUSING, run.err
    assert "refuses connections" in run.err
    assert "Traceback" not in run.err


def test_a_connection_cut_now_and_then_is_an_accident(tmp_path: Path) -> None:
    cut = [Trouble(Kind.RESET, Endpoint.PLAYBACK, first=number, times=1) for number in (5, 15, 25)]
    with StandIn(archive_of(30), cut) as standin:
        run = crawl(standin, tmp_path)
        assert len(standin.playback_requests()) == 33
    assert run.status == 0, run.err
    assert "refused connections: 0" in run.out


# Asked to pause


def test_a_pause_outlives_kill_9(tmp_path: Path) -> None:
    with StandIn(archive_of(30), [Trouble(Kind.LIMIT, Endpoint.PLAYBACK, first=16, times=1)]) as standin:
        with crawling(standin.url, tmp_path, PAUSE_SECONDS="900") as process:
            assert process.stderr is not None
            assert any("Too many requests (429)" in line for line in process.stderr)
        assert process.returncode == -signal.SIGKILL
        connections = len(standin.connections)
        with crawling(standin.url, tmp_path, PAUSE_SECONDS="900") as process:
            assert process.stderr is not None
            assert any(
                "The pause of the last run goes on: nothing is sent to the archive" in line for line in process.stderr
            )
            time.sleep(0.5)
            again = interrupted(process, tmp_path)
        assert len(standin.connections) == connections
    assert again.status == ExitStatus.INTERRUPTED, again.err


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_retry_after_of_more_than_an_hour_ends_the_run_at_once(tmp_path: Path, form: str) -> None:
    value = "3700" if form == "seconds" else "date:3800"
    with StandIn(archive_of(30), [Trouble(Kind.LIMIT, Endpoint.PLAYBACK, first=6, times=1, value=value)]) as standin:
        run = crawl(standin, tmp_path)
        limited = next(at for at, request in enumerate(standin.requests) if request.trouble == Kind.LIMIT)
        assert len(standin.requests[limited + 1 :]) <= 3, "more than what was on its way over four connections"
    assert run.status == ExitStatus.REFUSING, run.err
    assert re.search(r"asks to be left alone for 6\d min \(Retry-After\): this run ends", run.err), run.err
    assert len(run.files) >= 5, "what came is kept"


# Broken down


def test_an_outage_of_the_whole_archive_is_waited_out_and_burns_no_attempts(tmp_path: Path) -> None:
    outage = Trouble(Kind.OUTAGE, Endpoint.PLAYBACK, first=9, times=16, status=200)
    with StandIn(archive_of(40), [outage]) as standin:
        run = crawl(standin, tmp_path, OUTAGE_PROBE_SECONDS="0.1")
        met = [at for at, r in enumerate(standin.requests) if r.trouble == Kind.OUTAGE]
        probes = standin.requests[met[13] :][:3]
    assert run.status == 0, run.err
    assert len(run.files) == 40
    assert "The archive has an outage: waiting, then one probe" in run.err
    assert "The archive's outage is over" in run.err
    # Ten troubles in a row, at most three that were under way then, and probes: each waits for the one before, and
    # longer.
    gaps = [later.time - earlier.time for earlier, later in pairwise(probes)]
    assert gaps[0] >= 0.19, gaps
    assert gaps[1] >= 0.39, gaps
    assert not re.search(r"Waiting\s+[1-9]", run.out)


def test_an_outage_that_lasts_ends_the_run(tmp_path: Path) -> None:
    outage = Trouble(Kind.OUTAGE, Endpoint.PLAYBACK, first=6, status=200)
    with StandIn(archive_of(40), [outage]) as standin:
        run = crawl(standin, tmp_path, OUTAGE_PROBE_SECONDS="0.1", OUTAGE_SECONDS="1")
    assert run.status == ExitStatus.UNAVAILABLE, run.err
    assert "has been out of order for 1 s. Run again later" in run.err
    assert all(run.article(number).state in (State.LISTED, State.RECOVERED) for number in range(1, 41))
    with StandIn(archive_of(40)) as standin:
        assert crawl(standin, tmp_path).status == 0


def test_a_few_captures_that_always_fail_are_no_outage_and_their_older_ones_are_taken(tmp_path: Path) -> None:
    """Nor are they in the next run, in which nothing else is due."""
    archive = archive_of(12)
    for number in (3, 5, 7):
        archive.add(address(number), "20230101000000", article(number, "新的。"))
    broken = [
        Trouble(Kind.ERROR, Endpoint.PLAYBACK, original=address(number), timestamp="20230101000000")
        for number in (3, 5, 7)
    ]
    with StandIn(archive, broken) as standin:
        run = crawl(standin, tmp_path)
    assert run.status == 0, run.err
    assert "outage" not in run.err
    assert len(run.files) == 12
    assert "other captures could not be fetched" in " ".join(run.article(3).faults)


def test_many_captures_that_always_fail_are_told_from_an_outage_by_one_that_came(tmp_path: Path) -> None:
    broken = [Trouble(Kind.ERROR, Endpoint.PLAYBACK, original=address(number), status=502) for number in range(11, 31)]
    with StandIn(archive_of(30), broken) as standin:
        run = crawl(standin, tmp_path, OUTAGE_PROBE_SECONDS="0.1", OUTAGE_SECONDS="60")
        again = crawl(standin, tmp_path, OUTAGE_PROBE_SECONDS="0.1", OUTAGE_SECONDS="60")
        asked = Counter(request.original for request in standin.playback_requests())
    for ended in (run, again):
        assert ended.status == ExitStatus.UNAVAILABLE, ended.err
        assert "20 articles wait: the archive had troubles of its own" in ended.err
        assert "The archive's outage is over" in ended.err
    assert len(run.files) == 10
    assert all(asked[address(number)] >= 10 for number in range(11, 31)), "five attempts in each run"


def test_one_capture_whose_connection_is_always_cut_is_no_refusal(tmp_path: Path) -> None:
    broken = [Trouble(Kind.RESET, Endpoint.PLAYBACK, original=address(2))]
    with StandIn(archive_of(3), broken) as standin:
        run = crawl(standin, tmp_path)
    assert run.status == ExitStatus.UNAVAILABLE, run.err
    assert "1 article waits" in run.err
    assert "refused" not in run.err
