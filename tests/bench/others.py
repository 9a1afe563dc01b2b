"""General extractors on the same pages. Run by the Python of their own environment (`make bench-others`), so it imports
nothing of ours.

Given a folder of pages, it prints the names of its steps, then for each line with a name the seconds (clock, CPU) of
all pages.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

URL = "https://archive.example/article"


def _refuse(*_: object, **__: object) -> NoReturn:
    raise OSError("nothing may be asked of the network here")


def _steps() -> dict[str, Callable[[bytes], Any]]:
    """What can be imported here, by name and version, behind the parser that all is compared with."""
    html: Any = importlib.import_module("lxml.html")
    found: dict[str, Callable[[bytes], Any]] = {
        "parse": lambda page: html.document_fromstring(page, parser=html.HTMLParser(encoding="utf-8"))
    }
    with contextlib.suppress(ImportError):
        trafilatura: Any = importlib.import_module("trafilatura")

        found[_called("trafilatura", "with metadata, Markdown")] = lambda page: trafilatura.extract(
            page,
            url=URL,
            output_format="markdown",
            with_metadata=True,
            include_images=True,
            include_links=True,
            include_formatting=True,
        )
    with contextlib.suppress(ImportError):
        newspaper: Any = importlib.import_module("newspaper")

        def parsed(page: bytes) -> object:
            article = newspaper.Article(URL, language="zh", fetch_images=False)
            article.download(input_html=page.decode("utf-8"))
            return article.parse()

        found[_called("newspaper4k", "Chinese")] = parsed
    with contextlib.suppress(ImportError):
        newsplease: Any = importlib.import_module("newsplease")

        found[_called("news-please", "")] = lambda page: newsplease.NewsPlease.from_html(
            page.decode("utf-8"), url=URL, fetch_images=False
        )
    return found


def _called(name: str, how: str) -> str:
    return f"{name} {importlib.metadata.version(name)}" + (f", {how}" if how else "")


def main(folder: Path) -> None:
    for connect in ("connect", "connect_ex"):
        setattr(socket.socket, connect, _refuse)
    pages = [path.read_bytes() for path in sorted(folder.glob("*.html"))]
    answers, sys.stdout = sys.stdout, sys.stderr
    steps = _steps()
    for step in steps.values():
        step(pages[0])  # dictionaries are loaded now
    print("\t".join(steps), file=answers, flush=True)
    for line in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        for page in pages:
            steps[line.strip()](page)
        print(time.perf_counter() - wall, time.process_time() - cpu, file=answers, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
