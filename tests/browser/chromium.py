"""Headless Chromium for the tests that look at pages, and what it asked for and complained about while it did."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.support.wait import WebDriverWait

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
    # Whatever a page asks for elsewhere is answered by nobody.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
)
HERE = ("127.0.0.1", "localhost")
_SENT = ("http", "https", "ws", "wss", "ftp")

needs_chromium = pytest.mark.skipif(not (BROWSER and DRIVER), reason="no chromium and chromedriver on this machine")
"""For tests of pages in a browser: skipped, and said so, where there is none."""


@dataclass
class Browser:
    """A browser with the logs of its network and its console."""

    driver: Chrome

    def command(self, name: str, **arguments: object) -> Any:
        """A command of the DevTools protocol."""
        return self.driver.execute_cdp_cmd(name, arguments)

    def window(self, width: int, height: int) -> None:
        """The size of the page's window, in CSS pixels, also narrower than a real window can be."""
        self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    def media(self, **features: str) -> None:
        """What the reader prefers, as in `prefers_color_scheme="dark"`; `media="print"` for paper."""
        medium = features.pop("media", "")
        given = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.command("Emulation.setEmulatedMedia", media=medium, features=given)

    def script(self, text: str, *arguments: object) -> Any:
        """What a script of the test gives, run in the page (the page's own policy does not hold for it)."""
        return self.driver.execute_script(text, *arguments)

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """A PNG of the window, or of the whole page."""
        if whole:
            size = self.command("Page.getLayoutMetrics")["cssContentSize"]
            self.window(int(size["width"]), int(size["height"]))
        assert self.driver.save_screenshot(str(path))

    def requests(self) -> list[str]:
        """The addresses asked for since the last call, whether or not anybody answered; not those that the page's
        policy stopped."""
        events = [json.loads(entry["message"])["message"] for entry in self._log("performance")]
        stopped = {
            event["params"]["requestId"]
            for event in events
            if event["method"] == "Network.loadingFailed" and event["params"].get("blockedReason") == "csp"
        }
        asked = [
            event["params"]["request"]["url"]
            for event in events
            if event["method"] == "Network.requestWillBeSent" and event["params"]["requestId"] not in stopped
        ]
        return [address for address in asked if urlsplit(address).scheme in _SENT]

    def open(self, address: str) -> None:
        """A page, whole: on a busy machine the driver may still see the one before, and come back."""
        with self._another_page():
            self.driver.get(address)

    def follow(self, by: str, value: str, *keys: str) -> None:
        """Click on the link that is found so, or press these keys on what is, until the next page is there, whole."""
        found = self.driver.find_element(by, value)
        with self._another_page():
            found.send_keys(*keys) if keys else found.click()

    def until(self, shown: str, *arguments: object) -> None:
        """Wait for what a script says, in a page that is whole."""
        script = f"return document.readyState === 'complete' && Boolean({shown})"
        WebDriverWait(self.driver, 600).until(lambda driver: driver.execute_script(script, *arguments))

    @contextmanager
    def _another_page(self) -> Iterator[None]:
        self.script("window.former = true")
        yield
        self.until("!window.former")

    def languages(self) -> set[str]:
        """The languages of the phrases of ours that the page shows."""
        shown = (
            "return [...document.querySelectorAll('in-zh, in-en')].filter(e => e.checkVisibility()).map(e => e.lang)"
        )
        return {*self.script(shown)}

    def elsewhere(self) -> list[str]:
        """Those of them that were not for this machine."""
        return [address for address in self.requests() if urlsplit(address).hostname not in HERE]

    def complaints(self) -> list[str]:
        """What the console has said since the last call: errors, refusals of the page's policy."""
        return [entry["message"] for entry in self._log("browser") if entry["level"] != "INFO"]

    def wait_for_refusals(self, least: int) -> None:
        """Until the console has told so many times that the page's policy refused something."""
        said = ""
        while said.count("Content Security Policy") < least:
            self.driver.execute_async_script("setTimeout(arguments[0], 100)")
            said += "\n".join(self.complaints())

    def _log(self, kind: str) -> list[Any]:
        entries: list[Any] = self.driver.get_log(kind)  # type: ignore[no-untyped-call]
        return entries


@contextmanager
def chromium(folder: Path) -> Iterator[Browser]:
    """A browser of its own, with its profile in `folder`, until the end of the block."""
    options = ChromeOptions()
    assert BROWSER is not None
    options.binary_location = BROWSER
    for flag in (*_FLAGS, f"--user-data-dir={folder}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = Chrome(options, ChromeService(DRIVER))
    try:
        driver.set_page_load_timeout(900)
        yield Browser(driver)
    finally:
        driver.quit()


@pytest.fixture(scope="module")
def chromium_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as started:
        yield started


@pytest.fixture
def browser(chromium_process: Browser) -> Iterator[Browser]:
    """The browser, one for the tests of a module: a desk's window, light, its logs empty. No test may make it ask
    another machine."""
    chromium_process.window(1280, 900)
    chromium_process.media(prefers_color_scheme="light")
    chromium_process.requests()
    chromium_process.complaints()
    yield chromium_process
    assert chromium_process.elsewhere() == []
