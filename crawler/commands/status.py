"""`status`: where every article stands, and why; with `--watch`, where the run stands that is under way."""

import argparse
import json
import sys
import time
from contextlib import suppress
from pathlib import Path

from crawler.commands.versions import versions_of_all
from crawler.ledger import Ledger
from crawler.ledger.file import existing_ledger, ledger_path
from crawler.recovery.listing import describe_gap
from crawler.run.command import ProjectCommand
from crawler.run.progress import describe_progress, progress_table
from crawler.run.status import describe_status, status_object
from crawler.run.terminal import Terminal, is_terminal, look_at_run, watch_message
from crawler.utils.exit_status import ExitStatus, UsageError

WATCH_SECONDS = 1.0
"""Seconds between two looks at the ledger."""


class Command(ProjectCommand):
    """Reads the ledger of OUTPUT_DIR; changes nothing."""

    summary = "Show what is listed, recovered, waiting and unrecoverable, and why"
    argument_hint = "`inspect` tells of one article"
    uses = ("OUTPUT_DIR",)
    options = {
        "--json": "print one JSON object",
        "--gaps": "print which ranges of ids lack articles",
        "--versions": "print the articles that have several versions",
        "--watch": "show the run that is under way, until Ctrl-C",
    }

    def act(self, args: list[str], opts: argparse.Namespace) -> int:
        if opts.watch + opts.gaps + opts.versions > 1 or (opts.watch and opts.json):
            raise UsageError("--watch, --gaps and --versions go one at a time, and --watch without --json")
        if opts.watch:
            with suppress(KeyboardInterrupt):
                _watch(self.output)
            return ExitStatus.DONE
        if opts.versions:
            return versions_of_all(self, opts.json)
        with Ledger(existing_ledger(self.output)) as ledger:
            if opts.json:
                print(json.dumps(status_object(ledger), ensure_ascii=False, indent=2))
            else:
                print("\n".join(describe_gap(ledger) if opts.gaps else describe_status(ledger)))
        return ExitStatus.DONE


def _watch(output: Path) -> None:
    """On a terminal the display, else a line whenever it changes; waits for the first run where nothing was ever
    run. Until Ctrl-C."""
    path = ledger_path(output)
    if not path.exists():
        print(f"No run has begun in {output} yet. Waiting for one.", flush=True)
    while not path.exists():
        time.sleep(WATCH_SECONDS)
    terminal = Terminal(sys.stdout, keep=True) if is_terminal(sys.stdout) else None
    last = ""
    try:
        with Ledger(path) as ledger:
            while True:
                seen, now = look_at_run(ledger, output), time.time()
                snapshot = seen.shown(now)
                if terminal is not None:
                    terminal.show(watch_message(seen, now) if snapshot is None else progress_table(snapshot, now))
                else:
                    text = watch_message(seen, now) if snapshot is None else describe_progress(snapshot)
                    if text != last:
                        print(text, flush=True)
                    last = text
                time.sleep(WATCH_SECONDS)
    finally:
        if terminal is not None:
            terminal.stop()
