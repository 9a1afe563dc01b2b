"""The sections on articles: when, which ids, why not, which fields, and all that are missing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlsplit

from crawler.hkcnews.urls import HOST
from crawler.ledger import State
from crawler.ledger.queries import MissingArticle, TriedCapture
from crawler.publish.report.charts import CROSSED, DOTTED, FALLING, SOLID, STEEP, Series, columns, rows
from crawler.publish.report.figures import RANGE, ReportFigures
from crawler.publish.report.parts import STATES, Bilingual, Cell, Figure, Link, Section, Table, outcome, reason, share
from crawler.recovery.listing import PUBLISHED
from crawler.wayback.playback import escape, playback_url

LOOKS = {
    State.RECOVERED: SOLID,
    State.ADOPTED: DOTTED,
    State.WAITING: STEEP,
    State.LISTED: FALLING,
    State.UNRECOVERABLE: CROSSED,
}
_MOST_REASONS = 15
_MOST_KEYS = 20
"""What is drawn; the tables have all."""
_ARTICLES = Bilingual("articles", "文章數")


def glance(found: ReportFigures) -> Section:
    """Where everything stands."""
    series = [Series(state.value, LOOKS[state], [found.counts[state]]) for state in LOOKS if found.counts[state]]
    said = (
        ", ".join(f"{found.counts[state]:,} {STATES[state].en}" for state in LOOKS if found.counts[state])
        or "nothing is listed"
    )
    svg = rows("glance", "Articles by state", said, [""], series, [""], most=found.listed * 0.9 or 1) if series else ""
    table = Table(
        [Bilingual("state", "狀態"), _ARTICLES, Bilingual("of those listed", "佔已列出")],
        [[STATES[state], found.counts[state], share(found.counts[state], found.listed)] for state in LOOKS],
    )
    notes = [
        Bilingual(
            f"{found.listed:,} articles are listed in {found.archive or 'the archive'}. By the count of the public"
            f" backup the site had published {PUBLISHED:,}; {share(found.counts[State.RECOVERED], PUBLISHED)} of these"
            " are recovered here.",
            f"典藏庫列出 {found.listed:,} 篇文章。按公開備份的統計，網站曾發表 {PUBLISHED:,} 篇；"
            f"本目錄已復原其中 {share(found.counts[State.RECOVERED], PUBLISHED)}。",
        ),
        Bilingual(
            f"Captures of articles that are known: {found.captures:,}; of these in the store: {found.stored:,}. "
            f"Recovered articles with a fault that is named below: {len(found.faulty):,}.",
            f"已知快照 {found.captures:,} 個，其中 {found.stored:,} 個已存入本地。{len(found.faulty):,}"
            " 篇已復原文章有下文列明的瑕疵。",
        ),
    ]
    legend = [(LOOKS[state], STATES[state]) for state in LOOKS if found.counts[state]]
    return Section(
        "glance",
        Bilingual("At a glance", "概覽"),
        notes,
        [Figure(Bilingual("Articles by state", "文章狀態"), table, svg, legend)],
    )


def when(found: ReportFigures) -> Section:
    """Recovered against listed by month of publication."""
    months = found.months
    missing = sum(month.missing for month in months.months) + months.unplaced
    notes = [
        Bilingual(
            f"A missing article shows no date. Missing: {missing:,}, of these with their month unknown:"
            f" {months.unplaced:,}. Recovered without a date that can be read: {months.undated:,}. Neither are in the"
            " picture.",
            f"缺失的文章沒有日期可讀。缺失共 {missing:,} 篇，其中 {months.unplaced:,} 篇月份不明；"
            f"另有 {months.undated:,} 篇已復原文章沒有可讀的日期。兩者均不在圖中。",
        )
    ]
    if missing and months.trusted:
        notes.append(
            Bilingual(
                "Missing articles between two recovered ids of the same month are counted to that month. Tried on this"
                f" archive: of {months.tested:,} recovered articles between two of one month, {months.right:,}"
                f" ({share(months.right, months.tested)}) are of that month.",
                "前後兩個已復原編號同屬一個月的缺失文章，計入該月。以本目錄驗證：前後同月的已復原文章有"
                f" {months.tested:,} 篇，"
                f"其中 {months.right:,} 篇（{share(months.right, months.tested)}）確屬該月。",
            )
        )
    elif missing:
        notes.append(
            Bilingual(
                "The months of missing articles are not estimated from their neighbours, because that rule could not"
                f" be proved on this archive: of {months.tested:,} recovered articles between two of one month,"
                f" {months.right:,} are of it: too few to tell.",
                f"沒有按前後編號推算缺失文章的月份，因為本目錄不足以驗證：前後同月的已復原文章 {months.tested:,} 篇，"
                f"其中 {months.right:,} 篇確屬該月。",
            )
        )
    names = [month.name for month in months.months]
    series = [Series("recovered", SOLID, [month.recovered for month in months.months])]
    estimated = Bilingual("missing (month by the neighbours)", "缺失（按前後編號推算月份）")
    legend = [(SOLID, STATES[State.RECOVERED])]
    if any(month.missing for month in months.months):
        series.append(Series("missing", CROSSED, [month.missing for month in months.months]))
        legend.append((CROSSED, estimated))
    table = Table(
        [Bilingual("month", "月份"), STATES[State.RECOVERED], estimated],
        [[month.name, month.recovered, month.missing] for month in months.months],
    )
    most = max(months.months, key=lambda month: month.recovered, default=None)
    said = f"From {names[0]} to {names[-1]}; most recovered in {most.name}: {most.recovered:,}." if most else ""
    svg = columns("months", "Recovered articles by month of publication", said, names, series) if names else ""
    figure = Figure(Bilingual("Articles by month of publication", "按發表月份"), table, svg, legend)
    return Section("months", Bilingual("By month of publication", "按發表月份"), notes, [figure])


def ranges(found: ReportFigures) -> Section:
    """Recovered against listed by ranges of a thousand ids."""
    series = [
        Series(state.value, LOOKS[state], [span.counts[state] for span in found.ranges])
        for state in LOOKS
        if found.counts[state]
    ]
    table = Table(
        [Bilingual("ids", "編號"), *(STATES[state] for state in LOOKS), Bilingual("not listed", "未列出")],
        [
            [f"{span.first}–{span.last}", *(span.counts[state] for state in LOOKS), span.unknown]
            for span in found.ranges
        ],
    )
    said = f"{len(found.ranges)} ranges of a thousand ids; the table below has every number."
    labels = [f"{span.first:,}" for span in found.ranges]
    svg = columns("ranges", "Articles by range of ids", said, labels, series) if series else ""
    notes = [
        Bilingual(
            "Each bar is a thousand ids, named by the first. Ids that are not listed were not all articles: the site"
            " left gaps.",
            "每條代表一千個編號，以首個編號標示。未列出的編號不一定是文章：網站的編號本有空缺。",
        )
    ]
    legend = [(LOOKS[state], STATES[state]) for state in LOOKS if found.counts[state]]
    figure = Figure(Bilingual("Articles by range of ids", "按編號範圍"), table, svg, legend)
    return Section("ranges", Bilingual("By range of ids", "按編號範圍"), notes, [figure])


def reasons(found: ReportFigures) -> Section:
    """Why articles are missing."""
    table = Table(
        [Bilingual("state", "狀態"), Bilingual("reason", "原因"), Bilingual("in words", "說明"), _ARTICLES],
        [[STATES[state], why, reason(why), count] for state, why, count in found.reasons],
    )
    drawn = sorted(found.reasons, key=lambda row: -row[2])[:_MOST_REASONS]
    series = [
        Series(state.value, LOOKS[state], [count if which is state else 0 for which, _, count in drawn])
        for state in (State.UNRECOVERABLE, State.WAITING)
    ]
    said = "; ".join(f"{why}: {count:,}" for _, why, count in drawn)
    labels = [why for _, why, _ in drawn]
    svg = (
        rows("reasons", "Reasons of missing articles", said, labels, series, [f"{count:,}" for *_, count in drawn])
        if drawn
        else ""
    )
    notes = [
        Bilingual(
            "A reason names what the captures of an article turned out to be, the most frequent first. An article that"
            " is waiting is not given up: the archive had troubles of its own, and the next run tries again.",
            "原因列出文章各快照的實際內容，最常見者在前。待重試的文章並未放棄：典藏庫當時出現問題，下次執行會再試。",
        )
    ]
    if not drawn:
        notes = [Bilingual("No article was given up or is waiting.", "沒有放棄或待重試的文章。")]
    legend = [(LOOKS[state], STATES[state]) for state in (State.UNRECOVERABLE, State.WAITING) if found.counts[state]]
    figures = [Figure(Bilingual("Reasons", "原因"), table, svg, legend)]
    return Section("reasons", Bilingual("Why articles are missing", "缺失原因"), notes, figures if drawn else ())


def fields(found: ReportFigures) -> Section:
    """Which fields the recovered articles have, and where on their pages these were."""
    heads = found.heads
    keys = heads.in_order() if heads.read else []
    table = Table(
        [Bilingual("key", "欄位"), Bilingual("files with it", "有此欄的檔案"), Bilingual("share", "比例")],
        [[key, count, share(count, heads.read)] for key, count in keys],
    )
    drawn = keys[:_MOST_KEYS]
    series = [Series("present", SOLID, [100 * count / heads.read for _, count in drawn])]
    shown = [share(count, heads.read) for _, count in drawn]
    said = "; ".join(f"{key} {text}" for (key, _), text in zip(drawn, shown, strict=True))
    svg = rows(
        "fields",
        "Share of files with each key of the front matter",
        said,
        [key for key, _ in drawn],
        series,
        shown,
        100,
    )
    figures = [Figure(Bilingual("Keys of the front matter", "文件開首的欄位"), table, svg)] if keys else []
    found_in: Counter[str] = Counter()
    for field, _, count in found.field_sources:
        found_in[field] += count
    origin: list[list[Cell]] = [
        [field, where, count, share(count, found_in[field])] for field, where, count in found.field_sources
    ]
    if origin:
        heading = [
            Bilingual("field", "欄位"),
            Bilingual("found in", "來自"),
            _ARTICLES,
            Bilingual("of the articles with it", "佔有此欄者"),
        ]
        figures.append(
            Figure(Bilingual("Where on the page the values were found", "資料取自網頁何處"), Table(heading, origin))
        )
    notes = [
        Bilingual(
            f"Read from {heads.read:,} files. Some fields are rightly rare: the site printed “last updated” on about"
            " 28% of its pages.",
            f"讀自 {heads.read:,} 個檔案。有些欄位本來就少：網站約 28% 的網頁印有「最後更新」。",
        )
    ]
    if heads.unread:
        few = ", ".join(map(str, heads.unread[:8])) + (", …" if len(heads.unread) > 8 else "")
        notes.append(
            Bilingual(
                f"{len(heads.unread):,} files could not be read: {few}. `scrapy verify` says why.",
                f"{len(heads.unread):,} 個檔案無法讀取：{few}。請以 `scrapy verify` 查明。",
            )
        )
    return Section("fields", Bilingual("Field coverage", "欄位完整程度"), notes, figures)


_TIMESTAMP = re.compile(r"\d{4,14}", re.ASCII)


def is_web(address: str) -> bool:
    """Whether this is an address that a browser opens from the web, and nothing else."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and bool(parts.netloc)
        and address.isascii()
        and address.isprintable()
        and " " not in address
    )


