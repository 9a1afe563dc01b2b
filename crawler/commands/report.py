"""`scrapy report`: what was recovered, what is missing and why, and how the runs went, as one file of HTML."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from crawler.ledger.file import ledger_path
from crawler.run.command import ProjectCommand
from crawler.utils.exit_status import ExitStatus, StorageError, UsageError
from crawler.utils.files import atomic_file, check_is_new, write_file, writing
from crawler.utils.lock import check_links

NAME = "report.html"


class Command(ProjectCommand):
    """Reads OUTPUT_DIR, also while a run writes it; writes the report and nothing else."""

    uses = ("OUTPUT_DIR",)

    def short_desc(self) -> str:
        return "Write a report on what is recovered and what is missing, as one HTML file"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--to", metavar="FILE", help=f"the file to write (by default {NAME} in OUTPUT_DIR, replaced each time)"
        )
        parser.add_argument("--force", action="store_true", help="replace the FILE of --to if it is there")

    def act(self, args: list[str], opts: argparse.Namespace) -> int:
        if args:
            raise UsageError(f"report takes no arguments ({' '.join(args)}): OUTPUT_DIR is what it looks at")
        if opts.to is not None and not opts.to:
            raise UsageError("--to: the name of a file is needed")
        if opts.force and opts.to is None:
            raise UsageError(f"--force belongs to --to: {NAME} in OUTPUT_DIR is replaced anyway")
        output = self.setting("OUTPUT_DIR")
        to = Path(opts.to) if opts.to else output / NAME
        if opts.to:
            check_is_new(to, force=opts.force)
        page = _page(output)
        with writing(to):
            if opts.to:
                with atomic_file(to) as file:
                    file.write(page)
            else:
                write_file(output, NAME, page)
        print(f"{to}: {len(page) / 1e6:,.1f} MB; open it in a browser")
        return ExitStatus.DONE


def _page(output: Path) -> bytes:
    # Scrapy imports every command for each of them; the others need not wait for these.
    from crawler.ledger.queries import ReportQueries as LedgerFigures
    from crawler.publish.report.page import report_on

    path = ledger_path(output)
    if not path.exists():
        raise StorageError(f"there is no ledger {path}: nothing was crawled into this OUTPUT_DIR yet")
    check_links(output)
    with LedgerFigures(path) as ledger:
        return report_on(output, ledger, datetime.now(UTC))
