"""A static site of the demo's articles and of hostile ones in a real browser: out of a folder, and from a plain web
server."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlencode

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from crawler.publish.addresses import article_named, number_named
from crawler.publish.site.export import write_site
from tests.browser.chromium import Browser, needs_chromium
from tests.e2e.crawling import command, run
from tests.pages import FAREWELL, article
from tests.publish.browse.tree import HOSTILE, Draft, build_archive, figure, write_tree
from tests.publish.test_addresses import NAMED, UNNAMED
from tests.recovering import FIRST, SECOND, Bench, capture

pytestmark = [pytest.mark.heavy, needs_chromium]

DEMO = Path(__file__).parents[1] / "demo" / "archive" / "captures.warc.gz"
PHONE = (360, 740)
MOST_BYTES = 300_000
"""What a first search may load."""
MANY = [
    Draft(
        number,
        f"第{number}篇",
        f"{figure()}\n\n潮汐表每天更新。",
        f"2015-0{number % 3 + 1}-0{number % 9 + 1}",
        "潮汐組",
        "天文",
    )
    for number in range(300, 330)
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, as the command writes it."""
    output, target = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("site") / "眾新聞 #1"
    made = run(command("extract", str(DEMO), OUTPUT_DIR=str(output)), output)
    assert made.status == 0, made.err
    write_tree(output, [HOSTILE, *MANY])
    done = run(command("export", "--site", str(target), OUTPUT_DIR=str(output)), output)
    assert done.status == 0, done.err
    return target


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[str]:
    line = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", str(folder)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            said = re.search(r"http://[0-9.:]+/", process.stdout.readline())
            assert said is not None
            yield said[0]
        finally:
            process.terminate()


@pytest.fixture(params=["file", "http"])
def site(request: pytest.FixtureRequest, folder: Path) -> str:
    if request.param == "http":
        return str(request.getfixturevalue("served"))
    return f"{folder.as_uri()}/"


def titles(browser: Browser) -> list[str]:
    return [each.text for each in browser.driver.find_elements(By.CSS_SELECTOR, ".list h2")]


def search(browser: Browser, site: str, **wanted: str) -> list[str]:
    """The titles of a page of results."""
    browser.open(f"{site}search.html?{urlencode(wanted)}")
    return found(browser)


def found(browser: Browser) -> list[str]:
    browser.until("!document.querySelector('#results noscript')")
    return titles(browser)


def test_a_reader_searches_and_reads(browser: Browser, site: str) -> None:
    browser.open(f"{site}index.html")
    assert len(titles(browser)) == 20
    browser.follow(By.NAME, "q", "渡輪", Keys.ENTER)
    assert "search.html?q=" in browser.driver.current_url
    first, *others = found(browser)
    assert "渡輪" in first
    assert others
    assert {each.text for each in browser.driver.find_elements(By.TAG_NAME, "mark")} == {"渡輪"}
    browser.follow(By.LINK_TEXT, first)
    assert browser.driver.find_element(By.TAG_NAME, "h1").text == first
    browser.follow(By.CSS_SELECTOR, ".neighbours a")
    assert browser.driver.find_element(By.TAG_NAME, "h1").text != first
    browser.follow(By.CSS_SELECTOR, ".by a")
    assert browser.driver.find_elements(By.CSS_SELECTOR, ".titles a")  # what the byline is over
    browser.follow(By.CSS_SELECTOR, ".by a")
    assert titles(browser)
    browser.follow(By.PARTIAL_LINK_TEXT, "目錄")
    browser.follow(By.LINK_TEXT, "2015")
    assert len(titles(browser)) == 30
    browser.follow(By.PARTIAL_LINK_TEXT, "關於")
    assert browser.complaints() == []
    asked = browser.requests()
    assert all(address.startswith(site) for address in asked)


def test_a_reader_switches_the_language_and_goes_on(browser: Browser, site: str) -> None:
    browser.open(f"{site}index.html")
    assert browser.languages() == {"zh-Hant-HK"}
    browser.driver.find_element(By.ID, "language-zh").send_keys(Keys.ARROW_RIGHT)
    assert browser.driver.title == "Citizen News archive"
    for path in ("index.html", "contents.html", "about.html", "article/0/300.html", "year/2015-01.html"):
        browser.open(site + path)
        assert browser.languages() == {"en"}, path
        assert browser.driver.title.endswith("Citizen News archive")
    search(browser, site, q="潮汐")
    assert browser.languages() == {"en"}
    assert browser.driver.title == "潮汐 — Search — Citizen News archive"
    browser.driver.find_element(By.CSS_SELECTOR, "label:has(#language-zh)").click()
    assert browser.languages() == {"zh-Hant-HK"}
    assert browser.driver.title == "潮汐 — 搜尋 — 眾新聞存檔"
    assert browser.complaints() == []


