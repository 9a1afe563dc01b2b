"""What the address of a list asks for, and the addresses of other lists that its page links to."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from crawler.browse.search import UNKNOWN, Facet, Found, Sort, Value, Wanted

LONGEST = 200
"""Characters of a query that are taken."""
LONGEST_VALUE = 4000
"""Characters of a facet's value, which is taken as it stands."""
_CONTROLS = frozenset({"Cc", "Cs", "Zl", "Zp"})
_NEVER = dict.fromkeys([0, *range(0xD800, 0xE000)])
_LAST_PAGE = 100_000
_LABELS = {Facet.YEAR: ("年份", "Year"), Facet.CATEGORY: ("分類", "Section"), Facet.AUTHOR: ("作者", "Byline"), Facet.TAG: ("標籤", "Tag")}

_ORDERS = {Sort.RELEVANCE: ("最相關", "Best match"), Sort.NEWEST: ("最新", "Newest")}


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a facet and the list that it leads to; of a chosen one, the list without it."""

    label: str
    count: int
    chosen: bool
    address: str


@dataclass(frozen=True, slots=True)
class Narrowing:
    """A facet of a list, with its names in Chinese and English."""

    name: str
    english: str
    choices: list[Choice]


@dataclass(frozen=True, slots=True)
class Order:
    """An order that the list can have."""

    name: str
    english: str
    address: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Around:
    """The addresses of the pages before and after, None at the ends."""

    before: str | None
    after: str | None


def read_wanted(arguments: Mapping[str, str], match_of: Callable[[str], str]) -> Wanted:
    """What a list's address asks for; whatever makes no sense in it is taken as not there."""
    text = " ".join(_clean(arguments.get("q", "")).split())[:LONGEST].strip()
    match = match_of(text) if text else ""
    chosen = {facet: value for facet in Facet if (value := arguments.get(facet, "")[:LONGEST_VALUE].translate(_NEVER))}
    year = chosen.get(Facet.YEAR, UNKNOWN)
    if year != UNKNOWN and not (year.isascii() and year.isdigit() and len(year) == 4):
        del chosen[Facet.YEAR]
    sort = Sort.RELEVANCE if match and arguments.get("sort") != Sort.NEWEST else Sort.NEWEST
    page = arguments.get("page", "")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 10 else 1
    return Wanted(text, match, chosen, sort, min(max(number, 1), _LAST_PAGE))


def _clean(text: str) -> str:
    """What was typed, without what controls or ends lines. What Python's Unicode does not know yet may be a character all the same."""
    return "".join(" " if unicodedata.category(each) in _CONTROLS else each for each in text)


def address(wanted: Wanted, **changes: Any) -> str:
    """The address of a list like this one, but for the changes; its first page unless one is named."""
    to = replace(wanted, **{"page": 1, **changes})
    given = {"q": to.text, **{str(facet): value for facet, value in to.chosen.items()}}
    if to.match and to.sort is Sort.NEWEST:
        given["sort"] = str(to.sort)
    if to.page > 1:
        given["page"] = str(to.page)
    asked = urlencode({name: value for name, value in given.items() if value})
    return f"/search?{asked}" if asked else "/"


def narrowings(wanted: Wanted, values: Mapping[Facet, list[Value]]) -> list[Narrowing]:
    """The facets that have anything to offer, in their order."""
    return [Narrowing(*_LABELS[facet], [_choice(wanted, facet, value) for value in values[facet]]) for facet in Facet if values[facet]]


def _choice(wanted: Wanted, facet: Facet, value: Value) -> Choice:
    others = {each: chosen for each, chosen in wanted.chosen.items() if each is not facet}
    chosen = others if value.chosen else {**others, facet: value.value}
    label = "日期不詳" if facet is Facet.YEAR and value.value == UNKNOWN else value.value
    return Choice(label, value.count, value.chosen, address(wanted, chosen=chosen))


def pages_around(wanted: Wanted, found: Found) -> Around:
    """The pages before and after."""
    before = address(wanted, page=found.page - 1) if found.page > 1 else None
    return Around(before, address(wanted, page=found.page + 1) if found.page < found.pages else None)


def orders(wanted: Wanted, found: Found) -> list[Order]:
    """The orders to choose from; none where there is nothing to order."""
    if not wanted.match or found.total < 2 or found.common:
        return []
    return [Order(*_ORDERS[sort], address(wanted, sort=sort), sort is wanted.sort) for sort in (Sort.RELEVANCE, Sort.NEWEST)]


def without_anything(wanted: Wanted) -> str:
    """The list of the same words that nothing narrows."""
    return address(wanted, chosen={})
