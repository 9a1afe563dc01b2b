"""The pictures: drawn by matplotlib, made fit to stand in the page with colours by name."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from xml.etree import ElementTree as ET

_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_REFERENCE = re.compile(r"url\(#([^)]*)\)")
_COLOUR = re.compile(r"#([0-9a-f]{6})\b")
_FONT = re.compile(r"font-family:[^;]*|(?<=px )'DejaVu Sans'[^;]*")
_LEFT_OUT = ("metadata", "style")


def inline_svg(drawn: bytes, name: str, title: str, description: str, colours: dict[str, str]) -> str:
    """The drawing as HTML. `name` goes before every id; `colours`: which variable of the page's style stands for which
    colour, as `{"#a00001": "--s1"}`. Without a title it is an ornament, and not read aloud."""
    root = ET.fromstring(drawn)
    for parent in root.iter():
        for child in [
            child for child in parent if child.tag.removeprefix(_SVG) in _LEFT_OUT or not isinstance(child.tag, str)
        ]:
            parent.remove(child)
    referred = _referred(root)
    for element in root.iter():
        element.tag = element.tag.removeprefix(_SVG)
        if element.get("id", "") not in referred:
            element.attrib.pop("id", None)
        if (fill := element.attrib.get("fill", "")) in colours:  # only a style can name a variable
            del element.attrib["fill"]
            element.attrib["style"] = f"fill: {fill}"
        element.attrib = dict(_attribute(key, value, name, colours) for key, value in element.attrib.items())
        element.tail = "\n" if element.tail and element.tail.isspace() else element.tail
        if element.text and element.text.isspace():
            element.text = None
    for size in ("width", "height", "version"):
        root.attrib.pop(size, None)
    if not title:
        root.attrib["aria-hidden"] = "true"
        return _written(root)
    root.attrib |= {"role": "img", "aria-labelledby": f"{name}-title {name}-desc"}
    for place, (tag, text) in enumerate((("title", title), ("desc", description))):
        element = ET.Element(tag, {"id": f"{name}-{tag}"})
        element.text = text
        root.insert(place, element)
    return _written(root)


def _referred(root: ET.Element) -> set[str]:
    """The ids that are needed."""
    used = {element.get(_HREF, "").removeprefix("#") for element in root.iter()}
    return used.union(*(_REFERENCE.findall(value) for element in root.iter() for value in element.attrib.values()))


def _written(root: ET.Element) -> str:
    return ET.tostring(root, encoding="unicode", method="html").strip()


def _attribute(key: str, value: str, name: str, colours: dict[str, str]) -> tuple[str, str]:
    if key == "id":
        return key, f"{name}-{value}"
    if key == _HREF:
        return "href", f"#{name}-{value.removeprefix('#')}"
    value = _REFERENCE.sub(rf"url(#{name}-\1)", value)
    if key == "style":
        value = _FONT.sub("font-family: inherit", value) if "font-family" in value else value
        value = _COLOUR.sub(lambda found: f"var({colours[found[0]]})" if found[0] in colours else found[0], value)
    if key == "d":
        value = " ".join(value.split())
    return key, value


_RC: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": (
        "DejaVu Sans"
    ),  # matplotlib brings it, so that the layout is the same everywhere; the page shows its own
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
class SeriesStyle:
    """How a series looks: the variable of the page's style that is its colour, what stands for it while drawing, and
    its hatch."""

    variable: str
    colour: str
    hatch: str = ""


SOLID = SeriesStyle("--s1", "#a00001")
STEEP = SeriesStyle("--s2", "#a00002", "///")
FALLING = SeriesStyle("--s3", "#a00003", "\\\\\\")
CROSSED = SeriesStyle("--s4", "#a00004", "xxx")
DOTTED = SeriesStyle("--s5", "#a00005", "...")
LEVEL = SeriesStyle("--s6", "#a00006", "---")
LOOKS = (SOLID, STEEP, FALLING, CROSSED, DOTTED, LEVEL)
_COLOURS = {_INK: "--ink", _GRID: "--grid", _PAPER: "--paper"} | {look.colour: look.variable for look in LOOKS}


@dataclass(frozen=True, slots=True)
class Series:
    """Values of one kind, one for each label of the chart."""

    name: str
    look: SeriesStyle
    values: Sequence[float]


def columns(
    name: str,
    title: str,
    description: str,
    labels: Sequence[str],
    series: Sequence[Series],
    limits: Sequence[float] = (),
) -> str:
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
    name: str,
    title: str,
    description: str,
    labels: Sequence[str],
    series: Sequence[Series],
    shown: Sequence[str],
    most: float = 0,
) -> str:
    """Lying bars, the first on top; `shown` stands at their ends. `most`: the end of the scale, where it is not the
    longest bar."""
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


@cache
def swatch(look: SeriesStyle, number: int) -> str:
    """A small piece of a series' look, for the legend. `number` tells it from the others on the page."""
    with _axes(0.3, 0.17) as (axes, finish):
        axes.set_position((0, 0, 1, 1))
        axes.set_axis_off()
        axes.bar([0], [1], 1, **_painted(look))
        axes.set_xlim(-0.5, 0.5)
        axes.set_ylim(0, 1)
        return finish(f"swatch{number}", "", "")


def _painted(look: SeriesStyle) -> dict[str, Any]:
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
            return inline_svg(drawn.getvalue(), name, title, description, _COLOURS)

        yield axes, finish
