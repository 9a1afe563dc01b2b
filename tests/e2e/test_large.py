"""Pages that are too much: they cost themselves only, and the crawl's own memory stays small."""

from __future__ import annotations

import gzip
import os
import subprocess
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO

import brotli
import pytest

from crawler.ledger import State
from tests.e2e.crawling import QUICK, Run, command, environment, python
from tests.e2e.processes import ROOT
from tests.pages import address, article
from tests.standin import Archive, StandIn

WHEN = "20210712013906"
MEMORY = 600
"""MiB that the crawl's own process may take at most."""
MIB = 1024 * 1024


def gzip_bomb(size: int) -> bytes:
    """So many MiB of nothing in a thousandth of that."""
    press = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return b"".join([*(press.compress(bytes(MIB)) for _ in range(size)), press.flush()])


def brotli_bomb(size: int) -> bytes:
    press = brotli.Compressor(quality=1)
    return b"".join([*(press.process(bytes(MIB)) for _ in range(size)), press.finish()])


def large(size: int) -> bytes:
    """An article's page with so many MiB of remarks before its text."""
    whole = article(1)
    return whole.replace(b"<body>", b"<body>" + b"<!-- " + b"x" * (size * MIB) + b" -->")


BAD: dict[int, Callable[[], bytes]] = {
    1: lambda: large(50),
    2: lambda: gzip_bomb(1024),
    3: lambda: brotli_bomb(1024),
    4: lambda: article(4, "<div>" * 10_000 + "x"),
    5: lambda: gzip.compress(gzip_bomb(1024)),
    6: lambda: article(6, "<b><i>" * 10_000 + "x"),
}
GOOD = range(10, 31)


def _read_into(out: list[str], stream: IO[str]) -> None:
    out.append(stream.read())


@pytest.mark.heavy
@pytest.mark.alone
def test_pages_that_are_too_much_cost_themselves_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = Archive()
    for number, make in BAD.items():
        archive.add(address(number), WHEN, make(), headers=[("Content-Encoding", "br")] if number == 3 else [])
    for number in GOOD:
        archive.add(address(number), WHEN, article(number))
    with StandIn(archive) as standin:
        line = command("crawl", "articles", **{"ARCHIVE_URL": standin.url, "OUTPUT_DIR": str(tmp_path), **QUICK})
        pipe = subprocess.PIPE
        with subprocess.Popen(
            python(line), cwd=ROOT, env=environment(), stdout=pipe, stderr=pipe, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            out: list[str] = []
            reading = threading.Thread(target=_read_into, args=(out, process.stdout))
            reading.start()
            err = process.stderr.read()
            reading.join()
            # wait4 tells of this process alone, without its own children: those are bounded by PAGE_MEMORY_MB.
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
    run = Run(process.returncode, "".join(out), err, tmp_path)
    most = used.ru_maxrss // 1024
    with capsys.disabled():
        print(f"\nlarge pages: the crawl's own process took {most} MiB at most")
    assert run.status == 0, run.err
    assert {number: run.article(number).state for number in GOOD} == dict.fromkeys(GOOD, State.RECOVERED)
    assert all(run.article(number).state in (State.RECOVERED, State.UNRECOVERABLE) for number in BAD)
    assert {number: run.article(number).reason for number in (2, 3)} == dict.fromkeys((2, 3), "undecodable")
    assert most < MEMORY
