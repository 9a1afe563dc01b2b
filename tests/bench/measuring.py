"""Every measurement as rows of the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from crawler.recovery.extraction_job import CHUNK
from crawler.utils.workers import batched
from tests.bench import clustering, comparing, crawling, extracting, hugo, reading
from tests.bench.library import write_library
from tests.bench.pages import Page
from tests.bench.processes import Cost, scrapy
from tests.bench.rounds import interleaved
from tests.bench.steps import ARTICLE, BARE, FILE, PARSE, generated, quiet, sampled, steps
from tests.bench.table import Figure

WHOLE = 49_000
"""Articles of the whole site, to the next thousand."""
_WORDS = 100
REQUESTS = 480 / 60
"""Requests a second that the archive allows at most."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured: pages and rounds of each kind. `many` pages are extracted for throughput and memory, and
    as many articles searched; `few` to compare."""

    many: int = 5000
    few: int = 1000
    scaling: int = 10_000
    pages: int = 150
    rounds: int = 15
    compared: int = 10
    long_rounds: int = 3
    settled: int = WHOLE
    fetched: int = 500


def of_pages(sizes: Sizes, sample: Path, folder: Path) -> Iterator[Figure]:
    """Parsing, extraction and writing, page by page in this process, and the others beside them. A few pages at a time
    in turns, and of these the fastest round of each step: where a core is shared, the same code takes up to twice as
    long from one second to the next, and a parse in a good one is not to be held against a file in a bad one."""
    corpora = {"sample": sampled(sample, sizes.pages), "generated": generated(sizes.pages)}
    for name, pages in corpora.items():
        if not pages:
            continue
        pieces = list(batched(pages, CHUNK))
        todo = {
            f"{step} {number}": work
            for number, piece in enumerate(pieces)
            for step, work in steps(piece, folder / name / str(number)).items()
        }
        quiet()
        measured = interleaved(todo, sizes.rounds)
        least = {
            step: sum(measured.fastest(f"{step} {number}") for number in range(len(pieces))) for step, _, _ in _STEPS
        }
        for step, what, goal in _STEPS:
            milliseconds, ratio = least[step] / len(pages) * 1000, least[step] / least[PARSE]
            figure = f"{ratio:.1f} ({milliseconds:.2f} ms)"
            yield Figure(
                f"{what}, {len(pages)} {name} pages", goal, figure, {"ratio": ratio, "milliseconds": milliseconds}
            )
    pages = corpora["sample"] or corpora["generated"]
    yield from _others(pages[:: max(1, len(pages) // sizes.compared)], sizes, folder / "others")


_STEPS = (
    (PARSE, "CPU: lxml parses the page, the limit", ""),
    (ARTICLE, "CPU: page to article", ""),
    (FILE, "CPU: WARC record to Markdown file", "below 4.5"),
    (BARE, "CPU: of that, this disk's share (a file by the plainest means)", ""),
)


def _others(pages: Sequence[Page], sizes: Sizes, folder: Path) -> Iterator[Figure]:
    with comparing.others(pages, folder) as theirs:
        if not theirs:
            yield Figure("CPU: trafilatura, newspaper4k, news-please", "", "not installed (`make bench-others`)")
            return
        measured = interleaved(theirs, sizes.long_rounds)
        for name in theirs:
            if name != comparing.PARSE:
                ratio, milliseconds = measured.cpu_ratio(name, comparing.PARSE), measured.cpu(name) / len(pages) * 1000
                figure = f"{ratio:.0f} ({milliseconds:.0f} ms)"
                yield Figure(
                    f"CPU: {name}, {len(pages)} of these pages",
                    "",
                    figure,
                    {"ratio": ratio, "milliseconds": milliseconds},
                )


def of_extraction(sizes: Sizes, folder: Path) -> Iterator[Figure]:
    """`citizen-news extract`: two workers against one, pages a second, memory."""
    number = min(sizes.many, sizes.scaling)
    measured = extracting.workers(extracting.of_pages(number, folder), sizes.long_rounds)
    times = measured.wall_ratio(extracting.ONE, extracting.TWO)
    walls = f"{measured.wall(extracting.ONE):.1f} s and {measured.wall(extracting.TWO):.1f} s"
    yield Figure(
        f"two workers against one, {number:,} pages", "at least 1.8", f"{times:.2f} ({walls})", {"times": times}
    )
    costs = {
        n: extracting.extract(extracting.of_pages(n, folder), extracting.TWO)
        for n in dict.fromkeys((sizes.few, sizes.many))
    }
    for n, cost in costs.items():
        rate = n / cost.wall
        values = {"rate": rate, "wall": cost.wall, "cpu": cost.cpu}
        yield Figure(
            f"`citizen-news extract`, two workers, {n:,} pages",
            "",
            f"{rate:,.0f} pages a second ({cost.wall:.1f} s)",
            values,
        )
    yield _whole(sizes, costs)
    memory = {n: cost.megabytes for n, cost in costs.items()}
    figure = (
        ", ".join(f"{n:,} pages: {megabytes:.0f} MiB" for n, megabytes in memory.items() if megabytes)
        or "not known on this system"
    )
    values = {str(n): megabytes for n, megabytes in memory.items()}
    yield Figure("its memory, all processes together", "at most 400 MiB, flat", figure, values)


def _whole(sizes: Sizes, costs: dict[int, Cost]) -> Figure:
    """How long the whole site takes: as measured, or in proportion to what was."""
    wall = costs[sizes.many].wall * WHOLE / sizes.many
    how = "measured" if sizes.many == WHOLE else f"extrapolated from {sizes.many:,}"
    return Figure(
        f"{WHOLE:,} pages from WARC, two workers", "4 minutes", f"{wall / 60:.1f} minutes, {how}", {"seconds": wall}
    )


def of_cluster(sizes: Sizes, folder: Path) -> Iterator[Figure]:
    """`citizen-news extract --cluster local` beside the same without, both with two workers: what an article costs more
    (of the difference between many and few, so that starting up is left out); and what each process takes of one."""
    what = "a cluster of two workers on this machine"
    if find_spec("distributed") is None:
        yield Figure(what, "", "Dask is not installed (requirements-cluster.txt)")
        return
    numbers = sizes.few, min(sizes.many, sizes.scaling)
    few, many = (extracting.of_pages(number, folder) for number in numbers)
    measured = extracting.beside_a_cluster(few, many, sizes.long_rounds)

    def milliseconds(of: Callable[[str], float], way: tuple[str, ...]) -> float:
        more = of(str((many.name, way))) - of(str((few.name, way)))
        return more / (numbers[1] - numbers[0]) * 1000

    for by, of in (("the clock", measured.wall), ("CPU", measured.cpu)):
        one, other = milliseconds(of, extracting.LOCAL), milliseconds(of, extracting.CLUSTER)
        more = other / one - 1
        figure = f"{more:+.0%} ({one:.2f} ms and {other:.2f} ms)"
        yield Figure(f"{what}, an article, by {by}", "at most +20%", figure, {"more": more})
    moments = clustering.watched(extracting.of_pages(sizes.many, folder), sizes.many)
    marks = sizes.few, sizes.many // 4, sizes.many // 2, sizes.many
    looks = [next((moment for moment in moments if moment.done >= mark), moments[-1]) for mark in marks]
    for kind in moments[0].costs:
        megabytes = {look.done: look.costs[kind].megabytes for look in looks}
        most = max(moment.costs[kind].megabytes for moment in moments)
        figure = ", ".join(f"{size:.0f} MiB after {done:,}" for done, size in megabytes.items())
        values = {"most": most, **{str(done): size for done, size in megabytes.items()}}
        yield Figure(f"{what}: memory of {kind}", "flat", f"{figure}; {most:.0f} at most", values)
        cpu = (moments[-1].costs[kind].cpu - moments[0].costs[kind].cpu) / max(1, moments[-1].done - moments[0].done)
        yield Figure(f"{what}: CPU of {kind}", "", f"{cpu * 1000:.2f} ms an article", {"cpu": cpu})


def of_start_up(sizes: Sizes, folder: Path) -> Iterator[Figure]:
    """What a run costs that finds nothing to do, and the status."""
    measured = crawling.start_up(sizes.settled, folder, sizes.long_rounds)
    beyond, listing = measured.wall_beyond(crawling.CRAWL, crawling.LISTING), measured.wall(crawling.LISTING)
    what = (
        f"`citizen-news crawl`, nothing new, {sizes.settled:,} articles settled: beyond the bare listing of"
        f" {2 * sizes.settled:,} rows"
    )
    values = {"beyond": beyond, "listing": listing}
    yield Figure(what, "at most 5 s", f"{beyond:.1f} s (the listing {listing:.1f} s)", values)
    status = measured.wall(crawling.STATUS)
    yield Figure(f"`citizen-news status`, {sizes.settled:,} articles", "under 1 s", f"{status:.2f} s", {"wall": status})


def of_crawl(sizes: Sizes, folder: Path) -> Iterator[Figure]:
    """What fetching costs: the difference between many articles and few, so that beginning and listing are left out."""
    measured = crawling.fetching(sizes.fetched, folder, sizes.long_rounds)
    more = sizes.fetched - sizes.fetched // 10
    rate = more / measured.wall_beyond(crawling.ALL, crawling.FEW)
    seconds = (measured.cpu(crawling.ALL) - measured.cpu(crawling.FEW)) / more
    idle = 1 - REQUESTS * seconds
    yield Figure("the crawl against an archive without limits", "", f"{rate:.0f} articles a second", {"rate": rate})
    yield Figure(
        "its CPU, all its processes", "", f"{seconds * 1000:.1f} ms an article", {"milliseconds": seconds * 1000}
    )
    yield Figure("so one core at 480 requests a minute is idle for", "at least 90%", f"{idle:.0%}", {"idle": idle})


def of_reading(sizes: Sizes, folder: Path) -> Iterator[Figure]:
    """What `browse` has to make of many articles first, and what a page of it costs then."""
    words = write_library(folder, sizes.many).words.things
    built = reading.build(folder)
    size = (folder / "archive.db").stat().st_size / 1e6
    values = {"wall": built.wall, "cpu": built.cpu, "megabytes": built.megabytes}
    figure = f"{built.wall:.0f} s (CPU {built.cpu:.0f} s, {built.megabytes:.0f} MiB of memory)"
    yield Figure(f"`archive.db` of {sizes.many:,} articles is built in", "2 minutes for 49,000", figure, values)
    yield Figure("its size", "at most 400 MB for 49,000", f"{size:.0f} MB", {"megabytes": size})
    seconds = reading.searches(folder, words[:_WORDS], words[_WORDS : 2 * _WORDS : 10])
    middle, worst = (1000 * seconds[place] for place in (len(seconds) // 2, -1))
    what = f"CPU of a search for each of the {_WORDS} most frequent words, the first time"
    figure = f"{middle:.0f} ms in the middle, {worst:.0f} ms at worst"
    yield Figure(what, "at most 60 ms", figure, {"median": middle, "worst": worst})


def of_site(sizes: Sizes, folder: Path) -> Iterator[Figure]:
    """What a static site of many articles costs to write, `archive.db` on the way, and what it is then."""
    write_library(folder / "tree", sizes.many)
    settings = {"OUTPUT_DIR": folder / "tree", "PROGRESS_SECONDS": 0}
    cost = scrapy("export", "--site", str(folder / "site"), settings=settings)
    files = [path.stat().st_size for path in (folder / "site").rglob("*") if path.is_file()]
    size = sum(files) / 1e6
    what = f"`citizen-news export --site`, {sizes.many:,} articles, `archive.db` made on the way"
    values = {"wall": cost.wall, "cpu": cost.cpu}
    yield Figure(what, "5 minutes for 49,000", f"{cost.wall:.0f} s (CPU {cost.cpu:.0f} s)", values)
    memory = f"{cost.megabytes:.0f} MiB" if cost.megabytes else "not known on this system"
    yield Figure("its memory, all processes together", "at most 1 GB", memory, {"megabytes": cost.megabytes})
    yield Figure("the site", "", f"{len(files):,} files, {size:,.0f} MB", {"files": len(files), "megabytes": size})


def of_hugo(sizes: Sizes, folder: Path) -> Iterator[Figure]:
    """What it takes Hugo to build a tree of many articles; nothing where there is no Hugo."""
    if hugo.PROGRAM is None:
        return
    hugo.write_tree(folder / "tree", sizes.many)
    cost = hugo.build(folder / "tree", folder / "site")
    files = [path.stat().st_size for path in (folder / "site").rglob("*") if path.is_file()]
    values = {"wall": cost.wall, "cpu": cost.cpu, "megabytes": cost.megabytes, "files": len(files)}
    made = f"{len(files):,} files, {sum(files) / 1e6:.0f} MB"
    figure = f"{cost.wall:.0f} s (CPU {cost.cpu:.0f} s, {cost.megabytes:.0f} MiB of memory): {made}"
    yield Figure(f"`hugo`, {sizes.many:,} articles in `FORMAT=hugo`, without a warning", "", figure, values)
