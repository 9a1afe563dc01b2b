"""The page: one file of HTML that asks nothing of any other, with everything that pages or archives said escaped. Here
are its tables and the pictures of them; headings and notes are in the template."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from pathlib import Path
from urllib.parse import urlsplit

from crawler.ledger import State
from crawler.ledger.queries import StoreQueries
from crawler.ledger.rows import RunRow
from crawler.publish.addresses import calendar_address, readable_time, replay_address
from crawler.publish.report.figures import GIVEN_UP, ReportFigures, by_reason, by_thousand, gather_figures
from crawler.publish.report.parts import (
    DIGESTS,
    FIELDS,
    IMAGE_LOOKS,
    IMAGE_STATES,
    SOURCES,
    STATE_LOOKS,
    STATES,
    STATES_MEAN,
    Bars,
    Columns,
    Figure,
    heads,
    image_reason,
    reason,
    share,
)
from crawler.publish.words import LANGUAGES, Bilingual, Value, fault_words, joined, known, number, say
from crawler.recovery.listing import PUBLISHED
from crawler.run.record import RunRecord
from crawler.utils.exit_status import status_meaning
from crawler.utils.text import format_duration, format_size

TEMPLATES = Path(__file__).parent / "templates"
BROWSE = TEMPLATES.parents[1] / "browse"
STYLES = (BROWSE / "static" / "style.css", TEMPLATES / "report.css")
"""The look of all pages, and what the report has beside it."""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""What a browser may load or run for the page: its own style, and nothing else."""
_SOURCE_LOOKS = ("solid", "steep", "dotted", "falling", "crossed")
NEWEST_RUNS = 40
"""The runs that are in the picture; with more of them their table is closed at first."""


def years(found: ReportFigures) -> Iterator[Figure]:
    """Recovered against missing by year of publication."""
    by_year = ((year, [*its]) for year, its in groupby(found.months.months, key=lambda month: month.name[:4]))
    yield Figure(
        say("Articles by year of publication"),
        heads("year", "recovered", "missing (year by the neighbours)"),
        [[year, sum(each.recovered for each in its), sum(each.missing for each in its)] for year, its in by_year],
        Columns({1: "solid", 2: "crossed"}),
    )


def months(found: ReportFigures) -> Iterator[Figure]:
    """The same by month."""
    yield Figure(
        say("Articles by month of publication"),
        heads("month", "recovered", "missing (month by the neighbours)"),
        [[month.name, month.recovered, month.missing] for month in found.months.months],
        Columns({1: "solid", 2: "crossed"}),
    )


def ranges(found: ReportFigures) -> Iterator[Figure]:
    """Articles by ranges of a thousand ids and by state."""
    yield Figure(
        say("Articles by range of ids"),
        [say("ids"), *STATES.values(), say("not listed")],
        [
            [f"{span.first}–{span.last}", *(span.counts[state] for state in STATES), span.unknown]
            for span in found.ranges
        ],
        Columns(dict(enumerate(STATE_LOOKS.values(), 1))),
    )


def reasons(found: ReportFigures) -> Iterator[Figure]:
    """Why articles are missing, the most frequent reason first."""
    ordered = sorted(found.reasons, key=lambda row: -row[2])
    looks = [STATE_LOOKS[state] for state, *_ in ordered]
    legend = [(STATE_LOOKS[state], STATES[state]) for state in GIVEN_UP if STATE_LOOKS[state] in looks]
    yield Figure(
        say("Reasons"),
        heads("state", "reason", "in words", "articles"),
        [[STATES[state], name, reason(name), count] for state, name, count in ordered],
        Bars(2, 3, 3, looks, legend),
    )


def fields(found: ReportFigures) -> Iterator[Figure]:
    """Which fields the recovered articles have, and where on their pages these were."""
    read = found.front_matter.read
    keys = found.front_matter.in_order() if read else []
    yield Figure(
        say("Keys of the front matter"),
        heads("key", "files with it", "share"),
        [[FIELDS.get(key, key), count, share(count, read)] for key, count in keys],
        Bars(0, 1, 2, full=read),
    )
    found_in: Counter[str] = Counter()
    for field, _, count in found.field_sources:
        found_in[field] += count
    yield Figure(
        say("Where on the page the values were found"),
        heads("field", "found in", "articles", "of the articles with it"),
        [
            [FIELDS.get(field, field), source, count, share(count, found_in[field])]
            for field, source, count in found.field_sources
        ],
    )


def digests(found: ReportFigures) -> Iterator[Figure]:
    """Whether what came is what the archive's index says it has."""
    recovered, every = found.digest_counts(recovered=True), found.digest_counts(recovered=False)
    results = DIGESTS.items() if every else ()
    yield Figure(
        say("All captures"),
        heads("result", "recovered articles", "all captures that came", "share"),
        [[words, recovered[name], every[name], share(every[name], every.total())] for name, words in results],
        Bars(0, 2, 3, full=every.total()),
    )
    why = [(because, count) for result, because, count in found.digests if result == "mismatch"]
    yield Figure(
        say("Why digests do not match"),
        heads("reason", "captures"),
        [[known(because or "unexplained"), count] for because, count in why],
    )


