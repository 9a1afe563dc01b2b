"""Mutants before their judges: processes in copies of the tree, one mutant at a time each."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from tests.mutants.mutations import Mutant
from tests.mutants.reach import Reach

OUTCOMES = ("killed", "survived", "not covered")
Modules = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Judged:
    """`by`: the test that noticed it; `hung`: by never ending. `seconds`: how long that took."""

    mutant: Mutant
    outcome: str
    by: str = ""
    hung: bool = False
    seconds: float = 0.0


class Court:
    """`unsound`: tests that failed without any mutant too, and then counted for none."""

    def __init__(self, reach: Reach, trees: list[Path]) -> None:
        self.unsound: set[str] = set()
        self._sound: set[str] = set()
        self._reach = reach
        self._free: SimpleQueue[subprocess.Popen[str]] = SimpleQueue()
        self._judges = [self._seat(tree) for tree in trees]

    def judge(self, mutants: list[Mutant]) -> list[Judged]:
        """In the order of the mutants; to be called once."""
        done: Counter[str] = Counter()

        def one(mutant: Mutant) -> Judged:
            judged = self._judge(mutant)
            done[judged.outcome] += 1
            told = ", ".join(f"{done[outcome]} {outcome}" for outcome in OUTCOMES)
            print(f"{done.total()} of {len(mutants)}: {told}", file=sys.stderr, flush=True)
            return judged

        with ThreadPoolExecutor(len(self._judges)) as pool:
            judged = list(pool.map(one, mutants))
        for judge in self._judges:
            judge.communicate()
        return judged

    def _seat(self, tree: Path) -> subprocess.Popen[str]:
        line = [sys.executable, "-m", "tests.mutants.judge"]
        judge = subprocess.Popen(line, cwd=tree, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        _send(judge, self._reach.modules)
        self._free.put(judge)
        return judge

    def _judge(self, mutant: Mutant) -> Judged:
        while tests := in_order(self._reach.tests(mutant) - self.unsound, self._reach.seconds, mutant.file):
            judged = Judged(mutant, **self._ask(mutant.file, mutant.source, tests))
            if judged.outcome == "survived" or self._is_sound(judged.by, tests):
                return judged
        return Judged(mutant, "not covered")

    def _is_sound(self, test: str, tests: Modules) -> bool:
        """Does a test that failed pass without any mutant, after the same others? Raises RuntimeError when not even its
        module is read."""
        module = test.split("::", maxsplit=1)[0]
        if test in self._sound or test not in tests[module]:
            return True
        so_far = {one: seconds for one, seconds in tests[module].items() if seconds <= tests[module][test]}
        control = self._ask("", "", {module: so_far})
        if control["outcome"] == "survived":
            self._sound |= so_far.keys()
            return True
        if control["by"] not in so_far:
            raise RuntimeError(f"{module} cannot be read without any mutant")
        self.unsound.add(control["by"])
        return False

    def _ask(self, file: str, source: str, tests: Modules) -> dict[str, Any]:
        judge = self._free.get()
        try:
            _send(judge, {"file": file, "source": source, "tests": tests})
            assert judge.stdout
            answer: dict[str, Any] = json.loads(judge.stdout.readline())
            return answer
        finally:
            self._free.put(judge)


def in_order(tests: set[str], seconds: Mapping[str, float], file: str) -> Modules:
    """By module, with the seconds of each test: first the module that is named after the file, then the quick ones."""
    modules: Modules = defaultdict(dict)
    for test in sorted(tests):
        modules[test.split("::")[0]][test] = seconds[test]
    own = f"test_{Path(file).name}"
    return dict(
        sorted(modules.items(), key=lambda module: (Path(module[0]).name != own, sum(module[1].values()), module[0]))
    )


def _send(judge: subprocess.Popen[str], what: object) -> None:
    assert judge.stdin
    judge.stdin.write(json.dumps(what) + "\n")
    judge.stdin.flush()
