"""The section on runs: how each ended, and how it treated the archive."""

from __future__ import annotations

from urllib.parse import urlsplit

from crawler.archive.politeness_report import span
from crawler.ending import MEANING, Status
from crawler.report.charts import SOLID, Look, Series, columns
from crawler.report.gathering import Gathered
from crawler.report.ledgerfigures import RunRow
from crawler.report.parts import Cell, Figure, Section, Table
from crawler.report.records import Manner, Record
from crawler.report.words import Words

DRAWN = 40
"""The newest runs that are in the picture."""


def runs(found: Gathered) -> Section:
    """All runs, newest first."""
    good = [record for record in found.records if not record.fault]
    by_run = {record.run: record for record in good}
    verdicts = Table(
        [
            *(Words("run", "次"), Words("began (UTC)", "開始（UTC）"), Words("took", "歷時"), Words("command", "指令")),
            *(Words("recovered", "復原"), Words("status", "狀態碼"), Words("verdict", "結論")),
        ],
        [_row(run, by_run.get(run.id)) for run in reversed(found.runs)],
    )
    figures = [Figure(Words("Runs and their verdicts", "各次執行及結論"), verdicts, open=len(found.runs) <= DRAWN)] if found.runs else []
    manners = [(record, manner) for record in reversed(good) for manner in record.manners]
    if manners:
        figures.append(Figure(Words("Politeness", "對典藏庫的負荷"), _politeness(manners), *_picture(good)))
    return Section("runs", Words("Runs", "執行紀錄"), list(_notes(found, good)), figures)


def _notes(found: Gathered, good: list[Record]) -> list[Words]:
    known = {run.id for run in found.runs}
    bare = len(known - {record.run for record in good})
    notes = [
        Words(
            f"Runs: {len(known):,}; without a record of their politeness: {bare:,} (an extraction and a dry run leave none, nor does a "
            "run that was killed or is of an older version).",
            f"共 {len(known):,} 次；其中 {bare:,} 次沒有負荷紀錄（離線抽取和試行不留紀錄，中途被終止的和舊版本的亦然）。",
        )
    ]
    for record in found.records:
        if record.fault:
            notes.append(Words(f"runs/{record.file}: {record.fault}; it is left out.", f"runs/{record.file}：無法讀取，未計入。"))
        elif record.run not in known:
            notes.append(Words(f"runs/{record.file} is of no run that the ledger has.", f"runs/{record.file}：帳本中沒有這次執行。"))
    return notes


def _row(run: RunRow, record: Record | None) -> list[Cell]:
    status = run.status
    meaning = MEANING[Status(status)] if status in list(Status) else ""
    verdict = (record.verdict if record else "") or run.verdict or meaning or "not ended: it goes on, or was killed"
    breaches = f" [{'; '.join(record.breaches)}]" if record and record.breaches else ""
    command = f"{record.command if record and record.command else ''} {run.arguments}".strip()
    took = span(record.seconds) if record and record.seconds is not None else ""
    recovered = _number(record.counts.get("recovered")) if record else ""
    return [
        run.id,
        run.started.replace("T", " ").removesuffix("Z"),
        took,
        command,
        recovered,
        "" if status is None else str(status),
        f"{verdict}{breaches}",
    ]


def _politeness(manners: list[tuple[Record, Manner]]) -> Table:
    heads = [
        *(Words("run", "次"), Words("archive", "典藏庫"), Words("endpoint", "介面"), Words("requests", "請求數")),
        *(Words("busiest minute", "最忙一分鐘"), Words("permitted a minute", "每分鐘容許"), Words("budget used", "已用額度")),
        *(Words("pauses", "暫停"), Words("refusals", "被拒"), Words("nothing sent (s)", "停發（秒）"), Words("connections", "連線數")),
    ]
    rows: list[list[Cell]] = []
    for record, manner in manners:
        for number, endpoint in enumerate(manner.requests):
            used = manner.used[endpoint]
            rows.append(
                [
                    *(str(record.run), _host(manner.archive), endpoint, _number(manner.requests[endpoint])),
                    *(_number(manner.busiest[endpoint]), _number(manner.rate[endpoint]), "" if used is None else f"{used:.0%}"),
                    *(("", "", "", "") if number else map(_number, (manner.pauses, manner.refusals, manner.held, manner.connections))),
                ]
            )
    return Table(heads, rows)


def _picture(good: list[Record]) -> tuple[str, list[tuple[Look, Words]]]:
    newest = [record for record in good if record.manners][-DRAWN:]
    busiest = [max((manner.busiest["playback"] or 0 for manner in record.manners), default=0) for record in newest]
    permitted = [max((manner.rate["playback"] or 0 for manner in record.manners), default=0) for record in newest]
    said = f"The busiest minute of {len(newest)} runs, at most {max(busiest, default=0):,.0f} requests; the lines are what was permitted."
    labels = [str(record.run) for record in newest]
    title = "Requests for captures in the busiest minute of each run"
    words = Words("captures asked for in the busiest minute; the line is what was permitted", "最忙一分鐘的快照請求數；橫線為容許值")
    return columns("polite", title, said, labels, [Series("busiest", SOLID, busiest)], permitted), [(SOLID, words)]


def _host(address: str) -> str:
    try:
        return urlsplit(address).netloc or address
    except ValueError:
        return address


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f}".removesuffix(".0")
