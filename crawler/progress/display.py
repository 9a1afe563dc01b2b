"""A moment as a few lines on a terminal, by rich. Nothing in it comes from pages; all of it is plain text, never markup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.progress import words
from crawler.progress.moment import Moment, Phase

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

WIDEST = 100
"""Columns; on a wider terminal a line would be hard to follow."""


def display(moment: Moment, now: float | None = None) -> Table:
    """What rich renders; `now` in seconds since the epoch, for countdowns."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    now = moment.at if now is None else now
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True, min_width=8)
    grid.add_column(overflow="fold")

    def row(label: str, text: str, style: str = "") -> None:
        if text:
            grid.add_row(Text(label, "bold"), Text(text, style))

    if moment.phase in (Phase.ARTICLES, Phase.IMAGES):
        grid.add_row(Text(moment.phase.capitalize(), "bold"), _bar(moment))
        row("", words.subject(moment))
        row("", words.standing(moment), "green")
    else:
        row(moment.phase.capitalize(), words.subject(moment))
    row("", words.later(moment, now))
    row("Held", words.held(moment, now), "bold yellow")
    row("Requests", "\n".join(words.requests(moment)))
    row("Time", words.time(moment, now))
    return grid


def _bar(moment: Moment) -> RenderableType:
    from rich.progress_bar import ProgressBar  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    bar = Table.grid(padding=(0, 1))
    bar.add_column(ratio=1, max_width=WIDEST - 20)
    bar.add_column(no_wrap=True, justify="right", min_width=6)
    # Down, not to the nearest: 100% is said when nothing is left.
    share = f"{int(moment.share * 1000) / 10:.1f}%"
    bar.add_row(ProgressBar(total=max(1, moment.due), completed=moment.settled, complete_style="cyan", finished_style="green"), Text(share))
    return bar
