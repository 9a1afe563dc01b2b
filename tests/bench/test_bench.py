"""The bench itself: it measures in turns, counts all processes, and runs to its end; nothing here is timed."""

from __future__ import annotations

import gc
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.bench import processes
from tests.bench.__main__ import main
from tests.bench.comparing import others
from tests.bench.measuring import Sizes
from tests.bench.pages import page
from tests.bench.processes import Cost, Failed, Neighbours, resident, run
from tests.bench.rounds import Rounds, interleaved, timed
from tests.bench.table import Figure, machine, markdown

TINY = Sizes(many=14, few=6, scaling=10, pages=4, rounds=2, compared=2, long_rounds=1, settled=20, fetched=20)


@pytest.fixture
def _collector() -> Iterator[None]:
    """The bench sets the garbage collector as a worker has it."""
    yield
    gc.unfreeze()
    gc.enable()


def test_what_a_round_takes_longer_than_the_fastest_is_the_machine_s() -> None:
    assert Rounds({"step": [Cost(1, 3), Cost(1, 2), Cost(1, 9)]}).fastest("step") == 2


def test_ratios_are_medians_over_rounds_not_of_all() -> None:
    rounds = Rounds({"base": [Cost(1, 1), Cost(2, 10), Cost(4, 2)], "step": [Cost(2, 3), Cost(6, 20), Cost(6, 8)]})
    assert rounds.cpu_ratio("step", "base") == 3
    assert rounds.wall_ratio("step", "base") == 2
    assert rounds.wall_beyond("step", "base") == 2
    assert (rounds.cpu("step"), rounds.wall("base")) == (8, 2)


def test_every_round_does_every_step_once() -> None:
    done: list[str] = []

    def step(name: str) -> Cost:
        done.append(name)
        return Cost(len(done), 0)

    rounds = interleaved({name: partial(step, name) for name in "abc"}, 5)
    assert [sorted(done[at : at + 3]) for at in range(0, 15, 3)] == [list("abc")] * 5
    assert len({tuple(done[at : at + 3]) for at in range(0, 15, 3)}) > 1
    assert all(len(costs) == 5 for costs in rounds.costs.values())


def test_work_in_this_process_has_a_cost() -> None:
    cost = timed(lambda: sum(range(200_000)))
    assert cost.cpu > 0
    assert cost.wall > 0


def test_a_command_costs_what_its_children_cost() -> None:
    child = "sum(range(3_000_000))"
    cost = run([sys.executable, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{child}'])"])
    assert cost.cpu > run([sys.executable, "-c", ""]).cpu
    with pytest.raises(Failed, match="status 3\nsaid"):
        run([sys.executable, "-c", "import sys; sys.stderr.write('said'); sys.exit(3)"])


@pytest.mark.skipif(sys.platform != "linux", reason="memory of others is known from /proc only")
def test_memory_is_that_of_a_process_and_all_below_it() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "print(flush=True); input()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        both, below = resident(os.getpid()), resident(child.pid)
        child.communicate(b"\n")
    assert 3 < below < both - 3
    assert resident(child.pid) == 0


def test_the_neighbours_work_is_what_the_machine_does_beside_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([(100.0, 7.0), (160.0, 37.0), (160.0, 5.0), (160.0, None)])

    def look() -> float | None:
        now, foreign = next(looks)
        monkeypatch.setattr("time.monotonic", lambda: now)
        return foreign

    monkeypatch.setattr(processes, "_foreign", look)
    monkeypatch.setattr("time.monotonic", lambda: 100.0)
    neighbours = Neighbours()
    assert [neighbours.cores() for _ in range(3)] == [0.5, 0.0, None]


@pytest.mark.skipif(sys.platform != "linux", reason="the work of others is known from /proc only")
def test_what_all_processes_did_is_known_and_this_one_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    idle = resource.struct_rusage((0.0, 0.0, *(0,) * 14))
    foreign = processes._foreign()
    monkeypatch.setattr(resource, "getrusage", lambda who: idle)
    everything = processes._foreign()
    assert foreign is not None
    assert everything is not None
    assert 0 < foreign < everything


def test_without_the_others_there_is_nothing_to_compare(tmp_path: Path) -> None:
    with others([page(1)], tmp_path / "others", tmp_path / "python") as steps:
        assert steps == {}


def test_the_protocol_of_the_others_with_what_is_installed_here(tmp_path: Path) -> None:
    with others([page(1), page(2)], tmp_path / "others", Path(sys.executable)) as steps:
        assert next(iter(steps)) == "parse"
        assert steps["parse"]().cpu > 0


def test_the_table_has_the_goal_beside_the_figure_and_no_name_of_the_machine() -> None:
    lines = list(markdown([Figure("speed", "fast", "slow")]))
    assert lines[2] == "| speed | fast | slow |"
    assert lines[-1] == machine()
    assert list(markdown([], 0.26))[-1] == f"{machine()} Other processes used 0.3 cores meanwhile."
    assert os.uname().nodename not in lines[-1]


@pytest.mark.heavy
@pytest.mark.alone
@pytest.mark.usefixtures("_collector")
def test_the_bench_runs_to_its_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = ["--sample", str(tmp_path / "none"), "--folder", str(tmp_path), "--json", str(tmp_path / "figures.json")]
    assert main(wanted, TINY) == 0
    out = capsys.readouterr().out
    figures = json.loads((tmp_path / "figures.json").read_text("utf-8"))["figures"]
    assert [one["what"] for one in figures if one["what"] not in out] == []
    assert sum(bool(one["goal"]) for one in figures) == 18 - 6 * (find_spec("distributed") is None)
    assert [path.name for path in tmp_path.iterdir()] == ["figures.json"]
