"""The house as ARCHITECTURE.md draws it: floors, rooms, sizes, the walk of a capture; and settings that must hold."""

from __future__ import annotations

import ast
import importlib
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, reduce
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from types import CodeType, FrameType, SimpleNamespace
from typing import Any, cast

import pytest
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.settings import Settings
from scrapy.utils.misc import load_object
from scrapy.utils.project import get_project_settings

from crawler.ledger import CaptureRow, Ledger
from crawler.recovery.case import Selection
from crawler.recovery.recovery import Recovery
from crawler.recovery.store import Store
from crawler.run.settings import SpiderArguments
from crawler.spiders.articles import ArticlesSpider
from crawler.wayback.archive import wayback_archive
from tests.pages import article
from tests.pipelines.things import FakeSession
from tests.recovering import Bench, capture, memento

ROOT = Path(__file__).parents[1]
HOUSE: Mapping[str, tuple[int, tuple[str, ...]]] = {
    "commands": (9, ("pipelines", "politeness")),
    "spiders": (8, ("publish", "preserve")),
    "publish": (7, ("politeness", "warc")),
    "pipelines": (7, ("run", "preserve", "politeness", "hkcnews", "warc", "wayback")),
    "run": (6, ()),
    "preserve": (6, ("politeness",)),
    "recovery": (5, ("politeness",)),
    "ledger": (4, ("hkcnews", "markdown", "bs4", "lxml", "selectolax", "warcio", "http", "urllib")),
    "politeness": (4, ("hkcnews", "warc", "markdown")),
    "hkcnews": (3, ("wayback", "warcio")),
    "warc": (3, ("markdown",)),
    "wayback": (2, ("warcio",)),
    "markdown": (2, ()),
    "utils": (1, ()),
    "settings": (1, ()),
}
"""Each room with its floor and what it must not know. It may import from all floors below its own but that, and from no
other room of its own floor; names that are no rooms are libraries of other subjects. `settings` is for `run` alone."""
SCRAPY = (
    "spiders",
    "pipelines",
    "politeness/handler.py",
    "commands/__init__.py",
    "run/command.py",
    "run/config.py",
    "run/crawl.py",
    "run/monitor.py",
)
"""Rooms and modules that may import Scrapy or Twisted."""
ENTRIES, MODULES, LINES, FUNCTION = 14, 167, 400, 60
"""At most so many entries in `crawler/`, modules, lines of a module, lines of a function."""
STATIONS = 6
"""At most so many modules on the walk of a capture."""
TEST_ROOMS = {"bench", "browser", "demo", "e2e", "fixtures", "heavy", "mutants", "standin"}
"""Folders of `tests/` that stand for no room: what tests whole runs, and what they are tested with."""


# What the code has


@cache
def modules() -> Mapping[str, Path]:
    """Every module of the product, by its dotted name."""
    return {dotted(path): path for place in ("crawler", "pipelines") for path in sorted((ROOT / place).rglob("*.py"))}


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def room(module: str) -> str:
    """The room of a module: `recovery` for `crawler.recovery.case`; empty for the version, and for what is not ours."""
    first, _, rest = module.partition(".")
    name = {"pipelines": first, "crawler": rest.partition(".")[0]}.get(first, "")
    return name if name in HOUSE else ""


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@cache
def imports(path: Path, root: Path = ROOT) -> Sequence[str]:
    """Every module that a file imports, anywhere in it, as a dotted name; of `from a import b` both `a` and `a.b`."""
    found: list[str] = []
    package = path.relative_to(root).parent.parts
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            found += (module, *(f"{module}.{alias.name}" for alias in node.names))
    return found


