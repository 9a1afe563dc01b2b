"""What the page is built of, and its words in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from crawler.hkcnews.verdict import Verdict
from crawler.ledger import State
from crawler.ledger.images import ImageState
from crawler.publish.words import Bilingual, joined, say
from crawler.recovery.image_content import ImageFault
from crawler.wayback.digest import DigestResult
from crawler.wayback.playback import ANSWERS

STATES: Mapping[State, Bilingual] = {
    State.RECOVERED: say("recovered"),
    State.ADOPTED: say("adopted"),
    State.WAITING: say("waiting"),
    State.LISTED: say("not tried yet"),
    State.UNRECOVERABLE: say("unrecoverable"),
}
IMAGE_STATES: Mapping[ImageState, Bilingual] = {
    ImageState.HAVE: say("fetched"),
    ImageState.WAITING: say("waiting"),
    ImageState.WANTED: say("not tried yet"),
    ImageState.MISSING: say("missing"),
}
STATES_MEAN: Mapping[State, Bilingual] = {
    State.UNRECOVERABLE: say("Unrecoverable: every capture that the archive has was seen, and none is the article"),
    State.WAITING: say("Waiting: the archive had troubles of its own; the next run tries again"),
    State.LISTED: say("Not tried yet: the next run will"),
}
"""The states of missing articles in plain words, in the order in which they are told."""
SOURCES: Mapping[str, Bilingual] = {"wayback": say("the web archive")}
"""Sources in words; others are named by those who gave them."""
FIELDS: Mapping[str, Bilingual] = {
    "title": say("title"),
    "date": say("date"),
    "last_updated": say("last updated"),
    "author": say("byline"),
    "category": say("section"),
    "tags": say("tags"),
    "url": say("address in the archive"),
    "original_url": say("original address"),
}
"""The keys of the front matter that every format has."""
DIGESTS: Mapping[str, Bilingual] = {
    DigestResult.MATCH.value: say("match"),
    DigestResult.MATCH_DECODED.value: say("match after decoding"),
    DigestResult.MISMATCH.value: say("mismatch"),
    DigestResult.UNKNOWN.value: say("not compared: the index has no digest"),
    "": say("not compared"),
}
_VERDICTS: Mapping[Verdict, str] = {
    Verdict.ARTICLE: "文章",
    Verdict.FAREWELL: "停運後取代所有網址的告別頁",
    Verdict.BLANK: "沒有標題和內文的空白範本",
    Verdict.NOT_FOUND: "網站自己的「找不到網頁」",
    Verdict.CUT_OFF: "文章未完便中斷",
    Verdict.NOT_HTML: "不是 HTML 網頁",
    Verdict.OTHER_ARTICLE: "自稱為另一篇文章的網頁",
    Verdict.ARCHIVED_ERROR: "存檔的是網站的錯誤訊息",
    Verdict.UNDECODABLE: "無法解壓的位元組",
    Verdict.UNKNOWN_LAYOUT: "版面未能辨認",
    Verdict.UNFAITHFUL: "復原後內容有增減",
    Verdict.EXTRACTION_FAILED: "耗時過長、耗用過多記憶體或令解析中斷的網頁",
}
_IMAGE_FAULTS: Mapping[ImageFault, str] = {
    ImageFault.NOT_ARCHIVED: "典藏庫沒有收錄",
    ImageFault.EXCLUDED: "典藏庫不公開該網站",
    ImageFault.NOT_FOUND: "存檔時網站已沒有該圖",
    ImageFault.ARCHIVED_ERROR: "存檔的是網站的錯誤訊息",
    ImageFault.REDIRECTS: "重新導向沒有盡頭",
    ImageFault.TOO_LARGE: "超出大小上限",
    ImageFault.BLANK: "空白內容",
    ImageFault.HTML: "該處是 HTML 網頁",
    ImageFault.NOT_IMAGE: "不是已知的圖片格式",
    ImageFault.CUT: "圖片未完便中斷",
    ImageFault.ONE_PIXEL: "只有一個像素",
    ImageFault.SCRIPT: "含有程式的 SVG",
}
_REASONS: Mapping[str, Bilingual] = {
    "no capture": say("no capture is known"),
    **{verdict.value: Bilingual(verdict.meaning, chinese) for verdict, chinese in _VERDICTS.items()},
    **{answer.value: Bilingual(rule.english, rule.chinese) for answer, rule in ANSWERS.items()},
}
_IMAGE_REASONS: Mapping[str, Bilingual] = {
    str(fault): Bilingual(fault.meaning, chinese) for fault, chinese in _IMAGE_FAULTS.items()
}


def reason(name: str) -> Bilingual:
    """Why an article is not there, in words; several reasons are separated by commas. Unknown ones stay as they are."""
    return _joined(name, {**_REASONS, "": STATES[State.LISTED]})


def image_reason(name: str) -> Bilingual:
    """Why an image is not there."""
    return _joined(name, {**_REASONS, **_IMAGE_REASONS, "": IMAGE_STATES[ImageState.WANTED]})


def _joined(name: str, known: Mapping[str, Bilingual]) -> Bilingual:
    return joined(known.get(part, Bilingual(part)) for part in name.split(", "))


Cell = str | float | Bilingual | None
"""What stands in a table: numbers are set to the right, None is not known."""
SOLID, STEEP, FALLING, CROSSED, DOTTED, LEVEL = "solid", "steep", "falling", "crossed", "dotted", "level"
"""Looks of bars, classes of the page's style: a colour and a pattern each."""
STATE_LOOKS = {
    State.RECOVERED: SOLID,
    State.ADOPTED: DOTTED,
    State.WAITING: STEEP,
    State.LISTED: FALLING,
    State.UNRECOVERABLE: CROSSED,
}
IMAGE_LOOKS = {
    ImageState.HAVE: SOLID,
    ImageState.WAITING: STEEP,
    ImageState.WANTED: FALLING,
    ImageState.MISSING: CROSSED,
}


