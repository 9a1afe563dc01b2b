"""Articles that no listing has: which ids to ask for exactly, on what evidence, and what is known of the gap."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from enum import StrEnum
from itertools import chain, pairwise, zip_longest
from pathlib import Path
from typing import Any

from crawler.archive.capture import Capture
from crawler.archive.digest import usable
from crawler.hkcnews.urls import HIGHEST_ID, HOST
from crawler.ledger import Ledger

PUBLISHED = 49_122
"""Articles that the site had, by the public backup's count (FACTS section 1)."""
GAP_REQUESTS = 100
"""What `auto` allows a run, once most articles are known."""
LISTINGS = (
    *((f"{HOST}/data/allposts", "prefix"), (f"{HOST}/data/newsposts", "prefix")),  # JSON with cards of articles in it, page by page
    (f"{HOST}/", "exact"),
    *((f"{HOST}/news/", "prefix"), (f"{HOST}/blogger", "prefix"), (f"{HOST}/event/", "prefix")),
    *((f"{HOST}/{name}", "prefix") for name in ("editorial", "datanews", "videos", "triangles", "srs")),
    *((f"{HOST}/news", "exact"), (f"{HOST}/news?page=", "prefix"), (f"{HOST}/?page=", "prefix")),  # not `/news_新聞/…`: pictures
)
"""Where the site answered with lists of articles (FACTS, "Lists"), those that name most first, and how the index is asked for them."""
_LISTS = frozenset({"", "bloggers", "blogger", "data", "datanews", "editorial", "event", "news", "srs", "triangles", "videos"})
"""What the path of a list begins with."""
MOST_LISTINGS = 0.5
"""At most this share of the budget goes to archived lists; the rest asks for articles."""
_PATH = re.compile(r"https?://[^/?#]*/*([^/?#]*)", re.IGNORECASE)
_TEXT = re.compile(r"html|json|text/plain|revisit|^(?:unk|-|)$", re.IGNORECASE)
_SLASH = r"(?:/|\\+/|\\+u002[fF]|%2[fF]|&#x2[fF];|&#47;)"
_QUOTE = r"(?:\\*[\"']|\\+u002[27]|&quot;|&#3[49];)"
"""Also as they stand in JSON, in an attribute, and in an address within another one."""
_NAMED = re.compile(rf"article{_SLASH}+(\d{{1,9}})(?!\d)")
_OF_THE_SITE = re.compile(rf"(?:hkcnews\.com(?::\d+)?{_SLASH}+|[=:(]\s*(?:{_QUOTE}\s*){{0,2}}(?:\.?{_SLASH})?)\Z", re.IGNORECASE)
_BEFORE = 60


class Why(StrEnum):
    """On what evidence an article is asked for, the strongest first."""

    ON_A_LIST = "on an archived list of the site's"
    LINKED = "linked from a recovered article"
    BETWEEN = "between ids that are known"


def ids_in(text: str) -> set[int]:
    """The articles that a page or a file of ours names by their addresses, whole or relative. Nothing else is taken from a list: what its
    cards say may be a title, an author, or how a text begins."""
    named = (found for found in _NAMED.finditer(text) if _OF_THE_SITE.search(text[max(0, found.start() - _BEFORE) : found.start()]))
    return {number for number in (int(found[1]) for found in named) if 0 < number <= HIGHEST_ID}


def unread(lists: Iterable[Iterable[Capture]], read: Collection[tuple[str, str]]) -> Iterator[Capture]:
    """Which captures of the site's lists to read, of those that the index has: by turns between the lists, of each the newest capture of
    every address, then the next older ones, which name other articles. `read`: (timestamp, original) of those that were read; the same
    bytes are not read again.
    """
    found = [[capture for capture in captures if _is_list(capture)] for captures in lists]
    seen = {usable(capture.digest) for captures in found for capture in captures if (capture.timestamp, capture.original) in read}
    turns = ((c for c in _newest_first(captures) if (c.timestamp, c.original) not in read) for captures in found)
    for capture in chain.from_iterable(zip_longest(*turns)):
        digest = usable(capture.digest) if capture is not None else None
        if capture is not None and (digest is None or digest not in seen):
            seen.add(digest)
            yield capture


def _is_list(capture: Capture) -> bool:
    """An answer with a text, at an address that is one of a list; not what else lies below it, such as pictures."""
    path = _PATH.match(capture.original)
    return capture.statuscode in ("200", "-") and bool(_TEXT.search(capture.mimetype)) and path is not None and path[1].lower() in _LISTS


def _newest_first(captures: Iterable[Capture]) -> list[Capture]:
    """The newest of each address, newest first, then the second newest of each, and so on."""
    ages: Counter[str] = Counter()
    aged: list[tuple[int, Capture]] = []
    for capture in sorted(captures, key=lambda capture: (capture.timestamp, capture.original), reverse=True):
        aged.append((ages[capture.urlkey], capture))
        ages[capture.urlkey] += 1
    return [capture for _, capture in sorted(aged, key=lambda pair: pair[0])]


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