def is_within(module: str, packages: Iterable[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def circle(graph: Mapping[str, Iterable[str]]) -> list[str]:
    """A circle in a graph, if it has one."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


# The house


def test_the_walk_sees_imports_of_every_form(tmp_path: Path) -> None:
    folder = tmp_path / "crawler" / "warc"
    folder.mkdir(parents=True)
    texts = {
        "def f():\n    import scrapy.http\n": ["scrapy.http"],
        "from ..hkcnews import urls\nfrom . import c\n": [
            "crawler.hkcnews",
            "crawler.hkcnews.urls",
            "crawler.warc",
            "crawler.warc.c",
        ],
        "if True:\n    from crawler import hkcnews\n": ["crawler", "crawler.hkcnews"],
    }
    for number, (text, wanted) in enumerate(texts.items()):
        (path := folder / f"m{number}.py").write_text(text, "utf-8")
        assert imports(path, tmp_path) == wanted
    assert circle({"a": ["b"], "b": ["c"], "c": ["a"]})
    assert not circle({"a": ["b", "c"], "b": ["c"]})


def test_no_room_imports_upward_or_from_its_own_floor_nor_what_it_must_not_know() -> None:
    breaches = []
    for name, path in modules().items():
        if not (own := room(name)):
            continue
        floor, unknown = HOUSE[own]
        for module in imports(path):
            other = room(module)
            if other and other != own and (HOUSE[other][0] >= floor or (other == "settings" and own != "run")):
                breaches.append(f"{name}: {module} is on floor {HOUSE[other][0]}, {own} on {floor}")
            if other in unknown or is_within(module, unknown):
                breaches.append(f"{name}: {module} is nothing that {own} may know")
    assert breaches == []


def test_no_circle_among_modules() -> None:
    known = modules()
    assert (
        circle(
            {
                name: {module for module in imports(path) if module in known} - {name, "crawler"}
                for name, path in known.items()
            }
        )
        == []
    )


def test_only_the_shell_knows_scrapy_and_twisted() -> None:
    shell = [ROOT / place if place == "pipelines" else ROOT / "crawler" / place for place in SCRAPY]
    users = {
        path for path in modules().values() if any(is_within(module, ("scrapy", "twisted")) for module in imports(path))
    }
    assert [path for path in users if not any(path.is_relative_to(place) for place in shell)] == []
    assert [place for place in shell if not any(path.is_relative_to(place) for path in users)] == []


def test_the_house_keeps_its_size() -> None:
    here = (path for path in (ROOT / "crawler").iterdir() if path.name != "__init__.py")
    entries = [path.stem for path in here if path.is_file() or next(path.rglob("*.py"), None)]
    assert sorted([*entries, "pipelines"]) == sorted(HOUSE)
    assert len(entries) <= ENTRIES
    assert len(modules()) <= MODULES
    long = {
        name: lines for name, path in modules().items() if (lines := len(path.read_text("utf-8").splitlines())) > LINES
    }
    functions = {
        f"{name}.{node.name}": lines
        for name, path in modules().items()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION
    }
    assert (long, functions) == ({}, {})


def test_the_tests_mirror_the_rooms() -> None:
    """Each folder of `tests/` is a room or for whole runs; each room has one, but those that whole runs test."""
    folders = {path.name for path in (ROOT / "tests").iterdir() if next(path.rglob("*.py"), None)}
    assert folders - TEST_ROOMS - set(HOUSE) == set()
    assert set(HOUSE) - folders == {"settings", "commands", "spiders"}
    for inside in ("publish/browse", "publish/report", "publish/site"):
        assert (ROOT / "tests" / inside).is_dir()


def test_the_stand_in_shares_nothing_with_what_it_tests() -> None:
    files = sorted((ROOT / "tests" / "standin").rglob("*.py"))
    sources = [path for path in files if not path.name.startswith("test_")]
    assert len(sources) > 10
    assert [
        path.name
        for path in sources
        if any(is_within(name, ("crawler", "pipelines", "scrapy")) for name in imports(path))
    ] == []


def test_the_names_on_the_path_are_ours() -> None:
    for name in ("crawler", "pipelines"):
        assert Path(str(importlib.import_module(name).__file__)).is_relative_to(ROOT)


# ARCHITECTURE.md


def table(heading: str) -> list[list[str]]:
    """The cells of the table under a heading of ARCHITECTURE.md, row by row."""
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = re.findall(r"^\|(.*)\|$", text, re.MULTILINE)
    assert len(lines) > 2, heading
    return [[cell.strip() for cell in line.split("|")] for line in lines[2:]]


def quoted(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_the_rooms_are_those_of_the_document() -> None:
    told = {
        Path(quoted(name)[0]).stem: (int(floor), tuple(Path(other).stem for other in quoted(unknown)))
        for floor, name, _, unknown in table("The rooms")
    }
    assert list(told.items()) == list(HOUSE.items())


def test_the_document_fits_on_three_screens() -> None:
    assert len((ROOT / "ARCHITECTURE.md").read_text("utf-8").splitlines()) <= 150


class Tracer:
    """Which of these functions were called, and by which of them: the nearest one in the stack. And every call from the
    file of a later one into that of an earlier one, of whatever function."""

    def __init__(self, functions: Mapping[str, Any]) -> None:
        self._names = {function.__code__: name for name, function in functions.items()}
        self._stations = {code.co_filename: number for number, code in reversed([*enumerate(self._names)])}
        self.calls: dict[tuple[str, str], None] = {}
        self.upward: list[str] = []

    def __enter__(self) -> Tracer:
        sys.setprofile(self._profile)
        return self

    def __exit__(self, *raised: object) -> None:
        sys.setprofile(None)

    def _profile(self, frame: FrameType, event: str, _: object) -> None:
        if event != "call" or frame.f_code.co_filename not in self._stations:
            return
        above = [code for code in stack(frame.f_back) if code.co_filename in self._stations]
        if above and self._stations[above[0].co_filename] > self._stations[frame.f_code.co_filename]:
            self.upward.append(f"{above[0].co_qualname} calls {frame.f_code.co_qualname}")
        if frame.f_code in self._names:
            self.calls[
                next((self._names[code] for code in above if code in self._names), "Scrapy"), self._names[frame.f_code]
            ] = None


def stack(frame: FrameType | None) -> Iterator[CodeType]:
    """What is being called, the innermost first."""
    while frame is not None:
        yield frame.f_code
        frame = frame.f_back


def walk_a_capture(folder: Path, tracer: Tracer) -> Path:
    """One answer of an archive through the spider and the pipelines, as Scrapy calls them; gives the written file."""
    listed = capture(33951)
    Bench(folder).lists(listed).ledger.close()
    with Ledger(folder / "ledger.sqlite") as ledger:
        run, store = ledger.begin_run({}, "test"), Store(folder / "warc")
        quiet = SimpleNamespace(towards=lambda source: SimpleNamespace(in_outage=False))
        spider = ArticlesSpider(
            cast(Any, SimpleNamespace(politeness=quiet, failed=failed)), SpiderArguments(Selection())
        )
        spider.recovery = Recovery(ledger, store, run, Selection(), lambda: 0.0, (1.0,))
        (step,) = spider.recovery.steps(1)
        assert isinstance(step, CaptureRow)
        site = wayback_archive("https://archive.example", "https://archive.example")
        request = Request("https://archive.example/x", meta={"row": step, "asked": step.capture, "site": site})
        headers = [(name.encode(), value.encode()) for name, value in memento(listed).headers]
        answer = Response(request.url, 200, cast(Any, headers), article(33951), request=request)
        crawler = cast(Crawler, SimpleNamespace(spider=SimpleNamespace(session=FakeSession(folder, ledger, run))))
        order = sorted(get_project_settings().getdict("ITEM_PIPELINES").items(), key=lambda pair: pair[1])
        pipelines = [load_object(path).from_crawler(crawler) for path, _ in order]
        with tracer:
            (item,) = spider.parse_capture(answer)
            for pipeline in pipelines:
                item = pipeline.process_item(item)
        store.close()
    return folder / item.file


def failed(error: Exception, about: str) -> None:
    raise AssertionError(about) from error


def test_a_capture_walks_as_the_document_says(tmp_path: Path) -> None:
    """Each function is called by the one that the table names, in this order; six modules at most, and no call back."""
    rows = [(quoted(name)[0], quoted(place)[0], caller) for name, place, caller, _ in table("The walk of a capture")]
    assert len({place for _, place, _ in rows}) <= STATIONS
    tracer = Tracer(
        {
            name: reduce(getattr, name.split("."), importlib.import_module(dotted(ROOT / place)))
            for name, place, _ in rows
        }
    )
    file = walk_a_capture(tmp_path, tracer)
    assert list(tracer.calls) == [
        ("Scrapy" if caller.startswith("Scrapy") else quoted(caller)[0], name) for name, _, caller in rows
    ]
    assert tracer.upward == []
    assert file.read_text("utf-8").startswith("---\n")


# Settings as they will be in force


@pytest.fixture(scope="module")
def effective() -> Settings:
    return get_project_settings()


def test_settings_that_matter(effective: Settings) -> None:
    off = ("RETRY", "REDIRECT", "METAREFRESH", "COMPRESSION", "COOKIES", "REFERER", "HTTPCACHE", "AUTOTHROTTLE")
    matter = {
        **{f"{name}_ENABLED": False for name in off},
        "ROBOTSTXT_OBEY": False,
        "HTTPERROR_ALLOW_ALL": True,
        "DOWNLOAD_FAIL_ON_DATALOSS": True,
        "URLLENGTH_LIMIT": 0,
        "DOWNLOAD_DELAY": 0,
        "JOBDIR": None,
    }
    assert {name: effective.get(name) for name in matter} == matter


def test_components_of_scrapy_are_ours_where_they_must_be_and_none_delays_requests(effective: Settings) -> None:
    """A request that a component above the handler held back would hide a handler that asks nobody."""
    handlers = effective.getwithbase("DOWNLOAD_HANDLERS")
    assert {handlers[scheme] for scheme in ("http", "https")} == {"crawler.politeness.handler.PoliteHandler"}
    switched_on = {path for path, order in effective.getwithbase("EXTENSIONS").items() if order is not None}
    assert "crawler.run.monitor.ProgressExtension" in switched_on
    assert not any("telnet" in path or "remote_control" in path for path in switched_on), "servers that execute code"
    assert effective.get("DOWNLOAD_SLOTS") in (None, {})
    assert not effective.getdict("DOWNLOADER_MIDDLEWARES")
    assert not effective.getdict("SPIDER_MIDDLEWARES")
    order = sorted(effective.getdict("ITEM_PIPELINES").items(), key=lambda pair: pair[1])
    assert [load_object(path).__name__ for path, _ in order] == ["CheckPipeline", "MarkdownPipeline", "SettlePipeline"]
    crawl = importlib.import_module(f"{effective['COMMANDS_MODULE']}.crawl")
    assert crawl.Command.__mro__[1].__module__ == "crawler.run.command", "in place of Scrapy's own"
