"""One article out of the captures at hand, without a request; and many of them on several cores."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from typing import Any, Protocol

from crawler.hkcnews.verdict import ANY_ARTICLE, Verdict
from crawler.ledger import CaptureRow, Found, Ledger
from crawler.ledger.ledger import VersionRow
from crawler.ledger.rows import SETTLED
from crawler.markdown.document import article_file, changed_parts, render, write_article
from crawler.markdown.front_matter import FrontMatterError
from crawler.markdown.style import References
from crawler.recovery.case import ArticleItem, Case, Selection, open_case
from crawler.recovery.formats import Styles
from crawler.recovery.image_files import image_places
from crawler.recovery.judge import IsolatedReader, Judge, ReadPage, limit_process, read_page
from crawler.recovery.store import Store
from crawler.utils.files import read_file
from crawler.utils.workers import AHEAD, Processes, batched, in_order
from crawler.warc.record import WarcDamaged
from crawler.wayback.playback import FINAL

NO_VERSION = frozenset({*ANY_ARTICLE, Verdict.EXTRACTION_FAILED, Found.REDIRECT, Found.JUMP})
"""What the ledger may say of a capture so that it is known, without reading it, to be no version of its article."""


class Outcome(StrEnum):
    """What became of an article."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    NONE = "none"
    UNDECIDED = "undecided"
    UNWRITTEN = "unwritten"


WRITTEN = (Outcome.NEW, Outcome.CHANGED, Outcome.SAME)


@dataclass(frozen=True, slots=True)
class ExtractionJob:
    """An article with all its known captures. `settled`: whether the crawl has settled it; if not, captures that were
    not fetched yet may be better. `only`: the capture that it is to be made of; 0 for the best."""

    article: int
    rows: tuple[CaptureRow, ...]
    settled: bool
    only: int = 0


def jobs_for(ledger: Ledger, articles: Iterable[int]) -> Iterator[ExtractionJob]:
    """A job for each of these articles, with its captures."""
    settled = {row.id for row in ledger.articles(*SETTLED)}
    return (ExtractionJob(number, tuple(ledger.captures(number)), number in settled) for number in articles)