def replay(base: str, timestamp: str, original: str) -> str:
    """Where an archive shows a capture; empty when that cannot be said, because `base` is no address of the web's."""
    if not is_web(base) or not _TIMESTAMP.fullmatch(timestamp):
        return ""
    address = playback_url(base, timestamp, original, "")
    return address if is_web(address) else ""


def calendar(public_url: str | None, article: int) -> str:
    """Where the Wayback Machine, or an archive like it, lists all captures of an article under any address; empty
    without one."""
    address = f"{(public_url or '').rstrip('/')}/web/*/{escape(f'https://www.{HOST}/article/{article}')}*"
    return address if is_web(address) else ""


_MOST = 160
"""Characters of what a verdict rests on; a page's title can be in it, of any length."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A capture that was tried: where it can be looked at, what came of it, on what that rests, and its source."""

    link: Link
    outcome: str
    because: str
    source: str


@dataclass(frozen=True, slots=True)
class AbsentArticle:
    """A missing article. The link leads to the archive's list of its captures."""

    link: Link
    state: Bilingual
    reason: Bilingual
    attempts: Sequence[Attempt]
    more: int


@dataclass(frozen=True, slots=True)
class Thousand:
    """Missing articles with ids from `first` to `last`: those that were given up or wait, and those not done yet."""

    first: int
    last: int
    absent: Sequence[AbsentArticle]
    to_do: Sequence[Link]


