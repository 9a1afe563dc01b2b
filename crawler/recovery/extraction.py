"""The whole of an extraction, and the links that follow the tree."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial

from crawler.ledger import Ledger
from crawler.ledger.rows import SETTLED
from crawler.recovery.case import SHARED_BY
from crawler.recovery.extraction_input import ExtractionInput
from crawler.recovery.extraction_job import (
    WRITTEN,
    ExtractionJob,
    ExtractionPlan,
    ExtractionResult,
    WorkerLimits,
    extract_jobs,
)
from crawler.recovery.formats import Format, Styles, as_bits
from crawler.recovery.sources import describe_counts
from crawler.utils.exit_status import DamagedError, RunResult, StorageError, UsageError
from crawler.utils.workers import batched

logger = logging.getLogger(__name__)

BATCH = 1000
"""Articles that are told to the ledger in one transaction."""


def relink(
    ledger: Ledger,
    is_there: Callable[[str], bool],
    work: Callable[[Iterable[ExtractionJob]], Iterable[ExtractionResult]],
) -> Iterator[ExtractionResult]:
    """Write each misled file anew (see `References.misled`) and tell the ledger; gives what `work` did. What is
    recovered does not change by that, so once is enough. Raises OSError."""
    jobs = (
        ExtractionJob(article, tuple(ledger.captures(article)), settled=True, only=row.capture)
        for article in ledger.articles_with_stale_links(is_there)
        if (row := ledger.article(article)) is not None
    )
    for batch in batched(work(jobs), BATCH):
        os.sync()
        with ledger.batch():
            for done in batch:
                if done.outcome in WRITTEN and done.references is not None:
                    ledger.rewritten(done.article, done.sha256)
                    ledger.note_references(done.article, done.references.articles, done.references.pictures)
                else:
                    logger.warning("the links of article %d stay as they are: its capture cannot be read", done.article)
        yield from batch


def extract(
    source: ExtractionInput, limits: WorkerLimits, wanted: Format, *, only_changed: bool = False, dry_run: bool = False
) -> RunResult:
    """Extract everything in the format that is wanted; gives how it ended. Raises CommandError. A dry run of the store
    takes links for those between the articles that are recovered already."""
    report = source.report
    with source:
        ledger = source.ledger
        source.prepare()
        articles = ledger.articles_with_captures()
        if not articles:
            why = f"; passed over: {describe_counts(report.passed)}" if report.passed else ""
            message = "there is no capture of an article in what was to be extracted"
            raise DamagedError(f"{message}: {report.damages[0]}") if report.damages else UsageError(f"{message}{why}")
        report.total = len(articles)
        settled = {row.id for row in ledger.articles(*SETTLED)}
        plan = ExtractionPlan(
            Styles(wanted, source.output.resolve(), as_bits(source.begin(wanted))),
            frozenset(ledger.shared_digests(SHARED_BY)),
            only_changed=only_changed,
            dry_run=dry_run,
            versions=source.keeps_versions,
        )
        try:
            jobs = (ExtractionJob(article, tuple(ledger.captures(article)), article in settled) for article in articles)
            for batch in batched(map(report.take, extract_jobs(plan, source.store, limits, jobs)), BATCH):
                if not dry_run:
                    os.sync()  # the files of all of them, before the ledger says that they are there
                source.settle(batch)
            source.finish(wanted)
            if wanted.for_reading and not dry_run:  # now that it is known what there is
                styles = replace(plan.styles, recovered=as_bits(ledger.recovered_ids()))
                plan = replace(plan, styles=styles, only_changed=True, versions=False)
                for done in relink(ledger, styles.has_image, partial(extract_jobs, plan, source.store, limits)):
                    report.relinked(done)
        except OSError as error:
            where = f"cannot write to {source.output}: {error}"
            raise StorageError(f"{where}. Make room or repair it, then run again") from error
    return report.ending()
