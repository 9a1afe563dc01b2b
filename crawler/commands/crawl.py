"""`scrapy crawl articles`: one run, with a summary and an exit status that tells how it went."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Iterator
from functools import partial

from scrapy.commands.crawl import Command as ScrapyCrawl
from scrapy.exceptions import UsageError

from crawler.auditing import audited
from crawler.command import check_settings, report, unless_nobody_reads
from crawler.ending import Ending, Fatal, Status
from crawler.offline.relink import after_run
from crawler.options import is_loopback, read_arguments, read_format, wrong
from crawler.repair import repaired
from crawler.session import Session
from crawler.summary import describe

QUIET = {
    "scrapy.utils.log": logging.WARNING,  # its version, and the versions of its libraries
    "scrapy.core.downloader.handlers.http11": logging.ERROR,  # advice on cut answers, which are tried again here
}
"""Loggers of Scrapy's with nothing to say to a user of this crawl."""


class Command(ScrapyCrawl):
    """Opens the session, runs the spider in it, closes it, whatever happens."""

    def short_desc(self) -> str:
        return "List, fetch and write the articles (see README: arguments, exit statuses)"

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        assert self.settings is not None
        if self.settings.get("LOG_LEVEL") != "DEBUG":
            # Now, before Scrapy makes its process and speaks; as filters, because it then resets the levels of its loggers.
            for name, level in QUIET.items():
                logging.getLogger(name).addFilter(partial(_at_least, level))

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if args != ["articles"]:
            raise UsageError("there is one spider: scrapy crawl articles")
        try:
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
            self.exitcode = self._crawl(session, opts, partial(repaired, audit, arguments, session) if audit else None)
        except Fatal as fatal:
            self.exitcode = report(fatal.ending)

    def _crawl(self, session: Session, opts: argparse.Namespace, afterwards: Callable[[], Iterator[str]] | None) -> int:
        assert self.crawler_process is not None
        assert self.settings is not None
        if self.settings.get("LOG_LEVEL") != "DEBUG":
            logging.getLogger("scrapy").setLevel(logging.WARNING)
        self._introduce(session)
        try:
            if not read_arguments(opts.spargs).dry_run:
                session.keep_format()
            crawler = self._create_crawler("articles")
            self.crawler_process.crawl(crawler, session=session, **opts.spargs)
            self.crawler_process.start()
            if session.ending is None:
                session.ending = _scrapys(self.crawler_process.bootstrap_failed, crawler.stats.get_value("finish_reason"))
            if session.unwritten and session.ending.status is Status.DONE:
                about = f"{len(session.unwritten)} articles were not written, by an error of this software; please report it"
                session.ending = Ending(Status.ERROR, f"{about}: {session.unwritten[0]}")
            if not read_arguments(opts.spargs).dry_run:
                after_run(session)
            with unless_nobody_reads():
                print(*describe(session.ledger), *session.manners.summary(), sep="\n")
                if afterwards is not None:
                    print(*afterwards(), sep="\n")
        finally:
            session.close()
        return report(session.ending)

    def _introduce(self, session: Session) -> None:
        """Say who we are to the archive, or that we are nobody to it."""
        assert self.settings is not None
        self.settings.set("USER_AGENT", session.user_agent, priority="cmdline")
        if not session.contact and not is_loopback(session.archive_url):
            session.warnings.append(
                "CONTACT is empty: the archive cannot reach you before it blocks you. Set it, as in -s CONTACT=mailto:you@example.org"
            )
        for warning in session.warnings:
            print(f"warning: {warning}", file=sys.stderr)


def _at_least(level: int, record: logging.LogRecord) -> bool:
    return record.levelno >= level


def _scrapys(failed: bool, reason: object) -> Ending:
    """How Scrapy ended, where the spider did not say."""
    if failed or reason is None:
        return Ending(Status.ERROR, "the crawl could not begin; the log says why")
    if reason == "finished":
        return Ending(Status.DONE)
    return (
        Ending(Status.INTERRUPTED, "interrupted; run again to go on") if reason == "shutdown" else Ending(Status.ERROR, f"ended: {reason}")
    )
