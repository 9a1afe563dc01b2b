"""`scrapy adopt DIR`: a tree's sound articles count as settled, so that they are not fetched again."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from crawler.auditing import audited
from crawler.command import ProjectCommand
from crawler.ending import Fatal, Status
from crawler.ledger import Ledger, LedgerError
from crawler.opening import hold
from crawler.options import archive_address, check_whole, read_output, wrong
from crawler.repair import adopt
from crawler.session import ledger_path


class Command(ProjectCommand):
    """Audits DIR and writes into the ledger; DIR stays as it is."""

    def syntax(self) -> str:
        return "[options] DIR"

    def short_desc(self) -> str:
        return "Count the sound articles of an existing tree as settled, so that they are not fetched again"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--workers", metavar="N", default=str(os.cpu_count() or 1), help="processes (one for each core by default)")

    def act(self, args: list[str], opts: argparse.Namespace) -> int:
        if len(args) != 1:
            raise wrong("one directory is needed: scrapy adopt DIR")
        assert self.settings is not None
        settings = dict(self.settings)
        output, public = read_output(settings), archive_address(settings, "ARCHIVE_PUBLIC_URL")
        audit = audited(Path(args[0]), check_whole(opts.workers, "--workers", 1, 256), settings)
        lock = hold(output, make=True)
        try:
            with Ledger(ledger_path(output), public) as ledger:
                new = adopt(ledger, audit)
        except LedgerError as error:
            raise Fatal(Status.STORAGE, str(error)) from error
        finally:
            lock.release()
        sound = len(audit.files) - len(audit.refetch)
        print(f"Adopted {sound:,} articles of {args[0]}, {new:,} of them new; {len(audit.refetch):,} are to be fetched")
        return Status.DONE
