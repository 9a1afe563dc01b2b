"""Killed while images are fetched and run again, the crawl ends as if it had never been killed, and asks for nothing
twice."""

from __future__ import annotations

import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from crawler.warc.record import WarcDamaged
from tests.e2e.test_images import AFTER, AT, BEFORE, FAREWELL, SITE, Shore
from tests.heavy.killer import OF_IMAGES
from tests.heavy.test_kill import _arguments, _run
from tests.recovery.image_samples import png
from tests.standin import StandIn
from tests.stored import stored_records

pytestmark = pytest.mark.heavy

TIMES = (1, 2, 5)


def archive() -> Shore:
    """Images captured with their pages, before, after, badly at first, under two addresses, and not at all."""
    shore = Shore()
    for number in range(1, 7):
        shore.article(
            number,
            f"/now/{number}.png",
            f"/later/{number}.png",
            f"/bad/{number}.png",
            f"/twin/{number % 2}/{number}.png",
            "/none.png",
        )
        shore.image(f"{SITE}/now/{number}.png", AT, png(number))
        shore.image(f"{SITE}/later/{number}.png", AFTER, png(10 + number))
        shore.image(f"{SITE}/bad/{number}.png", AT, FAREWELL, mimetype="text/html")
        shore.image(f"{SITE}/bad/{number}.png", BEFORE, png(20 + number))
        shore.image(f"{SITE}/twin/{number % 2}/{number}.png", AT, png(99))
    return shore


def outcome(output: Path) -> dict[str, Any]:
    files = {
        path.relative_to(output).as_posix(): path.read_bytes()
        for path in (output / "images").rglob("*")
        if path.is_file()
    }
    ledger = sqlite3.connect(output / "ledger.sqlite")
    try:
        images = ledger.execute(
            "SELECT file, url, state, reason, timestamp, original, digest, sha256, fault FROM image ORDER BY file"
        ).fetchall()
        stored = ledger.execute("SELECT file FROM image WHERE state = 'have' AND warc IS NULL").fetchall()
    finally:
        ledger.close()
    return {"files": files, "images": images, "not in the store": stored}


def done(output: Path) -> tuple[set[str], set[tuple[str, str]]]:
    """At the moment of death: addresses of settled images, and captures that are whole in the store."""
    ledger = sqlite3.connect(output / "ledger.sqlite")
    try:
        settled = {url for (url,) in ledger.execute("SELECT url FROM image WHERE state IN ('have', 'missing')")}
    finally:
        ledger.close()
    stored: set[tuple[str, str]] = set()
    for file in (output / "warc").glob("*.warc.gz*"):
        try:
            stored.update((capture.timestamp, capture.original) for _, capture in stored_records(file))
        except WarcDamaged:
            continue
    return settled, stored


def test_killed_and_run_again_it_ends_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    killed: Counter[str] = Counter()
    with StandIn(archive()) as standin:
        assert _run("-m", "scrapy", *_arguments(standin.url, tmp_path / "unbroken"), "-s", "IMAGES=1") == 0
        wanted = outcome(tmp_path / "unbroken")
        assert Counter(row[2] for row in wanted["images"]) == {"have": 24, "missing": 1}
        for point in OF_IMAGES:
            for nth in TIMES:
                output = tmp_path / f"{point}-{nth}"
                line = [*_arguments(standin.url, output), "-s", "IMAGES=1"]
                killed[point] += _run("-m", "tests.heavy.killer", point, str(nth), "--", *line) == -9
                settled, stored = done(output)
                standin.reset()
                assert _run("-m", "scrapy", *line) == 0
                assert outcome(output) == wanted, (point, nth)
                again = [(request.timestamp, request.original) for request in standin.playback_requests()]
                assert not [pair for pair in again if pair[1] in settled], (point, nth)
                assert not [pair for pair in again if pair in stored], (point, nth)
                assert max(Counter(again).values(), default=0) <= 1, (point, nth)
                assert not list(output.glob("images/**/.*")), (point, nth)
    with capsys.disabled():
        print(f"\nkilled at {sum(killed.values())} moments: {dict(killed)}; every run after ended as the unbroken one")
    assert all(killed[point] >= 2 for point in OF_IMAGES)
