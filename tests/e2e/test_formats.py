"""FORMAT=reading: a tree that renders without a broken link, whatever order its articles came in, and back to the
seed's bytes."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml
from markdown_it import MarkdownIt

from crawler.ledger import ArticleRow, Ledger, State
from crawler.recovery.image_files import image_file
from tests.demo.build import ARCHIVE
from tests.e2e.crawling import Run, command, crawl, run
from tests.e2e.test_extract import SAMPLE, extract, tree
from tests.pages import address, article
from tests.publish.test_vault import WIKI, broken, notes
from tests.standin import StandIn, load_sample

pytestmark = pytest.mark.heavy

READING = {"FORMAT": "reading"}
_RENDERER = MarkdownIt("commonmark").enable("table")
_ADDRESS = re.compile(r"<(?:a|img)\b[^>]*? (?:href|src)=\"([^\"]*)\"")
_SHORTCODE = re.compile(r"src=(?:&quot;|\")([^\"&]*)")
_LINKING, _LINKED = 7218, 174
"""An article of the demo with a link to an older one."""


_DOUBTFUL, _UNCHECKED = 5001, 5002
"""Articles whose bytes do not match the index, and of which the index has no digest."""


@pytest.fixture(scope="module")
def archive() -> Iterator[StandIn]:
    captures = load_sample(ARCHIVE)
    captures.add(address(_DOUBTFUL), "20210712013906", article(_DOUBTFUL), digest="A" * 32)
    captures.add(address(_UNCHECKED), "20210712013907", article(_UNCHECKED), digest="-")
    with StandIn(captures) as standin:
        yield standin


@pytest.fixture(scope="module")
def seed(archive: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return crawl(archive, tmp_path_factory.mktemp("seed") / "output")


@pytest.fixture(scope="module")
def reading(archive: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return crawl(archive, tmp_path_factory.mktemp("reading") / "output", None, **READING)


def copied(of: Run, folder: Path) -> Path:
    shutil.copytree(of.output, folder / "output")
    return folder / "output"


def body_of(file: Path) -> str:
    """What follows the front matter."""
    return file.read_text("utf-8").split("\n---\n", 1)[1]


def addresses(file: Path) -> list[str]:
    """Every address of a link or a picture in a file, as a renderer gives it to a browser, and those of shortcodes."""
    page = _RENDERER.render(body_of(file))
    return [html.unescape(found) for found in (*_ADDRESS.findall(page), *_SHORTCODE.findall(page))]


def local_links(output: Path) -> dict[Path, list[Path]]:
    """The files that each file of the tree leads to; an address that leads nowhere, to the site that is gone, or into
    an archive for another site's sake, fails."""
    found: dict[Path, list[Path]] = {}
    for file in sorted((output / "articles").rglob("*.md")):
        for link in addresses(file):
            archived = re.match(
                r"https://archive\.example/web/\d{14}(?:i[mf]_)?/(?=https?://(?:www\.)?hkcnews\.com\b)", link
            )
            assert archived or not re.search(r"/web/\d{1,14}(?:[a-z]{2}_)?/|archive\.example", link), (file, link)
            assert not re.match(r"https?://(?:[^/]*\.)?hkcnews\.com\b", link), (file, link)
            if re.match(r"[a-z]+:|#", link):
                continue
            target = (file.parent / unquote(link.partition("#")[0])).resolve()
            assert target.is_file(), (file, link)
            found.setdefault(file, []).append(target)
    return found


def test_the_tree_renders_without_a_broken_link(reading: Run) -> None:
    assert reading.status == 0, reading.err
    links = local_links(reading.output)
    with Ledger(reading.output / "ledger.sqlite") as ledger:
        files = {row.id: (reading.output / row.file).resolve() for row in ledger.articles(State.RECOVERED)}
    assert links[reading.output / reading.article(_LINKING).file] == [files[_LINKED]]
    assert len(links) > 3
    for file in files.values():  # and nothing that could be local is not
        for link in addresses(file):
            if found := re.search(r"https?://(?:www\.)?hkcnews\.com/article/(\d+)", link):
                assert int(found[1]) not in files, (file, link)


def test_the_front_matter_tells_what_speaks_for_the_article(reading: Run) -> None:
    fields = reading.fields(_LINKING)
    assert list(fields)[-5:] == ["url", "original_url", "captured", "digest", "verified"]
    stamp = re.sub(r"\D", "", fields["captured"])
    assert fields["url"] == f"https://archive.example/web/{stamp}/{fields['original_url']}"
    assert re.fullmatch("sha1:[A-Z2-7]{32}", fields["digest"])
    assert fields["verified"] is True
    doubtful, unchecked = reading.fields(_DOUBTFUL), reading.fields(_UNCHECKED)
    assert (doubtful["digest"], doubtful["verified"]) == (f"sha1:{'A' * 32}", False)
    assert doubtful["faults"] == list(reading.article(_DOUBTFUL).faults) != []
    assert ("digest" in unchecked, unchecked["verified"], "faults" in unchecked) == (False, False, False)


