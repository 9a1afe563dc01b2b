"""`make mutants`: how many small changes of the code the fast tests notice, and which they do not. Works in copies of
the tree."""

from __future__ import annotations

import argparse
import difflib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.mutants.court import OUTCOMES, Court, Judged
from tests.mutants.mutations import Mutant, sample
from tests.mutants.places import files
from tests.mutants.reach import Reach

ROOT = Path(__file__).parents[2]
SIDE_BY_SIDE = 2


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
        print("running the fast tests once, to see which run what", file=sys.stderr, flush=True)
        if subprocess.run([sys.executable, "-m", "tests.mutants.reach", ".."], cwd=trees[0], check=False).returncode:
            return 1
        reach = Reach(trees[0].parent, trees[0])
        court = Court(reach, trees)
        judged = court.judge(mutants)
    for test in sorted({*reach.failed, *court.unsound}):
        print(f"Left out, because it fails without any mutant: {test}")
    print("\n".join(_report(judged, texts, time.monotonic() - began)))
    if options.json:
        options.json.write_text(
            json.dumps([_told(one, texts) for one in judged], ensure_ascii=False, indent=1) + "\n", "utf-8"
        )
    return 0


def _copy(tree: Path) -> Path:
    """What git knows of the tree, or would."""
    listed = subprocess.run(
        ["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    ).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_bytes((ROOT / name).read_bytes())
            (tree / name).chmod((ROOT / name).stat().st_mode)
    return tree


def _report(judged: list[Judged], texts: Mapping[str, str], seconds: float) -> Iterator[str]:
    for outcome in OUTCOMES[1:]:
        for one in judged:
            if one.outcome == outcome:
                yield f"\n{outcome}, in {one.mutant.scope or 'the module'}:"
                yield from _diff(one.mutant, texts)
    counts = Counter(one.outcome for one in judged)
    figures = ", ".join(f"{counts[outcome]} {outcome}" for outcome in OUTCOMES)
    share, hung = counts["killed"] / max(1, len(judged)), sum(one.hung for one in judged)
    yield (
        f"\nOf {len(judged)} mutants: {figures}; {share:.1%} killed, {hung} of them by hanging. {seconds / 60:.0f}"
        " minutes."
    )


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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tests.mutants", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the sample (default: %(default)s)")
    parser.add_argument("--mutants", type=int, default=300, metavar="N", help="how many (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write each mutant's outcome there")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="where the copies go")
    return parser


if __name__ == "__main__":
    sys.exit(main())
