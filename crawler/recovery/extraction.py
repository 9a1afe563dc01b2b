"""The whole of an extraction: what is read, what follows from it for the ledger, and what is said of it at the end."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from crawler import __version__
from crawler.hkcnews.verdict import MEANINGS
from crawler.ledger import ArticleRow, Ledger, State
from crawler.ledger.file import ledger_path
from crawler.recovery.case import SHARED_BY
from crawler.recovery.extraction_job import (
    WRITTEN,
    ExtractionJob,
    ExtractionPlan,
    ExtractionResult,
    Outcome,
    Workers,
    jobs_for,
)
from crawler.recovery.formats import (
    EXTRACTOR_KEY,
    Format,
    Styles,
    as_bits,
    begin_change,
    extractor_id,
    format_of,
    put_site_files,
    written_in,
)
from crawler.recovery.sources import Indexed, describe_counts, index_captures
from crawler.recovery.store import Store
from crawler.utils.exit_status import (
    CommandError,
    DamagedError,
    ExitStatus,
    NothingError,
    RunResult,
    StorageError,
    UsageError,
)
from crawler.utils.lock import lock_output
from crawler.utils.text import EXAMPLES, by_reason, counted, explained, first_few, first_lines, plural, progress_line
from crawler.utils.workers import batched, finishing
from crawler.warc.remote import Location

logger = logging.getLogger(__name__)


class ExtractionReport:
    """Counts what came, tells of progress on standard error every so many seconds (0: never), and says at the end how
    it went. `passed` has the records of no use, by what one of their kind is called; `changed` the format that the
    files had and the one that they get, where these differ."""

    def __init__(self, seconds: float) -> None:
        self._tell = progress_line("extracted", "articles", seconds)
        self.total = 0
        self.listed = 0
        self.done = 0
        self.captures = 0
        self.outcomes: Counter[Outcome] = Counter()
        self.reasons: dict[str, list[int]] = defaultdict(list)
        self.differing: dict[str, list[int]] = defaultdict(list)
        self.unwritten: list[str] = []
        self.lost: list[int] = []
        self.damages: list[str] = []
        self.passed: Counter[str] = Counter()
        self.changed: tuple[str, str] | None = None
        self._same: set[int] = set()

    def take(self, done: ExtractionResult) -> ExtractionResult:
        """Count one article more; gives it back."""
        self.done += 1
        self.captures += len(done.notes)
        self.outcomes[done.outcome] += 1
        self.damages += done.damaged
        for name in done.differs:
            self.differing[name].append(done.article)
        if done.outcome is Outcome.SAME:
            self._same.add(done.article)
        elif done.outcome is Outcome.NONE:
            self.reasons[done.reason].append(done.article)
        elif done.outcome is Outcome.UNWRITTEN:
            self.unwritten.append(f"article {done.article}: {done.reason}")
        self._tell(self.done, self.total)
        return done

    def relinked(self, done: ExtractionResult) -> None:
        """An article that was taken already, once more: its links had to follow the others."""
        if done.outcome is Outcome.CHANGED and done.article in self._same:
            self.outcomes[Outcome.SAME] -= 1
            self.outcomes[Outcome.CHANGED] += 1
            for name in done.differs:
                self.differing[name].append(done.article)

    def describe(self, dry_run: bool, only_changed: bool) -> Iterator[str]:
        """Lines for the terminal."""
        new, changed, same = (self.outcomes[outcome] for outcome in WRITTEN)
        written = 0 if dry_run else new + changed + (0 if only_changed else same)
        dry = " (dry run)" if dry_run else ""
        if self.changed is not None:
            yield "Format        {} is changed to {}".format(*self.changed) + dry
        yield f"Read          {self.captures:>7,} {plural(self.captures, 'capture')} of {counted(self.done, 'article')}"
        if self.listed > self.done:
            yield f"Not read      {self.listed - self.done:>7,} more, of which no capture is at hand"
        if self.passed:
            total = self.passed.total()
            yield f"Passed over   {total:>7,} {plural(total, 'record')} in the files: {describe_counts(self.passed)}"
        recovered = f"{new:,} new, {changed:,} different from before, {same:,} the same"
        yield f"Recovered     {new + changed + same:>7,}  {recovered}; {written:,} written{dry}"
        if left := self.outcomes[Outcome.UNDECIDED]:
            yield f"Not tried yet {left:>7,}  left to the crawl: captures that may be better were not fetched"
        if self.reasons:
            yield f"Unrecoverable {self.outcomes[Outcome.NONE]:>7,}"
        yield from by_reason({explained(reason, MEANINGS): ids for reason, ids in self.reasons.items()})
        yield from by_reason(self.differing, "Changed       ")
        yield from (f"Damaged       {line}" for line in first_lines(self.damages, EXAMPLES, "places"))

    def ending(self) -> RunResult:
        """How it went, as an exit status."""
        if self.unwritten:
            about = (
                f"{counted(len(self.unwritten), 'article')} not written, by an error of this software; please report it"
            )
            return RunResult(ExitStatus.ERROR, f"{about}: {self.unwritten[0]}")
        if self.lost:
            about = f"{counted(len(self.lost), 'article')} recovered before and not any more"
            ids = first_few(self.lost)
            return RunResult(ExitStatus.DAMAGED, f"{about}; their files were left as they are: {ids}")
        if self.damages:
            about = f"{counted(len(self.damages), 'place')} in the files cannot be read; everything else was extracted"
            return RunResult(ExitStatus.DAMAGED, about)
        return RunResult(ExitStatus.DONE)


class ExtractionInput:
    """What is extracted. `keeps_versions`: whether it wants to know what the captures say that are not chosen."""

    ledger: Ledger
    keeps_versions = False

    def __init__(self, output: Path, report: ExtractionReport, *, dry_run: bool = False) -> None:
        self.output = output
        self.report = report
        self.dry_run = dry_run
        self.store = Store(output / "warc")

    def opened(self) -> AbstractContextManager[None]:
        """Around the extraction: what is at hand is in `ledger`. Raises CommandError when it cannot be opened."""
        raise NotImplementedError

    def articles(self, ids: Collection[int] | None) -> list[int]:
        """All articles with a capture at hand, or of `ids`, lowest id first. Raises NothingError, DamagedError."""
        report = self.report
        found = [article for article in self.ledger.articles_with_captures() if ids is None or article in ids]
        if not found:
            why = f"; passed over: {describe_counts(report.passed)}" if report.passed else ""
            message = "there is no capture of an article in what was to be extracted"
            raise DamagedError(f"{message}: {report.damages[0]}") if report.damages else NothingError(f"{message}{why}")
        report.total = len(found)
        return found

    def begin(self, wanted: Format) -> list[int]:
        """From now on files are of this format; gives the articles that their links may lead to, as far as is known: by
        default most of what is at hand will be recovered."""
        return self.ledger.articles_with_captures()

    def settle(self, done: Sequence[ExtractionResult]) -> None:
        """Write down what came of some articles."""
        raise NotImplementedError

    def finish(self, wanted: Format) -> None:
        """All files are of this format, but for their links."""


class FromStore(ExtractionInput):
    """The captures of the crawl's own store, with what the ledger knows of them; articles are settled there."""

    def __init__(self, output: Path, report: ExtractionReport, *, dry_run: bool = False) -> None:
        super().__init__(output, report, dry_run=dry_run)
        self.keeps_versions = not dry_run
        self._run = 0
        self._lost = False

    @contextmanager
    def opened(self) -> Iterator[None]:
        """However it ends, that is written down where the beginning was."""
        with lock_output(self.output), Ledger(ledger_path(self.output)) as self.ledger:
            ending = RunResult(ExitStatus.ERROR)
            try:
                self.store.mend()
                self._run = 0 if self.dry_run else self.ledger.begin_run({"extract": "1"}, __version__)
                yield
                ending = self.report.ending()
            except CommandError as error:
                ending = error.result
                raise
            except KeyboardInterrupt:
                ending = RunResult(ExitStatus.INTERRUPTED)
                raise
            finally:
                if self._run:
                    with suppress(sqlite3.Error):  # what it ended with is told anyway
                        self.ledger.end_run(self._run, ending.status, ending.describe())

    def begin(self, wanted: Format) -> list[int]:
        there, recovered = format_of(self.ledger), self.ledger.recovered_ids()
        if there not in ("", str(wanted)):
            self.report.changed = (there, str(wanted))
            self.report.lost += sorted(set(recovered) - set(self.ledger.articles_with_captures()))
            if not self.dry_run:
                begin_change(self.ledger, wanted)
        return recovered

    def settle(self, done: Sequence[ExtractionResult]) -> None:
        with self.ledger.batch():
            for one in done:
                row = self.ledger.article(one.article)
                assert row is not None
                if one.outcome is Outcome.NONE and row.state is State.RECOVERED:
                    self.report.lost.append(one.article)
                    self._lost = True
                elif not self.dry_run:
                    self._write_down(one, row)

    def _write_down(self, one: ExtractionResult, row: ArticleRow) -> None:
        for capture, columns in one.notes:
            self.ledger.note(capture, **columns)
        self.ledger.renew_versions(one.article, one.extracted, one.versions)
        if one.references is not None:
            self.ledger.note_references(one.article, one.references.articles, one.references.pictures)
        if one.outcome in WRITTEN:
            self.ledger.want_images(one.article, one.capture, one.images)
            now = ArticleRow(row.id, State.RECOVERED, "", one.capture, one.file, one.sha256, one.faults)
            if row != now:
                self.ledger.settle(now, self._run, one.sources)
        elif one.outcome is Outcome.NONE and row.state is State.UNRECOVERABLE and row.reason != one.reason:
            self.ledger.settle(replace(row, reason=one.reason, capture=0, file="", sha256=""), self._run)

    def finish(self, wanted: Format) -> None:
        if not self.dry_run:
            self.ledger.reopen([article for article, file in self.ledger.files() if not (self.output / file).is_file()])
            if not self._lost:  # else their files are of the extractor before
                self.ledger.set_meta(EXTRACTOR_KEY, extractor_id())
            written_in(self.ledger, wanted)


