"""The tables of the report, and the pictures of them; their headings and notes are in the template."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import groupby
from urllib.parse import urlsplit

from crawler.ledger.rows import RunRow
from crawler.publish.report.figures import GIVEN_UP, ReportFigures
from crawler.publish.report.parts import (
    CROSSED,
    DIGESTS,
    DOTTED,
    FALLING,
    FIELDS,
    IMAGE_LOOKS,
    IMAGE_STATES,
    LEVEL,
    SOLID,
    SOURCES,
    STATE_LOOKS,
    STATES,
    STEEP,
    Bars,
    Cell,
    Columns,
    Figure,
    Table,
    heads,
    image_reason,
    reason,
    share,
)
from crawler.publish.words import Bilingual, fault_words, joined, known, say
from crawler.run.record import RunRecord
from crawler.utils.exit_status import status_meaning
from crawler.utils.text import format_duration

_SOURCE_LOOKS = (SOLID, STEEP, DOTTED, FALLING, CROSSED)
NEWEST_RUNS = 40
"""The runs that are in the picture; with more of them their table is closed at first."""


def years(found: ReportFigures) -> Iterator[Figure]:
    """Recovered against missing by year of publication."""
    rows: list[list[Cell]] = [
        [year, sum(month.recovered for month in its), sum(month.missing for month in its)]
        for year, its in (
            (year, [*its]) for year, its in groupby(found.months.months, key=lambda month: month.name[:4])
        )
    ]
    columns = heads("year", "recovered", "missing (year by the neighbours)")
    table = Table(columns, rows)
    yield Figure(say("Articles by year of publication"), table, Columns({1: SOLID, 2: CROSSED}))


def months(found: ReportFigures) -> Iterator[Figure]:
    """The same by month."""
    columns = heads("month", "recovered", "missing (month by the neighbours)")
    rows: list[list[Cell]] = [[month.name, month.recovered, month.missing] for month in found.months.months]
    caption = say("Articles by month of publication")
    yield Figure(caption, Table(columns, rows), Columns({1: SOLID, 2: CROSSED}))


def ranges(found: ReportFigures) -> Iterator[Figure]:
    """Articles by ranges of a thousand ids and by state."""
    rows: list[list[Cell]] = [
        [f"{span.first}–{span.last}", *(span.counts[state] for state in STATE_LOOKS), span.unknown]
        for span in found.ranges
    ]
    columns = [say("ids"), *(STATES[state] for state in STATE_LOOKS), say("not listed")]
    looks = dict(enumerate(STATE_LOOKS.values(), 1))
    yield Figure(say("Articles by range of ids"), Table(columns, rows), Columns(looks))


def reasons(found: ReportFigures) -> Iterator[Figure]:
    """Why articles are missing, the most frequent reason first."""
    ordered = sorted(found.reasons, key=lambda row: -row[2])
    table = Table(
        heads("state", "reason", "in words", "articles"),
        [[STATES[state], name, reason(name), count] for state, name, count in ordered],
    )
    looks = [STATE_LOOKS[state] for state, *_ in ordered]
    legend = [(STATE_LOOKS[state], STATES[state]) for state in GIVEN_UP if STATE_LOOKS[state] in looks]
    yield Figure(say("Reasons"), table, Bars(2, 3, 3, looks, legend))


def fields(found: ReportFigures) -> Iterator[Figure]:
    """Which fields the recovered articles have, and where on their pages these were."""
    read = found.front_matter.read
    keys: list[list[Cell]] = [
        [FIELDS.get(key, key), count, share(count, read)] for key, count in found.front_matter.in_order()
    ]
    table = Table(heads("key", "files with it", "share"), keys if read else [])
    yield Figure(say("Keys of the front matter"), table, Bars(0, 1, 2, full=read))
    found_in: Counter[str] = Counter()
    for field, _, count in found.field_sources:
        found_in[field] += count
    columns = heads("field", "found in", "articles", "of the articles with it")
    origins: list[list[Cell]] = [
        [FIELDS.get(field, field), source, count, share(count, found_in[field])]
        for field, source, count in found.field_sources
    ]
    yield Figure(say("Where on the page the values were found"), Table(columns, origins))


def digests(found: ReportFigures) -> Iterator[Figure]:
    """Whether what came is what the archive's index says it has."""
    recovered, every = found.digest_counts(recovered=True), found.digest_counts(recovered=False)
    columns = heads("result", "recovered articles", "all captures that came", "share")
    rows: list[list[Cell]] = [
        [words, recovered[name], every[name], share(every[name], every.total())] for name, words in DIGESTS.items()
    ]
    table = Table(columns, rows if every else [])
    yield Figure(say("All captures"), table, Bars(0, 2, 3, full=every.total()))
    why: list[list[Cell]] = [
        [known(because or "unexplained"), count] for result, because, count in found.digests if result == "mismatch"
    ]
    columns = heads("reason", "captures")
    yield Figure(say("Why digests do not match"), Table(columns, why))


