"""The page: one file of HTML that asks nothing of any other, with everything that pages or archives said escaped."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from crawler.ledger import State
from crawler.ledger.queries import ReportQueries
from crawler.publish.report import evidence, sections
from crawler.publish.report import evidence as runs
from crawler.publish.report import sections as absent
from crawler.publish.report.charts import LOOKS, SeriesStyle, swatch
from crawler.publish.report.figures import ReportFigures, gather_figures
from crawler.publish.report.parts import STATES, Bilingual, Link, share

TEMPLATES = Path(__file__).parent / "templates"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""What a browser may load or run for the page: its own style, and nothing else."""
CHINESE = "zh-Hant-HK"


def report_on(output: Path, ledger: ReportQueries, made: datetime) -> bytes:
    """The report on an output directory. The same ledger, files and moment give the same bytes. Raises
    sqlite3.Error."""
    return render(gather_figures(output, ledger, made))


def render(found: ReportFigures) -> bytes:
    """The page of these figures."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - Scrapy imports this for every command
    from markupsafe import Markup  # noqa: PLC0415

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = lambda value: f"{value:,}"
    environment.tests["words"] = lambda value: isinstance(value, Bilingual)
    environment.tests["link"] = lambda value: isinstance(value, Link)
    text = environment.get_template("report.html").render(
        found=found,
        made=f"{found.made:%Y-%m-%d %H:%M} UTC",
        policy=POLICY,
        chinese=CHINESE,
        style=Markup((TEMPLATES / "report.css").read_text("utf-8")),
        drawn=Markup,
        swatch=_Swatches(),
        tiles=_tiles(found),
        sections=[build(found) for build in _SECTIONS],
        thousands=absent.thousands(found),
    )
    return text.encode("utf-8", "backslashreplace")


_SECTIONS = (
    *(sections.glance, sections.when, sections.ranges, sections.reasons, sections.fields),
    *(evidence.digests, evidence.images, evidence.years, runs.runs, evidence.faults),
)


def _tiles(found: ReportFigures) -> list[tuple[Bilingual, str, str]]:
    """(what, how many, which share) for the top of the page; states in which nothing is are left out, but for the
    first."""
    states = [state for state in sections.LOOKS if found.counts[state] or state is State.RECOVERED]
    tiles = [(Bilingual("listed", "已列出"), f"{found.listed:,}", "")]
    tiles += [(STATES[state], f"{found.counts[state]:,}", share(found.counts[state], found.listed)) for state in states]
    return tiles


class _Swatches:
    """The pieces of the legends, each drawn once, with ids of its own wherever it is used."""

    def __init__(self) -> None:
        self._drawn = {look: swatch(look, number) for number, look in enumerate(LOOKS)}
        self._used = 0

    def __call__(self, look: SeriesStyle) -> str:
        self._used += 1
        return self._drawn[look].replace(f"swatch{LOOKS.index(look)}-", f"legend{self._used}-")
