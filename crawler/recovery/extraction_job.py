"""One article out of the captures at hand, without a request; and many of them on several cores."""

from __future__ import annotations

import ctypes
import gc
import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import TimeoutError as TookTooLong
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from pebble import ProcessExpired

from crawler.hkcnews.verdict import ANY_ARTICLE, Verdict
from crawler.ledger import CaptureRow, Found
from crawler.ledger.ledger import VersionRow
from crawler.markdown.document import article_file, changed_parts, render, write_article
from crawler.markdown.front_matter import FrontMatterError
from crawler.markdown.style import References
from crawler.recovery.case import ArticleItem, Case, open_case
from crawler.recovery.formats import Styles
from crawler.recovery.image_recovery import image_places
from crawler.recovery.judge import IsolatedReader, Judge, ReadPage, limit_process, read_page
from crawler.recovery.store import Store, redirect_target
from crawler.utils.files import read_file
from crawler.utils.workers import batched, process_pool, results_in_order
from crawler.warc.files import read_archived
from crawler.warc.record import StoredCapture, WarcDamaged
from crawler.wayback.playback import FINAL

ReadCapture = Callable[[CaptureRow], StoredCapture]
NO_VERSION = frozenset({*ANY_ARTICLE, Verdict.EXTRACTION_FAILED, Found.REDIRECT, Found.JUMP})
"""What the ledger may say of a capture so that it need not be read again to know that it is no version of its
article."""


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
    """An article with all its known captures."""

    article: int
    rows: tuple[CaptureRow, ...]
    settled: bool
    """Whether the crawl has settled it; if not, captures that were not fetched yet may be better."""
    only: int = 0
    """The capture that it is to be made of; 0 for the best."""


@dataclass(frozen=True, slots=True)
class ExtractionPlan:
    """How a whole extraction is done: in which format and where to, and whether anything is written."""

    styles: Styles
    shared: frozenset[str] = frozenset()
    only_changed: bool = False
    dry_run: bool = False
    versions: bool = False
    """Whether every capture in the store is to be extracted, to know what it says, and not only the one that is
    chosen."""


@dataclass(frozen=True, slots=True)
class ExtractionResult:
    """What one job came to; `notes` is what was learnt of captures, by their ids; `images` those of the article, by
    file and address; `versions` what captures say."""

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
    captures: int = 0
    references: References | None = None
    images: tuple[tuple[str, str], ...] = ()
    versions: tuple[VersionRow, ...] = ()
    extracted: tuple[int, ...] = ()
    """The captures of which it is known now whether they are versions."""


def capture_reader(store: Store | None) -> ReadCapture:
    """Reads a capture from the store or, when it is not there, from the file of web archives that has it."""

    def read(row: CaptureRow) -> StoredCapture:
        if row.warc and store is not None:
            return store.read_capture(row)
        assert row.from_file is not None
        return read_archived(row.from_file)

    return read


class Extractor:
    """Does jobs, one after another."""

    def __init__(self, plan: ExtractionPlan, read_capture: ReadCapture, read_page: ReadPage) -> None:
        self._plan = plan
        self._read_capture = read_capture
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
        case = open_case(job.article, job.rows, plan.shared)
        if job.only:
            case.queue = [row for row in case.queue if row.id == job.only]
        damaged, left = self._go_through(case, judge, notes)
        best = case.best()
        result = ExtractionResult(job.article, Outcome.NONE, damaged=damaged, notes=tuple(notes), captures=len(notes))
        if plan.versions and not job.only:
            judged = [number for number, _ in notes]
            extracted = (*judged, *self._extract_others(job, judge, judged))
            result = replace(result, versions=tuple(versions), extracted=extracted)
        if left and not job.settled and (best is None or best.badness):
            return replace(result, outcome=Outcome.UNDECIDED, reason=case.reason())
        return replace(result, reason=case.reason()) if best is None else self._write(result, best)

    def _go_through(
        self, case: Case, judge: Judge, notes: list[tuple[int, dict[str, str | int]]]
    ) -> tuple[tuple[str, ...], bool]:
        """Judge captures in the order of choice until one is the article without fault; gives what was damaged, and
        whether captures are left that are not at hand."""
        damaged: list[str] = []
        left = False
        while case.queue and not case.is_done:
            row = case.queue[0]
            if verdict := judge.carried(case, row):
                notes.append((row.id, {"verdict": verdict[0], "because": verdict[1]}))
                case.reject(row, *verdict)
                continue
            if not row.warc and row.from_file is None:
                left = left or row.answer not in FINAL
                case.reject(row, row.answer or "not at hand")
                continue
            try:
                stored = self._read_capture(row)
            except (OSError, WarcDamaged) as error:
                damaged.append(str(error))
                case.reject(row, "damaged", str(error))
                continue
            if target := redirect_target(stored):
                case.reject(row, Found.REDIRECT.value, f"leads to {target}")
            else:
                judge.judge(case, row, stored, case.compare(row, stored, row.coding))
        return tuple(damaged), left

    def _extract_others(self, job: ExtractionJob, judge: Judge, judged: Collection[int]) -> Iterator[int]:
        """Extract the captures in the store that the choice did not come to, only for what they say; gives those that
        could be read. Damage is for `scrapy verify` to find: the article does not need these."""
        for row in job.rows:
            if row.warc and row.id not in judged and row.verdict not in NO_VERSION:
                with suppress(OSError, WarcDamaged):
                    judge.note_version(row, judge.extract(row, self._read_capture(row)))
                    yield row.id

    def _write(self, result: ExtractionResult, item: ArticleItem) -> ExtractionResult:
        plan = self._plan
        try:
            text = render(item.article, item.row.replay, item.evidence if plan.styles.format.for_reading else None)
        except FrontMatterError as error:
            return replace(result, outcome=Outcome.UNWRITTEN, reason=str(error))
        old = read_file(plan.styles.output, article_file(item.article.id))
        outcome = Outcome.NEW if old is None else Outcome.SAME if old == text.encode() else Outcome.CHANGED
        dry_run = plan.dry_run or (outcome is Outcome.SAME and plan.only_changed)
        file, sha256 = write_article(plan.styles.output, item.article.id, text, sync=False, dry_run=dry_run)
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
            sources=dict(item.article.sources),
            differs=differs,
            references=item.references,
            images=image_places(item.article.images),
        )


