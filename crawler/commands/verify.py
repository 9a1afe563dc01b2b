"""`scrapy verify`: the recovered files, the ledger and the store held against each other; and the manifest."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path

from crawler.run.command import ProjectCommand, report
from crawler.run.settings import check_integer
from crawler.utils.exit_status import ExitStatus, RunResult, UsageError
from crawler.utils.text import counted, progress_line


class Command(ProjectCommand):
    """Reads OUTPUT_DIR, or a bag; writes nothing but the manifest, when that is asked for."""

    uses = ("OUTPUT_DIR", "PROGRESS_SECONDS")

    def short_desc(self) -> str:
        return "Hold the recovered files, the ledger and the store against each other"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--manifest",
            action="store_true",
            help="if nothing is wrong, write the SHA-256 of every file, in BagIt's form",
        )
        parser.add_argument("--bag", metavar="DIR", help="check a bag, as `export --bag` writes it, instead")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument(
            "--workers", metavar="N", default=str(os.cpu_count() or 1), help="processes (one for each core by default)"
        )

    def act(self, args: list[str], opts: argparse.Namespace) -> int:
        if args:
            raise UsageError(f"verify takes no arguments ({' '.join(args)}): OUTPUT_DIR is what it looks at")
        if opts.bag is not None and (opts.manifest or not opts.bag):
            raise UsageError("--bag: the directory of a bag is needed, and no --manifest: a bag has one")
        workers = check_integer(opts.workers, "--workers", 1, 256)
        tell = progress_line("verified", "articles", self.setting("PROGRESS_SECONDS"))
        if opts.bag is not None:
            return _check_bag(Path(opts.bag), workers, as_json=opts.json)
        return _check(self.setting("OUTPUT_DIR"), workers, tell, manifest=opts.manifest, as_json=opts.json)


def _check(output: Path, workers: int, tell: Callable[[int, int], None], *, manifest: bool, as_json: bool) -> int:
    # Scrapy imports every command for each of them; the others need not wait for these.
    from crawler.preserve.verify import open_locked as open_places
    from crawler.preserve.verify import verify
    from crawler.preserve.verify_findings import MANIFEST as NAME
    from crawler.preserve.verify_findings import as_object, describe

    with open_places(output) as ledger:
        found = verify(output, ledger, workers, write_manifest=manifest, tell=tell)
    print(json.dumps(as_object(found), ensure_ascii=False) if as_json else "\n".join(describe(found)))
    if not found.findings:
        return ExitStatus.DONE
    unwritten = f"; {output / NAME} was not written" if manifest else ""
    return report(RunResult(ExitStatus.DAMAGED, f"{counted(len(found.findings), 'finding')} in {output}{unwritten}"))


def _check_bag(bag: Path, workers: int, *, as_json: bool) -> int:
    from crawler.preserve.bag import check_bag
    from crawler.preserve.verify_findings import as_object, describe_bag

    found = check_bag(bag, workers)
    print(json.dumps(as_object(found), ensure_ascii=False) if as_json else "\n".join(describe_bag(found)))
    return (
        report(RunResult(ExitStatus.DAMAGED, f"{counted(len(found.findings), 'finding')} in {bag}"))
        if found.findings
        else ExitStatus.DONE
    )
