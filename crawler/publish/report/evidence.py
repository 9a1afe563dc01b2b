"""The sections on what the articles rest on, and on the runs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from urllib.parse import urlsplit

from crawler.ledger.figures import RunRow
from crawler.ledger.images import ImageState
from crawler.publish.report.charts import (
    CROSSED,
    DOTTED,
    FALLING,
    LEVEL,
    SOLID,
    STEEP,
    Series,
    SeriesStyle,
    columns,
    rows,
)
from crawler.publish.report.figures import ReportFigures
from crawler.publish.report.parts import (
    DIGESTS,
    IMAGE_STATES,
    Bilingual,
    Cell,
    Figure,
    Section,
    Table,
    image_reason,
    share,
)
from crawler.run.record import ArchiveFigures, RunRecord
from crawler.utils.exit_status import status_meaning
from crawler.utils.text import format_duration
from crawler.wayback.digest import DigestResult

_DIGEST_LOOKS: dict[str, SeriesStyle] = {
    DigestResult.MATCH.value: SOLID,
    DigestResult.MATCH_DECODED.value: DOTTED,
    DigestResult.MISMATCH.value: CROSSED,
    DigestResult.UNKNOWN.value: FALLING,
    "": LEVEL,
}
_IMAGE_LOOKS = {
    ImageState.HAVE: SOLID,
    ImageState.WAITING: STEEP,
    ImageState.WANTED: FALLING,
    ImageState.MISSING: CROSSED,
}
_SOURCE_LOOKS = (SOLID, STEEP, DOTTED, FALLING, CROSSED)
_CAPTURES = Bilingual("captures", "快照數")


def digests(found: ReportFigures) -> Section:
    """Whether what came is what the archive's index says it has."""
    both = (("files", found.digests_recovered), ("all captures", found.digests))
    counted = [(label, _results(results)) for label, results in both]
    order = list(_DIGEST_LOOKS)
    series = [
        Series(DIGESTS[name].en, _DIGEST_LOOKS[name], [100 * _part(counts, name) for _, counts in counted])
        for name in order
    ]
    said = "; ".join(f"{label}: {share(_matching(counts), counts.total())} match" for label, counts in counted)
    shown = [f"{counts.total():,}" for _, counts in counted]
    svg = (
        rows("digests", "Digests compared", said, [label for label, _ in counted], series, shown, 100)
        if counted[1][1].total()
        else ""
    )
    table = Table(
        [
            Bilingual("result", "結果"),
            Bilingual("recovered articles", "已復原文章"),
            Bilingual("all captures that came", "所有取得的快照"),
        ],
        [[DIGESTS[name], counted[0][1][name], counted[1][1][name]] for name in order],
    )
    legend = [
        (look, DIGESTS[name]) for name, look in _DIGEST_LOOKS.items() if any(counts[name] for _, counts in counted)
    ]
    why: list[list[Cell]] = [
        [reason or "unexplained", count]
        for result, reason, count in found.digests
        if result == DigestResult.MISMATCH.value
    ]
    figures = [Figure(Bilingual("Digests", "摘要比對"), table, svg, legend)]
    if why:
        figures.append(
            Figure(
                Bilingual("Why digests do not match", "不符的原因"),
                Table([Bilingual("reason", "原因"), _CAPTURES], why),
            )
        )
    notes = [
        Bilingual(
            "The archive's index has a SHA-1 of every capture. Bytes that match it are those that were captured. Some"
            " three in a hundred do not, for reasons that are known; another capture is preferred then, and an article"
            " that has none keeps the fault by name.",
            "典藏庫的索引記有每個快照的 SHA-1 摘要。吻合即證明位元組與存檔時相同。約百分之三因已知原因不符；"
            "此時優先選用其他快照，別無選擇者則註明瑕疵。",
        )
    ]
    return Section("digests", Bilingual("Digests", "摘要比對"), notes, figures if svg else ())


