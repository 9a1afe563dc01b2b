"""`citizen-news compare DIR`: some articles of a tree fetched and recovered anew, and held against the tree's files."""

import argparse
import os
from contextlib import closing
from pathlib import Path

from crawler.ledger import Ledger, State
from crawler.preserve.article_file import read_text
from crawler.preserve.audit import Audit, audit_folder
from crawler.preserve.compare import ComparedField, Comparison, compare_texts, describe, sample_articles
from crawler.preserve.files import UnreadableFile
from crawler.recovery.case import Selection
from crawler.run.command import ProjectCommand, report
from crawler.run.session import Session
from crawler.run.settings import RunSettings, SpiderArguments, check_integer
from crawler.spiders.articles import ArticlesSpider
from crawler.utils.exit_status import ExitStatus, NothingError, RunResult, StorageError


class Command(ProjectCommand):
    """Fetches politely, into OUTPUT_DIR like any crawl; DIR stays as it is."""

    summary = "Recover some articles of a tree anew: do the selectors fit?"
    argument, argument_hint = "DIR", "a directory with files of articles"
    options = {"--count N=40": "how many articles (40 by default)"}
    interrupted = "interrupted; run again to go on"

    def act(self, args: list[str], opts: argparse.Namespace) -> int:
        count = check_integer(opts.count, "--count", 1, 1000)
        audit = audit_folder(Path(args[0]).absolute(), os.cpu_count() or 1, self.setting("PROGRESS_SECONDS"))
        chosen = sample_articles(audit, count)
        if not chosen:
            raise NothingError(f"{args[0]} has no sound file of an article to compare with")
        result, found = self._compared(audit, chosen)
        print("\n".join(describe(found)))
        if result.status is ExitStatus.DONE and not found.articles:
            result = RunResult(ExitStatus.NOTHING, "none of the articles was recovered, so nothing was compared")
        if result.status is ExitStatus.DONE and not found.fits:
            lost = "more than a tenth of the articles lost title or text"
            result = RunResult(ExitStatus.LAYOUT, f"{lost}. Run `citizen-news inspect` on one before a full crawl")
        return report(result)

    def _compared(self, audit: Audit, chosen: list[int]) -> tuple[RunResult, Comparison]:
        with closing(Session(RunSettings(self.settings), {"compare": str(audit.folder)})) as session:
            session.keep_format()
            session.ledger.unadopt(chosen)
            self.run_quietly(ArticlesSpider, session, arguments=SpiderArguments(Selection(frozenset(chosen))))
            return session.ending or RunResult(ExitStatus.DONE), _found(audit, chosen, session.ledger, session.output)


def _found(audit: Audit, chosen: list[int], ledger: Ledger, output: Path) -> Comparison:
    compared: dict[int, list[ComparedField]] = {}
    missing: dict[int, str] = {}
    for article in chosen:
        row = ledger.article(article)
        if row is None or row.state is not State.RECOVERED:
            missing[article] = "no source lists it" if row is None else f"{row.state.value} {row.reason}".strip()
            continue
        try:
            theirs, ours = read_text(audit.folder / audit.files[article].file), (output / row.file).read_text("utf-8")
        except (OSError, UnreadableFile) as error:
            raise StorageError(f"article {article} cannot be read: {error}") from error
        compared[article] = [*compare_texts(article, theirs, ours)]
    return Comparison(compared, missing)
