"""The real command in a process of its own, against the stand-in on loopback."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from crawler.ledger import ArticleRow, Ledger
from tests.e2e.processes import started
from tests.standin import StandIn

QUICK = {
    "PLAYBACK_RATE": "100000",
    "CDX_RATE": "100000",
    "RETRY_SECONDS": "0.05,0.05,0.05,0.05",
    "LISTING_RETRY_SECONDS": "0.05,0.05",
    "ARCHIVE_PUBLIC_URL": "https://archive.example",
}
"""Settings for an archive on loopback that nobody else uses."""


@dataclass(frozen=True)
class Run:
    """A command that has ended."""

    status: int
    out: str
    err: str
    output: Path

    def article(self, number: int) -> ArticleRow:
        with Ledger(self.output / "ledger.sqlite") as ledger:
            row = ledger.article(number)
        assert row is not None, f"article {number} is not listed; the run said:\n{self.err}"
        return row

    def file(self, number: int) -> str:
        """The text of an article's file."""
        return (self.output / self.article(number).file).read_text("utf-8")

    def fields(self, number: int) -> dict[str, Any]:
        """The front matter of an article's file."""
        loaded: dict[str, Any] = yaml.safe_load(self.file(number).split("---\n")[1])
        return loaded

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in self.output.glob("articles/*/*"))


def command(name: str, *arguments: str, **settings: str) -> list[str]:
    """A command line of ours, as it stands behind `scrapy`."""
    return [name, *arguments, *[part for key, value in settings.items() for part in ("-s", f"{key}={value}")]]


def python(line: list[str]) -> list[str]:
    """The same as a program's whole command line, for a test that needs a process of its own making."""
    return [sys.executable, "-m", "scrapy", *line]


def environment() -> dict[str, str]:
    """Without settings of Scrapy's or Python's that whoever runs the tests may have."""
    return {
        name: value for name, value in os.environ.items() if not re.match(r"SCRAPY|PYTHON|COVERAGE|CITIZEN_NEWS", name)
    }


def run(line: list[str], output: Path, **more: Any) -> Run:
    """Run a command line to its end, from the project's folder; `more` as for `Command`."""
    with started(line, environment(), **more) as command:
        out, err = command.communicate()
        return Run(command.wait(), out, err, output)


def crawl_line(
    archive: StandIn | str, output: Path, arguments: Mapping[str, str] | None = None, **settings: str
) -> list[str]:
    """`citizen-news crawl` against a stand-in, or an address."""
    url = archive if isinstance(archive, str) else archive.url
    given = [part for name, value in (arguments or {}).items() for part in ("-a", f"{name}={value}")]
    values = {"ARCHIVE_URL": url, "OUTPUT_DIR": str(output), **QUICK, **settings}
    return command("crawl", "articles", *given, **values)


def crawl(archive: StandIn | str, output: Path, arguments: Mapping[str, str] | None = None, **settings: str) -> Run:
    """A crawl with all figures at its end."""
    return run([*crawl_line(archive, output, arguments, **settings), "-v"], output)
