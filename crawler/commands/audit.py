"""`citizen-news audit DIR`: what is wrong with files of articles that exist already, without network."""

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path

from crawler.ledger import Ledger
from crawler.ledger.file import ledger_path
from crawler.preserve.audit import Audit, audit_folder
from crawler.preserve.repair import adopt_sound
from crawler.run.command import WORKERS, ProjectCommand, read_workers
from crawler.utils.exit_status import UsageError
from crawler.utils.files import output_file
from crawler.utils.lock import lock_output
from crawler.utils.text import counted, json_line


class Command(ProjectCommand):
    """Reads DIR, which stays as it is; writes what `--csv` names, and with `--adopt` into the ledger."""

    summary = "Judge existing files of articles; --adopt those that are sound"
    argument, argument_hint = "DIR", "a directory with files of articles"
    options = {
        "--adopt": "count the sound articles as settled, so that they are not fetched again",
        "--json": "print one JSON object, with the ids of each kind",
        "--csv FILE": "write one row for each finding",
        **WORKERS,
    }
    uses = ("OUTPUT_DIR", "ARCHIVE_PUBLIC_URL", "PROGRESS_SECONDS")

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        if opts.csv in ("", "-"):
            raise UsageError("--csv: the name of a file is needed")
        workers = read_workers(opts)
        with output_file(Path(opts.csv)) if opts.csv else nullcontext() as table:
            audit = audit_folder(Path(args[0]).absolute(), workers, self.setting("PROGRESS_SECONDS"))
            if table is not None:
                audit.write_csv(table)
        print(json_line(audit.as_object()) if opts.json else "\n".join(audit.describe()))
        if opts.adopt:
            print(self._adopt(audit), file=sys.stderr if opts.json else sys.stdout)

    def _adopt(self, audit: Audit) -> str:
        """Write the sound articles into the ledger; gives a line that says how many."""
        output, public = self.output, self.setting("ARCHIVE_PUBLIC_URL")
        with lock_output(output, make=True), Ledger(ledger_path(output), public) as ledger:
            new = adopt_sound(ledger, audit)
        sound = len(audit.files) - len(audit.refetch)
        due = f"to refetch: {len(audit.refetch):,}"
        return f"Adopted {counted(sound, 'article')} of {audit.folder}, {new:,} of them new; {due}"
