"""The rooms and their doors: who may import whom, that the names on the path are ours, and the settings that must hold."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from scrapy.settings import Settings
from scrapy.utils.misc import load_object
from scrapy.utils.project import get_project_settings

ROOT = Path(__file__).parents[1]
CORE = (
    "crawler/archive",
    "crawler/hkcnews",
    "crawler/markdown",
    "crawler/ledger",
    "crawler/images",
    "crawler/offline",
    "crawler/audit",
    "crawler/verifying",
    "crawler/progress",
    "crawler/report",
    "crawler/browse",
)
PLAIN = (
    "article",
    "case",
    "ending",
    "listing",
    "lock",
    "reading",
    "reconcile",
    "recovery",
    "store",
    "summary",
    "sources",
    "intake",
    "judging",
    "files",
    "formats",
    "newfile",
    "wacz",
    "repair",
    "pools",
    "wording",
    "comparing",
    "gaps",
    "bag",
    "better",
    "extractor",
    "health",
    "thresholds",
    "asked",
    "onverdict",
    "runfile",
    "versions",
    "worddiff",
    "jsonl",
    "plainly",
)
"""Modules beside the rooms that know nothing of Scrapy either."""


def sources(place: str) -> list[Path]:
    """The Python files of a folder, or a file; tests among them are left out."""
    path = ROOT / place
    return [path] if path.is_file() else sorted(found for found in path.rglob("*.py") if not found.name.startswith("test_"))


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Every module that a file imports, anywhere in it, as a dotted name; of `from a import b` both `a` and `a.b`."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def breaches(places: list[str], *forbidden: str) -> list[str]:
    """Imports of forbidden packages, as `file: module`."""
    assert all(sources(place) for place in places)
    return [
        f"{path.relative_to(ROOT)}: {module}"
        for place in places
        for path in sources(place)
        for module in imports(path)
        if any(module == name or module.startswith(f"{name}.") for name in forbidden)
    ]


def test_the_walk_sees_imports_of_every_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.test_architecture.ROOT", tmp_path)
    room = tmp_path / "crawler" / "archive"
    room.mkdir(parents=True)
    (room / "a.py").write_text("def f():\n    import scrapy.http\n", "utf-8")
    (room / "b.py").write_text("from ..hkcnews import urls\nfrom . import c\n", "utf-8")
    (room / "c.py").write_text("if True:\n    from crawler.hkcnews import hkcnews\n", "utf-8")
    assert breaches(["crawler/archive"], "scrapy", "crawler.hkcnews") == [
        "crawler/archive/a.py: scrapy.http",
        "crawler/archive/b.py: crawler.hkcnews",
        "crawler/archive/b.py: crawler.hkcnews.urls",
        "crawler/archive/c.py: crawler.hkcnews",
    ]


def test_the_core_knows_neither_scrapy_nor_twisted() -> None:
    shell = ("scrapy", "twisted", "crawler.spiders", "crawler.politeness.handler", "crawler.run.command", "crawler.commands", "pipelines")
    assert breaches([*CORE, *(f"crawler/{name}.py" for name in PLAIN)], *shell) == []


def test_the_archive_room_does_not_know_the_site_nor_where_output_lies() -> None:
    ours = {f"crawler.{path.stem}" for path in (ROOT / "crawler").iterdir() if path.stem not in ("archive", "__init__")}
    assert breaches(["crawler/archive"], "crawler.hkcnews", "pipelines", *ours) == []


def test_the_site_room_knows_of_archives_only_what_a_capture_is() -> None:
    known = {module for path in sources("crawler/hkcnews") for module in imports(path) if module.startswith("crawler.wayback")}
    assert known
    assert all(module == "crawler.wayback.capture" or module.startswith("crawler.archive.capture.") for module in known), known


def test_the_writing_room_knows_neither_the_site_nor_the_archive() -> None:
    assert breaches(["crawler/markdown"], "crawler.hkcnews", "crawler.wayback") == []


def test_the_ledger_knows_neither_http_nor_html() -> None:
    names = ("crawler.hkcnews", "crawler.markdown", "bs4", "lxml", "selectolax", "warcio", "http", "urllib", "crawler.wayback.playback")
    assert breaches(["crawler/ledger"], *names) == []


def test_the_stand_in_shares_nothing_with_what_it_tests() -> None:
    assert len(sources("tests/standin")) > 10
    assert breaches(["tests/standin"], "crawler", "pipelines", "scrapy") == []


def test_the_names_on_the_path_are_ours() -> None:
    for name in ("crawler", "pipelines"):
        assert Path(str(importlib.import_module(name).__file__)).is_relative_to(ROOT)


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


def test_every_request_leaves_by_our_handler(effective: Settings) -> None:
    handlers = effective.getwithbase("DOWNLOAD_HANDLERS")
    assert {handlers[scheme] for scheme in ("http", "https")} == {"crawler.politeness.handler.PoliteHandler"}


def test_no_component_delays_requests_in_a_way_that_would_hide_a_dead_gate(effective: Settings) -> None:
    assert effective.get("DOWNLOAD_SLOTS") in (None, {})
    switched_on = {path for path, order in effective.getwithbase("EXTENSIONS").items() if order is not None}
    assert "crawler.run.monitor.ProgressExtension" in switched_on
    assert not any("telnet" in path or "remote_control" in path for path in switched_on), "servers that execute code"
    assert not effective.getdict("DOWNLOADER_MIDDLEWARES")
    assert not effective.getdict("SPIDER_MIDDLEWARES")


def test_articles_pass_the_pipelines_in_their_order(effective: Settings) -> None:
    order = sorted(effective.getdict("ITEM_PIPELINES").items(), key=lambda pair: pair[1])
    assert [load_object(path).__name__ for path, _ in order] == ["CheckPipeline", "MarkdownPipeline", "SettlePipeline"]


def test_our_crawl_replaces_scrapys() -> None:
    module = importlib.import_module(f"{get_project_settings()['COMMANDS_MODULE']}.crawl")
    assert module.Command.__mro__[1].__module__ == "scrapy.commands.crawl"
