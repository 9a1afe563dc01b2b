"""The line of information, with byline and dates: where it is, what stands behind its labels; and what stands beside
it."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice

from selectolax.lexbor import LexborNode

from crawler.hkcnews.dates import DAY, MOMENT
from crawler.hkcnews.layout import (
    BAR,
    BYLINE,
    CITIZEN_NEWS,
    NARROW_ONES,
    PUBLISHED,
    UPDATED,
    UPDATED_WORDS,
    ancestors,
    drop_narrow,
    wide_first,
)
from crawler.hkcnews.page import Page, by_distance, nearest, once
from crawler.hkcnews.region import clean_region, parse, prepare_region
from crawler.hkcnews.selection import outermost
from crawler.hkcnews.text import one_line

_SAYING = "div, p, span, time, li, small, b, strong, em, i"
_MOST_LABELS = 50
_CLOSE_BY = 4
_LONGEST_LINE = 300
_BARS = f"{BAR} ·•\u3000\u00a0"
_BAR = re.compile(f"[{BAR}]")
_NOT_PLAIN = f"[data-cfemail], a[href*=email-protection], script, style, .hidden, [hidden], {NARROW_ONES}"
_BETWEEN = "\u2063"
_BETWEEN_FIGURES = re.compile(rf"(?<=\d){_BETWEEN}+(?=\d)")
_LONGEST_UPDATE = 60
"""Characters of an element that says when the article was last updated, and nothing else."""


def visible_text(node: LexborNode, between: str = "") -> str:
    """The text of a field's element in one line, as a reader sees it: addresses that were protected revealed, nothing
    that is hidden; `between` stands between the texts of different elements."""
    child = node.child
    is_text = child is None or (child.next is None and child.tag == "-text")
    if is_text or node.css_first(_NOT_PLAIN) is None:
        return one_line(node.text(separator=between))
    region = parse(node.html or "")
    clean_region(region, CITIZEN_NEWS)
    prepare_region(region)
    drop_narrow(region)
    return one_line(region.get_text(between))


@once
def info_line(page: Page) -> str:
    """The line with byline and dates, as text; figures of different elements, such as a day and a time, are different
    ones."""
    for selector in page.layout.info:
        nodes = wide_first(outermost(nearest(page, selector, closest=True)))
        lines = (_BETWEEN_FIGURES.sub(" ", visible_text(node, _BETWEEN)).replace(_BETWEEN, "") for node in nodes)
        if line := " | ".join(dict.fromkeys(filter(None, lines))):
            return line
    labels = (node for node in page.select(_SAYING) if PUBLISHED.search(node.text(deep=False)))
    return next(filter(None, map(_line_around, by_distance(page, islice(labels, _MOST_LABELS)))), "")


def _line_around(label: LexborNode) -> str:
    """The text around the label of the date: with the date, and with the byline if that stands close by."""
    line = ""
    for around in islice(ancestors(label), _CLOSE_BY):
        text = visible_text(around)
        if len(text) > _LONGEST_LINE or (line and BYLINE.search(line)):
            break
        if DAY.search(labelled(text, PUBLISHED)):
            line = text
    return line


def labelled(line: str, label: re.Pattern[str]) -> str:
    """What follows a label in the info line, up to the label of another part; bars inside a byline stay, a date ends at
    one. Of several the first with anything behind it."""
    labels = _labels(line)
    others = [PUBLISHED, UPDATED] if label is BYLINE else [BYLINE, PUBLISHED, UPDATED]
    for _, start in labels[label][:_MOST_LABELS]:
        ends = [begin for other in others for begin, _ in labels[other] if begin >= start]
        value = line[start : min(ends, default=len(line))]
        if found := one_line((value if label is BYLINE else _BAR.split(value, maxsplit=1)[0]).strip(_BARS)):
            return found
    return ""


def unlabelled_day(line: str) -> str:
    """The part of an info line with what looks like a day, where no label that we know says which; empty if there is
    none."""
    if labelled(line, PUBLISHED):
        return ""
    end = min((begin for begin, _ in _labels(line)[UPDATED]), default=len(line))
    return next((part.strip(_BARS) for part in _BAR.split(line[:end]) if DAY.search(part)), "")


@lru_cache(maxsize=8)
def _labels(line: str) -> dict[re.Pattern[str], list[tuple[int, int]]]:
    """Where each label stands in a line: every field asks for all of them. `Date` in `Last Update Date` is not the day
    of publication."""
    spans = {label: [found.span() for found in label.finditer(line)] for label in (BYLINE, PUBLISHED, UPDATED)}
    spans[PUBLISHED] = [
        span for span in spans[PUBLISHED] if not any(begin < span[0] < end for begin, end in spans[UPDATED])
    ]
    return spans


@once
def update_element(page: Page) -> LexborNode | None:
    """The element that says when the article was last updated, and nothing else; in the body too, where it is no part
    of the text."""
    if not any(word in page.text for word in UPDATED_WORDS):
        return None
    labels = (node for node in page.select(_SAYING) if any(word in node.text(deep=False) for word in UPDATED_WORDS))
    for label in by_distance(page, islice(labels, _MOST_LABELS), within=True):
        for around in islice(ancestors(label), _CLOSE_BY):
            text = one_line(around.text())
            said = UPDATED.match(text) if len(text) <= _LONGEST_UPDATE else None
            if said is not None and MOMENT.fullmatch(text[said.end() :].strip(_BARS)):
                return around
    return None
