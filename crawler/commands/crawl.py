"""`citizen-news crawl`: one run, with a summary and an exit status that tells how it went."""

import argparse
from collections.abc import Collection, Iterator
from functools import partial

from crawler.commands.repair import repair
from crawler.run.command import SpiderCommand, report, say_successor
from crawler.run.crawl import RunPlan, run_spider
from crawler.run.session import Session
from crawler.run.settings import ARGUMENTS, RunSettings, read_arguments
from crawler.run.status import describe_end
from crawler.utils.exit_status import ExitStatus, RunResult, UsageError
from crawler.utils.text import counted, first_few


class Command(SpiderCommand):
    """Opens the session, runs the spider in it, closes it, whatever happens. Replaces Scrapy's own command, which exits
    with 0 even when everything failed."""

    summary = "List, fetch and write the articles"
    argument, argument_hint = "[articles]", "there is one spider, so `crawl` alone is enough"
    takes = tuple(ARGUMENTS)

    def act(self, args: list[str], opts: argparse.Namespace) -> int:
        if args not in ([], ["articles"]):
            raise UsageError(f"{args[0]}: {self.argument_hint}")
        arguments = read_arguments(opts.spargs)
        if arguments.repair:
            say_successor("crawl -a repair=DIR", "repair DIR")
            return repair(self, opts.spargs, opts.verbose)
        session = Session(RunSettings(self.settings), opts.spargs)
        session.verbose = opts.verbose
        describe = partial(_describe, session, arguments.choice.ids or ())
        plan = RunPlan("crawl", arguments, describe=describe)
        return report(run_spider(self, session, plan))


def _describe(session: Session, asked: Collection[int]) -> Iterator[str]:
    """The end of the crawl, and what was asked for by its id and is nowhere; if that is all, the run found nothing."""
    yield from describe_end(session.ledger, session.output)
    unknown = sorted(set(asked).difference(session.ledger.known_ids()))
    if unknown:
        yield f"Unknown    {counted(len(unknown), 'article')} of those asked for: no source lists {first_few(unknown)}"
    done = session.ending is None or session.ending.status is ExitStatus.DONE
    if asked and len(unknown) == len(asked) and done:
        session.ending = RunResult(ExitStatus.NOTHING, "no source lists what was asked for")
