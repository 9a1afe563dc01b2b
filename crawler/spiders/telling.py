"""What the spider says of articles: what will be asked for, what would be, and what keeps its file."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import TYPE_CHECKING

from crawler.progress.estimate import estimate
from crawler.wording import many, some

if TYPE_CHECKING:
    from crawler.recovery import Choice, Recovery
    from crawler.session import Session

logger = logging.getLogger(__name__)


def tell_estimate(session: Session, choice: Choice, more: Collection[int] = ()) -> None:
    """What will be asked for, before it is. `more`: recovered articles that are gone through again."""
    if due := [*session.ledger.due(choice.ids), *more][: choice.limit]:
        images = len(session.ledger.due_images(choice.ids, choice.limit)) if session.images else None
        window = {"since": choice.since, "until": choice.until}
        for sentence in estimate(session.ledger, due, session.output, session.playback_rate, images=images, **window).sentences():
            logger.info("%s", sentence)


def tell_choices(recovery: Recovery) -> None:
    """The capture of each article that would be fetched, a line each on standard output."""
    for article, capture in recovery.choices():
        print(f"{article}\t{capture.timestamp}\t{capture.original}" if capture else f"{article}\t-\tno capture left to try")


def tell_kept(recovery: Recovery) -> None:
    """Which recovered articles stay as they are, and why."""
    reasons = (
        (recovery.passed_over, "of which another capture says less, or something else (`scrapy versions ID` shows it)"),
        (recovery.kept, "since no capture that was asked for could be had"),
    )
    for articles, why in reasons:
        if articles:
            logger.warning("%s kept as before, %s: %s", many(len(articles), "article"), why, some(articles))


def in_waiting(number: int, thing: str) -> str:
    """`1 article waits`, `2 articles wait`."""
    return f"{many(number, thing)} {'waits' if number == 1 else 'wait'}"
