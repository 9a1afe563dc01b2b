"""`scrapy status`: where every article stands, and why."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from crawler.command import ProjectCommand
from crawler.ending import Fatal, Status
from crawler.gaps import describe_gap
from crawler.ledger import Ledger, LedgerError
from crawler.session import ledger_path
from crawler.summary import describe, standing


class Command(ProjectCommand):
    """Reads the ledger of OUTPUT_DIR; changes nothing."""

    def short_desc(self) -> str:
        return "Show what is listed, recovered, waiting and given up, and why"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--gaps", action="store_true", help="print which ranges of ids lack articles")

    def act(self, args: list[str], opts: argparse.Namespace) -> int:
        path = ledger_path(Path(str(self.setting("OUTPUT_DIR"))))
        if not path.exists():
            raise Fatal(Status.STORAGE, f"there is no ledger {path}: nothing was crawled into this OUTPUT_DIR yet")
        try:
            with Ledger(path) as ledger:
                if opts.json:
                    print(json.dumps(standing(ledger), ensure_ascii=False, indent=2))
                else:
                    print("\n".join(describe_gap(ledger) if opts.gaps else describe(ledger)))
        except LedgerError as error:
            raise Fatal(Status.STORAGE, str(error)) from error
        return Status.DONE
