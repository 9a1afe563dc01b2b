"""`scrapy crawl articles`: one run, with a summary and an exit status that tells how it went."""

from __future__ import annotations

import argparse
import os
from functools import partial

from scrapy.commands.crawl import Command as ScrapyCrawl
from scrapy.exceptions import UsageError

from crawler.auditing import audited
from crawler.command import check_settings, refuse_options, report
from crawler.ending import Fatal
from crawler.options import read_arguments, read_format, wrong
from crawler.repair import repaired
from crawler.running import Plan, hush, run_spider
from crawler.session import Session


class Command(ScrapyCrawl):
    """Opens the session, runs the spider in it, closes it, whatever happens."""

    def short_desc(self) -> str:
        return "List, fetch and write the articles (docs/commands.md: arguments, exit statuses)"

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        assert self.settings is not None
        hush(self.settings.get("LOG_LEVEL"))

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        try:
            refuse_options(args)
            if args != ["articles"]:
                raise UsageError("there is one spider: scrapy crawl articles")
            check_settings(opts)
            arguments = read_arguments(opts.spargs)
            assert self.settings is not None
            settings = dict(self.settings)
            if arguments.in_place and read_format(settings).for_reading:
                raise wrong("in_place=1 needs FORMAT=seed: the reading format's links do not fit into another tree")
            audit = audited(arguments.repair, os.cpu_count() or 1, settings) if arguments.repair else None
            session = Session(settings, opts.spargs)
            if audit is not None:
                session.only = frozenset(audit.refetch)
                session.ledger.disown(audit.refetch)
            afterwards = partial(repaired, audit, arguments, session) if audit else None
            self.exitcode = report(run_spider(self, session, Plan("crawl", opts.spargs, afterwards=afterwards)))
        except Fatal as fatal:
            self.exitcode = report(fatal.ending)
