"""`scrapy audit DIR`: what is wrong with files of articles that exist already, without network."""

from __future__ import annotations

import argparse
from contextlib import nullcontext
from pathlib import Path

from crawler.preserve.audit import audit_folder
from crawler.run.command import ProjectCommand, add_workers_option, read_workers
from crawler.utils.exit_status import ExitStatus, UsageError
from crawler.utils.files import output_file
from crawler.utils.text import json_line


class Command(ProjectCommand):
    """Reads DIR; writes nothing but what `--csv` names."""

    summary = "Judge existing Markdown files of articles: what to fetch again, and what is only untidy"
    argument, argument_hint = "DIR", "a directory with files of articles"
    uses = ("PROGRESS_SECONDS",)

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="print one JSON object, with the ids of each kind")
        parser.add_argument("--csv", metavar="FILE", help="write one row for each finding")
        add_workers_option(parser)

    def act(self, args: list[str], opts: argparse.Namespace) -> int:
        if opts.csv in ("", "-"):
            raise UsageError("--csv: the name of a file is needed")
        workers = read_workers(opts)
        with output_file(Path(opts.csv)) if opts.csv else nullcontext() as table:
            audit = audit_folder(Path(args[0]), workers, self.setting("PROGRESS_SECONDS"))
            if table is not None:
                audit.write_csv(table)
        print(json_line(audit.as_object()) if opts.json else "\n".join(audit.describe()))
        return ExitStatus.DONE