@dataclass(frozen=True, slots=True)
class ExtractionPlan:
    """How a whole extraction is done: in which format and where to, and whether anything is written. `versions`:
    whether every capture in the store is extracted, to know what it says, and not only the one that is chosen. `row`:
    makes an article, and the text of its file, the row of a table instead of writing the file; it must be picklable."""

    styles: Styles
    shared: frozenset[str] = frozenset()
    only_changed: bool = False
    dry_run: bool = False
    versions: bool = False
    row: Callable[[ArticleItem, str], dict[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class ExtractionResult:
    """What one job came to. `notes`: what was learnt of captures, by their ids; `images`: those of the article, by file
    and address; `versions`: what captures say; `extracted`: captures now known to be versions, or none."""

    article: int
    outcome: Outcome
    capture: int = 0
    file: str = ""
    sha256: str = ""
    faults: tuple[str, ...] = ()
    sources: dict[str, str] = field(default_factory=dict)
    reason: str = ""
    differs: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()
    notes: tuple[tuple[int, dict[str, str | int]], ...] = ()
    references: References | None = None
    images: tuple[tuple[str, str], ...] = ()
    versions: tuple[VersionRow, ...] = ()
    extracted: tuple[int, ...] = ()
    row: dict[str, Any] | None = None


class Extractor:
    """Does jobs, one after another."""

    def __init__(self, plan: ExtractionPlan, store: Store, read_page: ReadPage) -> None:
        self._plan = plan
        self._store = store
        self._read_page = read_page

    def __call__(self, job: ExtractionJob) -> ExtractionResult:
        """Find the article among its captures and write it. Raises OSError when it cannot be written."""
        plan = self._plan
        notes: list[tuple[int, dict[str, str | int]]] = []
        versions: list[VersionRow] = []
        judge = Judge(
            self._read_page,
            lambda number, **columns: notes.append((number, columns)),
            style_for=plan.styles,
            note_version=versions.append if plan.versions else None,
        )
        case = open_case(job.article, job.rows, plan.shared, Selection())
        if job.only:
            case.queue = [row for row in case.queue if row.id == job.only]
        damaged, left = self._go_through(case, judge)
        result = ExtractionResult(job.article, Outcome.NONE, damaged=damaged, notes=tuple(notes))
        if plan.versions:
            extracted = self._extract_others(job, judge, [number for number, _ in notes])
            result = replace(result, versions=tuple(versions), extracted=tuple(extracted))
        best = case.best()
        if left and not job.settled and (best is None or best.badness):
            return replace(result, outcome=Outcome.UNDECIDED)
        return replace(result, reason=case.reason()) if best is None else self._write(result, best)

    def _go_through(self, case: Case, judge: Judge) -> tuple[tuple[str, ...], bool]:
        """Judge captures until one is without fault; gives what was damaged, and whether others are not at hand."""
        damaged: list[str] = []
        left = False
        while case.queue and not case.is_done:
            row = case.queue[0]
            if judge.judge_by_digest(case, row):
                continue
            if not row.warc and row.from_file is None:
                left = left or row.answer not in FINAL
                case.reject(row, row.answer or "not at hand")
                continue
            try:
                stored = self._store.read_capture(row)
            except (OSError, WarcDamaged) as error:
                damaged.append(str(error))
                case.reject(row, "damaged", str(error))
                continue
            if target := stored.redirect_target:
                case.reject(row, Found.REDIRECT.value, f"leads to {target}")
            else:
                judge.judge(case, row, stored, case.compare(row, stored, row.coding))
        return tuple(damaged), left

    def _extract_others(self, job: ExtractionJob, judge: Judge, extracted: list[int]) -> list[int]:
        """Extract the captures in the store that the choice did not come to, only for what they say; gives all that
        could be read. Damage is for `citizen-news verify` to find: the article does not need these."""
        judged = frozenset(extracted)
        for row in job.rows:
            if row.warc and row.id not in judged and row.verdict not in NO_VERSION:
                with suppress(OSError, WarcDamaged):
                    judge.note_version(row, judge.extract(row, self._store.read_capture(row)))
                    extracted.append(row.id)
        return extracted

    def _write(self, result: ExtractionResult, item: ArticleItem) -> ExtractionResult:
        plan, article = self._plan, item.article
        try:
            form = plan.styles.format
            text = render(article, item.row.replay, item.evidence if form.for_reading else None, form.spelling)
        except FrontMatterError as error:
            return replace(result, outcome=Outcome.UNWRITTEN, reason=str(error))
        if plan.row is not None:
            return replace(result, outcome=Outcome.NEW, row=plan.row(item, text))
        old = read_file(plan.styles.output, article_file(article.id))
        outcome = Outcome.NEW if old is None else Outcome.SAME if old == text.encode() else Outcome.CHANGED
        dry_run = plan.dry_run or (outcome is Outcome.SAME and plan.only_changed)
        file, sha256 = write_article(plan.styles.output, article.id, text, sync=False, dry_run=dry_run)
        differs: tuple[str, ...] = ()
        if old is not None and outcome is Outcome.CHANGED:
            differs = changed_parts(old.decode("utf-8", "replace"), text)
        return replace(
            result,
            outcome=outcome,
            capture=item.row.id,
            file=file,
            sha256=sha256,
            faults=item.faults,
            sources=dict(article.sources),
            differs=differs,
            references=item.references,
            images=image_places(article.images),
        )


logger = logging.getLogger(__name__)

CHUNK = 32
"""Articles a worker is given at once: enough that handing over costs nothing, few enough that all end together."""


class Workers(Protocol):
    """Those who do the jobs of an extraction."""

    def extract(self, plan: ExtractionPlan, store: Store, jobs: Iterable[ExtractionJob]) -> Iterator[ExtractionResult]:
        """What each job came to, in the order of the jobs. A page that takes more than it may, or crashes the parser,
        costs only itself. Raises OSError when files cannot be written, CommandError when there is nobody left."""


@dataclass(frozen=True, slots=True)
class LocalWorkers:
    """Processes of this machine: how many, and what a page may take: seconds, and MiB of address space."""

    workers: int
    page_seconds: float
    page_megabytes: int

    def extract(self, plan: ExtractionPlan, store: Store, jobs: Iterable[ExtractionJob]) -> Iterator[ExtractionResult]:
        """As `Workers`."""
        with self.processes(plan, store) as processes:
            chunks = batched(jobs, CHUNK)
            for _, result in in_order(chunks, processes.schedule, processes.results, lambda: AHEAD * self.workers):
                yield result

    @contextmanager
    def processes(self, plan: ExtractionPlan, store: Store) -> Iterator[Processes[ExtractionJob, ExtractionResult]]:
        """Processes that do the jobs of a plan in chunks."""
        with closing(IsolatedReader(self.page_seconds, self.page_megabytes)) as isolated:
            processes = Processes(
                _extract,
                partial(page_by_page, Extractor(plan, store, isolated)),
                self.workers,
                begin=partial(_begin, Extractor(plan, store, read_page), self.page_megabytes),
                chunk_seconds=max(2 * self.page_seconds, 10.0),
                job_seconds=self.page_seconds,
            )
            with closing(processes):
                yield processes


def page_by_page(extractor: Extractor, job: ExtractionJob, _: str) -> ExtractionResult:
    """What a job comes to that was too much for a process: `extractor` reads each page in one of its own."""
    logger.info("a page of article %d was too much; reading its captures one by one", job.article)
    return extractor(job)


_extractor: Extractor | None = None
"""That of a worker process."""
_parent = 0
"""The process that a worker process works for."""


def _begin(extractor: Extractor, megabytes: int) -> None:
    global _extractor, _parent  # a process is begun once, and pebble has no other place for them
    limit_process(megabytes)
    _extractor, _parent = extractor, os.getppid()


def _extract(job: ExtractionJob) -> ExtractionResult:
    assert _extractor is not None
    if os.getppid() != _parent:  # killed: somebody else is doing its jobs again, and must not meet us at their files
        os._exit(1)
    return _extractor(job)