def images(found: ReportFigures) -> Iterator[Figure]:
    """How many of the images are there, and why others are not."""
    counts, total = found.images.counts, found.images.total
    rows: list[list[Cell]] = [
        [IMAGE_STATES[state], counts[state], share(counts[state], total)] for state in IMAGE_LOOKS
    ]
    table = Table(heads("state", "images", "share"), rows if total else [])
    yield Figure(say("Images by state"), table, Bars(0, 1, 2, [*IMAGE_LOOKS.values()], full=total))
    why: list[list[Cell]] = [
        [IMAGE_STATES[state], name, image_reason(name), count] for state, name, count in found.images.reasons
    ]
    columns = heads("state", "reason", "in words", "images")
    yield Figure(say("Why images are missing"), Table(columns, why))


def captures(found: ReportFigures) -> Iterator[Figure]:
    """Captures by year and source, the source with the most of them first."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    totals: Counter[str] = Counter()
    for year, source, count in found.years:
        counts[year][source] += count
        totals[source] += count
    sources = [source for source, _ in sorted(totals.items(), key=lambda pair: (-pair[1], pair[0]))]
    looks = {
        number: _SOURCE_LOOKS[number - 1] if number <= len(_SOURCE_LOOKS) else LEVEL
        for number in range(1, len(sources) + 1)
    }
    rows: list[list[Cell]] = [[year, *(counts[year][source] for source in sources)] for year in sorted(counts)]
    table = Table([say("year"), *(SOURCES.get(source, Bilingual(source)) for source in sources)], rows)
    yield Figure(say("Captures by year and source"), table, Columns(looks))


def runs(found: ReportFigures) -> Iterator[Figure]:
    """All runs and how they treated the archives, newest first."""
    records = [record for record in found.records if not record.fault]
    by_run = {record.run: record for record in records}
    columns = heads(
        *(
            "run",
            "began (UTC)",
            "took",
            "command",
            "recovered",
            "status",
            "verdict",
        )
    )
    table = Table(columns, [_run(run, by_run.get(run.id)) for run in reversed(found.runs)])
    yield Figure(say("Runs and their verdicts"), table, open=len(found.runs) <= NEWEST_RUNS)
    columns = heads("run", "captures asked for", "permitted (the line)")
    newest = [record for record in records if record.politeness][-NEWEST_RUNS:]
    table = Table(columns, [_busiest(record) for record in newest])
    yield Figure(say("Requests in the busiest minute of each run"), table, Columns({1: SOLID}, limit=2))
    columns = heads(
        *("run", "archive", "endpoint", "requests", "busiest minute"),
        *("permitted a minute", "budget used", "pauses", "refusals"),
        *("nothing sent (s)", "connections"),
    )
    table = Table(columns, [row for record in reversed(records) for row in _politeness(record)])
    yield Figure(say("Politeness"), table)


def _run(run: RunRow, record: RunRecord | None) -> list[Cell]:
    began = run.started.replace("T", " ").removesuffix("Z")
    status = "" if run.status is None else str(run.status)
    verdict = run.verdict or status_meaning(run.status) or "not ended: it goes on, or was killed"
    if record is None:
        return [str(run.id), began, "", run.arguments, None, status, verdict]
    breaches = f" [{'; '.join(record.breaches)}]" if record.breaches else ""
    took = "" if record.seconds is None else format_duration(record.seconds)
    command = f"{record.command} {run.arguments}".strip()
    return [str(run.id), began, took, command, record.recovered, status, f"{record.verdict or verdict}{breaches}"]


def _busiest(record: RunRecord) -> list[Cell]:
    asked = [archive.endpoints["playback"] for archive in record.politeness.values()]
    return [str(record.run), *(max(one[key] or 0 for one in asked) for key in ("busiest_minute", "rate"))]


def _politeness(record: RunRecord) -> Iterator[list[Cell]]:
    for archive, found in record.politeness.items():
        whole: list[Cell] = [found.whole[key] for key in ("pauses", "refusals", "held_seconds", "connections")]
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
    rows: list[list[Cell]] = [[str(row.id), row.file, joined(map(fault_words, row.faults))] for row in found.faulty]
    yield Figure(say("Articles with faults"), Table(heads("id", "file", "faults"), rows))


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
