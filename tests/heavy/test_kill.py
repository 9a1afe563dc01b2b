"""Killed at any moment and run again, the crawl ends as if it had never been killed, and asks for nothing twice."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from crawler.warc.record import WarcDamaged
from tests.heavy.killer import STAGE
from tests.standin import StandIn, load_archive
from tests.stored import stored_records

pytestmark = pytest.mark.heavy

ROOT = Path(__file__).resolve().parents[2]
ARCHIVE = ROOT / "tests" / "demo" / "archive"
MOMENTS = 36
SEED = 20_220_104
FAST = {
    "PLAYBACK_RATE": "1e6",
    "CDX_RATE": "1e6",
    "RETRY_SECONDS": "0,0,0,0",
    "LISTING_RETRY_SECONDS": "0,0",
    "LISTING_PAGE_ROWS": "20",
}


def _arguments(url: str, output: Path) -> list[str]:
    settings = {"ARCHIVE_URL": url, "ARCHIVE_PUBLIC_URL": "https://archive.example", "OUTPUT_DIR": str(output), **FAST}
    return ["crawl", "articles", *(part for name, value in settings.items() for part in ("-s", f"{name}={value}"))]


def _run(*command: str) -> int:
    done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode not in (0, -9):
        raise AssertionError(done.stderr[-3000:])
    return done.returncode


def _outcome(output: Path) -> dict[str, Any]:
    """Everything that has to be equal: files, states, choices, verdicts, digest results."""
    files = {
        path.relative_to(output).as_posix(): path.read_bytes()
        for path in (output / "articles").rglob("*")
        if path.is_file()
    }
    ledger = sqlite3.connect(output / "ledger.sqlite")
    try:
        articles = ledger.execute(
            "SELECT a.id, a.state, a.reason, a.file, a.sha256, a.faults, c.timestamp, c.original"
            " FROM article a LEFT JOIN capture c ON c.id = a.capture ORDER BY a.id"
        ).fetchall()
        captures = ledger.execute(
            "SELECT article, timestamp, original, answer, verdict, digest_result FROM capture ORDER BY article,"
            " timestamp, original"
        ).fetchall()
    finally:
        ledger.close()
    return {"files": files, "articles": articles, "captures": captures}


def _done(output: Path) -> tuple[set[str], set[tuple[str, str]]]:
    """At the moment of death: addresses of settled articles, and captures that are whole in the store."""
    settled: set[str] = set()
    if (output / "ledger.sqlite").exists():
        ledger = sqlite3.connect(output / "ledger.sqlite")
        try:
            query = (
                "SELECT c.original FROM capture c JOIN article a ON a.id = c.article WHERE a.state IN ('recovered',"
                " 'unrecoverable')"
            )
            settled = (
                {original for (original,) in ledger.execute(query)}
                if ledger.execute("PRAGMA user_version").fetchone()[0]
                else set()
            )
        finally:
            ledger.close()
    stored: set[tuple[str, str]] = set()
    for file in (output / "warc").glob("*.warc.gz"):
        try:
            stored.update((capture.timestamp, capture.original) for _, capture in stored_records(file))
        except WarcDamaged:
            continue
    return settled, stored


def _moments() -> list[tuple[str, int]]:
    """So many points and times, every point at least three times, the same in every run."""
    chance = random.Random(SEED)
    most = {"page": 4, "page-committed": 4}
    points = [point for point in STAGE for _ in range(3)]
    points += chance.choices(list(STAGE), k=max(0, MOMENTS - len(points)))
    return [(point, chance.randint(1, most.get(point, 25))) for point in points]


def test_killed_and_run_again_it_ends_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = load_archive(ARCHIVE)
    stages: Counter[str] = Counter()
    with StandIn(archive) as standin:
        assert _run("-m", "scrapy", *_arguments(standin.url, tmp_path / "unbroken")) == 0
        wanted = _outcome(tmp_path / "unbroken")
        for number, (point, nth) in enumerate(_moments()):
            output = tmp_path / f"{number}-{point}-{nth}"
            standin.reset()
            status = _run("-m", "tests.heavy.killer", point, str(nth), "--", *_arguments(standin.url, output))
            stages[STAGE[point]] += status == -9
            settled, stored = _done(output)
            standin.reset()
            assert _run("-m", "scrapy", *_arguments(standin.url, output)) == 0
            assert _outcome(output) == wanted, (point, nth)
            again = [(request.timestamp, request.original) for request in standin.playback_requests()]
            assert not [pair for pair in again if pair[1] in settled], (point, nth)
            assert not [pair for pair in again if pair in stored], (point, nth)
            assert max(Counter(again).values(), default=0) <= 1, (point, nth)
    with capsys.disabled():
        print(f"\nkilled at {sum(stages.values())} moments: {dict(stages)}; every run after ended as the unbroken one")
    assert sum(stages.values()) >= 30
    assert min(stages[stage] for stage in ("listing", "fetch", "write", "commit")) >= 3
