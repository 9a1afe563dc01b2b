"""`citizen-news browse` over a library: what archive.db takes to be built, and what a search costs."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.processes import Cost, run
from tests.publish.browse.tree import reading

_BUILD = (
    "import sys; from pathlib import Path; from crawler.publish.browse.database import build;"
    " build(Path(sys.argv[1]), lambda done, of: None)"
)


def build(output: Path) -> Cost:
    """Make archive.db of a tree, in a process of its own and its children."""
    return run([sys.executable, "-c", _BUILD, str(output)])


def searches(output: Path, words: Sequence[str], before: Sequence[str]) -> list[float]:
    """Seconds of CPU for the page of each word, in order of size: asked for the first time, without a socket, by a
    server that has answered others before."""
    seconds = []
    with reading(output) as reader:
        for word in before:
            reader.get("/search", q=word)
        for word in words:
            begun = time.process_time()
            answer = reader.get("/search", q=word)
            seconds.append(time.process_time() - begun)
            assert answer.status == 200, word
    return sorted(seconds)
