"""One check over a table of cases: what does not hold is named by its case, all of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

Case = TypeVar("Case")


def failing(check: Callable[[Case], object], cases: Mapping[str, Case]) -> dict[str, str]:
    """What the check's assertions say, by the names of the cases that do not hold."""
    found = {}
    for name, case in cases.items():
        try:
            check(case)
        except AssertionError as error:
            found[name] = str(error) or "it does not hold"
    return found
