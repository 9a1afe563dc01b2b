"""Over real sockets: what is sent of a healthy archive's budget, by the run's own record. How much of it is used is
told, not judged: that is the machine's affair too. That it is used, and never passed, is held on a virtual clock in
`tests/politeness/test_politeness.py`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.crawling import crawl
from tests.heavy.test_storm import synthetic
from tests.standin import StandIn

pytestmark = [pytest.mark.heavy, pytest.mark.alone]

RATE = 480
MINUTES = 1.5


def test_the_budget_is_not_passed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive, _ = synthetic(round(RATE * MINUTES))
    with StandIn(archive) as standin:
        done = crawl(standin, tmp_path, CDX_RATE="1e6", PLAYBACK_RATE=str(RATE), PLAYBACK_RATE_START=str(RATE))
        assert done.status == 0, done.err
        log, connections = standin.playback_requests(), len(standin.connections)
        (record,) = (tmp_path / "runs").iterdir()
        sent = json.loads(record.read_text("utf-8"))["politeness"][standin.url]["playback"]
    elapsed = (log[-1].time - log[0].time) / 60
    used = (len(log) - 1) / (elapsed * RATE)
    with capsys.disabled():
        print(
            f"\n{len(log)} requests at {RATE}/min over {elapsed:.1f} min: {used:.1%} of the budget used,"
            f" {sent['busiest_minute']} in the busiest minute; {connections} connections"
        )
    assert sent["requests"] == len(log)
    assert sent["busiest_minute"] <= RATE
    assert connections <= 8
