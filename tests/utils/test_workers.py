"""What is under way when somebody stops a run."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from crawler.utils.workers import finishing


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(("times", "finished"), [(0, 5), (1, 3), (2, 2)])
def test_a_first_signal_hands_out_nothing_more_and_a_second_one_stops_at_once(
    capfd: pytest.CaptureFixture[str], number: signal.Signals, times: int, finished: int
) -> None:
    done = []

    def work() -> None:
        with finishing() as until_interrupted:
            for thing in until_interrupted(range(5)):
                for _ in range(times if thing == 2 else 0):
                    signal.raise_signal(number)
                done.append(thing)
            assert times < 2

    if times:
        with pytest.raises(KeyboardInterrupt):
            work()
    else:
        work()
    assert done == list(range(finished))
    assert capfd.readouterr().err.count("what is under way is finished") == min(times, 1)
    assert signal.getsignal(number) is signal.default_int_handler
