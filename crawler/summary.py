"""What a run did and where the ledger stands, in words for people and as data for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crawler.gaps import standing_of_gap
from crawler.hkcnews.verdict import MEANING, Verdict
from crawler.images.standing import describe_images, standing_of_images
from crawler.ledger import Ledger, State
from crawler.wording import some

EXAMPLES = 8


def standing(ledger: Ledger) -> dict[str, Any]:
    """Where everything stands: the object that `scrapy status --json` prints."""
    counts = ledger.counts()
    faulty = list(ledger.faulty())
    return {
        "archive": ledger.meta("public_url"),
        "listed": sum(counts.values()),
        "recovered": counts[State.RECOVERED],
        "recovered_with_faults": len(faulty),
        "waiting": counts[State.WAITING],
        "to_do": counts[State.LISTED],
        "unrecoverable": counts[State.UNRECOVERABLE],
        "adopted": counts[State.ADOPTED],
        "reasons": {"waiting": ledger.reasons(State.WAITING), "unrecoverable": ledger.reasons(State.UNRECOVERABLE)},
        "listing": ledger.listing_totals(),
        "faults": {str(row.id): list(row.faults) for row in faulty},
        "images": standing_of_images(ledger),
        "gap": standing_of_gap(ledger),
    }


def describe(ledger: Ledger) -> Iterator[str]:
    """The same as lines to read."""
    now = standing(ledger)
    totals = now["listing"]
    yield f"Listed        {now['listed']:>7,} articles of {now['archive']}"
    yield (
        f"              {totals['rows']:>7,} rows of the index; {totals['ignored']:,} are not articles,"
        f" {totals['rejected']:,} unreadable, {totals['duplicates']:,} twice"
    )
    yield f"Recovered     {now['recovered']:>7,}" + (
        f"  ({now['recovered_with_faults']:,} with a fault that is named)" if now["faults"] else ""
    )
    if now["adopted"]:
        yield f"Adopted       {now['adopted']:>7,}  (in a tree of files that you have)"
    if now["to_do"]:
        yield f"To do         {now['to_do']:>7,}"
    for state in (State.WAITING, State.UNRECOVERABLE):
        if not now[state.value]:
            continue
        label = "Waiting" if state is State.WAITING else "Unrecoverable"
        yield f"{label:<13} {now[state.value]:>7,}"
        for reason, count in now["reasons"][state.value].items():
            ids = [row.id for row in ledger.articles(state) if row.reason == reason]
            yield f"              {count:>7,}  {_in_words(reason)}: {some(ids)}"
    for article, faults in list(now["faults"].items())[:EXAMPLES]:
        yield f"  article {article}: {'; '.join(faults)}"
    yield from describe_images(ledger)


def _in_words(reason: str) -> str:
    words = {verdict.value: meaning for verdict, meaning in MEANING.items() if verdict is not Verdict.ARTICLE}
    return ", ".join(f"{part} ({words[part]})" if part in words else part for part in reason.split(", "))
