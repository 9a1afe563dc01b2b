"""The pictures. matplotlib draws them; the page's style gives the colours their values, and hatches tell series apart without colour."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from crawler.report.svg import fit

_RC: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",  # matplotlib brings it, so that the layout is the same everywhere; the page shows its own
    "font.size": 9.0,
    "text.parse_math": False,  # a label is what it is, with any dollar signs in it
    "hatch.linewidth": 0.7,
    "axes.formatter.use_mathtext": False,
}
_INK, _GRID, _PAPER = "#000001", "#000002", "#000003"
_WIDTH = 9.0
_MOST_TICKS = 13
_LONGEST_LABEL = 36


@dataclass(frozen=True, slots=True)
class Look:
    """How a series looks: the variable of the page's style that is its colour, what stands for it while drawing, and its hatch."""

    variable: str
    colour: str
    hatch: str = ""


SOLID = Look("--s1", "#a00001")
STEEP = Look("--s2", "#a00002", "///")
FALLING = Look("--s3", "#a00003", "\\\\\\")
CROSSED = Look("--s4", "#a00004", "xxx")
DOTTED = Look("--s5", "#a00005", "...")
LEVEL = Look("--s6", "#a00006", "---")
LOOKS = (SOLID, STEEP, FALLING, CROSSED, DOTTED, LEVEL)
_COLOURS = {_INK: "--ink", _GRID: "--grid", _PAPER: "--paper"} | {look.colour: look.variable for look in LOOKS}


@dataclass(frozen=True, slots=True)
class Series:
    """Values of one kind, one for each label of the chart."""

    name: str
    look: Look
    values: Sequence[float]


def columns(name: str, title: str, description: str, labels: Sequence[str], series: Sequence[Series], limits: Sequence[float] = ()) -> str:
    """Upright bars, the series on top of each other; `limits`: a line over each bar, where what it shows is limited."""
    with _axes(_WIDTH, 2.8) as (axes, finish):
        base = [0.0] * len(labels)
        for one in series:
            axes.bar(range(len(labels)), one.values, 0.82, bottom=base, **_painted(one.look))
            base = [below + value for below, value in zip(base, one.values, strict=True)]
        for place, limit in enumerate(limits):
            axes.plot([place - 0.45, place + 0.45], [limit, limit], color=_INK, linewidth=1.4)
        step = -(-len(labels) // _MOST_TICKS) or 1
        axes.set_xticks(range(0, len(labels), step), [_label(label) for label in labels[::step]])
        axes.set_xlim(-0.6, max(len(labels), 8) - 0.4)
        axes.set_ylim(0, max([*base, *limits], default=0) * 1.06 or 1)
        axes.yaxis.grid(True, color=_GRID, linewidth=0.6)
        axes.yaxis.set_major_formatter(_whole)
        axes.yaxis.get_major_locator().set_params(integer=True, nbins=5)
        return finish(name, title, description)


def rows(
    name: str, title: str, description: str, labels: Sequence[str], series: Sequence[Series], shown: Sequence[str], most: float = 0
) -> str:
    """Lying bars, the first on top; `shown` stands at their ends. `most`: the end of the scale, where it is not the longest bar."""
    with _axes(_WIDTH, 0.45 + 0.27 * len(labels)) as (axes, finish):
        places = range(len(labels))
        base = [0.0] * len(labels)
        for one in series:
            axes.barh(places, one.values, 0.68, left=base, **_painted(one.look))
            base = [below + value for below, value in zip(base, one.values, strict=True)]
        longest = most or max(base, default=0) or 1
        for place, end, text in zip(places, base, shown, strict=True):
            axes.text(end + longest * 0.008, place, text, va="center", color=_INK)
        axes.set_yticks(places, [_label(label) for label in labels])
        axes.invert_yaxis()
        axes.set_xlim(0, longest * 1.12)
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
        return finish(name, title, description)


def swatch(look: Look, number: int) -> str:
    """A small piece of a series' look, for the legend. `number` tells it from the others on the page."""
    with _axes(0.3, 0.17) as (axes, finish):
        axes.set_position((0, 0, 1, 1))
        axes.set_axis_off()
        axes.bar([0], [1], 1, **_painted(look))
        axes.set_xlim(-0.5, 0.5)
        axes.set_ylim(0, 1)
        return finish(f"swatch{number}", "", "")


def _painted(look: Look) -> dict[str, Any]:
    return {"color": look.colour, "edgecolor": _PAPER, "hatch": look.hatch or None, "linewidth": 0.5, "clip_on": False}


def _label(text: str) -> str:
    """A label in one line that XML can carry and that leaves room for the bars."""
    short = text if len(text) <= _LONGEST_LABEL else f"{text[: _LONGEST_LABEL - 1]}…"
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in short)


def _whole(value: float, _place: int) -> str:
    return f"{value:,.0f}"


@contextmanager
def _axes(width: float, height: float) -> Iterator[tuple[Any, Callable[[str, str, str], str]]]:
    """Axes to draw on, and what makes the picture of them. Sizes are inches of 72 pixels."""
    # A second of every command's start, which only the report is willing to wait.
    import matplotlib as mpl  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    with mpl.rc_context():
        mpl.rcdefaults()  # whatever the user's matplotlibrc says
        mpl.rcParams.update(_RC)
        figure = Figure(figsize=(width, height), layout="constrained" if height > 0.3 else None)
        axes = figure.subplots()
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        for side in ("left", "bottom"):
            axes.spines[side].set_color(_GRID)
        axes.tick_params(color=_GRID, labelcolor=_INK, length=2.5)
        axes.set_axisbelow(True)

        def finish(name: str, title: str, description: str) -> str:
            drawn = io.BytesIO()
            mpl.rcParams["svg.hashsalt"] = name
            with warnings.catch_warnings():
                # matplotlib's own font lacks Chinese; the page's has it, and text stays text.
                warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
                figure.savefig(drawn, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
            return fit(drawn.getvalue(), name, title, description, _COLOURS)

        yield axes, finish
