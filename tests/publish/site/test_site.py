"""A static site from an invented tree: every link leads to a file, nothing of a hostile text is more than text, the
index knows what `browse` finds, and a directory is replaced whole or not at all."""

from __future__ import annotations

import codecs
import csv
import json
import re
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import cast
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.publish.browse import queries
from crawler.publish.browse.catalogue import Facet
from crawler.publish.browse.rows import SINGLE, match_of
from crawler.publish.browse.search import ListQuery, Search
from crawler.publish.citation import FORMATS, Citation
from crawler.publish.site import export
from crawler.publish.site.addresses import byline_file, file_of, list_file, localised
from crawler.publish.site.export import SITE, check_address, write_site
from crawler.publish.site.index import DIGITS, MAP, Layout, encoded, facet_term, term_hash
from crawler.recovery.image_files import image_file
from crawler.utils.exit_status import CommandError, NothingError, UsageError
from tests.e2e.processes import children_are_forked
from tests.pages import FAREWELL, article
from tests.publish.browse.tree import ARTICLES, HOSTILE, PICTURE, Draft, build_archive, figure, write_tree
from tests.recovering import FIRST, SECOND, Bench, capture

MANY = [
    Draft(number, f"第{number}篇", "潮水每天來兩次，見 constructor 與 __proto__。", f"2019-{number % 3 + 1:02}-07")
    for number in range(1200, 1305)
]
DRAFTS = [*ARTICLES, HOSTILE, *MANY]
LINKS = {"a": "href", "img": "src", "link": "href", "script": "src", "form": "action"}


