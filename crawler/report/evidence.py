"""The sections on what the articles rest on: digests, images, captures, faults."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from crawler.archive.digest import DigestResult
from crawler.ledger.images import ImageState
from crawler.report.charts import CROSSED, DOTTED, FALLING, LEVEL, SOLID, STEEP, Look, Series, columns, rows
from crawler.report.gathering import Gathered
from crawler.report.parts import Cell, Figure, Section, Table, share
from crawler.report.words import DIGESTS, IMAGE_STATES, Words, image_reason

_DIGEST_LOOKS: dict[str, Look] = {
    DigestResult.MATCH.value: SOLID,
    DigestResult.MATCH_DECODED.value: DOTTED,
    DigestResult.MISMATCH.value: CROSSED,
    DigestResult.UNKNOWN.value: FALLING,
    "": LEVEL,
}
_IMAGE_LOOKS = {ImageState.HAVE: SOLID, ImageState.WAITING: STEEP, ImageState.WANTED: FALLING, ImageState.MISSING: CROSSED}
_SOURCE_LOOKS = (SOLID, STEEP, DOTTED, FALLING, CROSSED)
_CAPTURES = Words("captures", "快照數")


def digests(found: Gathered) -> Section:
    """Whether what came is what the archive's index says it has."""
    both = (("files", found.digests_recovered), ("all captures", found.digests))
    counted = [(label, _results(results)) for label, results in both]
    order = list(_DIGEST_LOOKS)
    series = [Series(DIGESTS[name].en, _DIGEST_LOOKS[name], [100 * _part(counts, name) for _, counts in counted]) for name in order]
    said = "; ".join(f"{label}: {share(_matching(counts), counts.total())} match" for label, counts in counted)
    shown = [f"{counts.total():,}" for _, counts in counted]
    svg = rows("digests", "Digests compared", said, [label for label, _ in counted], series, shown, 100) if counted[1][1].total() else ""
    table = Table(
        [Words("result", "結果"), Words("recovered articles", "已復原文章"), Words("all captures that came", "所有取得的快照")],
        [[DIGESTS[name], counted[0][1][name], counted[1][1][name]] for name in order],
    )
    legend = [(look, DIGESTS[name]) for name, look in _DIGEST_LOOKS.items() if any(counts[name] for _, counts in counted)]
    why: list[list[Cell]] = [
        [reason or "unexplained", count] for result, reason, count in found.digests if result == DigestResult.MISMATCH.value
    ]
    figures = [Figure(Words("Digests", "摘要比對"), table, svg, legend)]
    if why:
        figures.append(Figure(Words("Why digests do not match", "不符的原因"), Table([Words("reason", "原因"), _CAPTURES], why)))
    notes = [
        Words(
            "The archive's index has a SHA-1 of every capture. Bytes that match it are those that were captured. Some three in a hundred "
            "do not, for reasons that are known; another capture is preferred then, and an article that has none keeps the fault by name.",
            "典藏庫的索引記有每個快照的 SHA-1 摘要。吻合即證明位元組與存檔時相同。約百分之三因已知原因不符；"
            "此時優先選用其他快照，別無選擇者則註明瑕疵。",
        )
    ]
    return Section("digests", Words("Digests", "摘要比對"), notes, figures if svg else ())


