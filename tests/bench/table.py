"""The figures as a Markdown table with the goals beside them, and the machine they are of."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

LIBRARIES = ("lxml", "beautifulsoup4", "selectolax", "markdownify", "scrapy")


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: what was measured, the goal (empty if there is none), the figure in words, and as numbers by their
    names."""

    what: str
    goal: str
    figure: str
    values: dict[str, float] = field(default_factory=dict)


def markdown(figures: Sequence[Figure], neighbours: float | None = None) -> Iterator[str]:
    """The lines of the table, then the machine's. `neighbours`: how many cores other processes used meanwhile."""
    yield "| what | goal | figure |"
    yield "|---|---|---|"
    for one in figures:
        yield f"| {one.what} | {one.goal} | {one.figure} |"
    yield ""
    yield machine() + ("" if neighbours is None else f" Other processes used {neighbours:.1f} cores meanwhile.")


def as_json(figures: Sequence[Figure], neighbours: float | None = None) -> dict[str, Any]:
    """The same for programs."""
    return {"machine": machine(), "neighbours": neighbours, "figures": [asdict(one) for one in figures]}


def machine() -> str:
    """What the figures depend on, without any name of the machine's."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    processor = f" ({model})" if (model := _model()) else ""
    return f"{os.cpu_count()} cores{processor}, {platform.system()}, Python {platform.python_version()}, {libraries}."


def _model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
