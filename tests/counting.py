"""How much work something is, told without a clock."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

SMALL, LARGE = 60, 240


def _lines_run(work: Callable[[], object]) -> int:
    """How many lines of Python it runs, those of libraries included."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def assert_in_proportion(work: Callable[[int], object]) -> None:
    """Four times as much to do is four times the work, within an eighth."""
    work(1)  # what is done the first time only
    small, large = (_lines_run(lambda size=size: work(size)) for size in (SMALL, LARGE))  # type: ignore[misc]
    assert large <= 4.5 * small, f"{small:,} lines for {SMALL}, {large:,} for {LARGE}"
