"""Where the ledger stands, in words for people and as data for programs."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from crawler.hkcnews.verdict import MEANINGS
from crawler.ledger import Ledger, State
from crawler.ledger.images import ImageState
from crawler.recovery.image_content import ImageFault
from crawler.recovery.listing import gap_status
from crawler.utils.text import EXAMPLES, by_reason, counted, explained, format_size, plural

IMAGE_EXAMPLES = 3
IMAGE_FAULTS = {fault.value: fault.meaning for fault in ImageFault}


def count_articles(ledger: Ledger) -> dict[str, int]:
    """How many articles are listed, and in each state."""
    counts = ledger.counts()
    return {
        "listed": sum(counts.values()),
        "recovered": counts[State.RECOVERED],
        "waiting": counts[State.WAITING],
        "to_do": counts[State.LISTED],
        "unrecoverable": counts[State.UNRECOVERABLE],
        "adopted": counts[State.ADOPTED],
    }


def status_object(ledger: Ledger) -> dict[str, Any]:
    """Where everything stands: the object that `citizen-news status --json` prints; images that are missing one by one,
    with their articles."""
    faulty, images, (_, size) = list(ledger.faulty()), ledger.image_counts(), ledger.image_bytes()
    return {
        "archive": ledger.meta("public_url"),
        **count_articles(ledger),
        "recovered_with_faults": len(faulty),
        "reasons": {state.value: ledger.reasons(state) for state in (State.WAITING, State.UNRECOVERABLE)},
        "listing": ledger.listing_totals(),
        "faults": {str(row.id): list(row.faults) for row in faulty},
        "images": {
            "wanted": sum(images.values()),
            "have": images[ImageState.HAVE],
            "bytes": size,
            "to_do": images[ImageState.WANTED],
            "waiting": images[ImageState.WAITING],
            "missing": images[ImageState.MISSING],
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
        },
        "gap": gap_status(ledger),
    }


def describe_status(ledger: Ledger) -> Iterator[str]:
    """The same as lines to read; of images where recovered articles have any."""
    now, totals, faulty = count_articles(ledger), ledger.listing_totals(), list(ledger.faulty())
    yield f"Listed        {now['listed']:>7,} {plural(now['listed'], 'article')} of {ledger.meta('public_url')}"
    yield (
        f"              {totals['rows']:>7,} {plural(totals['rows'], 'capture')} in the index;"
        f" beside them {totals['ignored']:,} of other pages,"
        f" {totals['rejected']:,} unreadable rows, {totals['duplicates']:,} repeated"
    )
    with_faults = f"  ({len(faulty):,} with a fault that is named)" if faulty else ""
    yield f"Recovered     {now['recovered']:>7,}{with_faults}"
    if now["adopted"]:
        yield f"Adopted       {now['adopted']:>7,}  (in a tree of files that you have)"
    if now["to_do"]:
        yield f"Not tried yet {now['to_do']:>7,}"
    for state in (State.WAITING, State.UNRECOVERABLE):
        articles = [(row.reason, row.id) for row in ledger.articles(state)]
        yield from _unsettled(state.value.capitalize(), articles, MEANINGS, EXAMPLES)
    for row in faulty[:EXAMPLES]:
        yield f"  article {row.id}: {'; '.join(row.faults)}"
    counts = ledger.image_counts()
    wanted, to_do = sum(counts.values()), counts[ImageState.WANTED]
    if wanted:
        yield f"Images        {wanted:>7,} in recovered articles{'; IMAGES=1 fetches them' if to_do == wanted else ''}"
    if to_do == wanted:
        return
    _, size = ledger.image_bytes()
    yield f"  fetched     {counts[ImageState.HAVE]:>7,}, {format_size(size)}"
    if to_do:
        yield f"  not tried   {to_do:>7,}"
    for image_state in (ImageState.WAITING, ImageState.MISSING):
        images = [(row.reason, row.url) for row in ledger.images(image_state)]
        yield from _unsettled(f"  {image_state.value}", images, IMAGE_FAULTS, IMAGE_EXAMPLES)


def describe_end(ledger: Ledger, output: Path) -> Iterator[str]:
    """The same in three lines, for the end of a run: what is there, what is missing and why, and the next command."""
    now = count_articles(ledger)
    adopted = f"; {now['adopted']:,} adopted, in a tree of files that you have" if now["adopted"] else ""
    images = ledger.image_counts()
    fetched = sum(images.values()) > images[ImageState.WANTED]
    pictures = f" and {images[ImageState.HAVE]:,} of {counted(sum(images.values()), 'image')}" if fetched else ""
    yield f"Recovered  {now['recovered']:,} of {counted(now['listed'], 'article')}{pictures}, in {output}{adopted}"
    missing = [
        f"{now[state]:,} {words}{_main_reason(ledger, state)}"
        for state, words in (("waiting", "waiting"), ("to_do", "not tried yet"), ("unrecoverable", "unrecoverable"))
        if now[state]
    ]
    if fetched and (lost := sum(images.values()) - images[ImageState.HAVE]):
        missing.append(counted(lost, "image"))
    yield f"Missing    {'; '.join(missing) or 'none'}"
    following = "crawl" if now["to_do"] or now["waiting"] or not now["listed"] else "browse"
    yield f"Next       citizen-news {following} -o {shlex.quote(str(output))}"


def _main_reason(ledger: Ledger, state: str) -> str:
    """The most frequent reason of a state; `status` explains it."""
    reasons = ledger.reasons(State(state)) if state != "to_do" else {}
    if not reasons:
        return ""
    reason = max(reasons, key=lambda name: reasons[name])
    others = " and other reasons" if len(reasons) > 1 else ""
    return f" ({reason.replace('_', ' ')}{others})"


def _unsettled(
    label: str, found: Sequence[tuple[str, object]], meanings: Mapping[str, str], most: int
) -> Iterator[str]:
    """How many there are in a state, by their reasons in words; nothing where there are none."""
    by_words: dict[str, list[object]] = {}
    for reason, thing in found:
        by_words.setdefault(explained(reason, meanings), []).append(thing)
    if found:
        yield f"{label:<13} {len(found):>7,}"
        yield from by_reason(by_words, most=most)