def test_searches_are_narrowed_sorted_and_walked(browser: Browser, site: str) -> None:
    pages = [search(browser, site, q="潮汐", page=page) for page in ("1", "2")]
    assert {f"第{number}篇" for number in range(300, 330)} <= {*pages[0], *pages[1]}
    assert not {*pages[0]} & {*pages[1]}
    browser.follow(By.CSS_SELECTOR, ".paging [rel=prev]")
    assert found(browser) == pages[0]
    assert len(search(browser, site, q="潮汐", category="天文", year="2015-01")) == 10
    browser.follow(By.CSS_SELECTOR, ".chip")
    assert len(found(browser)) == 20
    assert search(browser, site, q="渡輪", sort="newest") != search(browser, site, q="渡輪")
    assert len(search(browser, site)) == 20
    assert search(browser, site, q="潮汐", category="渡輪") == search(browser, site, q="。。。") == []
    assert search(browser, site, q="330 19 xyzzy") == search(browser, site, tag="__proto__") == []
    assert browser.complaints() == []


def test_a_list_is_narrowed_to_some_days(browser: Browser, site: str) -> None:
    def dates() -> list[str]:
        times = browser.driver.find_elements(By.CSS_SELECTOR, ".list time")
        return [each.get_attribute("datetime") or "" for each in times]

    everything = search(browser, site, q="潮汐", sort="newest")
    browser.driver.find_element(By.CSS_SELECTOR, ".narrowing [name=from]").send_keys("2015-01-04")
    browser.driver.find_element(By.CSS_SELECTOR, ".narrowing [name=to]").send_keys("2015-01-07")
    browser.follow(By.CSS_SELECTOR, ".narrowing button")
    assert found(browser)
    assert [*dict.fromkeys(dates())] == ["2015-01-07", "2015-01-04"]
    browser.follow(By.CSS_SELECTOR, ".chip")
    assert found(browser) == everything
    search(browser, site, category="天文", to="2015-01-04", sort="oldest")
    assert {*dates()} == {"2015-01-01", "2015-01-04"}
    assert search(browser, site, q="潮汐", to="2014") == []
    assert search(browser, site, q="潮汐", sort="newest", to="last week") == everything
    assert browser.complaints() == []


@pytest.mark.parametrize(
    "words",
    [
        "#300",
        "https://archive.example/web/20210801000000/https%3A%2F%2Fwww.hkcnews.com%2Farticle%2F300%3Ffbclid=x",
        "https://elsewhere.example/copy/article/0/300.html",
    ],
)
def test_what_names_an_article_leads_to_it(browser: Browser, folder: Path, words: str) -> None:
    browser.open(f"{folder.as_uri()}/search.html?{urlencode({'q': words})}")
    browser.until("location.href.endsWith(arguments[0])", "article/0/300.html")
    assert browser.driver.find_element(By.TAG_NAME, "h1").text == "第300篇"


def test_addresses_are_understood_as_browse_does(browser: Browser, folder: Path) -> None:
    browser.open(f"{folder.as_uri()}/search.html")
    texts = [*NAMED.split("\n"), *UNNAMED.split("\n")]
    numbers = ["174", " #174 ", "0", "1234567", "17x", "", "²", '"174"', "99999", "100000"]
    for script, python, given in (("articleNamed", article_named, texts), ("numberNamed", number_named, numbers)):
        asked = f"return load('index').then((index) => arguments[0].map((text) => {script}(text, index)))"
        assert dict(zip(given, browser.script(asked, given), strict=True)) == {
            text: python(text) or 0 for text in given
        }


def test_an_address_of_what_is_not_here_and_a_number_that_is_a_word(browser: Browser, site: str) -> None:
    assert search(browser, site, q="hkcnews.com/article/999") == []
    assert "這篇文章不在此處" in browser.driver.find_element(By.ID, "results").text
    assert search(browser, site, q="999") == []
    assert "999" in browser.driver.find_element(By.CSS_SELECTOR, ".total").text


