"""Property tests on new examples, for so many minutes: python -m tests.explore [--minutes M] [--seed N].

Each round has a seed of its own, which is printed. What is found is a case to keep: add it to its test as an
`@example`, and mend what it shows. The exit status is 1 then, so that a script can tell; 0 if nothing was found.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


def _round(seed: int, seconds: float) -> str | None:
    """What pytest said of a property that does not hold; None if all hold as far as the time went."""
    options = [
        "-m",
        "hypothesis",
        "--hypothesis-profile=explore",
        f"--hypothesis-seed={seed}",
        "-n",
        "auto",
        "-x",
        "--no-header",
    ]
    line = [sys.executable, "-m", "pytest", *options]
    with subprocess.Popen(
        line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as tests:
        try:
            said, _ = tests.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(tests.pid, signal.SIGKILL)
            return None
    return said if tests.returncode else None


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.explore", description="Property tests on new examples.")
    parser.add_argument("--minutes", type=float, default=3.0, help="for how long, about (3)")
    parser.add_argument("--seed", type=int, default=None, help="of the first round (drawn)")
    given = parser.parse_args()
    until = time.monotonic() + given.minutes * 60
    seed = random.SystemRandom().randrange(2**32) if given.seed is None else given.seed
    while (left := until - time.monotonic()) > 0:
        print(f"exploring with seed {seed}, {left:.0f} s left", flush=True)
        found = _round(seed, left)
        if found:
            print(found)
            print(
                f"A case to keep, found with seed {seed}: add it to its test as an @example. Again: python -m"
                f" tests.explore --seed {seed}"
            )
            return 1
        seed = (seed + 1) % 2**32
    print("no property was found broken")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
