"""`scrapy adopt DIR`: a tree's sound articles count as settled, so that they are not fetched again."""

from __future__ import annotations

import argparse
from pathlib import Path

from crawler.ledger import Ledger
from crawler.ledger.file import ledger_path
from crawler.preserve.audit import audit_folder
from crawler.preserve.repair import adopt_sound
from crawler.run.command import ProjectCommand, add_workers_option, read_workers
from crawler.utils.exit_status import ExitStatus
from crawler.utils.lock import lock_output


class Command(ProjectCommand):
    """Audits DIR and writes into the ledger; DIR stays as it is."""

    summary = "Count the sound articles of an existing tree as settled, so that they are not fetched again"
    argument, argument_hint = "DIR", "a directory with files of articles"
    uses = ("OUTPUT_DIR", "ARCHIVE_PUBLIC_URL", "PROGRESS_SECONDS")

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add_workers_option(parser)

    def act(self, args: list[str], opts: argparse.Namespace) -> int:
        output, public = self.output, self.setting("ARCHIVE_PUBLIC_URL")
        audit = audit_folder(Path(args[0]), read_workers(opts), self.setting("PROGRESS_SECONDS"))
        with lock_output(output, make=True), Ledger(ledger_path(output), public) as ledger:
            new = adopt_sound(ledger, audit)
        sound = len(audit.files) - len(audit.refetch)
        print(f"Adopted {sound:,} articles of {args[0]}, {new:,} of them new; {len(audit.refetch):,} are to be fetched")
        return ExitStatus.DONE
