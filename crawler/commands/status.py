"""`scrapy status`: where every article stands, and why; with `--watch`, where the run stands that is under way."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from crawler.ledger import Ledger
from crawler.ledger.file import ledger_path
from crawler.recovery.listing import describe_gap
from crawler.run.command import ProjectCommand
from crawler.run.progress import progress_line, progress_table
from crawler.run.status import describe_status, status_object
from crawler.run.terminal import Terminal, WatchedRun, is_terminal, look_at_run, watch, watch_message
from crawler.utils.exit_status import ExitStatus, StorageError, UsageError

LOOKED = 1.0
"""Seconds between two looks at the ledger."""


class Command(ProjectCommand):
    """Reads the ledger of OUTPUT_DIR; changes nothing."""

    uses = ("OUTPUT_DIR",)

    def short_desc(self) -> str:
        return "Show what is listed, recovered, waiting and given up, and why"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--gaps", action="store_true", help="print which ranges of ids lack articles")
        parser.add_argument("--watch", action="store_true", help="show the run that is under way, until Ctrl-C")

    def act(self, args: list[str], opts: argparse.Namespace) -> int:
        if args:
            raise UsageError(
                f"status takes no arguments ({' '.join(args)}): `scrapy inspect` and `scrapy versions` tell of one"
                " article"
            )
        if opts.watch and (opts.json or opts.gaps):
            raise UsageError("--watch goes with neither --json nor --gaps")
        output = self.setting("OUTPUT_DIR")
        path = ledger_path(output)
        if opts.watch and not _wait_for(path):
            return ExitStatus.DONE
        if not path.exists():
            raise StorageError(f"there is no ledger {path}: nothing was crawled into this OUTPUT_DIR yet")
        with Ledger(path) as ledger:
            if opts.watch:
                _watch(ledger, output)
            elif opts.json:
                print(json.dumps(status_object(ledger), ensure_ascii=False, indent=2))
            else:
                print("\n".join(describe_gap(ledger) if opts.gaps else describe_status(ledger)))
        return ExitStatus.DONE


def _wait_for(path: Path) -> bool:
    """Wait until a run begins where nothing was ever run; whether one did before Ctrl-C."""
    try:
        if not path.exists():
            print(f"No run has begun in {path.parent} yet. Waiting for one.", flush=True)
        while not path.exists():
            time.sleep(LOOKED)
    except KeyboardInterrupt:
        return False
    return True


def _watch(ledger: Ledger, output: Path) -> None:
    """On a terminal the display, else a line whenever it changes; Ctrl-C is the way to end it."""
    terminal = Terminal(sys.stdout, keep=True) if is_terminal(sys.stdout) else None
    told = ""

    def tell(seen: WatchedRun) -> None:
        nonlocal told
        now = time.time()
        moment = seen.shown(now)
        if terminal is not None:
            terminal.show(watch_message(seen, now) if moment is None else progress_table(moment, now))
            return
        text = watch_message(seen, now) if moment is None else progress_line(moment)
        if text != told:
            told = text
            print(text, flush=True)

    try:
        watch(lambda: look_at_run(ledger, output), tell, lambda: time.sleep(LOOKED))
    except KeyboardInterrupt:
        pass
    finally:
        if terminal is not None:
            terminal.stop()
