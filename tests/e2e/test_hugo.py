"""FORMAT=hugo, built by a real Hugo: without a warning, and what it makes of the files says what the pages said."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from crawler.markdown.article import Article
from crawler.markdown.document import article_file, render, write_article
from crawler.markdown.hugo import HUGO
from crawler.recovery.formats import Format, FormatName, put_site_files
from tests.demo.build import ARCHIVE
from tests.e2e.crawling import Run, command, crawl, run
from tests.e2e.test_extract import extract, tree
from tests.markdown.bodies import bodies
from tests.markdown.outline import outline_of_html
from tests.markdown.test_hugo import STYLE, markdown_of
from tests.publish.test_vault import broken as broken_links
from tests.standin import StandIn, load_sample

HUGO_PROGRAM = shutil.which("hugo")
pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(HUGO_PROGRAM is None, reason="no hugo on this machine (Debian's package `hugo`)"),
]
IN_HUGO = {"FORMAT": "hugo"}
_ADDRESS = re.compile(r"<(?:a|img)\b[^>]*? (?:href|src)=\"([^\"]*)\"")
_CONTENT = re.compile(r"<article>(.*)</article>", re.DOTALL)


def build(source: Path, site: Path, *arguments: str) -> None:
    """Build a site; a warning is an error."""
    assert HUGO_PROGRAM is not None
    line = [HUGO_PROGRAM, "--panicOnWarning", "--noBuildLock", "-s", str(source), "-d", str(site), *arguments]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert (done.returncode, "WARN" in said, "ERROR" in said) == (0, False, False), said


def page_of(site: Path, article: int, section: str = "articles") -> str:
    path = article_file(article).removeprefix("articles/").removesuffix(".md")
    return (site / section / path / "index.html").read_text("utf-8")


def broken(site: Path, below: str = "") -> list[tuple[str, str]]:
    """Every address in the site's pages that leads to nothing in it, or to the site that is gone."""
    found = []
    for page in sorted(site.rglob("*.html")):
        for address in map(html.unescape, _ADDRESS.findall(page.read_text("utf-8"))):
            parts = urlsplit(address)
            if parts.scheme:
                is_wrong = (parts.hostname or "").endswith("hkcnews.com")
            else:
                place = site / unquote(parts.path.removeprefix(below)).lstrip("/")
                is_wrong = bool(parts.path) and not (place.is_file() or (place / "index.html").is_file())
            if is_wrong:
                found.append((str(page), address))
    return found


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with StandIn(load_sample(ARCHIVE)) as standin:
        yield crawl(standin, tmp_path_factory.mktemp("hugo") / "output", None, **IN_HUGO, IMAGES="1")


@pytest.fixture(scope="module")
def site(crawled: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = tmp_path_factory.mktemp("site")
    build(crawled.output, site)
    return site


def test_the_demo_is_a_site(crawled: Run, site: Path) -> None:
    assert crawled.status == 0, crawled.err
    assert broken(site) == []
    pages = "\n".join(path.read_text("utf-8") for path in site.rglob("*.html"))
    for trace in ("{{<", "HAHAHUGO", "raw HTML omitted", "ZgotmplZ"):
        assert trace not in pages
    about = page_of(site, 612)
    assert about.count("舊圖書館搬書記：一條人龍傳書三百米</h1>") == 1
    assert '<a href="/articles/5001-6000/article_5126/">榕蔭街</a>' in about
    assert '<a href="/categories/%E7%9C%BE%E8%81%9E/">' in about
    assert unquote('<figure><img src="/images/e6/%e5%9c%96') in unquote(about)


def test_it_is_a_theme_below_any_address_and_what_is_ones_own_comes_first(crawled: Run, tmp_path: Path) -> None:
    (tmp_path / "layouts" / "shortcodes").mkdir(parents=True)
    (tmp_path / "layouts" / "shortcodes" / "video.html").write_text('<b class="own">{{ .Get "src" }}</b>')
    (tmp_path / "hugo.toml").write_text(
        'baseURL = "https://news.example/old/"\ntheme = "output"\n'
        f'themesDir = "{crawled.output.parent}"\n[markup.goldmark.extensions]\nlinkify = false\n'
    )
    build(tmp_path, tmp_path / "site")
    assert broken(tmp_path / "site", "/old") == []
    pages = "\n".join(path.read_text("utf-8") for path in (tmp_path / "site").rglob("article_*/index.html"))
    assert pages.count('<b class="own">') > 3
    assert 'src="/old/images/' in pages


def test_the_other_commands_know_it_and_extract_changes_it_there_and_back(crawled: Run, tmp_path: Path) -> None:
    output = tmp_path / "output"
    shutil.copytree(crawled.output, output)
    for words in (("verify",), ("audit", str(output)), ("report",), ("export", "--jsonl", str(tmp_path / "lines"))):
        done = run(command(*words, OUTPUT_DIR=str(output)), tmp_path)
        assert done.status == 0, (words, done.out, done.err)
    vault = tmp_path / "vault"
    done = run(command("export", "--obsidian", str(vault), OUTPUT_DIR=str(output)), tmp_path)
    assert (done.status, broken_links(vault)) == (0, []), done.err
    assert len(list((vault / "images").rglob("*.png"))) > 10
    assert '"category":"眾聞"' in (tmp_path / "lines").read_text("utf-8").replace('": "', '":"')
    before = tree(output)
    for name in ("seed", "hugo"):
        done = run(command("extract", "--format", name, OUTPUT_DIR=str(output)), tmp_path)
        assert done.status == 0, done.err
        assert (tree(output) == before) is (name == "hugo")
    (output / "layouts" / "shortcodes" / "picture.html").write_text("old")
    assert extract(output, "--changed", **IN_HUGO).out.count("0 new, 0 different from before") == 1
    build(output, tmp_path / "site")
    assert broken(tmp_path / "site") == []


@settings(max_examples=60, phases=[Phase.explicit, Phase.generate])
@given(st.lists(bodies(), min_size=1, max_size=4))
def test_hugo_reads_what_was_meant(tmp_path_factory: pytest.TempPathFactory, pages: list[str]) -> None:
    output = tmp_path_factory.mktemp("bodies")
    put_site_files(output, Format(FormatName.HUGO))
    (output / "layouts" / "_default" / "single.html").write_text("<article>{{ .Content }}</article>")
    (output / "layouts" / "shortcodes" / "video.html").write_text('<iframe src="{{ .Get "src" | safeURL }}"></iframe>')
    for number in (34, 1500, *range(1, 1 + len(pages))):
        body = markdown_of(pages[number - 1]) if number <= len(pages) else "甲"
        article = Article(number, "20200102030405", f"https://www.hkcnews.com/article/{number}", "題", body=body)
        write_article(output, number, render(article, STYLE.replay, None, HUGO), sync=False)
    build(output, output / "site")
    for number, page in enumerate(pages, 1):
        found = _CONTENT.search(page_of(output / "site", number))
        assert found is not None
        meant, seen = outline_of_html(page), outline_of_html(found[1])
        assert seen.texts == meant.texts, (page, found[1])
        assert seen.blocks == meant.blocks, (page, found[1])
        assert (seen.bold, seen.italic, seen.numbers) == (meant.bold, meant.italic, meant.numbers), (page, found[1])
        assert (len(seen.pictures), len(seen.frames)) == (len(meant.pictures), len(meant.frames)), (page, found[1])
