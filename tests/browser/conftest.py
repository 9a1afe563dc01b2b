"""The browser, for every test of this folder."""

from __future__ import annotations

from tests.browser.chromium import browser, chromium_process

__all__ = ["browser", "chromium_process"]
