"""The page: one file of HTML that asks nothing of any other, with everything that pages or archives said escaped."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from crawler.ledger import State
from crawler.ledger.queries import StoreQueries
from crawler.publish.addresses import calendar_address, readable_time, replay_address
from crawler.publish.report.figures import ReportFigures, by_reason, by_thousand, gather_figures
from crawler.publish.report.parts import (
    SOURCES,
    STATE_LOOKS,
    STATES,
    STATES_MEAN,
    Columns,
    number,
    reason,
    share,
)
from crawler.publish.report.sections import SECTIONS
from crawler.publish.words import LANGUAGES, Bilingual, say
from crawler.recovery.listing import PUBLISHED
from crawler.utils.text import format_size

TEMPLATES = Path(__file__).parent / "templates"
BROWSE = TEMPLATES.parents[1] / "browse"
STYLES = (BROWSE / "static" / "style.css", TEMPLATES / "report.css")
"""The look of all pages, and what the report has beside it."""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""What a browser may load or run for the page: its own style, and nothing else."""


def report_on(output: Path, ledger: StoreQueries, made: datetime) -> bytes:
    """The report on an output directory. The same ledger, files and moment give the same bytes. Raises
    sqlite3.Error."""
    return render(gather_figures(output, ledger, made))


def render(found: ReportFigures) -> bytes:
    """The page of these figures."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - Scrapy imports this for every command
    from markupsafe import Markup  # noqa: PLC0415

    environment = Environment(
        loader=FileSystemLoader([TEMPLATES, BROWSE / "templates"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "time": readable_time, "reason": reason, "size": format_size}
    environment.tests["words"] = lambda value: isinstance(value, Bilingual)
    environment.tests["upright"] = lambda value: isinstance(value, Columns)
    text = environment.get_template("report.html").render(
        found=found,
        say=say,
        languages=LANGUAGES,
        switch=None,
        policy=POLICY,
        style=Markup("".join(path.read_text("utf-8") for path in STYLES)),
        # States in which nothing is are left out, but for the first.
        tiles=[state for state in STATE_LOOKS if found.counts[state] or state is State.RECOVERED],
        states=STATES,
        looks=STATE_LOOKS,
        sources=SOURCES,
        missing=found.listed - found.counts[State.RECOVERED] - found.counts[State.ADOPTED],
        gone=[
            (meaning, groups)
            for state, meaning in STATES_MEAN.items()
            if (groups := by_reason(state, found.missing, found.to_do))
        ],
        published=PUBLISHED,
        share=share,
        figures={anchor: [*build(found)] for anchor, build in SECTIONS.items()},
        thousands=by_thousand(found.missing, found.to_do),
        calendar=calendar_address,
        replay=replay_address,
    )
    return text.encode("utf-8", "backslashreplace")