def test_a_crawl_for_reading_gives_what_extract_makes_of_the_seeds_and_back(
    seed: Run, reading: Run, tmp_path: Path
) -> None:
    output = copied(seed, tmp_path)
    there = extract(output, **READING)
    assert there.status == 0, there.err
    assert "FORMAT=seed is changed to FORMAT=reading VIDEO=shortcode" in there.out
    assert tree(output) == tree(reading.output) != tree(seed.output)
    with Ledger(output / "ledger.sqlite") as ledger:
        assert ledger.articles_with_stale_links(lambda _: False) == []
    back = extract(output, "--format", "seed")
    assert back.status == 0, back.err
    assert tree(output) == tree(seed.output) != {}
    with Ledger(output / "ledger.sqlite") as now, Ledger(seed.output / "ledger.sqlite") as before:
        assert list(now.articles()) == list(before.articles())


@pytest.mark.parametrize("workers", ["1", "3"])
def test_a_store_alone_gives_the_reading_tree(reading: Run, tmp_path: Path, workers: str) -> None:
    done = extract(tmp_path, str(reading.output / "warc"), "--workers", workers, **READING)
    assert done.status == 0, done.err
    assert tree(tmp_path) == tree(reading.output)


def test_links_become_local_when_their_articles_are_recovered(archive: StandIn, reading: Run, tmp_path: Path) -> None:
    first = crawl(archive, tmp_path, {"ids": str(_LINKING)}, **READING)
    assert (first.status, local_links(tmp_path)) == (0, {}), first.err
    assert "https://hkcnews.com/article/174/-" in first.file(_LINKING)
    second = crawl(archive, tmp_path, {"ids": str(_LINKED)}, **READING)
    assert second.status == 0, second.err
    assert "written anew because of links to what came or went" in second.err
    assert "(../1-1000/article_174.md)" in second.file(_LINKING)
    assert crawl(archive, tmp_path, None, **READING).status == 0
    assert tree(tmp_path) == tree(reading.output)
    assert extract(tmp_path, "--changed", **READING).out.count("0 new, 0 different from before") == 1


def test_links_stop_being_local_when_an_article_is_gone_for_good(reading: Run, tmp_path: Path) -> None:
    output = copied(reading, tmp_path)
    with Ledger(output / "ledger.sqlite") as ledger:
        row = ledger.article(_LINKED)
        assert row is not None
        ledger.settle(ArticleRow(_LINKED, State.UNRECOVERABLE, reason="not archived"), 1)
        for capture in ledger.captures(_LINKED):
            ledger.note(capture.id, warc="", answer="not_archived")
    (output / row.file).unlink()
    done = extract(output, **READING)
    assert done.status == 0, done.err
    assert (output / reading.article(_LINKING).file) not in local_links(output)


def test_images_are_local_once_they_are_there(reading: Run, tmp_path: Path) -> None:
    output = copied(reading, tmp_path)
    file = output / reading.article(_LINKING).file
    (source,) = re.findall(r'<img src="([^"]*)"', file.read_text("utf-8"))
    found = re.fullmatch(r"https://archive\.example/web/\d{14}im_/(https://hkcnews\.com/news_新聞/.*)", source)
    assert found is not None
    image = output / image_file(found[1])
    image.parent.mkdir(parents=True)
    image.write_bytes(b"an image")
    done = extract(output, "--changed", **READING)
    assert "0 new, 1 different from before" in done.out, done.out + done.err
    assert image.resolve() in local_links(output)[file]
    image.unlink()
    assert extract(output, "--changed", **READING).status == 0
    assert tree(output) == tree(reading.output)


def test_videos_as_links(seed: Run, tmp_path: Path) -> None:
    output = copied(seed, tmp_path)
    assert extract(output, **READING, VIDEO="link").status == 0
    files = (output / "articles").rglob("*.md")
    text = "\n".join(map(body_of, files))
    assert "\n<https://www.youtube.com/watch?v=row34567aa>\n" in text
    assert "\n<https://www.facebook.com/tsinglobay.example/videos/34567/>\n" in text
    assert "{{<" not in text
    local_links(output)


