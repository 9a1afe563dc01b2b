"""Where the ledger stands, in words for people and as data for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crawler.hkcnews.verdict import VERDICT_MEANING, Verdict
from crawler.ledger import Ledger, State
from crawler.ledger.images import ImageState
from crawler.recovery.image_case import FAULT_MEANING
from crawler.recovery.listing import gap_status
from crawler.utils.text import first_few

STANDING_EXAMPLES = 3


def image_status(ledger: Ledger) -> dict[str, Any]:
    """The part of `scrapy status --json` about images; those that are missing one by one, with their articles."""
    counts = ledger.image_counts()
    _, size = ledger.image_bytes()
    return {
        "wanted": sum(counts.values()),
        "have": counts[ImageState.HAVE],
        "bytes": size,
        "to_do": counts[ImageState.WANTED],
        "waiting": counts[ImageState.WAITING],
        "missing": counts[ImageState.MISSING],
        "reasons": {state.value: ledger.image_reasons(state) for state in (ImageState.WAITING, ImageState.MISSING)},
        "missing_images": [
            {
                "url": row.url,
                "file": row.file,
                "reason": row.reason,
                "tried": row.fault,
                "articles": ledger.image_articles(row.file),
            }
            for row in ledger.images(ImageState.MISSING)
        ],
        "faults": {row.file: row.fault for row in ledger.images(ImageState.HAVE) if row.fault},
    }


def describe_images(ledger: Ledger) -> Iterator[str]:
    """The same as lines to read; none where no recovered article has an image."""
    counts = ledger.image_counts()
    wanted, to_do = sum(counts.values()), counts[ImageState.WANTED]
    if not wanted:
        return
    yield f"Images        {wanted:>7,} in recovered articles" + ("; IMAGES=1 fetches them" if to_do == wanted else "")
    if to_do == wanted:
        return
    _, size = ledger.image_bytes()
    yield f"  fetched     {counts[ImageState.HAVE]:>7,}, {size / 1e6:,.1f} MB"
    if to_do:
        yield f"  to do       {to_do:>7,}"
    for state in (ImageState.WAITING, ImageState.MISSING):
        if counts[state]:
            yield f"  {state.value:<11} {counts[state]:>7,}"
            yield from _reasons(ledger, state)


def _reasons(ledger: Ledger, state: ImageState) -> Iterator[str]:
    examples: dict[str, list[str]] = {}
    for row in ledger.images(state):
        shown = examples.setdefault(row.reason, [])
        if len(shown) <= STANDING_EXAMPLES:
            shown.append(row.url)
    for reason, count in ledger.image_reasons(state).items():
        urls = examples[reason]
        more = ", …" if len(urls) > STANDING_EXAMPLES else ""
        yield f"              {count:>7,}  {_standing_in_words(reason)}: {', '.join(urls[:STANDING_EXAMPLES])}{more}"


def _standing_in_words(reason: str) -> str:
    return ", ".join(
        f"{part} ({FAULT_MEANING[part]})" if part in FAULT_MEANING else part for part in reason.split(", ")
    )


EXAMPLES = 8


def status_object(ledger: Ledger) -> dict[str, Any]:
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
        "images": image_status(ledger),
        "gap": gap_status(ledger),
    }


def describe_status(ledger: Ledger) -> Iterator[str]:
    """The same as lines to read."""
    now = status_object(ledger)
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
            yield f"              {count:>7,}  {_in_words(reason)}: {first_few(ids)}"
    for article, faults in list(now["faults"].items())[:EXAMPLES]:
        yield f"  article {article}: {'; '.join(faults)}"
    yield from describe_images(ledger)


def _in_words(reason: str) -> str:
    words = {verdict.value: meaning for verdict, meaning in VERDICT_MEANING.items() if verdict is not Verdict.ARTICLE}
    return ", ".join(f"{part} ({words[part]})" if part in words else part for part in reason.split(", "))
