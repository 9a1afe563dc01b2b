"""`citizen-news verify`: the recovered files, the ledger and the store held against each other; and the manifest."""

import argparse
from pathlib import Path

from crawler.run.command import WORKERS, ProjectCommand, read_workers, report
from crawler.utils.exit_status import ExitStatus, RunResult, UsageError
from crawler.utils.text import counted, json_line, progress_line


class Command(ProjectCommand):
    """Reads OUTPUT_DIR, or a bag; writes nothing but the manifest, when that is asked for."""

    summary = "Hold the files, the ledger and the store against each other"
    uses = ("OUTPUT_DIR", "PROGRESS_SECONDS")
    options = {
        "--manifest": "if nothing is wrong, write the SHA-256 of every file, in BagIt's form",
        "--bag DIR": "check a bag, as `export --bag` writes it, instead",
        "--json": "print one JSON object",
        **WORKERS,
    }

    def act(self, args: list[str], opts: argparse.Namespace) -> int:
        # Scrapy imports every command for each of them; the others need not wait for these.
        from crawler.preserve.bag import check_bag
        from crawler.preserve.verify import MANIFEST, open_locked, verify

        if opts.bag is not None and (opts.manifest or not opts.bag):
            raise UsageError("--bag: the directory of a bag is needed, and no --manifest: a bag has one")
        workers = read_workers(opts)
        if opts.bag is not None:
            folder = Path(opts.bag)
            found = check_bag(folder, workers)
        else:
            folder, tell = self.output, progress_line("verified", "articles", self.setting("PROGRESS_SECONDS"))
            with open_locked(folder) as ledger:
                found = verify(folder, ledger, workers, writes_manifest=opts.manifest, tell=tell)
        print(json_line(found.as_object()) if opts.json else "\n".join(found.describe()))
        if not found.findings:
            return ExitStatus.DONE
        unwritten = f"; {folder / MANIFEST} was not written" if opts.manifest else ""
        number = counted(len(found.findings), "finding")
        return report(RunResult(ExitStatus.DAMAGED, f"{number} in {folder}{unwritten}"))