def test_a_crawl_in_another_format_is_refused_and_told_the_way(
    archive: StandIn, seed: Run, reading: Run, tmp_path: Path
) -> None:
    for of, settings, way in (
        (seed, READING, "`citizen-news extract --format reading -o "),
        (reading, {"FORMAT": "seed"}, "`citizen-news extract --format seed -o "),
        (reading, {**READING, "VIDEO": "link"}, "`citizen-news extract --format reading -s VIDEO=link -o "),
    ):
        before = tree(of.output)
        done = crawl(archive, of.output, None, **settings)
        assert (done.status, way in done.err) == (2, True), done.err
        assert tree(of.output) == before
    output = copied(seed, tmp_path)
    assert extract(output, **READING).status == 0
    done = crawl(archive, output, None, **READING)
    assert (done.status, tree(output)) == (0, tree(reading.output)), done.err


def test_a_change_that_broke_off_is_remembered(archive: StandIn, seed: Run, reading: Run, tmp_path: Path) -> None:
    output = copied(seed, tmp_path)
    blocked = output / seed.article(_LINKING).file
    blocked.unlink()
    blocked.mkdir()
    assert extract(output, **READING).status == 7
    blocked.rmdir()
    blocked.write_bytes((seed.output / seed.article(_LINKING).file).read_bytes())
    for settings in ({}, READING):
        done = crawl(archive, output, None, **settings)
        assert (done.status, "broken off" in done.err) == (2, True), done.err
    assert extract(output, **READING).status == 0
    assert tree(output) == tree(reading.output)
    assert crawl(archive, output, None, **READING).status == 0


def test_a_dry_run_changes_neither_files_nor_what_is_remembered(archive: StandIn, seed: Run, tmp_path: Path) -> None:
    output = copied(seed, tmp_path)
    done = extract(output, "--dry-run", **READING)
    assert (done.status, "changed to FORMAT=reading" in done.out) == (0, True)
    assert crawl(archive, output, {"dry_run": "1"}, **READING).status == 0
    assert tree(output) == tree(seed.output)
    assert crawl(archive, output).status == 0


@pytest.mark.parametrize("setting", ["FORMAT=html", "VIDEO=links", "VIDEO=link"])
def test_wrong_formats_are_refused_and_named(tmp_path: Path, setting: str) -> None:
    name, value = setting.split("=")
    for done in (extract(tmp_path, **{name: value}), run(command("crawl", "articles", **{name: value}), tmp_path)):
        assert (done.status, f"{setting}:" in done.err) == (2, True), done.err


def test_the_sample_for_reading_out_of_its_store_and_the_seeds(tmp_path: Path) -> None:
    if not SAMPLE.exists():
        pytest.skip("../shared/sample is not here, so there is nothing to crawl")
    with StandIn(load_sample(SAMPLE)) as standin:
        crawled, seed = crawl(standin, tmp_path / "reading", None, **READING), crawl(standin, tmp_path / "seed")
    local_links(crawled.output)
    assert extract(tmp_path / "extract", str(crawled.output / "warc"), **READING).status == 0
    assert tree(tmp_path / "extract") == tree(crawled.output)
    before = tree(seed.output)
    assert extract(seed.output, **READING).status == 0
    assert tree(seed.output) == tree(crawled.output)
    assert extract(seed.output).status == 0
    assert tree(seed.output) == tree(crawled.output), "a tree's format is the tree's"
    assert extract(seed.output, "--format", "seed").status == 0
    assert tree(seed.output) == before


def test_a_vault_for_obsidian_has_every_article_and_every_link(reading: Run, tmp_path: Path) -> None:
    vault = tmp_path / "vault"

    def export(*arguments: str) -> Run:
        return run(command("export", "--obsidian", str(vault), *arguments, OUTPUT_DIR=str(reading.output)), tmp_path)

    done = export()
    assert done.status == 0, done.err
    found = notes(vault)
    files = list((reading.output / "articles").rglob("*.md"))
    assert len(found) == len(files) > 30
    assert broken(vault) == []
    linking, linked = (next(name for name in found if name.endswith(f" ({number})")) for number in (_LINKING, _LINKED))
    assert linked in {link[1] for link in WIKI.findall(found[linking])}
    for name, text in found.items():
        head = yaml.safe_load(text.partition("---\n")[2].partition("\n---\n")[0])
        assert [head["title"], name.rpartition("(")[2].rstrip(")")] == head["aliases"]
        assert not [tag for tag in head.get("tags", ()) if not re.fullmatch(r"[\w-]*[^\W\d][\w-]*|_\S+", tag)]
    note = next(vault.rglob(f"* ({_LINKED}).md"))
    note.write_text(note.read_text("utf-8") + "\n重要\n", "utf-8")
    assert (export().status, export("--force").status) == (2, 2)
    assert "重要" in note.read_text("utf-8")
