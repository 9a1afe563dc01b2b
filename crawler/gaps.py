"""Articles that no listing has: which ids to ask for exactly, on what evidence, and what is known of the gap."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any

from crawler.hkcnews.urls import HIGHEST_ID, HOST
from crawler.ledger import Ledger

PUBLISHED = 49_122
"""Articles that the site had, by the public backup's count (FACTS section 1)."""
GAP_REQUESTS = 100
"""What `auto` allows a run, once most articles are known."""
LISTINGS = (f"{HOST}/data/newsposts", f"{HOST}/")
"""What the site answered with lists of articles: JSON with blocks of articles in it, and its first page."""
MOST_LISTINGS = 0.5
"""At most this share of the budget goes to archived lists; the rest asks for articles."""
_NAMED = re.compile(r"hkcnews\.com(?::\d+)?\\?/+article\\?/+(\d{1,9})(?![\d])", re.IGNORECASE)
_RELATIVE = re.compile(r"""href=\\?["']\\?/article\\?/(\d{1,9})(?![\d])""", re.IGNORECASE)


class Why(StrEnum):
    """On what evidence an article is asked for, the strongest first."""

    ON_A_LIST = "on an archived list of the site's"
    LINKED = "linked from a recovered article"
    BETWEEN = "between ids that are known"


def ids_in(text: str) -> set[int]:
    """The articles that a page or a file of ours names."""
    found = {int(number) for pattern in (_NAMED, _RELATIVE) for number in pattern.findall(text)}
    return {number for number in found if 0 < number <= HIGHEST_ID}


def linked(output: Path, files: Iterable[str]) -> set[int]:
    """The articles that recovered files name. A file that is gone is passed over: it is written again anyway."""
    found: set[int] = set()
    for file in files:
        try:
            found |= ids_in((output / file).read_text("utf-8", "replace"))
        except OSError:
            continue
    return found


def candidates(known: Collection[int], evidence: dict[Why, set[int]], asked: Collection[int]) -> Iterator[tuple[int, Why]]:
    """What to ask for, best evidence first; ids between the lowest and the highest known last, those in the smallest gaps first.

    A whole range that is missing is less likely to be one of single articles that were overlooked than a hole of one or two.
    """
    given = set(known) | set(asked)
    for why in (Why.ON_A_LIST, Why.LINKED):
        for article in sorted(evidence.get(why, set()) - given):
            given.add(article)
            yield article, why
    holes = sorted(_holes(sorted(known)), key=lambda hole: (hole[1] - hole[0], hole[0]))
    for first, last in holes:
        yield from ((article, Why.BETWEEN) for article in range(first, last + 1) if article not in given)


def _holes(known: list[int]) -> Iterator[tuple[int, int]]:
    for lower, higher in pairwise(known):
        if higher - lower > 1:
            yield lower + 1, higher - 1


def by_range(known: Iterable[int], width: int = 1000) -> list[tuple[int, int, int]]:
    """(first id, last id, articles known) of each range of ids up to the highest known, as the folders have them."""
    counts: dict[int, int] = {}
    for article in known:
        counts[(article - 1) // width] = counts.get((article - 1) // width, 0) + 1
    last = max(counts, default=-1)
    return [(number * width + 1, (number + 1) * width, counts.get(number, 0)) for number in range(last + 1)]


def standing_of_gap(ledger: Ledger) -> dict[str, Any]:
    """What lacks of all that the site published, as data."""
    known = ledger.known_ids()
    ranges = [{"from": first, "to": last, "known": count} for first, last, count in by_range(known)]
    asked = {why: {"asked": number, "found": found} for why, (number, found) in ledger.gap_found().items()}
    return {"published": PUBLISHED, "known": len(known), "asked": asked, "ranges": ranges}


def describe_gap(ledger: Ledger) -> Iterator[str]:
    """The same as lines to read: ranges of a thousand ids, with how many of each are not known."""
    known = ledger.known_ids()
    yield f"Known {len(known):,} of the {PUBLISHED:,} articles that the site had"
    for why, (number, found) in ledger.gap_found().items():
        yield f"asked for beside the listing: {number:,} {why}; {found:,} of them have captures"
    yield f"{'ids':>13}  {'known':>5}  not known"
    for first, last, count in by_range(known):
        yield f"{first:>6}-{last:<6}  {count:>5}  {last - first + 1 - count:>5}"
