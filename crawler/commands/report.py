"""`citizen-news report`: what was recovered, what is missing and why, and how the runs went, as one file of HTML."""

import argparse
from datetime import UTC, datetime

from crawler.ledger.file import existing_ledger
from crawler.ledger.queries import StoreQueries
from crawler.run.command import ProjectCommand
from crawler.utils.exit_status import UsageError
from crawler.utils.files import new_file, output_file, write_file, writing
from crawler.utils.lock import check_links
from crawler.utils.text import format_size

NAME = "report.html"


class Command(ProjectCommand):
    """Reads OUTPUT_DIR, also while a run writes it; writes the report and nothing else."""

    summary = "Write one HTML page on what is recovered and what is missing"
    uses = ("OUTPUT_DIR",)
    interrupted = "interrupted; nothing was written"
    options = {
        "--to FILE": f"the file to write (by default {NAME} in OUTPUT_DIR, replaced each time)",
        "--force": "replace the FILE of --to if it is there",
    }

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        # Scrapy imports every command for each of them; the others need not wait for this.
        from crawler.publish.report.page import report_on

        if opts.force and opts.to is None:
            raise UsageError(f"--force belongs to --to: {NAME} in OUTPUT_DIR is replaced anyway")
        output = self.output
        to = output / NAME if opts.to is None else new_file(opts.to, "--to", force=opts.force)
        path = existing_ledger(output)
        check_links(output)
        with StoreQueries(path) as ledger:
            page = report_on(output, ledger, datetime.now(UTC))
        if opts.to is None:
            with writing(to):
                write_file(output, NAME, page)
        else:
            with output_file(to) as file:
                file.write(page)
        print(f"{to}: {format_size(len(page))}; open it in a browser")
