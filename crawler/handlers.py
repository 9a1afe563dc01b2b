"""The gate on the wire: no request leaves but by leave of the politeness, whatever was queued or in flight in Scrapy."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.exceptions import DownloadConnectionRefusedError, DownloadFailedError, DownloadTimeoutError, ResponseDataLossError

from crawler.archive.budget import Endpoint, Outcome
from crawler.archive.headers import Headers
from crawler.archive.ownpages import says_offline, words
from crawler.archive.playback import retry_after

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.http import Response

    from crawler.archive.politeness import Politeness


class PoliteHandler(HTTP11DownloadHandler):
    """Asks for leave before each request, tells afterwards what came of it, and sends again what met a 429 or a refusal."""

    async def download_request(self, request: Request) -> Response:
        politeness: Politeness = self._crawler.spider.session.politeness  # type: ignore[union-attr]
        endpoint: Endpoint = request.meta["endpoint"]
        while True:
            permit = await politeness.permit(endpoint)
            outcome, wait = Outcome.ABANDONED, None
            try:
                response = await super().download_request(request)
                outcome, wait = judge(response)
            except DownloadConnectionRefusedError:
                outcome = Outcome.REFUSED
            except (DownloadTimeoutError, DownloadFailedError, ResponseDataLossError):
                outcome = Outcome.TROUBLE
                raise
            finally:
                politeness.report(permit, outcome, wait)
            if outcome not in (Outcome.RATE_LIMITED, Outcome.REFUSED):
                return response
            await asyncio.sleep(0)


def headers_of(response: Response) -> Headers:
    """A response's headers as pairs of text, repeated ones kept."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, values in response.headers.items() for value in values]


def judge(response: Response) -> tuple[Outcome, float | None]:
    """What a response means for politeness, and the seconds it asks to wait. A capture is healthy whatever its archived status."""
    headers = headers_of(response)
    if "Memento-Datetime" in response.headers:
        return Outcome.HEALTHY, None
    if response.status == 429:
        return Outcome.RATE_LIMITED, retry_after(headers, datetime.now(UTC))
    if response.status == 503:
        return Outcome.OVERLOADED, retry_after(headers, datetime.now(UTC))
    if response.status >= 500 or says_offline(words(headers, response.body)):
        return Outcome.TROUBLE, None
    return Outcome.HEALTHY, None