def test_simplified_and_traditional_words_find_each_other(browser: Browser, site: str) -> None:
    wanted = search(browser, site, q="渡輪")
    assert wanted == search(browser, site, q="渡轮")
    assert {each.text for each in browser.driver.find_elements(By.TAG_NAME, "mark")} == {"渡輪"}
    excerpts = browser.driver.find_elements(By.CSS_SELECTOR, ".excerpt")
    assert any("…" in each.text and each.find_elements(By.TAG_NAME, "mark") for each in excerpts)
    browser.follow(By.LINK_TEXT, "相同字形")
    assert found(browser) == []
    assert search(browser, site, q="渡輪", exact="1") == wanted
    assert search(browser, site, q='"每天更新潮汐表"') == []  # all its pairs but one
    assert browser.complaints() == []


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with an article in two versions, the same under another id, and one that is missing."""
    output, target = tmp_path_factory.mktemp("told"), tmp_path_factory.mktemp("sites") / "site"
    bench = Bench(output)
    late, early, gone = capture(5, SECOND, digest="A" * 32), capture(5, FIRST, digest="B" * 32), capture(7)
    twin = capture(6, digest="C" * 32)
    pages = {late: article(5, "潮水新聞來了兩次。"), early: article(5, "潮水舊聞來了兩次。"), gone: FAREWELL}
    pages[twin] = article(6, "潮水新聞來了兩次。")
    bench.holds(pages).run()
    bench.files(late, twin).ledger.close()
    write_tree(output, [Draft(number, "潮汐", "潮水新聞來了兩次。") for number in (5, 6)], pictures=False)
    build_archive(output)
    write_site(output, target, "", 1, lambda done, of: None)
    return target


def test_a_missing_article_versions_twins_and_citations_are_looked_at(
    told: Path, browser: Browser, tmp_path: Path
) -> None:
    browser.open(f"{told.as_uri()}/search.html?q=7")
    browser.until("location.href.endsWith(arguments[0])", "article/0/7.html")
    assert "未能復原" in browser.driver.find_element(By.TAG_NAME, "h1").text
    browser.follow(By.CSS_SELECTOR, "[rel=prev]")
    browser.follow(By.LINK_TEXT, "5")
    browser.driver.find_element(By.CSS_SELECTOR, "details.cite summary").click()
    browser.command("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    browser.driver.find_element(By.LINK_TEXT, "BibTeX").click()
    WebDriverWait(browser.driver, 600).until(lambda _: (tmp_path / "hkcnews-5.bib").is_file())
    assert (tmp_path / "hkcnews-5.bib").read_text("utf-8").startswith("@online{hkcnews-5,\n  author = {{編輯部}},")
    browser.follow(By.PARTIAL_LINK_TEXT, "並排比較")
    sides = [browser.driver.find_element(By.CSS_SELECTOR, f".sides {name}") for name in ("del", "ins")]
    assert [side.text for side in sides] == ["舊", "新"]
    for path in ("article/0/5-versions.html", "article/0/7.html", "article/0/5.html", "search.html?q=潮水"):
        for dark in ("light", "dark"):
            browser.media(prefers_color_scheme=dark)
            browser.window(*PHONE)
            browser.open(f"{told.as_uri()}/{path}")
            assert browser.script("return document.documentElement.scrollWidth") <= PHONE[0]
    assert browser.complaints() == []


def test_what_articles_and_readers_write_is_text(browser: Browser, site: str) -> None:
    for wanted in ({"q": "毒文字"}, {"category": HOSTILE.category}, {"tag": "a&b=c"}, {"author": HOSTILE.author}):
        assert search(browser, site, **wanted) == [HOSTILE.title]
    assert search(browser, site, q='<img src=x onerror="document.title=1"></script>"', author='"><script>') == []
    browser.open(f"{site}article/0/666.html")
    assert "owned" not in browser.driver.title
    assert browser.complaints() == []


def test_a_first_search_loads_little(browser: Browser, served: str) -> None:
    browser.command("Network.setCacheDisabled", cacheDisabled=True)
    search(browser, served, q="渡輪 青螺灣")
    sizes = browser.script(
        "return [...performance.getEntriesByType('resource'), ...performance.getEntriesByType('navigation')]"
        ".map(entry => entry.encodedBodySize)"
    )
    assert len(sizes) > 5
    assert sum(sizes) < MOST_BYTES


def test_pictures_are_shown_and_a_phone_need_not_scroll_sideways(browser: Browser, site: str) -> None:
    browser.window(*PHONE)
    browser.open(f"{site}article/0/300.html")
    # A picture that is loaded lazily may come after the page is there.
    browser.until("[...document.querySelectorAll('.text img')].every(image => image.naturalWidth > 0)")
    for path in ("index.html", "contents.html", "year/2015.html", "article/0/666.html"):
        browser.open(site + path)
        assert browser.script("return document.documentElement.scrollWidth") <= PHONE[0], unquote(path)
    search(browser, site, q="潮汐")
    assert browser.script("return document.documentElement.scrollWidth") <= PHONE[0]


def test_the_policy_holds_if_something_slipped_through(browser: Browser, site: str) -> None:
    search(browser, site, q="潮汐")
    browser.script(
        "const script = document.createElement('script'); script.textContent = 'document.title = \"owned\"';"
        "document.body.append(script); const image = document.createElement('img');"
        "image.src = 'https://evil.example/x.png'; document.body.append(image);"
    )
    browser.wait_for_refusals(2)
    assert browser.driver.title != "owned"
