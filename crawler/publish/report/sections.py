"""The tables of the report, and the pictures of them; their headings and notes are in the template."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import groupby
from urllib.parse import urlsplit

from crawler.ledger.figures import RunRow
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
    bilingual,
    heads,
    image_reason,
    reason,
    share,
)
from crawler.publish.words import Bilingual
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
    columns = heads("year 年份", "recovered 已復原", "missing (year by the neighbours) 缺失（按前後編號推算年份）")
    table = Table(columns, rows)
    yield Figure(bilingual("Articles by year of publication 按發表年份"), table, Columns({1: SOLID, 2: CROSSED}))


def months(found: ReportFigures) -> Iterator[Figure]:
    """The same by month."""
    columns = heads("month 月份", "recovered 已復原", "missing (month by the neighbours) 缺失（按前後編號推算月份）")
    rows: list[list[Cell]] = [[month.name, month.recovered, month.missing] for month in found.months.months]
    caption = bilingual("Articles by month of publication 按發表月份")
    yield Figure(caption, Table(columns, rows), Columns({1: SOLID, 2: CROSSED}))


def ranges(found: ReportFigures) -> Iterator[Figure]:
    """Articles by ranges of a thousand ids and by state."""
    rows: list[list[Cell]] = [
        [f"{span.first}–{span.last}", *(span.counts[state] for state in STATE_LOOKS), span.unknown]
        for span in found.ranges
    ]
    columns = [bilingual("ids 編號"), *(STATES[state] for state in STATE_LOOKS), bilingual("not listed 未列出")]
    looks = dict(enumerate(STATE_LOOKS.values(), 1))
    yield Figure(bilingual("Articles by range of ids 按編號範圍"), Table(columns, rows), Columns(looks))


def reasons(found: ReportFigures) -> Iterator[Figure]:
    """Why articles are missing, the most frequent reason first."""
    ordered = sorted(found.reasons, key=lambda row: -row[2])
    table = Table(
        heads("state 狀態", "reason 原因", "in words 說明", "articles 文章數"),
        [[STATES[state], name, reason(name), count] for state, name, count in ordered],
    )
    looks = [STATE_LOOKS[state] for state, *_ in ordered]
    legend = [(STATE_LOOKS[state], STATES[state]) for state in GIVEN_UP if STATE_LOOKS[state] in looks]
    yield Figure(bilingual("Reasons 原因"), table, Bars(2, 3, 3, looks, legend))


def fields(found: ReportFigures) -> Iterator[Figure]:
    """Which fields the recovered articles have, and where on their pages these were."""
    read = found.front_matter.read
    keys: list[list[Cell]] = [
        [FIELDS.get(key, key), count, share(count, read)] for key, count in found.front_matter.in_order()
    ]
    table = Table(heads("key 欄位", "files with it 有此欄的檔案", "share 比例"), keys if read else [])
    yield Figure(bilingual("Keys of the front matter 文件開首的欄位"), table, Bars(0, 1, 2, full=read))
    found_in: Counter[str] = Counter()
    for field, _, count in found.field_sources:
        found_in[field] += count
    columns = heads("field 欄位", "found in 來自", "articles 文章數", "of the articles with it 佔有此欄者")
    origins: list[list[Cell]] = [
        [FIELDS.get(field, field), source, count, share(count, found_in[field])]
        for field, source, count in found.field_sources
    ]
    yield Figure(bilingual("Where on the page the values were found 資料取自網頁何處"), Table(columns, origins))


def digests(found: ReportFigures) -> Iterator[Figure]:
    """Whether what came is what the archive's index says it has."""
    recovered, every = found.digest_counts(recovered=True), found.digest_counts(recovered=False)
    columns = heads(
        "result 結果", "recovered articles 已復原文章", "all captures that came 所有取得的快照", "share 比例"
    )
    rows: list[list[Cell]] = [
        [words, recovered[name], every[name], share(every[name], every.total())] for name, words in DIGESTS.items()
    ]
    table = Table(columns, rows if every else [])
    yield Figure(bilingual("All captures 所有快照"), table, Bars(0, 2, 3, full=every.total()))
    why: list[list[Cell]] = [
        [because or "unexplained", count] for result, because, count in found.digests if result == "mismatch"
    ]
    columns = heads("reason 原因", "captures 快照數")
    yield Figure(bilingual("Why digests do not match 不符的原因"), Table(columns, why))


def images(found: ReportFigures) -> Iterator[Figure]:
    """How many of the images are there, and why others are not."""
    counts, total = found.images.counts, found.images.total
    rows: list[list[Cell]] = [
        [IMAGE_STATES[state], counts[state], share(counts[state], total)] for state in IMAGE_LOOKS
    ]
    table = Table(heads("state 狀態", "images 圖片數", "share 比例"), rows if total else [])
    yield Figure(bilingual("Images by state 圖片狀態"), table, Bars(0, 1, 2, [*IMAGE_LOOKS.values()], full=total))
    why: list[list[Cell]] = [
        [IMAGE_STATES[state], name, image_reason(name), count] for state, name, count in found.images.reasons
    ]
    columns = heads("state 狀態", "reason 原因", "in words 說明", "images 圖片數")
    yield Figure(bilingual("Why images are missing 圖片缺失原因"), Table(columns, why))


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
    table = Table([bilingual("year 年份"), *(SOURCES.get(source, Bilingual(source)) for source in sources)], rows)
    yield Figure(bilingual("Captures by year and source 按年份及來源"), table, Columns(looks))


def runs(found: ReportFigures) -> Iterator[Figure]:
    """All runs and how they treated the archives, newest first."""
    records = [record for record in found.records if not record.fault]
    by_run = {record.run: record for record in records}
    columns = heads(
        *(
            "run 執行",
            "began (UTC) 開始（UTC）",
            "took 歷時",
            "command 指令",
            "recovered 復原",
            "status 狀態碼",
            "verdict 結論",
        )
    )
    table = Table(columns, [_run(run, by_run.get(run.id)) for run in reversed(found.runs)])
    yield Figure(bilingual("Runs and their verdicts 各次執行及結論"), table, open=len(found.runs) <= NEWEST_RUNS)
    columns = heads("run 執行", "captures asked for 快照請求數", "permitted (the line) 容許值（橫線）")
    newest = [record for record in records if record.politeness][-NEWEST_RUNS:]
    table = Table(columns, [_busiest(record) for record in newest])
    yield Figure(
        bilingual("Requests in the busiest minute of each run 各次執行最忙一分鐘"), table, Columns({1: SOLID}, limit=2)
    )
    columns = heads(
        *("run 執行", "archive 典藏庫", "endpoint 介面", "requests 請求數", "busiest minute 最忙一分鐘"),
        *("permitted a minute 每分鐘容許", "budget used 已用額度", "pauses 暫停", "refusals 被拒"),
        *("nothing sent (s) 停發（秒）", "connections 連線數"),
    )
    table = Table(columns, [row for record in reversed(records) for row in _politeness(record)])
    yield Figure(bilingual("Politeness 對典藏庫的負荷"), table)


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
    rows: list[list[Cell]] = [[str(row.id), row.file, "; ".join(row.faults)] for row in found.faulty]
    yield Figure(
        bilingual("Articles with faults 有瑕疵的文章"), Table(heads("id 編號", "file 檔案", "faults 瑕疵"), rows)
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
