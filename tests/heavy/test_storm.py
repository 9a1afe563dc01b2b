"""A storm: one answer in five is bad, of every kind. Nothing is lost, nothing false is written, and no pause is
broken."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.standin import Archive, Endpoint, Kind, StandIn, Trouble

pytestmark = pytest.mark.heavy

ROOT = Path(__file__).resolve().parents[2]
TWIN = ROOT / "tests" / "fixtures" / "twin"
ARTICLES = 400
PAUSE = 1.0
BAD = ((Kind.OUTAGE, 200), (Kind.ERROR, 502), (Kind.CUT, 0), (Kind.CUT_CHUNKED, 0), (Kind.RESET, 0))
LIMITS = (40, 150, 300)
"""At these requests a 429 comes; few, because each further pause is twice as long."""
SHARE = 0.2
UNDER_WAY = 3
"""So many requests may be on their way, over four connections, when one of them is answered with 429."""


def synthetic(articles: int) -> tuple[Archive, dict[int, tuple[str, str]]]:
    """So many articles with an older capture and a newer one; the newer is the one to be recovered."""
    page = (TWIN / "page.html").read_text(encoding="utf-8")
    archive = Archive()
    good: dict[int, tuple[str, str]] = {}
    for number in range(1000, 1000 + articles):
        original = f"https://www.hkcnews.com/article/{number}/slug"
        for timestamp, text in (("20200101000000", "舊版"), ("20210101000000", "新版")):
            archive.add(original, timestamp, page.replace("<p>", f"<p>{text}第{number}號。", 1).encode())
        good[number] = ("20210101000000", original)
    return archive, good


def test_everything_is_recovered_in_a_storm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive, good = synthetic(ARTICLES)
    troubles = [Trouble(Kind.LIMIT, on=Endpoint.PLAYBACK, first=number, times=1) for number in LIMITS]
    troubles.append(Trouble(Kind.ERROR, on=Endpoint.PLAYBACK, first=60, times=4, status=503))
    troubles += [Trouble(kind, on=Endpoint.PLAYBACK, share=SHARE / len(BAD), status=status) for kind, status in BAD]
    settings = {
        "OUTPUT_DIR": str(tmp_path),
        "PLAYBACK_RATE": "1e6",
        "CDX_RATE": "1e6",
        "PAUSE_SECONDS": str(PAUSE),
        "RETRY_SECONDS": "0.2,0.5,1,2,2,2,2,2",
        "BREAKER_SECONDS": "1,1,1,1,1,1,1,1",
    }
    with StandIn(archive, troubles, seed=7) as standin:
        arguments = [
            part
            for name, value in {"ARCHIVE_URL": standin.url, **settings}.items()
            for part in ("-s", f"{name}={value}")
        ]
        for run in range(1, 7):  # noqa: B007 - printed below
            command = [sys.executable, "-m", "scrapy", "crawl", "articles", *arguments]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                break
            assert done.returncode in (3, 4), done.stderr[-3000:]
        log = [request for request in standin.requests if request.endpoint is Endpoint.PLAYBACK]
    limited = [request for request in log if request.trouble == Kind.LIMIT.value]
    inside = [
        (request.number, limit.number)
        for limit in limited
        for request in log[log.index(limit) + 1 + UNDER_WAY :]
        if request.time < limit.time + PAUSE - 0.05
    ]
    status = subprocess.run(
        [sys.executable, "-m", "scrapy", "status", "--json", "-s", f"OUTPUT_DIR={tmp_path}"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    counts = json.loads(status.stdout)
    bad = sum(1 for request in log if request.trouble)
    with capsys.disabled():
        print(
            f"\nstorm: {len(log)} requests, {bad} of them answered badly ({bad / len(log):.0%}), {len(limited)} with"
            f" 429; {len(inside)} requests inside a pause; {counts['recovered']} of {ARTICLES} articles recovered after"
            f" {run} runs"
        )
    assert done.returncode == 0, done.stderr[-3000:]
    assert counts["recovered"] == ARTICLES
    assert not inside
    for number, (timestamp, original) in good.items():
        text = (tmp_path / "articles" / _folder(number) / f"article_{number}.md").read_text(encoding="utf-8")
        assert f"新版第{number}號。" in text
        assert f'url: "https://web.archive.org/web/{timestamp}/{original}"' in text


def _folder(number: int) -> str:
    first = (number - 1) // 1000 * 1000 + 1
    return f"{first}-{first + 999}"