logger = logging.getLogger(__name__)

CHUNK = 32
"""Articles a worker is given at once: enough that handing over costs nothing, few enough that all end together."""


_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h of glibc


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """How many processes, and what a page may take: seconds, and MiB of address space."""

    workers: int
    page_seconds: float
    page_megabytes: int


class ExtractionWorkers:
    """Runs jobs in several processes. A page that takes more than it may, or crashes the parser, costs only itself."""

    def __init__(self, plan: ExtractionPlan, store: Path | None, limits: WorkerLimits) -> None:
        self._plan = plan
        self._store = store
        self._limits = limits
        self._isolated: IsolatedReader | None = None

    def run(self, jobs: Iterable[ExtractionJob]) -> Iterator[ExtractionResult]:
        """What each job came to, in the order of the jobs. Raises OSError when files cannot be written."""
        limits = self._limits
        patience = max(2 * limits.page_seconds, 10.0)
        try:
            with process_pool(limits.workers, _begin, [self._plan, self._store, limits.page_megabytes]) as pool:

                def schedule(chunk: list[ExtractionJob]) -> Any:
                    return pool.schedule(_do, args=[chunk], timeout=patience)

                for chunk, future in results_in_order(batched(jobs, CHUNK), schedule, limits.workers):
                    try:
                        yield from future.result()
                    except (TookTooLong, ProcessExpired, MemoryError):
                        yield from self._one_by_one(chunk)
        finally:
            if self._isolated is not None:
                self._isolated.close()

    def _one_by_one(self, chunk: list[ExtractionJob]) -> Iterator[ExtractionResult]:
        """A page among these hung or crashed its process: each is read again in a process of its own, as the crawl does
        it."""
        logger.info(
            "a page among articles %d to %d was too much; reading them one by one", chunk[0].article, chunk[-1].article
        )
        self._isolated = self._isolated or IsolatedReader(self._limits.page_seconds, self._limits.page_megabytes)
        yield from map(Extractor(self._plan, capture_reader(_store(self._store)), self._isolated), chunk)


_extractor: Extractor | None = None
"""That of a worker process."""


def _begin(plan: ExtractionPlan, store: Path | None, megabytes: int) -> None:
    global _extractor  # noqa: PLW0603 - a worker is begun once, and pebble has no other place for what it needs
    limit_process(megabytes)
    _extractor = Extractor(plan, capture_reader(_store(store)), read_page)
    settle_memory()


def settle_memory() -> None:
    """Have this process handle memory as reading page after page needs it: what a page took is kept for the next one,
    up to 32 MiB.

    Giving it back to the system and having it again page for page takes an eighth of the time where glibc does so; and
    pages are trees full of cycles, of which collecting them after each chunk instead of all the time saves a tenth.
    """
    with suppress(OSError, AttributeError):  # another C library than glibc
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_TRIM_THRESHOLD, 32 * 1024 * 1024)
        mallopt(_M_MMAP_THRESHOLD, 8 * 1024 * 1024)
    gc.collect()
    gc.freeze()
    gc.disable()


def _do(chunk: list[ExtractionJob]) -> list[ExtractionResult]:
    assert _extractor is not None
    done = [_extractor(job) for job in chunk]
    gc.collect()
    return done


def _store(folder: Path | None) -> Store | None:
    return Store(folder) if folder is not None else None
