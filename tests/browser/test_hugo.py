"""The demo as a site that a real Hugo made, in a real browser."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By

from tests.browser.chromium import Browser, needs_chromium
from tests.demo.build import ARCHIVE
from tests.e2e.crawling import crawl
from tests.e2e.test_hugo import HUGO_PROGRAM, IN_HUGO, build
from tests.standin import StandIn, load_sample

pytestmark = [
    pytest.mark.heavy,
    needs_chromium,
    pytest.mark.skipif(HUGO_PROGRAM is None, reason="no hugo on this machine (Debian's package `hugo`)"),
]
_PICTURES = "return [...document.images].map(one => one.complete && one.naturalWidth > 0)"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The site, from a plain web server."""
    folder = tmp_path_factory.mktemp("hugo")
    with StandIn(load_sample(ARCHIVE)) as standin:
        done = crawl(standin, folder / "output", None, **IN_HUGO, IMAGES="1")
    assert done.status == 0, done.err
    build(done.output, folder / "site")
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=folder / "site")) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_articles_pictures_and_links_are_there(browser: Browser, address: str, tmp_path: Path) -> None:
    browser.open(address)
    browser.follow(By.LINK_TEXT, "舊圖書館搬書記：一條人龍傳書三百米")
    assert browser.driver.find_element(By.TAG_NAME, "h1").text == "舊圖書館搬書記：一條人龍傳書三百米"
    assert "傳過去" in browser.driver.find_element(By.TAG_NAME, "figcaption").text
    assert browser.script(_PICTURES) == [True]
    browser.screenshot(tmp_path / "article.png")
    browser.follow(By.LINK_TEXT, "榕蔭街")
    assert browser.driver.current_url == f"{address}/articles/5001-6000/article_5126/"
    browser.follow(By.PARTIAL_LINK_TEXT, "眾")
    browser.window(360, 740)
    assert browser.script("return document.documentElement.scrollWidth <= innerWidth")
    assert browser.complaints() == []
