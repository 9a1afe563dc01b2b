"""General extractors as steps to be measured, each in their own environment, where it is installed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.bench.pages import Page
from tests.bench.processes import ROOT, Cost, Failed
from tests.bench.rounds import Step

PYTHON = ROOT / ".venv-bench" / "bin" / "python"
PARSE = "parse"


@contextmanager
def others(pages: Sequence[Page], folder: Path, python: Path = PYTHON) -> Iterator[dict[str, Step]]:
    """The steps of the others by name, with their own `parse` to be compared with; none where they are not installed.

    `folder` does not exist yet; what they would keep in a home directory goes there. Raises Failed when they do not
    begin.
    """
    if not python.exists():
        yield {}
        return
    folder.mkdir()
    for one in pages:
        (folder / f"{one.number}.html").write_bytes(one.body)
    environment = {**os.environ, "HOME": str(folder), "TMPDIR": str(folder), "XDG_CACHE_HOME": str(folder)}
    command = [str(python), "-W", "ignore", str(Path(__file__).with_name("others.py")), str(folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as process:
        assert process.stdin is not None
        try:
            yield {name: _step(process, name) for name in _answer(process).split("\t")}
        finally:
            process.stdin.close()


def _step(process: subprocess.Popen[str], name: str) -> Step:
    def step() -> Cost:
        assert process.stdin is not None
        process.stdin.write(f"{name}\n")
        process.stdin.flush()
        wall, cpu = map(float, _answer(process).split())
        return Cost(wall, cpu)

    return step


def _answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if not line:
        raise Failed("the other extractors ended before their time")
    return line