def images(found: ReportFigures) -> Iterator[Figure]:
    """How many of the images are there, and why others are not."""
    counts, total = found.images.counts, found.images.total
    states = IMAGE_STATES.items() if total else ()
    yield Figure(
        say("Images by state"),
        heads("state", "images", "share"),
        [[words, counts[state], share(counts[state], total)] for state, words in states],
        Bars(0, 1, 2, [*IMAGE_LOOKS.values()], full=total),
    )
    yield Figure(
        say("Why images are missing"),
        heads("state", "reason", "in words", "images"),
        [[IMAGE_STATES[state], name, image_reason(name), count] for state, name, count in found.images.reasons],
    )


def captures(found: ReportFigures) -> Iterator[Figure]:
    """Captures by year and source, the source with the most of them first."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    totals: Counter[str] = Counter()
    for year, source, count in found.years:
        counts[year][source] += count
        totals[source] += count
    sources = sorted(totals, key=lambda source: (-totals[source], source))
    looks = (*_SOURCE_LOOKS, *["level"] * len(sources))
    yield Figure(
        say("Captures by year and source"),
        [say("year"), *(SOURCES.get(source, Bilingual(source)) for source in sources)],
        [[year, *(counts[year][source] for source in sources)] for year in sorted(counts)],
        Columns(dict(enumerate(looks[: len(sources)], 1))),
    )


def runs(found: ReportFigures) -> Iterator[Figure]:
    """All runs and how they treated the archives, newest first."""
    records = [record for record in found.records if not record.fault]
    by_run = {record.run: record for record in records}
    yield Figure(
        say("Runs and their verdicts"),
        heads("run", "began (UTC)", "took", "command", "recovered", "status", "verdict"),
        [_run(run, by_run.get(run.id)) for run in reversed(found.runs)],
        open=len(found.runs) <= NEWEST_RUNS,
    )
    yield Figure(
        say("Requests in the busiest minute of each run"),
        heads("run", "captures asked for", "permitted (the line)"),
        [_busiest(record) for record in records if record.politeness][-NEWEST_RUNS:],
        Columns({1: "solid"}, limit=2),
    )
    yield Figure(
        say("Politeness"),
        heads(
            *("run", "archive", "endpoint", "requests", "busiest minute", "permitted a minute", "budget used"),
            *("pauses", "refusals", "nothing sent (s)", "connections"),
        ),
        [row for record in reversed(records) for row in _politeness(record)],
    )


def _run(run: RunRow, record: RunRecord | None) -> list[Value]:
    began = run.started.replace("T", " ").removesuffix("Z")
    status = "" if run.status is None else str(run.status)
    verdict = run.verdict or status_meaning(run.status) or "not ended: it goes on, or was killed"
    if record is None:
        return [str(run.id), began, "", run.arguments, None, status, verdict]
    breaches = f" [{'; '.join(record.breaches)}]" if record.breaches else ""
    took = "" if record.seconds is None else format_duration(record.seconds)
    command = f"{record.command} {run.arguments}".strip()
    return [str(run.id), began, took, command, record.recovered, status, f"{record.verdict or verdict}{breaches}"]


def _busiest(record: RunRecord) -> list[Value]:
    asked = [archive.endpoints["playback"] for archive in record.politeness.values()]
    return [str(record.run), *(max(one[key] or 0 for one in asked) for key in ("busiest_minute", "rate"))]


def _politeness(record: RunRecord) -> Iterator[list[Value]]:
    for archive, found in record.politeness.items():
        whole: list[Value] = [found.whole[key] for key in ("pauses", "refusals", "held_seconds", "connections")]
        for endpoint, asked in found.endpoints.items():
            used = asked["budget_used"]
            yield [
                *(str(record.run), _host(archive), endpoint),
                *(asked["requests"], asked["busiest_minute"], asked["rate"], None if used is None else f"{used:.0%}"),
                *whole,
            ]
            whole = [None] * len(whole)


def _host(address: str) -> str:
    try:
        return urlsplit(address).netloc or address
    except ValueError:
        return address


def faults(found: ReportFigures) -> Iterator[Figure]:
    """Recovered articles with a fault that is named."""
    yield Figure(
        say("Articles with faults"),
        heads("id", "file", "faults"),
        [[str(row.id), row.file, joined(map(fault_words, row.faults))] for row in found.faulty],
    )


SECTIONS = {
    "years": years,
    "images": images,
    "faults": faults,
    "months": months,
    "ranges": ranges,
    "reasons": reasons,
    "fields": fields,
    "digests": digests,
    "captures": captures,
    "runs": runs,
}
"""The sections by their anchors, in the page's order."""


def report_on(output: Path, ledger: StoreQueries, made: datetime) -> bytes:
    """The report on an output directory. The same ledger, files and moment give the same bytes. Raises
    sqlite3.Error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - Scrapy imports this for every command
    from markupsafe import Markup  # noqa: PLC0415

    found = gather_figures(output, ledger, made)
    environment = Environment(
        loader=FileSystemLoader([TEMPLATES, BROWSE / "templates"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "time": readable_time, "reason": reason, "size": format_size}
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
