"""`scrapy adopt DIR`: a tree's sound articles count as settled, so that they are not fetched again."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from crawler.ledger import Ledger
from crawler.ledger.file import ledger_path
from crawler.preserve.audit import audit_folder
from crawler.preserve.repair import adopt_sound
from crawler.run.command import ProjectCommand
from crawler.run.settings import check_integer
from crawler.utils.exit_status import ExitStatus, UsageError
from crawler.utils.lock import lock_output


class Command(ProjectCommand):
    """Audits DIR and writes into the ledger; DIR stays as it is."""

    uses = ("OUTPUT_DIR", "ARCHIVE_PUBLIC_URL", "PROGRESS_SECONDS")

    def syntax(self) -> str:
        return "[options] DIR"

    def short_desc(self) -> str:
        return "Count the sound articles of an existing tree as settled, so that they are not fetched again"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--workers", metavar="N", default=str(os.cpu_count() or 1), help="processes (one for each core by default)"
        )

    def act(self, args: list[str], opts: argparse.Namespace) -> int:
        if len(args) != 1:
            raise UsageError("one directory is needed: scrapy adopt DIR")
        output, public = self.setting("OUTPUT_DIR"), self.setting("ARCHIVE_PUBLIC_URL")
        audit = audit_folder(
            Path(args[0]), check_integer(opts.workers, "--workers", 1, 256), self.setting("PROGRESS_SECONDS")
        )
        lock = lock_output(output, make=True)
        try:
            with Ledger(ledger_path(output), public) as ledger:
                new = adopt_sound(ledger, audit)
        finally:
            lock.release()
        sound = len(audit.files) - len(audit.refetch)
        print(f"Adopted {sound:,} articles of {args[0]}, {new:,} of them new; {len(audit.refetch):,} are to be fetched")
        return ExitStatus.DONE
