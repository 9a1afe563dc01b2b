"""What is extracted, and what follows from it: the store with its ledger, or files of anybody's making."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, Self

from crawler import __version__, extractor
from crawler.archive.holdings import Holding, NotAnArchive
from crawler.ending import MEANING, Ending, Fatal, Status
from crawler.formats import Format, begin_change, format_of, written_in
from crawler.ledger import ArticleRow, Ledger, LedgerError, State
from crawler.offline.job import WRITTEN, Done, Outcome
from crawler.offline.report import Report
from crawler.opening import hold
from crawler.session import ledger_path
from crawler.sources import index
from crawler.store import Store

FILES = "files"
"""The source of captures whose file does not say which archive they are from."""


class Input(Protocol):
    """What is extracted. Raises Fatal when it cannot be opened."""

    output: Path
    ledger: Ledger
    store: Path | None
    keeps_versions: bool
    """Whether it wants to know what each capture says, beside the ones that are chosen."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...

    def prepare(self, report: Report) -> None:
        """Find out what is at hand."""

    def begin(self, wanted: Format, report: Report) -> list[int]:
        """From now on files are of this format; gives the articles that their links may lead to, as far as is known."""

    def settle(self, done: Sequence[Done], report: Report) -> None:
        """Write down what came of some articles."""

    def finish(self, wanted: Format) -> None:
        """All files are of this format, but for their links."""

    def end(self, ending: Ending) -> None:
        """Write down how it ended, where that is kept."""


class FromStore:
    """The captures of the crawl's own store, with what the ledger knows of them; articles are settled there."""

    def __init__(self, output: Path, dry_run: bool) -> None:
        self.output = output
        self.store: Path | None = output / "warc"
        self.keeps_versions = not dry_run
        self._dry_run = dry_run
        self._run = 0
        self._lost = False

    def __enter__(self) -> Self:
        self._lock = hold(self.output)
        try:
            self.ledger = Ledger(ledger_path(self.output))
        except LedgerError as error:
            self._lock.release()
            raise Fatal(Status.STORAGE, str(error)) from error
        return self

    def __exit__(self, *error: object) -> None:
        self.ledger.close()
        self._lock.release()

    def end(self, ending: Ending) -> None:
        if self._run:
            self.ledger.end_run(self._run, ending.status, ending.message or MEANING[ending.status])

    def prepare(self, report: Report) -> None:
        assert self.store is not None
        Store(self.store).mend()
        self._run = 0 if self._dry_run else self.ledger.begin_run({"extract": "1"}, __version__)

    def begin(self, wanted: Format, report: Report) -> list[int]:
        there = format_of(self.ledger)
        if there not in ("", str(wanted)):
            report.changed = (there, str(wanted))
            report.lost += sorted(set(self.ledger.recovered_ids()) - set(self.ledger.at_hand()))
            if not self._dry_run:
                begin_change(self.ledger, wanted)
        return self.ledger.recovered_ids()

    def finish(self, wanted: Format) -> None:
        if not self._dry_run:
            self.ledger.reopen([article for article, file in self.ledger.files() if not (self.output / file).is_file()])
            if not self._lost:  # else their files are of the extractor before
                extractor.renewed(self.ledger)
            written_in(self.ledger, wanted)

    def settle(self, done: Sequence[Done], report: Report) -> None:
        with self.ledger.batch():
            for one in done:
                row = self.ledger.article(one.article)
                assert row is not None
                if one.outcome is Outcome.NONE and row.state is State.RECOVERED:
                    report.lost.append(one.article)
                    self._lost = True
                elif not self._dry_run:
                    self._write_down(one, row)

    def _write_down(self, one: Done, row: ArticleRow) -> None:
        for capture, columns in one.notes:
            self.ledger.note(capture, **columns)
        self.ledger.renew_versions(one.article, one.extracted, one.versions)
        if one.references is not None:
            self.ledger.refer(one.article, one.references.articles, one.references.pictures)
        if one.outcome in WRITTEN:
            self.ledger.want_images(one.article, one.capture, one.images)
            if (row.state, row.sha256, row.capture, row.faults) == (State.RECOVERED, one.sha256, one.capture, one.faults):
                return
            self.ledger.settle(
                one.article,
                State.RECOVERED,
                self._run,
                capture=one.capture,
                file=one.file,
                sha256=one.sha256,
                faults=one.faults,
                sources=one.sources,
            )
        elif one.outcome is Outcome.NONE and row.state is State.UNRECOVERABLE and row.reason != one.reason:
            self.ledger.settle(one.article, State.UNRECOVERABLE, self._run, reason=one.reason, faults=row.faults)


class FromFiles:
    """Captures in files of web archives; what they are is kept in a ledger of its own, for as long as it takes."""

    def __init__(self, paths: Sequence[Path], output: Path, replay: str) -> None:
        self.output = output
        self.store: Path | None = None
        self.keeps_versions = False
        self._paths = paths
        self._replay = replay

    def __enter__(self) -> Self:
        if ledger_path(self.output).exists():
            message = f"{self.output} has a crawl's ledger, and its files are that crawl's. Choose another OUTPUT_DIR"
            raise Fatal(Status.USAGE, f"{message}, or name the WARC and WACZ files in the SOURCES of a crawl")
        self._lock = hold(self.output, make=True)
        self._folder = tempfile.TemporaryDirectory(prefix="citizen-news-")
        self.ledger = Ledger(Path(self._folder.name) / "ledger.sqlite")
        self.ledger.declare(FILES, self._replay)
        return self

    def __exit__(self, *error: object) -> None:
        self.ledger.close()
        self._folder.cleanup()
        self._lock.release()

    def prepare(self, report: Report) -> None:
        try:
            for some in index(self._paths, report.damaged, report.passed_over):
                by_source: dict[str, list[tuple[int, Holding]]] = defaultdict(list)
                for article, held in some:
                    by_source[held.about.get("source") or FILES].append((article, held))
                for source, held_there in by_source.items():
                    self.ledger.hold(source, held_there)
        except NotAnArchive as error:
            raise Fatal(Status.USAGE, str(error)) from error
        except OSError as error:
            raise Fatal(Status.STORAGE, f"cannot be read: {error}") from error

    def begin(self, wanted: Format, report: Report) -> list[int]:
        """Most of what is at hand will be recovered."""
        return self.ledger.at_hand()

    def settle(self, done: Sequence[Done], report: Report) -> None:
        """The files are all that stays; which there are is settled for the links between them only."""
        with self.ledger.batch():
            for one in done:
                if one.references is not None:
                    self.ledger.settle(one.article, State.RECOVERED, 0, capture=one.capture, file=one.file, sha256=one.sha256)
                    self.ledger.refer(one.article, one.references.articles, one.references.pictures)

    def finish(self, wanted: Format) -> None:
        """Nothing remembers the format."""

    def end(self, ending: Ending) -> None:
        """Nor how it ended."""
