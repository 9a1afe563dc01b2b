"""Over real sockets: a healthy archive's budget is used, and never passed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.heavy.test_storm import synthetic
from tests.standin import Endpoint, StandIn

pytestmark = [pytest.mark.heavy, pytest.mark.alone]

ROOT = Path(__file__).resolve().parents[2]
RATE = 480
MINUTES = 1.5
JITTER = 0.5
"""Seconds by which requests may come closer to each other on their way than they were sent, on a machine that does other things too. That
they are sent no closer is held on a virtual clock, in `tests/archive/test_politeness.py`."""


def test_the_budget_is_used_and_not_passed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive, _ = synthetic(round(RATE * MINUTES))
    settings = {"OUTPUT_DIR": str(tmp_path), "PLAYBACK_RATE": str(RATE), "PLAYBACK_RATE_START": str(RATE), "CDX_RATE": "1e6"}
    with StandIn(archive) as standin:
        arguments = [part for name, value in {"ARCHIVE_URL": standin.url, **settings}.items() for part in ("-s", f"{name}={value}")]
        subprocess.run(
            [sys.executable, "-m", "scrapy", "crawl", "articles", *arguments], cwd=ROOT, capture_output=True, timeout=300, check=True
        )
        log = standin.playback_requests()
        most = standin.in_window(60, Endpoint.PLAYBACK)
        sent = standin.in_window(60 - JITTER, Endpoint.PLAYBACK)
        connections = len(standin.connections)
    elapsed = (log[-1].time - log[0].time) / 60
    used = (len(log) - 1) / (elapsed * RATE)
    with capsys.disabled():
        print(
            f"\n{len(log)} requests at {RATE}/min over {elapsed:.1f} min: {used:.1%} of the budget used, at most {most} in any minute;"
            f" {connections} connections"
        )
    assert used >= 0.97
    assert sent <= RATE + 1
    assert connections <= 8