def _results(results: Sequence[tuple[str, str, int]]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for result, _, count in results:
        counts[result if result in _DIGEST_LOOKS else ""] += count
    return counts


def _part(counts: Counter[str], name: str) -> float:
    return counts[name] / counts.total() if counts.total() else 0.0


def _matching(counts: Counter[str]) -> int:
    return counts[DigestResult.MATCH.value] + counts[DigestResult.MATCH_DECODED.value]


def images(found: Gathered) -> Section:
    """How many of the images are there."""
    figures = found.images
    total = sum(figures.counts.values())
    if not total:
        return Section("images", Words("Images", "圖片"), [Words("No image of recovered articles is known.", "沒有已知的圖片。")])
    states = list(_IMAGE_LOOKS)
    series = [Series(state.value, _IMAGE_LOOKS[state], [figures.counts[state]]) for state in states]
    said = ", ".join(f"{figures.counts[state]:,} {IMAGE_STATES[state].en}" for state in states)
    svg = rows("images", "Images by state", said, [""], series, [""], total * 0.9)
    table = Table(
        [Words("state", "狀態"), Words("images", "圖片數"), Words("share", "比例")],
        [[IMAGE_STATES[state], figures.counts[state], share(figures.counts[state], total)] for state in states],
    )
    parts = [
        Figure(
            Words("Images by state", "圖片狀態"),
            table,
            svg,
            [(look, IMAGE_STATES[state]) for state, look in _IMAGE_LOOKS.items() if figures.counts[state]],
        )
    ]
    if figures.reasons:
        heads = [Words("state", "狀態"), Words("reason", "原因"), Words("in words", "說明"), Words("images", "圖片數")]
        why: list[list[Cell]] = [[IMAGE_STATES[state], name, image_reason(name), count] for state, name, count in figures.reasons]
        parts.append(Figure(Words("Why images are missing", "圖片缺失原因"), Table(heads, why)))
    notes = [
        Words(
            f"Recovered articles with images: {figures.articles:,}; their images: {total:,}. Articles of which every image is there: "
            f"{figures.whole:,}; of which none is: {figures.bare:,}. What is there takes {figures.size / 1e6:,.1f} MB.",
            f"{figures.articles:,} 篇已復原文章附有圖片，共 {total:,} 張；{figures.whole:,} 篇圖片齊全，"
            f"{figures.bare:,} 篇一張也沒有。已取得的佔 {figures.size / 1e6:,.1f} MB。",
        )
    ]
    if not figures.counts[ImageState.HAVE] and not figures.counts[ImageState.MISSING]:
        notes.append(Words("Images were not fetched; IMAGES=1 does that.", "尚未下載圖片；設定 IMAGES=1 便會下載。"))
    return Section("images", Words("Images", "圖片"), notes, parts)


def years(found: Gathered) -> Section:
    """Captures by year and source."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    totals: Counter[str] = Counter()
    for year, source, count in found.years:
        counts[year][source] += count
        totals[source] += count
    sources = [source for source, _ in sorted(totals.items(), key=lambda pair: (-pair[1], pair[0]))]
    named, others = sources[: len(_SOURCE_LOOKS)], sources[len(_SOURCE_LOOKS) :]
    labels = sorted(counts)
    series = [Series(source, look, [counts[year][source] for year in labels]) for source, look in zip(named, _SOURCE_LOOKS, strict=False)]
    legend = [(look, Words(source)) for source, look in zip(named, _SOURCE_LOOKS, strict=False)]
    if others:
        series.append(Series("others", LEVEL, [sum(counts[year][source] for source in others) for year in labels]))
        legend.append((LEVEL, Words("others", "其他")))
    said = "; ".join(f"{year}: {counts[year].total():,}" for year in labels)
    svg = columns("years", "Captures by year", said, labels, series) if labels else ""
    table = Table(
        [Words("year", "年份"), *(Words(source) for source in sources)],
        [[year, *(counts[year][source] for source in sources)] for year in labels],
    )
    notes = [
        Words(
            "All captures of articles that are known, by the year in which they were made, and the source that listed them.",
            "所有已知的文章快照，按存檔年份及列出它的來源計算。",
        )
    ]
    figure = Figure(Words("Captures by year and source", "按年份及來源"), table, svg, legend)
    return Section("captures", Words("Captures by year and source", "快照：年份與來源"), notes, [figure] if labels else ())


def faults(found: Gathered) -> Section:
    """Recovered articles with a fault that is named."""
    if not found.faulty:
        return Section("faults", Words("Named faults", "已知瑕疵"), [Words("No recovered article has one.", "沒有。")])
    table = Table(
        [Words("id", "編號"), Words("file", "檔案"), Words("faults", "瑕疵")],
        [[str(row.id), row.file, "; ".join(row.faults)] for row in found.faulty],
    )
    notes = [
        Words(
            f"Recovered articles that are known to be imperfect, because nothing better is archived: {len(found.faulty):,}.",
            f"{len(found.faulty):,} 篇已復原文章有已知瑕疵，因為典藏庫沒有更好的快照。",
        )
    ]
    return Section("faults", Words("Named faults", "已知瑕疵"), notes, [Figure(Words("Articles with faults", "有瑕疵的文章"), table)])