@dataclass(frozen=True, slots=True)
class Table:
    """A table; every row has as many cells as there are heads."""

    heads: Sequence[Bilingual]
    rows: Sequence[Sequence[Cell]]

    def numbers(self, column: int) -> list[float]:
        """What a column has, 0 for what is no number."""
        return [cell if isinstance(cell, int | float) else 0 for cell in (row[column] for row in self.rows)]


def heads(*texts: str) -> list[Bilingual]:
    """The heads of a table."""
    return [say(text) for text in texts]


@dataclass(frozen=True, slots=True)
class Bars:
    """Lying bars under each other, for the first rows of a table: the columns of their labels, of their lengths and of
    what stands at their ends. `looks` by row, with their `legend` where the labels do not tell; `full`: the number of a
    bar over the whole width, 0 for the longest."""

    label: int
    value: int
    end: int
    looks: Sequence[str] = ()
    legend: Sequence[tuple[str, Bilingual]] = ()
    full: float = 0


@dataclass(frozen=True, slots=True)
class Columns:
    """Upright bars beside each other, one for each row of a table: the columns that are put on top of each other, with
    their looks. `limit`: the column of a line over each bar, where what the bar shows is limited."""

    looks: Mapping[int, str]
    limit: int | None = None

    def scale(self, table: Table) -> range:
        """Round numbers from 0 to at least the end of the longest bar."""
        stacks = [sum(stack) for stack in zip(*(table.numbers(column) for column in self.looks), strict=True)]
        limits = [] if self.limit is None else table.numbers(self.limit)
        most = max([*stacks, *limits, 1])
        step = next(
            step for power in range(16) for step in (10**power, 2 * 10**power, 5 * 10**power) if 5 * step >= most
        )
        return range(0, ceil(most / step) * step + 1, step)


@dataclass(frozen=True, slots=True)
class Figure:
    """A table, and the picture of it where there is one. `open`: the table is shown."""

    caption: Bilingual
    table: Table
    chart: Bars | Columns | None = None
    open: bool = False

    @property
    def drawn(self) -> list[Sequence[Cell]]:
        """The rows that have a bar."""
        if self.chart is None:
            return []
        columns = (self.chart.value,) if isinstance(self.chart, Bars) else tuple(self.chart.looks)
        return [row for row in self.table.rows if any(row[column] for column in columns)]

    @property
    def sentence(self) -> Bilingual:
        """What a picture of its one bar would show."""
        (row,), heads = self.drawn, self.table.heads
        if isinstance(self.chart, Bars):
            label, told = _written(row[self.chart.label]), _written(row[self.chart.value]).en
            told += f" ({_written(row[self.chart.end]).en})" if self.chart.end != self.chart.value else ""
            return Bilingual(f"{label.en}: {told}.", f"{label.zh}：{told}。")
        assert self.chart is not None
        columns = [column for column in self.chart.looks if row[column]]
        columns += [] if self.chart.limit is None else [self.chart.limit]
        about, label = _written(heads[0]), _written(row[0])
        cells = [(_written(heads[column]), _written(row[column])) for column in columns]
        english = ", ".join(f"{head.en} {cell.en}" for head, cell in cells)
        chinese = "，".join(f"{head.zh} {cell.zh}" for head, cell in cells)
        return Bilingual(f"{about.en} {label.en}: {english}.", f"{about.zh} {label.zh}：{chinese}。")


def _written(cell: Cell) -> Bilingual:
    """A cell in both languages, whatever it is."""
    if isinstance(cell, Bilingual):
        return Bilingual(cell.en, cell.zh or cell.en)
    text = number(cell) if isinstance(cell, int | float) else cell or ""
    return Bilingual(text, text)


def share(part: float, whole: float) -> str:
    """A part of a whole as a percentage; 100% and 0% are said of all and nothing only."""
    if not whole:
        return "–"
    percent = 100 * part / whole
    if 0 < part < whole:
        percent = min(max(percent, 0.1), 99.9)
    return f"{percent:.1f}%".replace(".0%", "%")


def number(value: float) -> str:
    """`1,234`, `7.5`."""
    return f"{value:,.1f}".removesuffix(".0")
