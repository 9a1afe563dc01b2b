"""A cluster whose workers all die of what they are given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crawler.recovery.extraction_job import WRITTEN, ExtractionJob, ExtractionPlan, LocalWorkers
from crawler.recovery.formats import Format, Styles
from crawler.recovery.store import Store
from tests.e2e.processes import children_are_forked
from tests.recovering import Bench, capture

pytest.importorskip("distributed")


class Lost:
    """The future of jobs whose workers died."""

    def done(self) -> bool:
        return True

    def result(self) -> bytes:
        from distributed import KilledWorker  # noqa: PLC0415 - it may not be there

        raise KilledWorker("extract", None, 3)


class Deadly:
    """A client whose workers die."""

    def __init__(self) -> None:
        self.submitted: list[Any] = []

    def scheduler_info(self, **_: int) -> dict[str, int]:
        return {"total_threads": 1}

    def submit(self, *given: Any, **_: Any) -> Lost:
        self.submitted.append(given)
        return Lost()

    def run_on_scheduler(self, function: Any) -> None:
        pass

    def register_plugin(self, plugin: Any) -> None:
        pass

    def unregister_worker_plugin(self, name: str) -> None:
        pass


def test_jobs_that_no_worker_survives_are_given_out_one_by_one_and_then_read_here(tmp_path: Path) -> None:
    from crawler.run.cluster import Cluster  # noqa: PLC0415 - it needs Dask

    bench = Bench(tmp_path).lists(*(capture(number) for number in (5, 6)))
    bench.serve({}).run(until="2020").run()
    jobs = [ExtractionJob(number, tuple(bench.ledger.captures(number)), settled=True) for number in (5, 6)]
    client = Deadly()
    with children_are_forked():
        cluster = Cluster(client, "tcp://127.0.0.1:9", LocalWorkers(1, 900.0, 1500))
        results = list(cluster.extract(ExtractionPlan(Styles(Format(), tmp_path)), Store(tmp_path / "warc"), jobs))
    assert [one.article for one in results if one.outcome in WRITTEN] == [5, 6]
    assert len(client.submitted) == 3
