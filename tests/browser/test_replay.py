"""Articles as they were archived, in ReplayWeb.page's own component, served by the real command to a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from crawler.publish.browse.replay import PACKAGE
from crawler.utils.exit_status import ExitStatus
from tests.browser.chromium import Browser, needs_chromium
from tests.browser.test_browse import PHONE, browsing
from tests.demo.build import ARCHIVE
from tests.e2e.crawling import command, crawl, run
from tests.preserve.test_wacz import pack, warc
from tests.publish.browse.tree import Draft, write_tree
from tests.standin import StandIn, load_sample

FETCHED = Path(__file__).parents[2] / ".replay" / PACKAGE
pytestmark = [
    pytest.mark.heavy,
    needs_chromium,
    pytest.mark.skipif(not FETCHED.exists(), reason="ReplayWeb.page's package is not here: `make replay` fetches it"),
]
MURAL, BUS = 21413, 8080
"""An article with a picture; one whose capture has a port and a bare question mark in its address."""
HOSTILE = Draft(666, "毒頁", "文")
ELSEWHERE = "https://evil.example"
PAGE = f"""<!doctype html><html><head><meta charset="utf-8"><title>x</title>
<meta http-equiv="refresh" content="0; url=//evil.example/refresh">
<meta http-equiv=refresh content="0,https:&#x2f;&#x2f;evil.example/refresh">
<link rel="stylesheet" href="{ELSEWHERE}/x.css"><link rel="prefetch" href="{ELSEWHERE}/prefetch">
<style>@import "{ELSEWHERE}/i.css"; body {{ background: url(https:\\2f\\2f evil.example/bg.png) }}</style>
<script>top.document.title = "owned"; fetch("{ELSEWHERE}/fetch")</script></head>
<body onload="top.document.title = 'owned'"><h1>毒頁</h1>
<img src="{ELSEWHERE}/a.png" onerror="top.document.title = 'owned'"><iframe src="{ELSEWHERE}/frame"></iframe>
<iframe srcdoc="<script>top.document.title = 'owned'</script><img src={ELSEWHERE}/s.png>"></iframe>
<object data="{ELSEWHERE}/object"></object><video src="{ELSEWHERE}/video" poster="{ELSEWHERE}/poster"></video>
<noscript><img src="{ELSEWHERE}/noscript.png"></noscript>
<form action="{ELSEWHERE}/form"><button>送出</button></form>
<a href="{ELSEWHERE}/link" target="_top" ping="{ELSEWHERE}/ping">去</a></body></html>"""
_OUTER = """
const inside = (root, ...path) => path.reduce((found, name) => found.shadowRoot.querySelector(name), root);
const outer = inside(document.querySelector("replay-web-page"), "iframe");
"""
"""The component's frame, in the page; a part that is not there yet makes an error of it."""
_INNER = """
const within = (root, ...path) => path.reduce((found, name) => found.shadowRoot.querySelector(name), root);
const inner = within(document.querySelector("replay-app-main"), "wr-item", "wr-coll-replay", "iframe");
"""
"""The archived page's frame, in the component's."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Two articles of the demo, recovered and packed."""
    output = tmp_path_factory.mktemp("replay") / "output"
    with StandIn(load_sample(ARCHIVE)) as standin:
        assert crawl(standin, output, {"ids": f"{MURAL},{BUS}"}, IMAGES="1").status == ExitStatus.DONE
    line = command("export", "--wacz", str(output / "demo.wacz"), OUTPUT_DIR=str(output))
    assert run(line, output).status == ExitStatus.DONE
    shutil.copy(FETCHED, output)
    with browsing(output) as served:
        yield served.address


def shown(browser: Browser, words: str) -> None:
    """Until an archived page is there that has these words."""
    inside = (
        f"{_INNER} const page = inner.contentDocument; return page.readyState === 'complete' && page.body.innerText"
    )
    ask = f"try {{ {_OUTER} return (document => {{ {inside} }})(outer.contentDocument) || '' }} catch {{ return '' }}"
    WebDriverWait(browser.driver, 600).until(lambda driver: words in driver.execute_script(ask))


