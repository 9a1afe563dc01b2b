"""Where the images stand, in words for people and as data for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crawler.images.case import MEANING
from crawler.ledger import Ledger
from crawler.ledger.images import ImageState

EXAMPLES = 3


def standing_of_images(ledger: Ledger) -> dict[str, Any]:
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
            {"url": row.url, "file": row.file, "reason": row.reason, "tried": row.fault, "articles": ledger.image_articles(row.file)}
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
        if len(shown) <= EXAMPLES:
            shown.append(row.url)
    for reason, count in ledger.image_reasons(state).items():
        urls = examples[reason]
        more = ", …" if len(urls) > EXAMPLES else ""
        yield f"              {count:>7,}  {_in_words(reason)}: {', '.join(urls[:EXAMPLES])}{more}"


def _in_words(reason: str) -> str:
    return ", ".join(f"{part} ({MEANING[part]})" if part in MEANING else part for part in reason.split(", "))
