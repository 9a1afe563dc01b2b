"""The sample of real articles: all of them perfect in the judge's eyes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sample import judge_sample, main

SAMPLE = Path(__file__).parents[3] / "shared" / "sample"


@pytest.mark.heavy
def test_every_article_of_the_sample_is_perfect(tmp_path: Path) -> None:
    if not SAMPLE.exists():
        pytest.skip("../shared/sample is not here, so there is nothing to judge")
    judged = judge_sample(SAMPLE, tmp_path / "output")
    assert judged.faults == (), judged.report


def test_without_a_sample_that_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 2
    assert "truth.jsonl is not here" in capsys.readouterr().err
    assert main([]) == 2