class _Elements(HTMLParser):
    """The elements of a page, each with its attributes, and its text."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def links(self) -> list[str]:
        return [value for tag, given in self.found if (value := given.get(LINKS.get(tag, "")))]


Elements = cache(_Elements)
"""Read once: a site is looked through by several tests."""


def publish(output: Path, target: Path, address: str = "", workers: int = 1) -> Path:
    write_site(output, target, address, workers, lambda done, of: None)
    return target


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = write_tree(tmp_path_factory.mktemp("tree"), DRAFTS)
    build_archive(output)
    return output


@pytest.fixture(scope="module")
def site(output: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish(output, tmp_path_factory.mktemp("site") / "site")


def pages(site: Path) -> list[Path]:
    return sorted(site.rglob("*.html"))


def script(site: Path, name: str) -> object:
    """What a script file hands over; it is one call and nothing else."""
    data = (site / "search" / f"{name}.js").read_bytes()
    text = data.decode("utf-16" if data.startswith(codecs.BOM_UTF16_LE) else "utf-8")
    found = re.fullmatch(r'citizenNews\("([a-z0-9/]+)",(.*)\);\n', text)
    assert found is not None
    assert found[1] == name
    return json.loads(found[2])


def decoded(text: str) -> list[int]:
    """What `encoded` has written."""
    if text.startswith(MAP):
        return [at * 6 + bit for at, digit in enumerate(text[1:]) for bit in range(6) if DIGITS.index(digit) >> bit & 1]
    found, last, step, weight = list[int](), -1, 0, 1
    for value in map(DIGITS.index, text):
        step += value % (len(DIGITS) // 2) * weight
        weight *= len(DIGITS) // 2
        if value < len(DIGITS) // 2:
            last += step + 1
            found.append(last)
            step, weight = 0, 1
    return found


class Index:
    """The index of a site, as search.js reads it."""

    def __init__(self, site: Path) -> None:
        about = script(site, "index")
        assert isinstance(about, dict)
        rows: list[list[object]] = []
        for place in range(about["articles"]):
            some = script(site, f"0/{place}")
            assert isinstance(some, list)
            rows.append(some)
        self.rows = rows
        self.terms: dict[str, Sequence[str]] = {}
        for number in range(about["files"]):
            text = script(site, f"t{number}")
            assert isinstance(text, str)
            for term, *lists in (row.split(",") for row in text.split("|") if row):
                assert term_hash(term) % about["files"] == number
                self.terms[term] = lists

    def having(self, term: str, *, title: bool = False) -> set[object]:
        lists = self.terms.get(term, ("", ""))
        return {self.rows[place][0] for place in decoded(lists[title])}

    def search(self, phrase: str) -> set[object]:
        tokens = SINGLE.sub(r" \1 ", phrase.lower()).split()
        wanted = [f"{one} {other}" for one, other in pairwise(tokens)] or tokens
        return set.intersection(*map(self.having, wanted))


# Pages


def test_every_link_is_relative_and_leads_to_a_file(site: Path) -> None:
    for page in pages(site):
        for link in Elements(page).links():
            parts = urlsplit(link)
            if not parts.scheme:
                assert not link.startswith("/"), (page, link)
                assert not parts.path or (page.parent / unquote(parts.path)).resolve().is_file(), (page, link)


def test_there_is_a_page_for_every_article_month_and_value(site: Path) -> None:
    for draft in DRAFTS:
        assert (site / f"article/{draft.number // 1000}/{draft.number}.html").is_file()
        assert not draft.date or (site / f"year/{draft.date[:7]}.html").is_file()
        for facet, values in (
            (Facet.CATEGORY, [draft.category]),
            (Facet.AUTHOR, [draft.author]),
            (Facet.TAG, draft.tags),
        ):
            assert all((site / list_file(facet, value)).is_file() for value in values if value)
    assert {path.name for path in (site / "year").iterdir()} >= {
        "2019.html",
        "2019.2.html",
        "unknown.html",
    }
    listed = [link for page in ("2019.html", "2019.2.html") for link in Elements(site / "year" / page).links()]
    assert {link for link in listed if "/article/" in link} == {f"../article/1/{draft.number}.html" for draft in MANY}
    contents = Elements(site / "contents.html").links()
    assert {f"year/2019-{month}.html" for month in ("01", "02", "03")} <= {*contents}


def test_pages_have_a_strict_policy_and_scripts_of_the_site_alone(site: Path) -> None:
    for page in pages(site):
        found = Elements(page).found
        policies = [given["content"] for tag, given in found if given.get("http-equiv") == "Content-Security-Policy"]
        first = next(tag for tag, given in found if tag in ("link", "script", "img", "body"))
        assert len(policies) == 1
        assert str(policies[0]).startswith("default-src 'none';")
        assert first == "link"
        assert "unsafe" not in str(policies[0])
        scripts = [given for tag, given in found if tag == "script"]
        names = ["query.js", "search.js", "language.js"] if page.name == "search.html" else ["language.js"]
        assert [str(given["src"]).rpartition("static/")[2] for given in scripts] == names
        assert "script-src 'self';" in str(policies[0])


def test_a_hostile_text_is_text(site: Path) -> None:
    allowed = {"http", "https", "data", ""}
    for page in pages(site):
        elements = Elements(page)
        assert {"style", "iframe", "object", "embed", "base", "svg", "math"}.isdisjoint(
            tag for tag, _ in elements.found
        )
        assert not [name for _, given in elements.found for name in given if name.startswith("on")]
        assert {urlsplit(link).scheme for link in elements.links()} <= allowed
        assert not [
            value for tag, given in elements.found if tag == "form" and (value := given["action"] or "")[:4] == "http"
        ]
    assert HOSTILE.title in Elements(site / "article/0/666.html").text
    assert HOSTILE.author in {str(row[3]) for row in Index(site).rows}


def test_the_pictures_that_pages_have_are_copied_and_nothing_that_is_none(tmp_path: Path) -> None:
    page = "<html><script>alert(1)</script></html>"
    texts = [figure(), *(f"![x](../../images/{name})" for name in ("a.png", "b.html", "c.svg", "d", "../secret.png"))]
    output = write_tree(tmp_path / "tree", [Draft(1, "圖", "\n\n".join(texts))])
    picture = (output / str(image_file(PICTURE))).read_bytes()
    drawing = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    for name, data in (
        ("a.png", page.encode()),
        ("b.html", picture),
        ("c.svg", drawing.encode()),
        ("d", picture),
        ("e.png", picture),
    ):
        (output / "images" / name).write_bytes(data)
    (output / "secret.png").write_bytes(picture)
    build_archive(output)
    site = publish(output, tmp_path / "site")
    assert [str(path.relative_to(site)) for path in (site / "images").rglob("*") if path.is_file()] == [
        str(image_file(PICTURE))
    ]
    shown = [given["src"] or "" for tag, given in Elements(site / "article/0/1.html").found if tag == "img"]
    assert [unquote(src) for src in shown] == [f"../../{image_file(PICTURE)}"]


@pytest.mark.parametrize(
    ("address", "file"),
    [
        ("/", "index.html"),
        ("/article/33951#a", "article/33/33951.html#a"),
        ("/article/33951/versions", "article/33/33951-versions.html"),
        ("/article/33951/versions?old=1&new=3", "article/33/33951-1-3.html"),
        ("/article/33951/versions?old=../x&new=3", "article/33/33951-versions.html"),
        ("/author?name=../x", byline_file("../x")),
        ("/authors", "authors.html"),
        ("/search?year=2019", "year/2019.html"),
        ("/search?year=2019-07", "year/2019-07.html"),
        ("/month/2019-07", "year/2019-07.html"),
        ("/search?year=2019&page=2", "year/2019.2.html"),
        ("/search?q=a&year=2019", "search.html?q=a&year=2019"),
        ("/search?year=../x", list_file(Facet.YEAR, "../x")),
        ("/?page=2", "search.html?page=2"),
        ("/article/1/../../x", None),
        ("/archive/article.json", None),
    ],
)
def test_addresses_of_browse_have_files(address: str, file: str | None) -> None:
    assert file_of(address) == file
    assert file is None or ".." not in file


def test_only_links_are_moved_and_what_leads_nowhere_is_none() -> None:
    text = 'href="/about" &lt;a href="/about"'
    page = f'<a rel="x" href="/about">{text}</a><a href="/feed">y</a><a href="//a/">z</a><img src="/images/a%20b.png">'
    moved = (
        '<a rel="x" href="../about.html">' + text + '</a><a>y</a><a href="//a/">z</a><img src="../images/a%20b.png">'
    )
    assert localised(page, "year/2019.html") == moved


def test_an_article_is_cited_by_files_that_its_page_holds(output: Path, site: Path) -> None:
    found = Elements(site / "article/0/666.html").found
    files = {given["download"]: given["href"] or "" for tag, given in found if "download" in given}
    assert [*files] == ["hkcnews-666.bib", "hkcnews-666.ris", "hkcnews-666.json"]
    kinds, texts = zip(*(address.split(",", 1) for address in files.values()), strict=True)
    assert all(kind.startswith("data:application/") and kind.endswith(";charset=utf-8") for kind in kinds)
    with closing(sqlite3.connect(output / "archive.db")) as db:
        row = queries.article(db, 666)
    assert row is not None
    assert [unquote(text) for text in texts] == [FORMATS[end][0](Citation.of(row)) for end in ("bib", "ris", "json")]


def test_what_is_missing_and_what_has_versions_have_pages(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    late, early, only = capture(5, SECOND, digest="A" * 32), capture(5, FIRST, digest="B" * 32), capture(6)
    pages = {late: article(5, "潮水<b>新</b>聞來了兩次。"), early: article(5, "潮水舊聞來了兩次。"), only: FAREWELL}
    bench.holds(pages).run()
    bench.files(late).ledger.close()
    build_archive(write_tree(tmp_path, [Draft(5, "題目", "潮水。")], pictures=False))
    with children_are_forked():
        site = publish(tmp_path, tmp_path.parent / f"{tmp_path.name}-site")
    links = Elements(site / "article/0/5.html").links()
    assert "../../article/0/5-versions.html" in links
    sides = (site / "article/0/5-versions.html").read_text("utf-8")
    assert "潮水<del>舊</del>聞來了兩次。" in sides
    assert (site / "article/0/5-1-2.html").is_file()
    missing = Elements(site / "article/0/6.html")
    assert "停運後取代所有網址的告別頁" in missing.text
    assert any(link.startswith("https://") for link in missing.links())
    length, here, gone = cast("tuple[int, str, str]", script(site, "ids"))
    assert (length, decoded(here), decoded(gone)) == (7, [5], [6])


# The index


@pytest.mark.parametrize(("term", "other"), [("发 展", "發 展"), ("里", "裡"), ("台 湾", "臺 灣")])
def test_all_spellings_of_a_term_are_in_one_file(term: str, other: str) -> None:
    assert term_hash(term) == term_hash(other)


def test_a_row_has_what_is_shown_and_looked_through(output: Path, site: Path) -> None:
    rows = {row[0]: row for row in Index(site).rows}
    text = "碼頭有三隻貓，香港人都認得牠們。見選舉。"
    assert rows[102][:6] == [102, "碼頭的貓", "2021-07-12", "編輯部", "社會", ["海港"]]
    assert str(rows[102][6]).endswith(text)


@given(st.integers(1, 400).flatmap(lambda total: st.tuples(st.just(total), st.sets(st.integers(0, total - 1)))))
def test_lists_of_articles_read_back(given: tuple[int, set[int]]) -> None:
    total, articles = given
    assert decoded(encoded(sorted(articles), total)) == sorted(articles)


@pytest.mark.parametrize(
    "phrase",
    [
        "香港",
        "港",
        "立法會",
        "海港",
        "社會",
        "constructor",
        "2020",
        "lighthouse",
        "English words",
        "選舉押後一年",
        "潮水",
        "港口",
    ],
)
def test_the_index_finds_what_browse_finds(output: Path, site: Path, phrase: str) -> None:
    with closing(sqlite3.connect(output / "archive.db")) as db:
        match = match_of(f'"{phrase}"')
        ids = [number for (number,) in db.execute("SELECT rowid FROM search WHERE search MATCH ?", (match,))]
    assert Index(site).search(phrase) == {*ids}


def test_the_list_of_all_articles_is_there_as_files(site: Path) -> None:
    links = Elements(site / "contents.html").links()
    assert {"articles.csv", "articles.json"} <= {*links}
    listed = json.loads((site / "articles.json").read_text("utf-8"))["articles"]
    ids = [row["id"] for row in listed]
    assert ids == [row[0] for row in Index(site).rows]
    with (site / "articles.csv").open(encoding="utf-8-sig", newline="") as lines:
        assert [int(row["id"]) for row in csv.DictReader(lines)] == ids


def test_facets_titles_and_the_order_of_all_are_in_the_index(output: Path, site: Path) -> None:
    index = Index(site)
    assert index.having(facet_term("author", "陳小明")) == {101, 103}
    assert index.having(facet_term("tag", "a&b=c")) == index.having(facet_term("category", HOSTILE.category)) == {666}
    assert (index.having("碼 頭"), index.having("碼 頭", title=True)) == ({101, 102}, {102})
    with closing(sqlite3.connect(output / "archive.db")) as db:
        everything = Search(db, ListQuery())
        assert [row[0] for row in index.rows[:20]] == [row["id"] for row in everything.find().rows]
    about = script(site, "index")
    assert isinstance(about, dict)
    assert about["days"][0][0] == "2021-08"
    assert about["days"][-1] == ["unknown", [0, 1]]
    assert sum(count for _, numbers in about["days"] for count in numbers[1::2]) == len(DRAFTS)


def test_no_word_goes_on_over_the_end_of_a_clause_but_over_other_marks(tmp_path: Path) -> None:
    body = "甲 ！ 乙（丙） ＡB_1-Éa"
    output = write_tree(tmp_path / "tree", [Draft(1, "題", body, author="", category="", tags=())], pictures=False)
    build_archive(output)
    index = Index(publish(output, tmp_path / "site"))
    assert {*index.terms} == {"題", "甲", "乙", "丙", "乙 丙", "ab", "丙 ab", "1", "ab 1", "éa", "1 éa"}
    assert Layout.of(49_000, 75_000_000).files == 8192
    assert Layout.of(1, 1).parts == 1


def test_the_index_is_the_same_whatever_is_gathered_at_a_time(
    output: Path, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "_BATCH", 2)
    assert tree(publish(output, tmp_path / "other")) == tree(site)


# The directory


def tree(folder: Path) -> Mapping[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.heavy
def test_several_processes_write_the_same(
    output: Path, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "FEW", 1)
    assert tree(publish(output, tmp_path / "other", workers=2)) == tree(site)


def test_a_site_is_replaced_and_what_others_put_there_stays(tmp_path: Path) -> None:
    output, target = write_tree(tmp_path / "tree", ARTICLES), tmp_path / "site"
    build_archive(output)
    publish(output, target)
    (target / "CNAME").write_text("archive.example")
    (target / ".git").mkdir()
    (target / "article/0/999.html").write_text("gone")
    with pytest.raises(UsageError, match="--force"):
        SITE.check_target(output, target, force=False)
    SITE.check_target(output, target, force=True)
    publish(output, target)
    assert (target / "CNAME").read_text() == "archive.example"
    assert (target / ".git").is_dir()
    assert not (target / "article/0/999.html").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["site", "tree"]


def test_what_is_no_site_is_left_alone(output: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    (tmp_path / "new.former").mkdir()
    for name in ("mine", "link", "new"):
        with pytest.raises(UsageError):
            SITE.check_target(output, tmp_path / name, force=True)
    with pytest.raises(UsageError, match="outside"):
        SITE.check_target(output, output / "site", force=True)
    (tmp_path / "other.part").mkdir()
    (tmp_path / "other.part" / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="remove it"):
        publish(output, tmp_path / "other")
    assert (tmp_path / "other.part" / "thesis.txt").read_text() == "mine"


def test_broken_off_nothing_is_left_and_the_former_site_stays(
    output: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = publish(output, tmp_path / "site")
    before = tree(target)
    (tmp_path / "site.part" / "scratch").mkdir(parents=True)  # as a killed one leaves it
    (tmp_path / "site.part" / "index.html").write_text("half")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export, "_about_index", full)
    with pytest.raises(OSError, match="No space"):
        publish(output, target)
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
    assert tree(target) == before


def test_a_sitemap_names_every_article(output: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "_SITEMAP", 60)
    site = publish(output, tmp_path / "site", check_address("https://archive.example/a&b"))
    space = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"
    parts = [node.text or "" for node in ElementTree.parse(site / "sitemap.xml").iter(space)]
    files = [part.removeprefix("https://archive.example/a&b/") for part in parts]
    named = [node.text or "" for file in files for node in ElementTree.parse(site / file).iter(space)]
    assert len(parts) == 3
    assert {f"https://archive.example/a&b/article/{draft.number // 1000}/{draft.number}.html" for draft in DRAFTS} <= {
        *named
    }
    assert all((site / name.removeprefix("https://archive.example/a&b/")).is_file() for name in named)
    assert "noindex" not in (site / "index.html").read_text("utf-8")


def test_without_an_address_there_is_no_sitemap_and_search_engines_are_kept_out(site: Path) -> None:
    assert not (site / "sitemap.xml").exists()
    assert 'content="noindex"' in (site / "index.html").read_text("utf-8")
    for address in ("x", "ftp://archive.example/", "https://", "https://archive.example/?a"):
        with pytest.raises(UsageError):
            check_address(address)


def test_there_must_be_an_article(tmp_path: Path) -> None:
    output = write_tree(tmp_path / "tree", [])
    build_archive(output)
    with pytest.raises(NothingError):
        publish(output, tmp_path / "site")
    assert issubclass(NothingError, CommandError)