@pytest.mark.parametrize(
    ("number", "heading"), [(MURAL, "蜆殼里壁畫完成　一面牆畫足四季"), (BUS, "八十號巴士改用舊款車票")]
)
def test_the_page_stands_beside_its_text(browser: Browser, site: str, number: int, heading: str) -> None:
    browser.open(f"{site}/article/{number}")
    browser.follow(By.CSS_SELECTOR, f"a[href='/archived/{number}']")
    shown(browser, heading)
    text = browser.driver.find_element(By.CSS_SELECTOR, ".pane-text")
    replay = browser.driver.find_element(By.CSS_SELECTOR, "replay-web-page")
    assert heading in text.text
    assert text.rect["x"] + text.rect["width"] < replay.rect["x"]
    browser.driver.switch_to.frame(browser.script(f"{_OUTER} return outer"))
    browser.driver.switch_to.frame(browser.script(f"{_INNER} return inner"))
    assert browser.driver.find_element(By.TAG_NAME, "h1").is_displayed()
    browser.driver.switch_to.default_content()
    assert browser.script(f"{_OUTER} return outer.contentWindow.location.pathname") == "/replay/frame.html"
    # The service worker stands before nothing else.
    browser.open(f"{site}/article/{number}")
    assert browser.script("return navigator.serviceWorker.controller") is None
    asked = browser.requests()
    assert any("/replay/w/" in address for address in asked)
    assert all(address.startswith(site) for address in asked)


def test_on_a_phone_one_of_them_is_shown_at_a_time(browser: Browser, site: str, tmp_path: Path) -> None:
    browser.open(f"{site}/archived/{MURAL}")
    shown(browser, "蜆殼里壁畫完成")
    for scheme in ("light", "dark"):
        browser.media(prefers_color_scheme=scheme)
        browser.window(1280, 900)
        browser.screenshot(tmp_path / f"wide-{scheme}.png")
        browser.window(*PHONE)
        panes = [browser.driver.find_element(By.CSS_SELECTOR, name) for name in ("replay-web-page", ".pane-text")]
        for chosen, wanted in (("pane-text", [False, True]), ("pane-archived", [True, False])):
            browser.driver.find_element(By.ID, chosen).click()
            assert [pane.is_displayed() for pane in panes] == wanted
            assert browser.script("return document.documentElement.scrollWidth") <= PHONE[0]
            browser.screenshot(tmp_path / f"{chosen}-{scheme}.png")
        # What is black on white remains so in the dark.
        assert browser.script("return getComputedStyle(arguments[0]).backgroundColor", panes[0]) == "rgb(255, 255, 255)"


@pytest.fixture
def hostile_site(tmp_path: Path) -> Iterator[str]:
    """An article whose page was made by somebody who means no good, in a WACZ elsewhere."""
    output = write_tree(tmp_path / "output", [HOSTILE], pictures=False)
    warc(tmp_path / "hostile.warc.gz", (HOSTILE.original, HOSTILE.timestamp, 200, PAGE.encode()))
    wacz = tmp_path / "hostile.wacz"
    wacz.write_bytes(pack(tmp_path / "hostile.warc.gz")[0])
    shutil.copy(FETCHED, output)
    with browsing(output, "--wacz", str(wacz)) as served:
        yield served.address


def test_a_hostile_page_does_nothing(browser: Browser, hostile_site: str) -> None:
    browser.open(f"{hostile_site}/archived/{HOSTILE.number}")
    shown(browser, "毒頁")
    title = browser.driver.title
    browser.driver.switch_to.frame(browser.script(f"{_OUTER} return outer"))
    browser.driver.switch_to.frame(browser.script(f"{_INNER} return inner"))
    browser.driver.find_element(By.TAG_NAME, "button").click()
    browser.driver.find_element(By.LINK_TEXT, "去").click()
    browser.driver.switch_to.default_content()
    shown(browser, "Archived Page Not Found")
    assert browser.driver.title == title == "存檔原貌：毒頁 — 眾新聞存檔"
    assert browser.driver.current_url == f"{hostile_site}/archived/{HOSTILE.number}"
    said = "\n".join(browser.complaints())
    for stopped in ("Blocked script execution", "Refused to execute the redirect", "Blocked form submission"):
        assert stopped in said
    asked = browser.requests()
    assert any("evil.example/a.png" in address for address in asked)
    assert all(address.startswith(hostile_site) for address in asked)
