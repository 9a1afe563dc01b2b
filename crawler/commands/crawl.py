"""`scrapy crawl articles`: one run, with a summary and an exit status that tells how it went."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

from crawler.preserve.audit import Audit, audit_folder
from crawler.preserve.repair import describe, put_in_place, recovered
from crawler.run.command import SpiderCommand, report
from crawler.run.crawl import RunPlan, run_spider
from crawler.run.session import Session
from crawler.run.settings import ARGUMENTS, RunSettings, SpiderArguments, read_arguments, read_format
from crawler.utils.exit_status import CommandError, UsageError


class Command(SpiderCommand):
    """Opens the session, runs the spider in it, closes it, whatever happens."""

    summary = "List, fetch and write the articles (docs/commands.md: arguments, exit statuses)"
    argument, argument_hint = "articles", "there is one spider: scrapy crawl articles"
    takes = tuple(ARGUMENTS)

    def act(self, args: list[str], opts: argparse.Namespace) -> int:
        if args != ["articles"]:
            raise UsageError(self.argument_hint)
        arguments = read_arguments(opts.spargs)
        if arguments.in_place and read_format(self.given_settings).for_reading:
            raise UsageError("in_place=1 needs FORMAT=seed: the reading format's links do not fit into another tree")
        audit = None
        if arguments.repair:
            audit = audit_folder(arguments.repair, os.cpu_count() or 1, self.setting("PROGRESS_SECONDS"))
        session = Session(RunSettings(self.given_settings), opts.spargs)
        if audit is not None:
            arguments = arguments.narrowed(frozenset(audit.refetch))
            session.ledger.unadopt(audit.refetch)
        afterwards = partial(repaired, audit, arguments, session) if audit else None
        return report(run_spider(self, session, RunPlan("crawl", arguments, afterwards=afterwards)))


def repaired(audit: Audit, arguments: SpiderArguments, session: Session) -> Iterator[str]:
    """After a crawl: what it brought for the tree, and in place where that was asked for."""
    outcomes = recovered(audit, session.ledger, session.output)
    replaced = None
    if arguments.in_place and not arguments.dry_run:
        try:
            replaced = put_in_place(audit, outcomes, session.output, lambda: datetime.now(UTC))
        except CommandError as error:
            session.ending = error.result
    yield from describe(audit, outcomes, replaced)
