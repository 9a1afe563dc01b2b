"""`citizen-news extract [WARC|WACZ|DIR|ADDRESS …]`: Markdown out of what is at hand, on all cores."""

import argparse
import logging
import sys
from collections.abc import Collection
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from crawler.ledger.file import ledger_path
from crawler.recovery.extraction import ExtractionInput, ExtractionReport, FromFiles, FromStore, extract
from crawler.recovery.extraction_job import LocalWorkers, Workers
from crawler.recovery.formats import Format
from crawler.run.command import WORKERS, ProjectCommand, read_workers, report, say_successor
from crawler.run.config import FROM_COMMAND_LINE
from crawler.run.settings import ARGUMENTS, SETTINGS, read_format, read_value
from crawler.utils.exit_status import NothingError, UsageError
from crawler.utils.files import new_file, output_file
from crawler.utils.text import counted, format_size
from crawler.warc.remote import location


class Command(ProjectCommand):
    """Extracts from the store, or from WARC and WACZ files, whoever made them."""

    summary = "Extract every article anew from the store, or WARC and WACZ files"
    argument = "[WARC|WACZ|DIR|ADDRESS …]"
    options = {
        "--ids IDS": "only these articles, in the format that the files have",
        "--changed": "write only files whose content differs",
        "--dry-run": "write nothing, say what would change",
        "--parquet FILE": (
            "write a table of all articles instead of their files: fields, texts, and why the others are missing"
        ),
        "--force": "with --parquet: replace FILE",
        **WORKERS,
        "--cluster ADDRESS": (
            "have it done by a cluster of Dask: its scheduler's address, or `local` for one on this machine"
        ),
    }
    uses = ("OUTPUT_DIR", "ARCHIVE_PUBLIC_URL", "FORMAT", "VIDEO", "PAGE_SECONDS", "PAGE_MEMORY_MB", "PROGRESS_SECONDS")
    interrupted = "interrupted; run again to go on"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        formats = SETTINGS["FORMAT"].choices
        parser.add_argument("--format", choices=formats, help="write all files anew in another format")

    def act(self, args: list[str], opts: argparse.Namespace) -> int:
        logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s", stream=sys.stderr)
        told = ExtractionReport(self.setting("PROGRESS_SECONDS"))
        ids = read_value(ARGUMENTS["ids"], opts.ids) if opts.ids is not None else None
        if opts.parquet is not None:
            return self._write_table(args, opts, told, ids)
        wanted = self._format(opts.format)
        source = self._input(args, told, opts, dry_run=opts.dry_run)
        with self._workers(opts) as workers:
            result = extract(source, workers, wanted, ids=ids, only_changed=opts.changed)
        print("\n".join(told.describe(opts.dry_run, opts.changed)))
        return report(result)

    def _write_table(
        self, args: list[str], opts: argparse.Namespace, told: ExtractionReport, ids: Collection[int] | None
    ) -> int:
        """The articles as a table; the files and the ledger that are there stay as they are."""
        from crawler.preserve.parquet import extract_rows, write_parquet

        if opts.format is not None or opts.changed or opts.dry_run:
            raise UsageError("--parquet writes no files: --format, --changed and --dry-run do not go with it")
        path = new_file(opts.parquet, "--parquet", force=opts.force)
        source = self._input(args, told, opts, dry_run=True)
        with self._workers(opts) as workers, output_file(path) as out:
            rows = write_parquet(out, extract_rows(source, workers, ids))
        print("\n".join(told.describe(dry_run=False, only_changed=False)))
        print(f"{path}: {counted(rows, 'article')}, {format_size(path.stat().st_size)}")
        return report(told.ending())

    def _workers(self, opts: argparse.Namespace) -> AbstractContextManager[Workers]:
        """Who does it. Raises UsageError."""
        limits = LocalWorkers(read_workers(opts), self.setting("PAGE_SECONDS"), self.setting("PAGE_MEMORY_MB"))
        if opts.cluster is None:
            return nullcontext(limits)
        try:
            from crawler.run.cluster import LOCAL, joined
        except ModuleNotFoundError as error:
            if error.name not in ("dask", "distributed"):
                raise
            advice = "pip install 'dask[distributed]', or `pip install .[cluster]` in a checkout"
            raise UsageError(f"--cluster needs Dask, which is not installed: {advice}") from error
        if opts.cluster != LOCAL and opts.workers != self._parser.get_default("workers"):
            raise UsageError("--workers is for this machine: the cluster says how many it has")
        return joined(opts.cluster, limits)

    def _format(self, chosen: str | None) -> Format:
        """That of the files that are there, unless another one is asked for. Raises UsageError."""
        given = {name for name in ("FORMAT", "VIDEO") if self.settings.getpriority(name) == FROM_COMMAND_LINE}
        if chosen is None and "FORMAT" in given:
            chosen = self.settings["FORMAT"]
            say_successor(f"extract -s FORMAT={chosen}", f"extract --format {chosen}")
        if chosen is not None:
            self.settings.set("FORMAT", chosen, priority="cmdline")
            if "VIDEO" not in given:
                self.settings.set("VIDEO", SETTINGS["VIDEO"].default, priority="cmdline")
        return read_format(self.settings)

    def _input(
        self, args: list[str], told: ExtractionReport, opts: argparse.Namespace, *, dry_run: bool
    ) -> ExtractionInput:
        output, paths = self.output, [location(name) for name in args]
        if opts.cluster is not None:  # its workers are in other folders
            output, paths = output.absolute(), [path.absolute() if isinstance(path, Path) else path for path in paths]
        if not paths:
            if ledger_path(output).exists():
                return FromStore(output, told, dry_run=dry_run)
            paths = [store := output / "warc"]
            if not store.is_dir():
                advice = "crawl first, name WARC or WACZ files, or another directory with -o"
                raise NothingError(f"there is no store in {output} yet: {advice}")
        return FromFiles(paths, output, told, f"{self.setting('ARCHIVE_PUBLIC_URL')}/web", dry_run=dry_run)
