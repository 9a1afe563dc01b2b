"""The whole of an extraction: what is at hand goes out to workers, what came of it is settled in batches."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from crawler.ending import Ending, Fatal, Status
from crawler.formats import Format, Styles, as_bits
from crawler.hkcnews.choice import SHARED_BY
from crawler.ledger import Ledger
from crawler.ledger.rows import SETTLED
from crawler.offline.inputs import Input
from crawler.offline.job import Done, Job, Plan
from crawler.offline.relink import relink
from crawler.offline.report import Report
from crawler.offline.workers import Workers
from crawler.sources import in_words

_SEED = Format()
BATCH = 1000
"""Articles that are settled in one transaction."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many processes, and what a page may take: seconds, and MiB of address space."""

    workers: int
    page_seconds: float
    page_megabytes: int


def extract(
    source: Input, report: Report, limits: Limits, wanted: Format = _SEED, *, only_changed: bool = False, dry_run: bool = False
) -> Ending:
    """Extract everything in the format that is wanted; gives how it ended. Raises Fatal. A dry run of the store takes links for those
    between the articles that are recovered already."""
    with source, _ending_told(source, report):
        source.prepare(report)
        articles = source.ledger.at_hand()
        if not articles:
            status = Status.DAMAGED if report.damages else Status.USAGE
            why = f": {report.damages[0]}" if report.damages else f"; passed over: {in_words(report.passed)}" if report.passed else ""
            raise Fatal(status, f"there is no capture of an article in what was to be extracted{why}")
        report.total = len(articles)
        shared = frozenset(source.ledger.shared_digests(SHARED_BY))
        styles = Styles(wanted, source.output, as_bits(source.begin(wanted, report)))
        plan = Plan(
            source.output.resolve(),
            shared,
            style_for=styles,
            evidence=wanted.for_reading,
            only_changed=only_changed,
            dry_run=dry_run,
            versions=source.keeps_versions,
        )
        batch: list[Done] = []
        try:
            for done in _workers(plan, source, limits).run(_jobs(source.ledger, articles)):
                report.take(done)
                batch.append(done)
                if len(batch) == BATCH:
                    _settle(source, batch, report, dry_run)
                    batch = []
            _settle(source, batch, report, dry_run)
            source.finish(wanted)
            if wanted.for_reading and not dry_run:
                _relink(source, plan, styles, limits, report)
        except OSError as error:
            raise Fatal(Status.STORAGE, f"cannot write to {source.output}: {error}. Make room or repair it, then run again") from error
    return report.ending()


@contextmanager
def _ending_told(source: Input, report: Report) -> Iterator[None]:
    """However it ends, that is written down where the beginning was."""
    ending = Ending(Status.ERROR)
    try:
        yield
        ending = report.ending()
    except Fatal as fatal:
        ending = fatal.ending
        raise
    except KeyboardInterrupt:
        ending = Ending(Status.INTERRUPTED)
        raise
    finally:
        with suppress(sqlite3.Error):  # what it ended with is told anyway
            source.end(ending)


def _workers(plan: Plan, source: Input, limits: Limits) -> Workers:
    return Workers(plan, source.store, limits.workers, limits.page_seconds, limits.page_megabytes)


def _relink(source: Input, plan: Plan, styles: Styles, limits: Limits, report: Report) -> None:
    """Now that it is known what there is: write those files anew whose links were taken for something else."""
    styles = replace(styles, recovered=as_bits(source.ledger.recovered_ids()))
    plan = replace(plan, style_for=styles, only_changed=True, versions=False)
    for done in relink(source.ledger, styles.has_image, _workers(plan, source, limits).run):
        report.relinked(done)


def _jobs(ledger: Ledger, articles: Sequence[int]) -> Iterator[Job]:
    settled = {row.id for row in ledger.articles(*SETTLED)}
    for article in articles:
        yield Job(article, tuple(ledger.captures(article)), article in settled)


def _settle(source: Input, batch: Sequence[Done], report: Report, dry_run: bool) -> None:
    if not dry_run:
        os.sync()  # the files of all of them, before the ledger says that they are there
    source.settle(batch, report)
