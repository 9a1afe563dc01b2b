"""`scrapy audit DIR`: what is wrong with files of articles that exist already, without network."""

from __future__ import annotations

import argparse
import json
import os
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.preserve.audit import audit_folder
from crawler.run.command import ProjectCommand
from crawler.run.settings import check_integer
from crawler.utils.exit_status import ExitStatus, UsageError
from crawler.utils.files import atomic_file, writing

if TYPE_CHECKING:
    from crawler.preserve.audit_findings import Audit


class Command(ProjectCommand):
    """Reads DIR; writes nothing but what `--csv` names."""

    uses = ("PROGRESS_SECONDS",)

    def syntax(self) -> str:
        return "[options] DIR"

    def short_desc(self) -> str:
        return "Judge existing Markdown files of articles: what to fetch again, and what is only untidy"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="print one JSON object, with the ids of each kind")
        parser.add_argument("--csv", metavar="FILE", help="write one row for each finding")
        parser.add_argument(
            "--workers", metavar="N", default=str(os.cpu_count() or 1), help="processes (one for each core by default)"
        )

    def act(self, args: list[str], opts: argparse.Namespace) -> int:
        if len(args) != 1:
            raise UsageError("one directory is needed: scrapy audit DIR")
        if opts.csv in ("", "-"):
            raise UsageError("--csv: the name of a file is needed")
        workers = check_integer(opts.workers, "--workers", 1, 256)
        table = Path(opts.csv) if opts.csv else None
        with writing(table) if table else nullcontext(), atomic_file(table) if table else nullcontext() as out:
            audit = audit_folder(Path(args[0]), workers, self.setting("PROGRESS_SECONDS"))
            if out is not None:
                from crawler.preserve.audit_findings import write_csv

                write_csv(audit, out)
        _print(audit, as_json=opts.json)
        return ExitStatus.DONE


def _print(audit: Audit, *, as_json: bool) -> None:
    from crawler.preserve.audit_findings import as_object, describe

    if as_json:
        print(json.dumps(as_object(audit), ensure_ascii=False))
    else:
        print("\n".join(describe(audit)))
