"""`python -m tests.bench.serve KIND N PORT_FILE`: the stand-in in a process of its own, so that its cost is nobody
else's."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from tests.bench.generate import page_archive, settled_archive
from tests.bench.processes import ROOT, Failed
from tests.standin import StandIn


class Kind(StrEnum):
    """What is served: articles with their pages, or only the listing of what `write_settled` wrote."""

    PAGES = "pages"
    SETTLED = "settled"


@contextmanager
def serving(kind: Kind, articles: int, folder: Path) -> Iterator[str]:
    """The address of a stand-in, for as long as it is needed. Raises Failed when it does not begin."""
    port = folder / f"{kind}.port"
    port.unlink(missing_ok=True)
    command = [sys.executable, "-m", "tests.bench.serve", kind, str(articles), str(port)]
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            while not port.exists():
                if process.poll() is not None:
                    raise Failed("the stand-in did not begin")
                time.sleep(0.05)
            yield f"http://127.0.0.1:{int(port.read_text('ascii'))}"
        finally:
            process.terminate()


def main(arguments: list[str]) -> None:
    kind, articles, port_file = Kind(arguments[0]), int(arguments[1]), Path(arguments[2])
    archive = page_archive(range(1, articles + 1)) if kind is Kind.PAGES else settled_archive(articles)
    len(archive.rows)  # sorted now, not at the first request
    with StandIn(archive) as standin:
        unfinished = port_file.with_name(f"{port_file.name}.new")
        unfinished.write_text(str(standin.port), "ascii")
        unfinished.replace(port_file)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    signal.pthread_sigmask(
        signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM}
    )  # before any thread, so that sigwait gets them
    main(sys.argv[1:])