def thousands(found: ReportFigures) -> list[Thousand]:
    """Lowest ids first; ranges without a missing article are left out."""
    tried = {number: list(rows) for number, rows in groupby(found.missing, key=lambda row: (row.id - 1) // RANGE)}
    to_do = {number: list(ids) for number, ids in groupby(found.to_do, key=lambda article: (article - 1) // RANGE)}
    return [
        Thousand(
            number * RANGE + 1,
            (number + 1) * RANGE,
            [_absent(row, found.archive) for row in tried.get(number, ())],
            [Link(str(article), calendar(found.archive, article)) for article in to_do.get(number, ())],
        )
        for number in sorted(tried.keys() | to_do.keys())
    ]


def _absent(row: MissingArticle, archive: str | None) -> AbsentArticle:
    link = Link(str(row.id), calendar(archive, row.id))
    return AbsentArticle(
        link, STATES[row.state], reason(row.reason), [_attempt(capture) for capture in row.captures], row.more
    )


def _attempt(capture: TriedCapture) -> Attempt:
    because = capture.because if len(capture.because) <= _MOST else f"{capture.because[:_MOST]}…"
    when = capture.timestamp
    shown = f"{when[:4]}-{when[4:6]}-{when[6:8]} {when[8:10]}:{when[10:12]}:{when[12:]}" if len(when) == 14 else when
    link = Link(shown, replay(capture.replay, when, capture.original))
    return Attempt(link, outcome(capture.verdict, capture.answer), because, capture.source)