FILES = "files"
"""The source of captures whose file does not say which archive they are from."""


class FromFiles(ExtractionInput):
    """Captures in files of web archives; what they are is kept in a ledger of its own, for as long as it takes."""

    def __init__(
        self, paths: Sequence[Location], output: Path, report: ExtractionReport, replay: str, *, dry_run: bool = False
    ) -> None:
        super().__init__(output, report, dry_run=dry_run)
        self._paths = paths
        self._replay = replay

    @contextmanager
    def opened(self) -> Iterator[None]:
        if ledger_path(self.output).exists():
            message = (
                f"{self.output} has a crawl's ledger, and its files are that crawl's. Choose another output directory"
            )
            raise UsageError(f"{message}, or name the WARC and WACZ files in the SOURCES of a crawl")
        with (
            lock_output(self.output, make=True),
            TemporaryDirectory(prefix="citizen-news-") as folder,
            Ledger(Path(folder) / "ledger.sqlite") as self.ledger,
        ):
            self.ledger.add_source(FILES, self._replay)
            try:
                self._index()
            except OSError as error:
                raise StorageError(f"cannot be read: {error}") from error
            yield

    def _index(self) -> None:
        damages, passed = self.report.damages, self.report.passed
        for some in index_captures(self._paths, lambda damage: damages.append(str(damage)), passed):
            by_source: dict[str, Indexed] = defaultdict(list)
            for article, held in some:
                by_source[held.about.get("source") or FILES].append((article, held))
            for source, held_there in by_source.items():
                self.ledger.add_file_captures(source, held_there)

    def settle(self, done: Sequence[ExtractionResult]) -> None:
        """The files are all that stays; which there are is settled for the links between them only."""
        with self.ledger.batch():
            for one in done:
                if one.references is not None:
                    row = ArticleRow(one.article, State.RECOVERED, "", one.capture, one.file, one.sha256)
                    self.ledger.settle(row, 0)
                    self.ledger.note_references(one.article, one.references.articles, one.references.pictures)


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
    source: ExtractionInput,
    workers: Workers,
    wanted: Format,
    *,
    ids: Collection[int] | None = None,
    only_changed: bool = False,
) -> RunResult:
    """Extract everything, or the articles `ids`, in the format that is wanted; gives how it ended. Raises CommandError.
    A dry run of the store takes links for those between the articles that are recovered already."""
    report = source.report
    with source.opened():
        ledger = source.ledger
        if ids is not None and format_of(ledger) not in ("", str(wanted)):
            raise UsageError(f"the files are written with {format_of(ledger)}: change all of them, or none")
        articles = source.articles(ids)
        report.listed = sum(ledger.counts().values()) if ids is None else 0
        jobs = jobs_for(ledger, articles)
        plan = ExtractionPlan(
            Styles(wanted, source.output.resolve(), as_bits(source.begin(wanted))),
            frozenset(ledger.shared_digests(SHARED_BY)),
            only_changed=only_changed,
            dry_run=source.dry_run,
            versions=source.keeps_versions,
        )
        try:
            if not source.dry_run:
                put_site_files(source.output, wanted)
            with finishing() as until_interrupted:
                results = workers.extract(plan, source.store, until_interrupted(jobs))
                for batch in batched(map(report.take, results), BATCH):
                    if not source.dry_run:
                        os.sync()  # the files of all of them, before the ledger says that they are there
                    source.settle(batch)
            if ids is None:
                source.finish(wanted)
            if wanted.for_reading and not source.dry_run:  # now that it is known what there is
                styles = replace(plan.styles, recovered=as_bits(ledger.recovered_ids()))
                plan = replace(plan, styles=styles, only_changed=True, versions=False)
                with finishing() as until_interrupted:

                    def work(jobs: Iterable[ExtractionJob]) -> Iterator[ExtractionResult]:
                        return workers.extract(plan, source.store, until_interrupted(jobs))

                    for done in relink(ledger, styles.has_image, work):
                        report.relinked(done)
        except OSError as error:
            where = f"cannot write to {source.output}: {error}"
            raise StorageError(f"{where}. Make room or repair it, then run again") from error
    return report.ending()
