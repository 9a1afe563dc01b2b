"""The report in a real browser: it asks for nothing, runs nothing, and can be read in the dark, on a phone and on
paper."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from markupsafe import escape
from selenium.webdriver.common.keys import Keys

from crawler.publish.report.page import POLICY
from tests.browser.chromium import Browser, needs_chromium
from tests.publish.report.test_page import evil, full
from tests.publish.report.trees import Tree

pytestmark = [pytest.mark.heavy, needs_chromium]

NARROW = 360


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a report on a plain tree, and one on a hostile one."""
    folder = tmp_path_factory.mktemp("pages")
    for name, fill in (("full", full), ("evil", evil)):
        (folder / f"{name}.html").write_text(fill(Tree(tmp_path_factory.mktemp(name))).page(), "utf-8")
    return folder


def show(browser: Browser, page: Path) -> None:
    browser.open(page.as_uri())


def unfold(browser: Browser) -> None:
    """What is behind the fold is shown."""
    browser.script("document.querySelector('#workings').open = true")


def colour(browser: Browser, selector: str, name: str) -> tuple[int, ...]:
    """A computed colour as red, green, blue."""
    said = browser.script(f"return getComputedStyle(document.querySelector({selector!r}))[{name!r}]")
    return tuple(int(part) for part in said[said.index("(") + 1 : -1].split(",")[:3])


def brightness(colours: tuple[int, ...]) -> float:
    red, green, blue = colours
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255


@pytest.mark.parametrize("name", ["full", "evil"])
def test_it_asks_for_nothing_and_runs_nothing(browser: Browser, pages: Path, name: str) -> None:
    show(browser, pages / f"{name}.html")
    browser.script("document.querySelectorAll('details').forEach(node => { node.open = true })")
    assert browser.requests() == []
    assert browser.complaints() == []
    assert browser.script("return document.title").startswith("眾新聞文章復原報告")
    assert browser.script("return document.querySelectorAll('script').length") == 0


def test_a_request_would_be_noticed_were_it_not_for_the_policy(browser: Browser, pages: Path) -> None:
    text = (
        (pages / "full.html")
        .read_text("utf-8")
        .replace('<main class="wide">', '<main class="wide"><img src="http://127.0.0.1:9/x.png" alt="">')
    )
    for name, asked in ((POLICY, []), ("default-src *", ["http://127.0.0.1:9/x.png"])):
        (pages / "asks.html").write_text(text.replace(str(escape(POLICY)), name), "utf-8")
        show(browser, pages / "asks.html")
        assert browser.requests() == asked


def test_a_script_that_got_in_would_not_run(browser: Browser, pages: Path) -> None:
    page = pages / "spoiled.html"
    planted = '<script>document.title = "ran"</script><img src="x.png" onerror="document.title = \'ran\'">'
    page.write_text(
        (pages / "full.html").read_text("utf-8").replace('<main class="wide">', f"<main>{planted}"), "utf-8"
    )
    show(browser, page)
    assert browser.script("return document.title").startswith("眾新聞文章復原報告")
    assert any("Content Security Policy" in said for said in browser.complaints())


@pytest.mark.parametrize(
    ("scheme", "medium", "dark"),
    [("light", "", False), ("dark", "", True), ("dark", "print", False)],
    ids=["light", "dark", "paper"],
)
def test_it_follows_the_readers_preference_and_paper_is_white(
    browser: Browser, pages: Path, tmp_path: Path, scheme: str, medium: str, dark: bool
) -> None:
    browser.media(prefers_color_scheme=scheme, media=medium)
    show(browser, pages / "full.html")
    unfold(browser)
    paper = brightness(colour(browser, "body", "backgroundColor"))
    inks = [
        brightness(colour(browser, selector, name))
        for selector, name in (("body", "color"), ("main p", "color"), ("main .upright", "color"))
    ]
    assert paper < 0.15 if dark else paper > 0.9
    assert all(abs(paper - ink) > 0.4 for ink in inks), inks
    bar = brightness(colour(browser, "#captures .upright .solid", "backgroundColor"))
    assert abs(paper - bar) > 0.2
    browser.screenshot(tmp_path / "page.png", whole=True)
    assert (tmp_path / "page.png").stat().st_size > 50_000


def test_a_phone_shows_all_of_it_without_scrolling_aside(browser: Browser, pages: Path) -> None:
    browser.window(NARROW, 740)
    for name in ("full", "evil"):
        show(browser, pages / f"{name}.html")
        browser.script("document.querySelectorAll('details').forEach(node => { node.open = true })")
        assert browser.script("return document.documentElement.scrollWidth") <= NARROW, name


@pytest.mark.parametrize("width", [1280, NARROW])
def test_pictures_are_shown_with_their_patterns(browser: Browser, pages: Path, width: int) -> None:
    browser.window(width, 900)
    show(browser, pages / "full.html")
    unfold(browser)
    sizes: list[dict[str, Any]] = browser.script(
        "return [...document.querySelectorAll('.bars, .upright')].map(node => node.getBoundingClientRect().toJSON())"
    )
    assert len(sizes) == 8
    assert all(size["width"] > width / 2 and size["height"] > 60 for size in sizes)
    bars: list[dict[str, Any]] = browser.script(
        "return [...document.querySelectorAll('figure i')].map(node => node.getBoundingClientRect().toJSON())"
    )
    assert len(bars) > 20
    assert all(size["width"] >= 1 and size["height"] >= 1 for size in bars)
    looks = browser.script(
        "return Object.fromEntries([...document.querySelectorAll('main i')].map(node => [node.className,"
        " getComputedStyle(node).backgroundImage]))"
    )
    patterned = {look: image for look, image in looks.items() if look not in ("solid", "limit")}
    assert len({*patterned.values()} - {"none"}) == len(patterned) >= 3


@pytest.mark.parametrize("width", [1280, NARROW])
def test_the_first_screen_is_for_a_newsroom_and_the_workings_are_behind_a_fold(
    browser: Browser, pages: Path, width: int
) -> None:
    browser.window(width, 900)
    show(browser, pages / "full.html")
    ends = "return document.querySelector('#glance h2').getBoundingClientRect().bottom"
    assert browser.script(ends) < 600
    shown = "return document.querySelector('#runs').checkVisibility()"
    assert browser.script(shown) is False
    browser.driver.find_element("css selector", "#workings > summary").click()
    assert browser.script(shown) is True


def test_a_reader_switches_to_one_language(browser: Browser, pages: Path) -> None:
    """Without a script, by the keyboard: Chinese at first, then the other one, everywhere on the page."""
    show(browser, pages / "full.html")
    browser.script("document.querySelectorAll('details').forEach(node => { node.open = true })")
    assert browser.languages() == {"zh-Hant-HK"}
    browser.driver.find_element("css selector", "#language-zh").send_keys(Keys.ARROW_RIGHT)
    assert browser.languages() == {"en"}
    browser.driver.find_element("css selector", "label:has(#language-zh)").click()
    assert browser.languages() == {"zh-Hant-HK"}
    browser.driver.find_element("css selector", "label:has(#language-en)").click()
    text = browser.script("return document.querySelector('main').innerText")
    assert {*re.findall("[\u4e00-\u9fff]{2,}", text)} == {"眾新聞告別"}, "what pages said is as it is, all else English"


def test_the_numbers_are_a_click_away(browser: Browser, pages: Path) -> None:
    show(browser, pages / "full.html")
    unfold(browser)
    shown = "return document.querySelector('#ranges table').checkVisibility()"
    assert browser.script(shown) is False
    browser.driver.find_element("css selector", "#ranges summary").click()
    assert browser.script(shown) is True
