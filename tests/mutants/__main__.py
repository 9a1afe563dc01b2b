"""`make mutants`: how many small changes of the code the fast tests notice, and which they do not. Works in copies of the tree."""

from __future__ import annotations

import argparse
import difflib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from tests.mutants.mutations import Mutant, sample
from tests.mutants.places import files
from tests.mutants.reach import Reach

ROOT = Path(__file__).parents[2]
SIDE_BY_SIDE = 2
OUTCOMES = ("killed", "survived", "not covered")


@dataclass(frozen=True)
class Judged:
    """`by`: the test that noticed it; `hung`: by never ending."""

    mutant: Mutant
    outcome: str
    by: str = ""
    hung: bool = False
    seconds: float = 0.0


def main(arguments: list[str] | None = None) -> int:
    """Judge a sample; status 1 when the tests cannot be run at all."""
    options = _parser().parse_args(arguments)
    began = time.monotonic()
    os.nice(10)
    texts = {file: (ROOT / file).read_text("utf-8") for file in files(ROOT)}
    mutants, places = sample(texts.items(), options.seed, options.mutants)
    print(f"Seed {options.seed}: {len(mutants)} mutants, of {places} places of the code.", flush=True)
    with tempfile.TemporaryDirectory(prefix="citizen-news-mutants-", dir=options.folder) as folder:
        trees = [_copy(Path(folder) / str(number) / "tree") for number in range(SIDE_BY_SIDE)]
        _say("running the fast tests once, to see which run what")
        if subprocess.run([sys.executable, "-m", "tests.mutants.reach", ".."], cwd=trees[0], check=False).returncode:
            return 1
        reach = Reach(trees[0].parent, trees[0])
        print(*(f"Left out, because it fails without any mutant: {test}" for test in reach.failed), sep="\n")
        judged = judge_all(mutants, reach, trees)
    print("\n".join(_report(judged, texts, time.monotonic() - began)))
    if options.json:
        options.json.write_text(json.dumps([_told(one, texts) for one in judged], ensure_ascii=False, indent=1) + "\n", "utf-8")
    return 0


def _copy(tree: Path) -> Path:
    """What git knows of the tree, or would."""
    listed = subprocess.run(["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_bytes((ROOT / name).read_bytes())
            (tree / name).chmod((ROOT / name).stat().st_mode)
    return tree


def judge_all(mutants: list[Mutant], reach: Reach, trees: list[Path]) -> list[Judged]:
    """In the order of the mutants, so many at a time as there are trees."""
    free: SimpleQueue[subprocess.Popen[str]] = SimpleQueue()
    judges = []
    for tree in trees:
        line = [sys.executable, "-m", "tests.mutants.judge"]
        judges.append(subprocess.Popen(line, cwd=tree, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        _send(judges[-1], reach.modules)
        free.put(judges[-1])
    done: Counter[str] = Counter()

    def one(mutant: Mutant) -> Judged:
        if not (tests := in_order(reach.tests(mutant), reach.seconds, mutant.file)):
            verdict = Judged(mutant, "not covered")
        else:
            judge = free.get()
            _send(judge, {"file": mutant.file, "source": mutant.source, "tests": tests})
            assert judge.stdout
            verdict = Judged(mutant, **json.loads(judge.stdout.readline()))
            free.put(judge)
        done[verdict.outcome] += 1
        _say(f"{done.total()} of {len(mutants)}: {', '.join(f'{done[outcome]} {outcome}' for outcome in OUTCOMES)}")
        return verdict

    with ThreadPoolExecutor(len(trees)) as pool:
        judged = list(pool.map(one, mutants))
    for judge in judges:
        judge.communicate()
    return judged


def in_order(tests: set[str], seconds: Mapping[str, float], file: str) -> dict[str, dict[str, float]]:
    """By module, with the seconds of each test: first the module that is named after the file, then the quick ones."""
    modules: dict[str, dict[str, float]] = defaultdict(dict)
    for test in sorted(tests):
        modules[test.split("::")[0]][test] = seconds[test]
    own = f"test_{Path(file).name}"
    return dict(sorted(modules.items(), key=lambda module: (Path(module[0]).name != own, sum(module[1].values()), module[0])))


def _report(judged: list[Judged], texts: Mapping[str, str], seconds: float) -> Iterator[str]:
    for outcome in OUTCOMES[1:]:
        for one in judged:
            if one.outcome == outcome:
                yield f"\n{outcome}, in {one.mutant.scope or 'the module'}:"
                yield from _diff(one.mutant, texts)
    counts = Counter(one.outcome for one in judged)
    figures = ", ".join(f"{counts[outcome]} {outcome}" for outcome in OUTCOMES)
    share, hung = counts["killed"] / max(1, len(judged)), sum(one.hung for one in judged)
    yield f"\nOf {len(judged)} mutants: {figures}; {share:.1%} killed, {hung} of them by hanging. {seconds / 60:.0f} minutes."


def _diff(mutant: Mutant, texts: Mapping[str, str]) -> list[str]:
    was, now = texts[mutant.file].splitlines(), mutant.source.splitlines()
    return list(difflib.unified_diff(was, now, f"{mutant.file}:{mutant.line}", "mutant", n=1, lineterm=""))


def _told(one: Judged, texts: Mapping[str, str]) -> dict[str, Any]:
    mutant = one.mutant
    return {
        "file": mutant.file,
        "line": mutant.line,
        "scope": mutant.scope,
        "before": mutant.before,
        "after": mutant.after,
        "nth": mutant.nth,
        "outcome": one.outcome,
        "by": one.by,
        "hung": one.hung,
        "seconds": one.seconds,
        "diff": "\n".join(_diff(mutant, texts)),
    }


def _send(judge: subprocess.Popen[str], what: object) -> None:
    assert judge.stdin
    judge.stdin.write(json.dumps(what) + "\n")
    judge.stdin.flush()


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tests.mutants", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the sample (default: %(default)s)")
    parser.add_argument("--mutants", type=int, default=300, metavar="N", help="how many (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write each mutant's outcome there")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="where the copies go")
    return parser


if __name__ == "__main__":
    sys.exit(main())
