"""The whole of an extraction, and the links that follow the tree."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

from crawler.ledger import Ledger
from crawler.ledger.rows import SETTLED
from crawler.recovery.case import SHARED_BY
from crawler.recovery.extraction_input import ExtractionInput, ExtractionReport
from crawler.recovery.extraction_job import (
    WRITTEN,
    ExtractionJob,
    ExtractionPlan,
    ExtractionResult,
    ExtractionWorkers,
    WorkerLimits,
)
from crawler.recovery.formats import Format, Styles, as_bits
from crawler.recovery.sources import describe_counts
from crawler.utils.exit_status import CommandError, DamagedError, ExitStatus, RunResult, StorageError, UsageError
from crawler.utils.workers import batched

logger = logging.getLogger(__name__)

RELINK_BATCH = 1000
"""Articles that are told to the ledger in one transaction."""


def relink(
    ledger: Ledger,
    is_there: Callable[[str], bool],
    work: Callable[[Iterable[ExtractionJob]], Iterable[ExtractionResult]],
) -> Iterator[ExtractionResult]:
    """Write each misled file anew (see `References.misled`) and tell the ledger; gives what `work` did. What is
    recovered does not change by that, so once is enough. Raises OSError."""
    for batch in batched(work(_relink_jobs(ledger, ledger.articles_with_stale_links(is_there))), RELINK_BATCH):
        os.sync()
        with ledger.batch():
            for done in batch:
                if done.outcome in WRITTEN and done.references is not None:
                    ledger.rewritten(done.article, done.sha256)
                    ledger.note_references(done.article, done.references.articles, done.references.pictures)
                else:
                    logger.warning("the links of article %d stay as they are: its capture cannot be read", done.article)
        yield from batch


def _relink_jobs(ledger: Ledger, articles: Iterable[int]) -> Iterator[ExtractionJob]:
    for article in articles:
        row = ledger.article(article)
        assert row is not None
        yield ExtractionJob(article, tuple(ledger.captures(article)), settled=True, only=row.capture)


BATCH = 1000
"""Articles that are settled in one transaction."""


def extract(
    source: ExtractionInput,
    report: ExtractionReport,
    limits: WorkerLimits,
    wanted: Format,
    *,
    only_changed: bool = False,
    dry_run: bool = False,
) -> RunResult:
    """Extract everything in the format that is wanted; gives how it ended. Raises CommandError. A dry run of the store
    takes links for those between the articles that are recovered already."""
    with source, _recording_the_end(source, report):
        source.prepare(report)
        articles = source.ledger.articles_with_captures()
        if not articles:
            why = f"; passed over: {describe_counts(report.passed)}" if report.passed else ""
            message = "there is no capture of an article in what was to be extracted"
            raise DamagedError(f"{message}: {report.damages[0]}") if report.damages else UsageError(f"{message}{why}")
        report.total = len(articles)
        styles = Styles(wanted, source.output.resolve(), as_bits(source.begin(wanted, report)))
        plan = ExtractionPlan(
            styles,
            frozenset(source.ledger.shared_digests(SHARED_BY)),
            only_changed=only_changed,
            dry_run=dry_run,
            versions=source.keeps_versions,
        )
        try:
            results = ExtractionWorkers(plan, source.store, limits).run(_jobs(source.ledger, articles))
            for batch in batched(map(report.take, results), BATCH):
                if not dry_run:
                    os.sync()  # the files of all of them, before the ledger says that they are there
                source.settle(batch, report)
            source.finish(wanted)
            if wanted.for_reading and not dry_run:
                _relink(source, plan, limits, report)
        except OSError as error:
            raise StorageError(
                f"cannot write to {source.output}: {error}. Make room or repair it, then run again"
            ) from error
    return report.ending()


@contextmanager
def _recording_the_end(source: ExtractionInput, report: ExtractionReport) -> Iterator[None]:
    """However it ends, that is written down where the beginning was."""
    ending = RunResult(ExitStatus.ERROR)
    try:
        yield
        ending = report.ending()
    except CommandError as error:
        ending = error.result
        raise
    except KeyboardInterrupt:
        ending = RunResult(ExitStatus.INTERRUPTED)
        raise
    finally:
        with suppress(sqlite3.Error):  # what it ended with is told anyway
            source.end(ending)


def _relink(source: ExtractionInput, plan: ExtractionPlan, limits: WorkerLimits, report: ExtractionReport) -> None:
    """Now that it is known what there is: write those files anew whose links were taken for something else."""
    styles = replace(plan.styles, recovered=as_bits(source.ledger.recovered_ids()))
    plan = replace(plan, styles=styles, only_changed=True, versions=False)
    for done in relink(source.ledger, styles.has_image, ExtractionWorkers(plan, source.store, limits).run):
        report.relinked(done)


def _jobs(ledger: Ledger, articles: Sequence[int]) -> Iterator[ExtractionJob]:
    settled = {row.id for row in ledger.articles(*SETTLED)}
    for article in articles:
        yield ExtractionJob(article, tuple(ledger.captures(article)), article in settled)
