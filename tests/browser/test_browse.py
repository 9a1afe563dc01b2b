"""`citizen-news browse` as a reader has it: the real command, a real browser."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from crawler.utils.exit_status import ExitStatus
from tests.browser.chromium import Browser, needs_chromium
from tests.e2e.crawling import command, environment, run
from tests.e2e.processes import Command, started
from tests.pages import FAREWELL, article
from tests.publish.browse.tree import ARTICLES, HOSTILE, Draft, figure, write_tree
from tests.recovering import FIRST, SECOND, Bench, capture

pytestmark = [pytest.mark.heavy, needs_chromium]

PHONE = (360, 740)
WIDE = "\n\n".join(
    (
        "| "
        + " | ".join(f"欄目{n}" for n in range(12))
        + " |\n|"
        + " --- |" * 12
        + "\n| "
        + " | ".join(["很長的格子內容"] * 12)
        + " |",
        "https://archive.example/" + "a" * 300,
        "[" + "長" * 200 + "](https://archive.example/" + "b" * 200 + ")",
        figure(),
        "```\n" + "c" * 200 + "\n```",
    )
)
LONG = Draft(201, "很長的題目" * 30, WIDE, tags=tuple(f"標籤{n}" for n in range(40)), author="很長的署名" * 20)
MANY = [
    Draft(number, f"第{number}篇", "潮水每天來兩次。", f"2019-01-{number - 299:02}", "潮汐組", "天文", ("潮水",))
    for number in range(300, 330)
]


@dataclass
class Served:
    """The command while it runs."""

    address: str
    process: Command


@contextmanager
def browsing(output: Path, *arguments: str) -> Iterator[Served]:
    """`citizen-news browse` on a free port of loopback, ended with Ctrl-C."""
    line = command("browse", "--port", "0", *arguments, OUTPUT_DIR=str(output))
    with started(line, environment()) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            found = re.search(r"http://\S+/", said)
            assert found is not None, said + (
                process.stderr.read() if process.stderr and process.poll() is not None else ""
            )
            yield Served(found[0].rstrip("/"), process)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tree(tmp_path_factory.mktemp("browse"), [*ARTICLES, HOSTILE, LONG, *MANY])


@pytest.fixture(scope="module")
def site(output: Path) -> Iterator[str]:
    with browsing(output) as served:
        yield served.address


def listed(browser: Browser) -> list[str]:
    return [each.text for each in browser.driver.find_elements(By.CSS_SELECTOR, ".list h2")]


def background(browser: Browser) -> float:
    """How light the page is, from 0 to 1."""
    colour = browser.script("return getComputedStyle(document.body).backgroundColor")
    red, green, blue = (int(part) / 255 for part in re.findall(r"\d+", colour)[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(browser: Browser, selector: str) -> float:
    """The contrast (WCAG) of a text with the page behind it."""
    colours = browser.script(
        "return [document.querySelector(arguments[0]), document.body].map((e, n) => getComputedStyle(e)[['color',"
        " 'backgroundColor'][n]])",
        selector,
    )

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted(map(luminance, colours), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_a_word_of_two_characters_is_typed_and_found(browser: Browser, site: str) -> None:
    browser.open(site)
    browser.follow(By.NAME, "q", "香港", Keys.ENTER)
    assert sorted(listed(browser)) == ["碼頭的貓", "立法會選舉押後"]
    assert {each.text for each in browser.driver.find_elements(By.TAG_NAME, "mark")} == {"香港"}
    assert browser.driver.find_element(By.NAME, "q").get_attribute("value") == "香港"
    assert browser.complaints() == []


def test_an_article_shows_its_pictures(browser: Browser, site: str) -> None:
    browser.open(f"{site}/search?q=%E8%B2%93")
    browser.follow(By.LINK_TEXT, "碼頭的貓")
    widths = browser.script(
        "return [...document.querySelectorAll('.text img')].map(image => [image.complete, image.naturalWidth])"
    )
    assert widths
    assert all(complete and width > 0 for complete, width in widths)
    assert browser.driver.find_element(By.TAG_NAME, "h1").text == "碼頭的貓"
    browser.follow(By.LINK_TEXT, "選舉")
    assert browser.driver.current_url == f"{site}/article/101"
    assert browser.complaints() == []


def test_a_facet_is_clicked_and_cleared(browser: Browser, site: str) -> None:
    browser.open(site)
    browser.follow(By.XPATH, "//aside//a[contains(., '陳小明')]")
    assert listed(browser) == ["燈塔重開", "立法會選舉押後"]
    browser.follow(By.XPATH, "//nav[@class='histogram']//a[contains(., '2020')]")
    assert listed(browser) == ["立法會選舉押後"]
    assert unquote(browser.driver.current_url) == f"{site}/search?author=陳小明&year=2020"
    browser.follow(By.CSS_SELECTOR, ".chips .all")
    assert len(listed(browser)) == 20


def test_the_pages_of_a_list_are_walked(browser: Browser, site: str) -> None:
    browser.open(f"{site}/search?q=%E6%BD%AE%E6%B0%B4&sort=newest")
    first = listed(browser)
    browser.follow(By.CSS_SELECTOR, "[rel=next]")
    second = listed(browser)
    assert [*first, *second] == [f"第{number}篇" for number in range(329, 299, -1)]


def test_it_follows_the_readers_light_and_dark(browser: Browser, site: str) -> None:
    for path in ("/", "/article/102", "/about"):
        browser.media(prefers_color_scheme="dark")
        browser.open(site + path)
        assert background(browser) < 0.15
        assert contrast(browser, "main h1") > 7
        browser.media(prefers_color_scheme="light")
        assert background(browser) > 0.85
        for selector in ("main h1", "main a", ".bottom a", ".languages a:not([aria-current])", ".field label"):
            assert contrast(browser, selector) > 4.5, selector


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/article/102",
        "/article/201",
        "/article/666",
        "/about",
        "/search?q=%E6%B8%AF",
        "/search?author=" + "x" * 200,
        "/nothing",
    ],
)
def test_a_phone_need_not_scroll_sideways(browser: Browser, site: str, path: str) -> None:
    browser.window(*PHONE)
    browser.open(site + path)
    assert browser.script("return document.documentElement.scrollWidth") <= PHONE[0]
    assert browser.script("return document.querySelector('main h1').getBoundingClientRect().left") >= 12
    size = browser.script(
        "return parseFloat(getComputedStyle(document.querySelector('.text') || document.body).fontSize)"
    )
    assert 17 <= size <= 19


def test_the_facets_fold_on_a_phone(browser: Browser, site: str) -> None:
    browser.window(*PHONE)
    browser.open(site)
    assert not browser.driver.find_element(By.TAG_NAME, "aside").is_displayed()
    link = browser.driver.find_element(By.XPATH, "//details//a[contains(., '天文')]")
    assert not link.is_displayed()
    browser.driver.find_element(By.TAG_NAME, "summary").click()
    assert link.is_displayed()
    browser.follow(By.XPATH, "//details//a[contains(., '天文')]")
    assert len(listed(browser)) == 20


def test_the_keyboard_reaches_the_content_first(browser: Browser, site: str) -> None:
    browser.open(f"{site}/article/102")
    browser.driver.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    assert browser.driver.switch_to.active_element.get_attribute("class") == "skip"
    assert browser.script("return getComputedStyle(document.activeElement).outlineStyle") == "solid"
    browser.driver.switch_to.active_element.send_keys(Keys.ENTER)
    assert browser.driver.current_url.endswith("#content")


def test_on_paper_there_is_the_article_alone(browser: Browser, site: str) -> None:
    browser.open(f"{site}/article/102")
    browser.media(media="print")
    shown = {
        name: browser.driver.find_element(By.CSS_SELECTOR, name).is_displayed()
        for name in (".top", ".neighbours", ".text", ".origin")
    }
    assert shown == {".top": False, ".neighbours": False, ".text": True, ".origin": True}


def test_a_reader_switches_the_language_and_goes_on(browser: Browser, site: str) -> None:
    """With a link and no script; the choice goes with the reader, and what articles say is as it was."""
    browser.open(f"{site}/search?q=%E8%B2%93")
    assert browser.languages() == {"zh-Hant-HK"}
    browser.follow(By.LINK_TEXT, "English", Keys.ENTER)
    assert browser.driver.title == "貓 — Citizen News archive"
    assert browser.driver.find_element(By.CSS_SELECTOR, ".total").text == "貓: 1 article"
    browser.follow(By.LINK_TEXT, "碼頭的貓")
    assert browser.driver.find_element(By.CSS_SELECTOR, ".by time").text == "12 July 2021"
    for path in ("/article/102", "/", "/authors", "/about", "/author?name=%E9%99%B3%E5%B0%8F%E6%98%8E"):
        browser.open(site + path)
        assert browser.languages() == {"en"}, path
    browser.follow(By.LINK_TEXT, "中文")
    browser.follow(By.CSS_SELECTOR, ".name")
    assert browser.driver.title == "眾新聞存檔"
    assert browser.languages() == {"zh-Hant-HK"}
    assert browser.complaints() == []


@pytest.mark.parametrize("path", ["/article/666", "/", "/search?q=%E6%AF%92%E6%96%87", "/about"])
def test_a_hostile_article_does_nothing(browser: Browser, site: str, path: str) -> None:
    browser.open(site + path)
    assert "owned" not in browser.driver.title
    # What the policy has to stop is in the console; nothing came as far as that.
    assert browser.complaints() == []
    assert (
        browser.script(
            "return document.querySelectorAll('script, style, iframe, object, embed, base, form[action^=http]').length"
        )
        == 0
    )
    assert browser.driver.find_element(By.TAG_NAME, "body").is_displayed()
    for link in browser.script("return [...document.querySelectorAll('main a[href]')].map(link => link.protocol)"):
        assert link in ("http:", "https:")
    asked = browser.requests()
    assert asked
    assert all(address.startswith(site) for address in asked)


def test_nothing_of_a_page_is_run_even_if_cleaning_failed(browser: Browser, site: str) -> None:
    browser.open(f"{site}/about")
    browser.script(
        "const add = (name, values) => document.body.append(Object.assign(document.createElement(name), values));const"
        " image = document.createElement('img'); image.setAttribute('onerror', 'document.title = \"owned\"'); image.src"
        " = '/none.png';document.body.append(image); add('img', {src: 'https://evil.example/x.png'}); add('iframe',"
        " {src: 'https://evil.example/'});"
    )
    browser.wait_for_refusals(3)
    assert browser.driver.title != "owned"


def test_a_citation_is_selected_with_one_click(browser: Browser, site: str) -> None:
    browser.open(f"{site}/article/101")
    browser.driver.find_element(By.CSS_SELECTOR, "details.cite summary").click()
    cited = browser.driver.find_element(By.CSS_SELECTOR, ".cited")
    cited.click()
    selected = browser.script("return getSelection().toString()")
    assert selected == cited.text
    assert selected.startswith("陳小明：〈立法會選舉押後〉，《眾新聞》，2020年7月31日")
    assert browser.complaints() == []


def test_years_and_months_are_clicked(browser: Browser, site: str) -> None:
    browser.open(site)
    bars = "return [...document.querySelectorAll('.histogram a')].map(e => e.querySelector('.bar').offsetHeight)"
    heights = browser.script(bars)
    assert max(heights) > 40
    assert min(heights) > 0
    browser.follow(By.XPATH, "//nav[@class='histogram']//a[contains(., '2019')]")
    browser.follow(By.LINK_TEXT, "全部在2019年1月")  # one bar is a sentence
    assert browser.driver.current_url == f"{site}/month/2019-01"
    browser.follow(By.LINK_TEXT, "第300篇")
    browser.follow(By.CSS_SELECTOR, "[rel=author]")
    assert browser.driver.find_element(By.TAG_NAME, "h1").text == "潮汐組"
    assert browser.complaints() == []


def test_a_missing_article_and_two_versions_are_looked_at(tmp_path: Path, browser: Browser) -> None:
    bench = Bench(tmp_path)
    late, early, gone = capture(5, SECOND, digest="A" * 32), capture(5, FIRST, digest="B" * 32), capture(7)
    pages = {late: article(5, "潮水新聞來了兩次。"), early: article(5, "潮水舊聞來了兩次。"), gone: FAREWELL}
    bench.holds(pages).run()
    bench.files(late).ledger.close()
    write_tree(tmp_path, [Draft(5, "潮汐", "潮水新聞來了兩次。")], pictures=False)
    with browsing(tmp_path) as served:
        browser.open(f"{served.address}/search?q=7")
        assert "未能復原" in browser.driver.find_element(By.TAG_NAME, "h1").text
        browser.follow(By.CSS_SELECTOR, "[rel=prev]")
        browser.follow(By.PARTIAL_LINK_TEXT, "並排比較")
        sides = [browser.driver.find_element(By.CSS_SELECTOR, f".sides {name}") for name in ("del", "ins")]
        assert [side.text for side in sides] == ["舊", "新"]
        assert sides[0].location["x"] < sides[1].location["x"]
        for dark in ("light", "dark"):
            browser.media(prefers_color_scheme=dark)
            browser.window(*PHONE)
            assert browser.script("return document.documentElement.scrollWidth") <= PHONE[0]
    assert browser.complaints() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_being_told_to_end_is_a_good_end(output: Path, site: str, number: signal.Signals) -> None:
    with browsing(output, "--no-update") as served:
        served.process.send_signal(number)
        assert served.process.wait() == ExitStatus.DONE
        assert served.process.stderr is not None
        assert "Traceback" not in served.process.stderr.read()


def test_another_address_is_warned_of(output: Path, site: str) -> None:
    # An address for documents (RFC 5737), which no machine has.
    done = run(command("browse", "--no-update", "--host", "192.0.2.1", OUTPUT_DIR=str(output)), output)
    assert done.status == ExitStatus.USAGE
    assert "warning: 192.0.2.1 can be reached from other machines" in done.err
    assert "cannot serve on 192.0.2.1" in done.err


def test_a_port_in_use_is_named(output: Path, site: str) -> None:
    port = site.rpartition(":")[2]
    done = run(command("browse", "--no-update", "--port", port, OUTPUT_DIR=str(output)), output)
    assert done.status == ExitStatus.USAGE
    assert f"port {port}" in done.err
    assert "--port" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("--port", "x"), ExitStatus.USAGE, "--port x"),
        (("--host", ""), ExitStatus.USAGE, "--host"),
        (("--no-update", "--port", "0"), ExitStatus.STORAGE, "archive.db"),
        (("--port", "0"), ExitStatus.NOTHING, "nothing to read"),
        (("more",), ExitStatus.USAGE, "no arguments"),
    ],
)
def test_what_cannot_be_served_is_said(
    tmp_path: Path, arguments: tuple[str, ...], status: ExitStatus, words: str
) -> None:
    done = run(command("browse", *arguments, OUTPUT_DIR=str(tmp_path)), tmp_path)
    assert done.status == status
    assert words in done.err
    assert "Traceback" not in done.err
