"""The whole of an extraction: what is at hand goes out to workers, what came of it is settled in batches."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crawler.ending import Ending, Fatal, Status
from crawler.hkcnews.choice import SHARED_BY
from crawler.ledger import Ledger
from crawler.ledger.rows import SETTLED
from crawler.offline.inputs import Input
from crawler.offline.job import Done, Job, Plan
from crawler.offline.report import Report
from crawler.offline.workers import Workers

BATCH = 1000
"""Articles that are settled in one transaction."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many processes, and what a page may take: seconds, and MiB of address space."""

    workers: int
    page_seconds: float
    page_megabytes: int


def extract(source: Input, report: Report, limits: Limits, *, only_changed: bool = False, dry_run: bool = False) -> Ending:
    """Extract everything; gives how it ended. Raises Fatal."""
    with source:
        source.prepare(report)
        articles = source.ledger.at_hand()
        if not articles:
            why = f": {report.damages[0]}" if report.damages else ""
            status = Status.DAMAGED if why else Status.USAGE
            raise Fatal(status, f"there is no capture of an article in what was to be extracted{why}")
        report.total = len(articles)
        shared = frozenset(source.ledger.shared_digests(SHARED_BY))
        plan = Plan(source.output.resolve(), shared, only_changed=only_changed, dry_run=dry_run)
        workers = Workers(plan, source.store, limits.workers, limits.page_seconds, limits.page_megabytes)
        batch: list[Done] = []
        try:
            for done in workers.run(_jobs(source.ledger, articles)):
                report.take(done)
                batch.append(done)
                if len(batch) == BATCH:
                    _settle(source, batch, report, dry_run)
                    batch = []
            _settle(source, batch, report, dry_run)
        except OSError as error:
            raise Fatal(Status.STORAGE, f"cannot write to {source.output}: {error}. Make room or repair it, then run again") from error
    return report.ending()


def _jobs(ledger: Ledger, articles: Sequence[int]) -> Iterator[Job]:
    settled = {row.id for row in ledger.articles(*SETTLED)}
    for article in articles:
        yield Job(article, tuple(ledger.captures(article)), article in settled)


def _settle(source: Input, batch: Sequence[Done], report: Report, dry_run: bool) -> None:
    if not dry_run:
        os.sync()  # the files of all of them, before the ledger says that they are there
    source.settle(batch, report)
