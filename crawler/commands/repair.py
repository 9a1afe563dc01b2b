"""`citizen-news repair DIR`: what the audit of a tree of files says to fetch again is recovered, and may take the old
files' places."""

import argparse
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from crawler.preserve.audit import Audit, audit_folder
from crawler.preserve.repair import describe_repair, put_in_place, recovered
from crawler.run.command import SpiderCommand, report
from crawler.run.crawl import RunPlan, run_spider
from crawler.run.session import Session
from crawler.run.settings import ARGUMENTS, RunSettings, read_arguments, read_format
from crawler.utils.exit_status import CommandError, UsageError


class Command(SpiderCommand):
    """Fetches into OUTPUT_DIR like any crawl; DIR stays as it is, unless --in-place is given."""

    summary = "Recover anew what an audit of files finds broken"
    argument, argument_hint = "DIR", "a directory with files of articles"
    options = {
        "--in-place": "put verified files that are better in place of those of DIR, which go to DIR.replaced-<date>"
    }
    takes = tuple(name for name in ARGUMENTS if name not in ("repair", "in_place", "again"))

    def act(self, args: list[str], opts: argparse.Namespace) -> int:
        return repair(self, {**opts.spargs, "repair": args[0], "in_place": str(int(opts.in_place))}, opts.verbose)


def repair(command: SpiderCommand, given: Mapping[str, str], verbose: bool) -> int:
    """Audit the tree that the arguments name and recover what it lacks; gives the exit status."""
    arguments = read_arguments(given)
    assert arguments.repair is not None
    if arguments.in_place and read_format(command.settings).for_reading:
        raise UsageError("--in-place needs FORMAT=seed: the reading format's links do not fit into another tree")
    audit = audit_folder(arguments.repair, os.cpu_count() or 1, command.setting("PROGRESS_SECONDS"))
    session = Session(RunSettings(command.settings), given)
    arguments = arguments.narrowed(frozenset(audit.refetch))
    session.verbose = verbose
    session.ledger.unadopt(audit.refetch)
    in_place = arguments.in_place and not arguments.dry_run
    describe = partial(_compared, audit, session, in_place)
    return report(run_spider(command, session, RunPlan("crawl", arguments, describe=describe)))


def _compared(audit: Audit, session: Session, in_place: bool) -> Iterator[str]:
    """After the crawl: what it brought for the tree, which is put in place where that was asked for."""
    outcomes = recovered(audit, session.ledger, session.output)
    replaced: tuple[int, Path] | None = None
    if in_place:
        try:
            replaced = put_in_place(audit, outcomes, session.output, lambda: datetime.now(UTC))
        except CommandError as error:
            session.ending = error.result
    yield from describe_repair(audit, outcomes, replaced)
