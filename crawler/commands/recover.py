"""`scrapy recover`: a run that nobody watches. What is new, due or better is recovered, and the exit status is a
verdict."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

from crawler.ledger import Ledger
from crawler.ledger.file import ledger_path
from crawler.run.command import SpiderCommand, report
from crawler.run.crawl import RunPlan, run_spider
from crawler.run.health import Breach, conclude
from crawler.run.record import RunNumbers
from crawler.run.session import Session, format_conflict
from crawler.run.settings import ARGUMENTS, RunSettings, read_arguments
from crawler.utils.exit_status import ExitStatus, RunResult, StorageError, UsageError

ONE_OFF = ("dry_run", "again", "repair", "in_place")
"""Arguments of `crawl articles` for somebody who looks at what comes of it."""
WORDS = {ExitStatus.DONE: "good", ExitStatus.INCOMPLETE: "good, but not all", ExitStatus.UNHEALTHY: "unhealthy"}
_GOES_ON = (ExitStatus.DONE, ExitStatus.DAMAGED)
"""After a renewal that ended so there is still something to crawl."""


class Command(SpiderCommand):
    """Writes anew what a changed extractor asks for, runs the spider, judges the run. See `crawler.run.health.conclude`
    for its statuses."""

    takes = tuple(name for name in ARGUMENTS if name not in ONE_OFF)

    def short_desc(self) -> str:
        return "Recover what is new, due or better, for unattended use; the exit status is the verdict"

    def act(self, args: list[str], opts: argparse.Namespace) -> int:
        if args:
            raise UsageError("scrapy recover takes no names; -a ids=33951 chooses articles")
        refuse_one_off(opts.spargs)
        settings = self.given_settings
        asked = RunSettings(settings)
        _refuse_other_format(asked)
        return self._recover(asked, settings, opts.spargs)

    def _recover(self, asked: RunSettings, settings: Mapping[str, object], given: Mapping[str, str]) -> int:
        from crawler.run.crawl import renew_files

        with _terminated_as_interrupted():
            renewed = renew_files(asked.output, settings, partial(print, file=sys.stderr))
        if renewed.ending.status is ExitStatus.LOCKED:
            return report(renewed.ending)
        session = Session(settings, given)
        session.renewing = True
        if renewed.ending.status not in _GOES_ON:
            session.end(renewed.ending.status, renewed.ending.message)
        conclude = partial(_conclude, renewed.ending, renewed.rewritten)
        ending = run_spider(self, session, RunPlan("recover", given, renewed.rewritten, conclude=conclude))
        if ending.status not in WORDS:
            return report(ending)
        words = WORDS[ending.status]
        print(ending.message if ending.message.startswith(words) else f"{words}: {ending.message}", file=sys.stderr)
        return int(ending.status)


def refuse_one_off(given: Mapping[str, str]) -> None:
    """Read the arguments, and refuse those that make no sense time and again; raises CommandError."""
    for name in ONE_OFF:
        if name in given:
            raise UsageError(
                f"{name}={given[name]}: not for unattended runs. `scrapy crawl articles -a {name}={given[name]}` does"
                " it once"
            )
    read_arguments(given)


def _refuse_other_format(asked: RunSettings) -> None:
    """Before a file is touched: a schedule with another FORMAT must not change a whole tree. Raises CommandError."""
    path = ledger_path(asked.output)
    try:
        if not path.exists():
            return
        with Ledger(path) as ledger:
            mistake = format_conflict(ledger, asked)
    except OSError as error:
        raise StorageError(
            f"{asked.output} cannot be used: {error.strerror or error}. Choose another OUTPUT_DIR"
        ) from error
    if mistake:
        raise UsageError(mistake)


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """While Scrapy does not handle signals yet: SIGTERM is as Ctrl-C."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _conclude(
    renewed: RunResult, rewritten: int, ending: RunResult, numbers: RunNumbers, found: Sequence[Breach]
) -> RunResult:
    """How the run ends, of how its crawl did and how the renewal of files before it."""
    if renewed.status is not ExitStatus.DONE and ending.status in (ExitStatus.DONE, ExitStatus.UNAVAILABLE):
        ending = renewed
    came = bool(numbers.recovered or numbers.improved or rewritten or numbers.verdicts)
    did = numbers.in_words(rewritten)
    return conclude(ending, found, came=came, listed=numbers.standing["listed"], missing=numbers.missing, did=did)
