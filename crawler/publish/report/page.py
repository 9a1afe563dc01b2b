"""The page: one file of HTML that asks nothing of any other, with everything that pages or archives said escaped."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from crawler.ledger import State
from crawler.ledger.queries import ReportQueries
from crawler.publish.addresses import calendar_address, readable_time, replay_address
from crawler.publish.report.figures import ReportFigures, by_thousand, gather_figures
from crawler.publish.report.parts import STATE_LOOKS, STATES, Bilingual, Columns, number, reason, share
from crawler.publish.report.sections import SECTIONS
from crawler.recovery.listing import PUBLISHED

TEMPLATES = Path(__file__).parent / "templates"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""What a browser may load or run for the page: its own style, and nothing else."""


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
    environment.filters |= {"number": number, "time": readable_time, "reason": reason}
    environment.tests["words"] = lambda value: isinstance(value, Bilingual)
    environment.tests["upright"] = lambda value: isinstance(value, Columns)
    text = environment.get_template("report.html").render(
        found=found,
        policy=POLICY,
        style=Markup((TEMPLATES / "report.css").read_text("utf-8")),
        # States in which nothing is are left out, but for the first.
        tiles=[state for state in STATE_LOOKS if found.counts[state] or state is State.RECOVERED],
        states=STATES,
        published=PUBLISHED,
        share=share,
        figures={anchor: [*build(found)] for anchor, build in SECTIONS.items()},
        thousands=by_thousand(found.missing, found.to_do),
        calendar=calendar_address,
        replay=replay_address,
    )
    return text.encode("utf-8", "backslashreplace")
