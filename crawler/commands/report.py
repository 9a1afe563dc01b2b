"""`scrapy report`: what was recovered, what is missing and why, and how the runs went, as one file of HTML."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from crawler.command import ProjectCommand
from crawler.ending import Fatal, Status
from crawler.files import write_file
from crawler.ledger import LedgerError
from crawler.newfile import new_file, refuse_existing
from crawler.opening import refuse_links
from crawler.options import read_output, wrong
from crawler.session import ledger_path

NAME = "report.html"


class Command(ProjectCommand):
    """Reads OUTPUT_DIR, also while a run writes it; writes the report and nothing else."""

    def short_desc(self) -> str:
        return "Write a report on what is recovered and what is missing, as one HTML file"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--to", metavar="FILE", help=f"the file to write (by default {NAME} in OUTPUT_DIR, replaced each time)")
        parser.add_argument("--force", action="store_true", help="replace the FILE of --to if it is there")

    def act(self, args: list[str], opts: argparse.Namespace) -> int:
        if args:
            raise wrong(f"report takes no arguments ({' '.join(args)}): OUTPUT_DIR is what it looks at")
        if opts.to is not None and not opts.to:
            raise wrong("--to: the name of a file is needed")
        if opts.force and opts.to is None:
            raise wrong(f"--force belongs to --to: {NAME} in OUTPUT_DIR is replaced anyway")
        assert self.settings is not None
        output = read_output(dict(self.settings))
        to = Path(opts.to) if opts.to else output / NAME
        if opts.to:
            refuse_existing(to, force=opts.force)
        page = _page(output)
        try:
            if opts.to:
                with new_file(to) as file:
                    file.write(page)
            else:
                write_file(output, NAME, page)
        except OSError as error:
            raise Fatal(Status.STORAGE, f"{to} cannot be written: {error.strerror or error}") from error
        print(f"{to}: {len(page) / 1e6:,.1f} MB; open it in a browser")
        return Status.DONE


def _page(output: Path) -> bytes:
    # Scrapy imports every command for each of them; the others need not wait for these.
    from crawler.report.ledgerfigures import LedgerFigures  # noqa: PLC0415
    from crawler.report.page import report_on  # noqa: PLC0415

    path = ledger_path(output)
    if not path.exists():
        raise Fatal(Status.STORAGE, f"there is no ledger {path}: nothing was crawled into this OUTPUT_DIR yet")
    refuse_links(output)
    try:
        with LedgerFigures(path) as ledger:
            return report_on(output, ledger, datetime.now(UTC))
    except LedgerError as error:
        raise Fatal(Status.STORAGE, str(error)) from error
    except KeyboardInterrupt as error:
        raise Fatal(Status.INTERRUPTED, "interrupted; nothing was written") from error