def _results(results: Sequence[tuple[str, str, int]]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for result, _, count in results:
        counts[result if result in _DIGEST_LOOKS else ""] += count
    return counts


def _part(counts: Counter[str], name: str) -> float:
    return counts[name] / counts.total() if counts.total() else 0.0


def _matching(counts: Counter[str]) -> int:
    return counts[DigestResult.MATCH.value] + counts[DigestResult.MATCH_DECODED.value]


def images(found: ReportFigures) -> Section:
    """How many of the images are there."""
    figures = found.images
    total = sum(figures.counts.values())
    if not total:
        return Section(
            "images",
            Bilingual("Images", "圖片"),
            [Bilingual("No image of recovered articles is known.", "沒有已知的圖片。")],
        )
    states = list(_IMAGE_LOOKS)
    series = [Series(state.value, _IMAGE_LOOKS[state], [figures.counts[state]]) for state in states]
    said = ", ".join(f"{figures.counts[state]:,} {IMAGE_STATES[state].en}" for state in states)
    svg = rows("images", "Images by state", said, [""], series, [""], total * 0.9)
    table = Table(
        [Bilingual("state", "狀態"), Bilingual("images", "圖片數"), Bilingual("share", "比例")],
        [[IMAGE_STATES[state], figures.counts[state], share(figures.counts[state], total)] for state in states],
    )
    parts = [
        Figure(
            Bilingual("Images by state", "圖片狀態"),
            table,
            svg,
            [(look, IMAGE_STATES[state]) for state, look in _IMAGE_LOOKS.items() if figures.counts[state]],
        )
    ]
    if figures.reasons:
        heads = [
            Bilingual("state", "狀態"),
            Bilingual("reason", "原因"),
            Bilingual("in words", "說明"),
            Bilingual("images", "圖片數"),
        ]
        why: list[list[Cell]] = [
            [IMAGE_STATES[state], name, image_reason(name), count] for state, name, count in figures.reasons
        ]
        parts.append(Figure(Bilingual("Why images are missing", "圖片缺失原因"), Table(heads, why)))
    notes = [
        Bilingual(
            f"Recovered articles with images: {figures.articles:,}; their images: {total:,}. Articles of which every"
            f" image is there: {figures.whole:,}; of which none is: {figures.bare:,}. What is there takes"
            f" {figures.size / 1e6:,.1f} MB.",
            f"{figures.articles:,} 篇已復原文章附有圖片，共 {total:,} 張；{figures.whole:,} 篇圖片齊全，"
            f"{figures.bare:,} 篇一張也沒有。已取得的佔 {figures.size / 1e6:,.1f} MB。",
        )
    ]
    if not figures.counts[ImageState.HAVE] and not figures.counts[ImageState.MISSING]:
        notes.append(
            Bilingual("Images were not fetched; IMAGES=1 does that.", "尚未下載圖片；設定 IMAGES=1 便會下載。")
        )
    return Section("images", Bilingual("Images", "圖片"), notes, parts)


def years(found: ReportFigures) -> Section:
    """Captures by year and source."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    totals: Counter[str] = Counter()
    for year, source, count in found.years:
        counts[year][source] += count
        totals[source] += count
    sources = [source for source, _ in sorted(totals.items(), key=lambda pair: (-pair[1], pair[0]))]
    named, others = sources[: len(_SOURCE_LOOKS)], sources[len(_SOURCE_LOOKS) :]
    labels = sorted(counts)
    series = [
        Series(source, look, [counts[year][source] for year in labels])
        for source, look in zip(named, _SOURCE_LOOKS, strict=False)
    ]
    legend = [(look, Bilingual(source)) for source, look in zip(named, _SOURCE_LOOKS, strict=False)]
    if others:
        series.append(Series("others", LEVEL, [sum(counts[year][source] for source in others) for year in labels]))
        legend.append((LEVEL, Bilingual("others", "其他")))
    said = "; ".join(f"{year}: {counts[year].total():,}" for year in labels)
    svg = columns("years", "Captures by year", said, labels, series) if labels else ""
    table = Table(
        [Bilingual("year", "年份"), *(Bilingual(source) for source in sources)],
        [[year, *(counts[year][source] for source in sources)] for year in labels],
    )
    notes = [
        Bilingual(
            "All captures of articles that are known, by the year in which they were made, and the source that listed"
            " them.",
            "所有已知的文章快照，按存檔年份及列出它的來源計算。",
        )
    ]
    figure = Figure(Bilingual("Captures by year and source", "按年份及來源"), table, svg, legend)
    return Section(
        "captures", Bilingual("Captures by year and source", "快照：年份與來源"), notes, [figure] if labels else ()
    )


def faults(found: ReportFigures) -> Section:
    """Recovered articles with a fault that is named."""
    if not found.faulty:
        return Section(
            "faults", Bilingual("Named faults", "已知瑕疵"), [Bilingual("No recovered article has one.", "沒有。")]
        )
    table = Table(
        [Bilingual("id", "編號"), Bilingual("file", "檔案"), Bilingual("faults", "瑕疵")],
        [[str(row.id), row.file, "; ".join(row.faults)] for row in found.faulty],
    )
    notes = [
        Bilingual(
            "Recovered articles that are known to be imperfect, because nothing better is archived:"
            f" {len(found.faulty):,}.",
            f"{len(found.faulty):,} 篇已復原文章有已知瑕疵，因為典藏庫沒有更好的快照。",
        )
    ]
    return Section(
        "faults",
        Bilingual("Named faults", "已知瑕疵"),
        notes,
        [Figure(Bilingual("Articles with faults", "有瑕疵的文章"), table)],
    )


DRAWN = 40
"""The newest runs that are in the picture."""


def runs(found: ReportFigures) -> Section:
    """All runs, newest first."""
    good = [record for record in found.records if not record.fault]
    by_run = {record.run: record for record in good}
    verdicts = Table(
        [
            *(
                Bilingual("run", "次"),
                Bilingual("began (UTC)", "開始（UTC）"),
                Bilingual("took", "歷時"),
                Bilingual("command", "指令"),
            ),
            *(Bilingual("recovered", "復原"), Bilingual("status", "狀態碼"), Bilingual("verdict", "結論")),
        ],
        [_row(run, by_run.get(run.id)) for run in reversed(found.runs)],
    )
    figures = (
        [Figure(Bilingual("Runs and their verdicts", "各次執行及結論"), verdicts, open=len(found.runs) <= DRAWN)]
        if found.runs
        else []
    )
    manners = [(record, manner) for record in reversed(good) for manner in record.manners]
    if manners:
        figures.append(Figure(Bilingual("Politeness", "對典藏庫的負荷"), _politeness(manners), *_picture(good)))
    return Section("runs", Bilingual("Runs", "執行紀錄"), list(_notes(found, good)), figures)


def _notes(found: ReportFigures, good: list[RunRecord]) -> list[Bilingual]:
    known = {run.id for run in found.runs}
    bare = len(known - {record.run for record in good})
    notes = [
        Bilingual(
            f"Runs: {len(known):,}; without a record of their politeness: {bare:,} (an extraction and a dry run leave"
            " none, nor does a run that was killed or is of an older version).",
            f"共 {len(known):,} 次；其中 {bare:,} 次沒有負荷紀錄"
            "（離線抽取和試行不留紀錄，中途被終止的和舊版本的亦然）。",
        )
    ]
    for record in found.records:
        if record.fault:
            notes.append(
                Bilingual(
                    f"runs/{record.file}: {record.fault}; it is left out.", f"runs/{record.file}：無法讀取，未計入。"
                )
            )
        elif record.run not in known:
            notes.append(
                Bilingual(
                    f"runs/{record.file} is of no run that the ledger has.", f"runs/{record.file}：帳本中沒有這次執行。"
                )
            )
    return notes


def _row(run: RunRow, record: RunRecord | None) -> list[Cell]:
    status = run.status
    meaning = status_meaning(status)
    verdict = (record.verdict if record else "") or run.verdict or meaning or "not ended: it goes on, or was killed"
    breaches = f" [{'; '.join(record.breaches)}]" if record and record.breaches else ""
    command = f"{record.command if record and record.command else ''} {run.arguments}".strip()
    took = format_duration(record.seconds) if record and record.seconds is not None else ""
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


def _politeness(manners: list[tuple[RunRecord, ArchiveFigures]]) -> Table:
    heads = [
        *(
            Bilingual("run", "次"),
            Bilingual("archive", "典藏庫"),
            Bilingual("endpoint", "介面"),
            Bilingual("requests", "請求數"),
        ),
        *(
            Bilingual("busiest minute", "最忙一分鐘"),
            Bilingual("permitted a minute", "每分鐘容許"),
            Bilingual("budget used", "已用額度"),
        ),
        *(
            Bilingual("pauses", "暫停"),
            Bilingual("refusals", "被拒"),
            Bilingual("nothing sent (s)", "停發（秒）"),
            Bilingual("connections", "連線數"),
        ),
    ]
    rows: list[list[Cell]] = []
    for record, manner in manners:
        for number, endpoint in enumerate(manner.requests):
            used = manner.used[endpoint]
            rows.append(
                [
                    *(str(record.run), _host(manner.archive), endpoint, _number(manner.requests[endpoint])),
                    *(
                        _number(manner.busiest[endpoint]),
                        _number(manner.rate[endpoint]),
                        "" if used is None else f"{used:.0%}",
                    ),
                    *(
                        ("", "", "", "")
                        if number
                        else map(_number, (manner.pauses, manner.refusals, manner.held, manner.connections))
                    ),
                ]
            )
    return Table(heads, rows)


def _picture(good: list[RunRecord]) -> tuple[str, list[tuple[SeriesStyle, Bilingual]]]:
    newest = [record for record in good if record.manners][-DRAWN:]
    busiest = [max((manner.busiest["playback"] or 0 for manner in record.manners), default=0) for record in newest]
    permitted = [max((manner.rate["playback"] or 0 for manner in record.manners), default=0) for record in newest]
    said = (
        f"The busiest minute of {len(newest)} runs, at most {max(busiest, default=0):,.0f} requests; the lines are what"
        " was permitted."
    )
    labels = [str(record.run) for record in newest]
    title = "Requests for captures in the busiest minute of each run"
    words = Bilingual(
        "captures asked for in the busiest minute; the line is what was permitted",
        "最忙一分鐘的快照請求數；橫線為容許值",
    )
    return columns("polite", title, said, labels, [Series("busiest", SOLID, busiest)], permitted), [(SOLID, words)]


def _host(address: str) -> str:
    try:
        return urlsplit(address).netloc or address
    except ValueError:
        return address


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f}".removesuffix(".0")
