"""Links follow the tree: files whose links lead where they should not any more are extracted anew, each from its own capture."""

from __future__ import annotations

import logging
import os
import signal
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from crawler.ending import Ending, Status
from crawler.formats import as_bits
from crawler.ledger import Ledger
from crawler.offline.job import WRITTEN, Done, Extractor, Job, Plan, taker

if TYPE_CHECKING:
    from crawler.session import Session

logger = logging.getLogger(__name__)

BATCH = 1000
"""Articles that are told to the ledger in one transaction."""
_NOT_AFTER = (Status.STORAGE, Status.INTERRUPTED)
"""After such an end the next run does it: nothing can be written, or somebody waits for the process to be gone."""


def relink(ledger: Ledger, is_there: Callable[[str], bool], work: Callable[[Iterable[Job]], Iterable[Done]]) -> Iterator[Done]:
    """Write each misled file anew (see `References.misled`) and tell the ledger; gives what `work` did. What is recovered does not
    change by that, so once is enough. Raises OSError."""
    doing = iter(work(_jobs(ledger, ledger.misled(is_there))))
    while batch := list(islice(doing, BATCH)):
        os.sync()
        with ledger.batch():
            for done in batch:
                if done.outcome in WRITTEN and done.references is not None:
                    ledger.rewritten(done.article, done.sha256)
                    ledger.refer(done.article, done.references.articles, done.references.pictures)
                else:
                    logger.warning("the links of article %d stay as they are: its capture cannot be read", done.article)
        yield from batch


def _jobs(ledger: Ledger, articles: Iterable[int]) -> Iterator[Job]:
    for article in articles:
        row = ledger.article(article)
        assert row is not None
        yield Job(article, tuple(ledger.captures(article)), settled=True, only=row.capture)


def after_run(session: Session) -> None:
    """Relink at the end of a crawl, out of the store, with the process that read its pages."""
    if not session.format.for_reading or (session.ending is not None and session.ending.status in _NOT_AFTER):
        return
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)  # Scrapy's own only asks its loop, which has ended, to stop
    try:
        session.styles.recovered = as_bits(session.ledger.recovered_ids())
        plan = Plan(session.output.resolve(), style_for=session.styles, evidence=True, only_changed=True)
        extractor = Extractor(plan, taker(session.store), session.read)
        number = sum(1 for _ in relink(session.ledger, session.styles.has_image, partial(map, extractor)))
        if number:
            logger.info("%d files were written anew because articles or images that they link to came or went", number)
    except KeyboardInterrupt:
        session.ending = Ending(Status.INTERRUPTED, "interrupted while links were made local; run again to go on")
    except (OSError, sqlite3.Error) as error:
        session.ending = None
        session.failed(error, "when links were made local")
    finally:
        signal.signal(signal.SIGINT, handler)
