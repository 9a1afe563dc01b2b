"""`citizen-news recover`: a run that nobody watches. What is new, due or better is recovered, and the exit status is a
verdict."""

import argparse
import signal
import sys
from collections.abc import Mapping, Sequence
from functools import partial

from crawler.run.command import SpiderCommand, report
from crawler.run.crawl import RunPlan, renew_files, run_spider
from crawler.run.health import Breach, RunNumbers, conclude
from crawler.run.session import Session
from crawler.run.settings import ARGUMENTS, RunSettings, SpiderArguments, read_arguments
from crawler.utils.exit_status import ExitStatus, RunResult, UsageError

ONE_OFF = ("dry_run", "again", "repair", "in_place")
"""Arguments of `crawl` for somebody who looks at what comes of it."""
WORDS = {ExitStatus.DONE: "good", ExitStatus.INCOMPLETE: "good, but not all", ExitStatus.UNHEALTHY: "unhealthy"}
_GOES_ON = (ExitStatus.DONE, ExitStatus.DAMAGED)
"""After a renewal that ended so there is still something to crawl."""


class Command(SpiderCommand):
    """Writes anew what a changed extractor asks for, runs the spider, judges the run. See `crawler.run.health.conclude`
    for its statuses."""

    summary = "Recover what is new or due, unattended; the exit status is a verdict"
    argument_hint = "-a ids=33951 chooses articles"
    takes = tuple(name for name in ARGUMENTS if name not in ONE_OFF)

    def act(self, args: list[str], opts: argparse.Namespace) -> int:
        arguments = refuse_one_off(opts.spargs)
        asked = RunSettings(self.settings)
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # Scrapy does not handle it yet
        try:
            renewal, rewritten = renew_files(asked, partial(print, file=sys.stderr))
        finally:
            signal.signal(signal.SIGTERM, before)
        if renewal.status is ExitStatus.LOCKED:
            return report(renewal)
        session = Session(asked, opts.spargs)
        session.verbose = opts.verbose
        session.renewing = True
        if renewal.status not in _GOES_ON:
            session.end(renewal.status, renewal.message)
        conclude = partial(_conclude, renewal)
        result = run_spider(self, session, RunPlan("recover", arguments, rewritten, conclude=conclude))
        if result.status not in WORDS:
            return report(result)
        words = WORDS[result.status]
        print(result.message if result.message.startswith(words) else f"{words}: {result.message}", file=sys.stderr)
        return int(result.status)


def refuse_one_off(given: Mapping[str, str]) -> SpiderArguments:
    """Read the arguments, and refuse those that make no sense time and again; raises UsageError."""
    for name in ONE_OFF:
        if name in given:
            argument = f"{name}={given[name]}"
            raise UsageError(f"{argument}: not for unattended runs, but for `citizen-news crawl` or `repair`")
    return read_arguments(given)


def _conclude(renewal: RunResult, result: RunResult, numbers: RunNumbers, found: Sequence[Breach]) -> RunResult:
    """How the run ends, of how its crawl did and how the renewal of files before it."""
    goes_on = result.status in (ExitStatus.DONE, ExitStatus.UNAVAILABLE)
    return conclude(renewal if goes_on and renewal.status is not ExitStatus.DONE else result, numbers, found)
