"""The download handler: no request leaves without a permit, whatever was queued or in flight in Scrapy."""

import errno
from collections import defaultdict
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Protocol

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)
from scrapy.http import Response
from scrapy.utils.defer import deferred_from_coro, maybe_deferred_to_future
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError, ConnectionRefusedError, TCPTimedOutError
from twisted.internet.error import TimeoutError as ConnectTimeout
from twisted.python.failure import Failure
from twisted.web.client import HTTPConnectionPool

from crawler.politeness.circuit_breaker import Permit
from crawler.politeness.politeness import Politeness
from crawler.politeness.rate_limiter import Endpoint
from crawler.wayback.http import Headers
from crawler.wayback.playback import ANSWERS, Answer, Outcome, own_answer, own_page_text, retry_after

FAILURES = (CannotResolveHostError, ConnectError, DownloadFailedError, DownloadTimeoutError, ResponseDataLossError)
_CUT = (errno.ECONNRESET, errno.ECONNABORTED)
"""How the system calls it when a new connection is cut so soon that it looks like one that was never made."""

LONGEST_LINE = 256 * 1024
"""Bytes of a header line. An archive's Link header names the address six times and more, and addresses have up to 3,003
characters; Twisted gives up a connection at 16 KiB."""


class Hosts(Protocol):
    """The politeness towards the archive of each source; `answered`: sources that answered in this run."""

    answered: set[str]

    def towards(self, source: str) -> Politeness: ...


class CrawlSession(Protocol):
    """What the handler needs of the run that it sends for."""

    politeness: Hosts

    def known_good(self, source: str) -> str:
        """The address of a capture that the archive gave before; empty when none is known."""

    def refused(self, source: str) -> None:
        """A connection was refused."""

    def offline(self, source: str, failure: str) -> None:
        """An archive cannot be reached at all: no address, no way to it."""


class _Exact:
    """A connection for one request, whose target is sent as it was given: Twisted takes addresses apart, and an empty
    query is lost when it puts them together again. The answer may have lines as long as an archive needs."""

    def __init__(self, connection: Any, target: bytes) -> None:
        self._connection = connection
        self._target = target

    def request(self, request: Any) -> Any:
        if request.uri.startswith(b"/"):  # to a proxy it is a whole address
            request.uri = self._target
        answer = self._connection.request(request)
        if self._connection._parser is not None:
            self._connection._parser.MAX_LENGTH = LONGEST_LINE
        return answer


class PolitePool(HTTPConnectionPool):
    """Keeps connections alive; a new one is opened only when the politeness permits it, for the request being sent."""

    def __init__(self, reactor: Any) -> None:
        super().__init__(reactor, persistent=True)  # type: ignore[no-untyped-call]
        # A request that Twisted repeats by itself would be sent without a permit.
        self.retryAutomatically = False
        self.permit: Permit | None = None
        self.politeness: Politeness | None = None
        self.target = b""

    def getConnection(self, key: Any, endpoint: Any) -> Deferred[Any]:
        return super().getConnection(key, endpoint).addCallback(_Exact, self.target)

    def _newConnection(self, key: Any, endpoint: Any) -> Deferred[Any]:
        permit, politeness = self.permit, self.politeness
        assert permit is not None
        assert politeness is not None
        permit.connecting = True

        async def connect() -> Any:
            await politeness.permit_connection(permit)
            permit.connecting, permit.connected = False, True
            return await maybe_deferred_to_future(super(PolitePool, self)._newConnection(key, endpoint))

        return deferred_from_coro(connect())


class PoliteHandler(HTTP11DownloadHandler):
    """Asks for a permit before each request, reports what came, and sends again what met a 429 or a refusal."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        from twisted.internet import reactor  # noqa: PLC0415 - importing it earlier would install another reactor

        self._session: CrawlSession = crawler.spider.session  # type: ignore[union-attr]
        pool = PolitePool(reactor)
        pool.maxPersistentPerHost = self._pool.maxPersistentPerHost
        pool._factory = self._pool._factory
        self._pool: PolitePool = pool
        self._unheard: defaultdict[str, list[str]] = defaultdict(list)
        """Of each archive: what was asked for when new connections were cut before they said anything, one after the
        other."""
        self._good: dict[str, Request] = {}
        """Of each archive: a request for a capture that was answered with it."""

    async def download_request(self, request: Request) -> Response:
        source: str = request.meta["source"]
        politeness = self._session.politeness.towards(source)
        endpoint: Endpoint = request.meta["endpoint"]
        while True:
            permit = await politeness.permit(endpoint, request.url)
            probe = self._known_good(request) if politeness.in_outage else None
            sent = probe or request
            outcome, wait, offline = Outcome.ABANDONED, None, ""
            try:
                path = sent.url.partition("://")[2].partition("/")[2]  # all from there on is sent unchanged
                self._pool.permit, self._pool.politeness = permit, politeness
                self._pool.target = f"/{path}".encode("ascii")
                response = await super().download_request(sent)
                self._unheard[source].clear()
                self._session.politeness.answered.add(source)
                outcome, wait = classify_response(response)
                if (
                    outcome is Outcome.HEALTHY
                    and endpoint is Endpoint.PLAYBACK
                    and "Memento-Datetime" in response.headers
                ):
                    self._good[source] = sent
            except DownloadConnectionRefusedError:
                outcome = ANSWERS[Answer.CONNECTION_REFUSED].outcome
            except FAILURES as failure:
                if permit.connecting:
                    continue  # it was never sent: Scrapy's time-out ran while it waited to connect
                offline = (str(failure) or type(failure).__name__) if _is_offline(failure) else ""
                refused = self._is_refusal(failure, source, sent.url, permit.connected)
                outcome = ANSWERS[Answer.CONNECTION_REFUSED if refused else answer_of_failure(failure)].outcome
                if probe is None:
                    raise
            finally:
                politeness.report(permit, outcome, wait)
                if outcome is Outcome.REFUSED:
                    self._session.refused(source)
                if offline:
                    self._session.offline(source, offline)
            if probe is None and outcome not in (Outcome.RATE_LIMITED, Outcome.REFUSED):
                return response

    def _known_good(self, request: Request) -> Request | None:
        """In an outage, what is asked for in place of a request: a capture that the archive gave before. What is due
        may be troubled by itself, and would then never tell that the archive is well again."""
        source = request.meta["source"]
        if request.meta["endpoint"] is not Endpoint.PLAYBACK:
            return None
        if source not in self._good and (url := self._session.known_good(source)):
            self._good[source] = request.replace(url=url)
        return self._good.get(source)

    def _is_refusal(self, failure: Exception, source: str, about: str, fresh: bool) -> bool:
        """Whether a failure without an answer means that the archive refuses. New connections that are cut before they
        say anything, twice in a row, are its way of refusing; once may be an accident. From an archive that answers
        others, the same thing cut again and again is that thing's trouble. That this machine is offline is no
        refusal."""
        cause = failure if isinstance(failure, ConnectError) else failure.__cause__
        if isinstance(cause, (ConnectionRefusedError, TCPTimedOutError, ConnectTimeout)):
            return True
        cut = cause.osError in _CUT if isinstance(cause, ConnectError) else isinstance(failure, DownloadFailedError)
        if not (fresh and cut):
            return False
        cuts = self._unheard[source]
        cuts.append(about)
        return len(set(cuts) if source in self._session.politeness.answered else cuts) > 1


def _is_offline(failure: Exception) -> bool:
    """Whether a request did not leave this machine, or its network: a name without an address, no route."""
    cause = failure if isinstance(failure, ConnectError) else failure.__cause__
    return isinstance(failure, CannotResolveHostError) or (
        isinstance(cause, ConnectError) and cause.osError in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN)
    )


def headers_of(response: Response) -> Headers:
    """A response's headers as pairs of text, repeated ones kept."""
    return [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in response.headers.items()
        for value in values
    ]


def classify_response(response: Response) -> tuple[Outcome, float | None]:
    """What a response means for politeness, and the seconds it asks to wait. A capture is healthy whatever its archived
    status; so is a page of the index, which may be long."""
    if "Memento-Datetime" in response.headers or (response.status == HTTPStatus.OK and response.body[:1] == b"["):
        return Outcome.HEALTHY, None
    headers = headers_of(response)
    if response.status == HTTPStatus.SERVICE_UNAVAILABLE:
        return Outcome.OVERLOADED, retry_after(headers, datetime.now(UTC))
    outcome = ANSWERS[own_answer(response.status, own_page_text(headers, response.body))].outcome
    return outcome, retry_after(headers, datetime.now(UTC)) if outcome is Outcome.RATE_LIMITED else None


_TROUBLES = {
    ResponseDataLossError: Answer.CUT_BODY,
    DownloadTimeoutError: Answer.TIMEOUT,
    DownloadCancelledError: Answer.TOO_LARGE,  # Scrapy's way of keeping to DOWNLOAD_MAXSIZE
}


def answer_of_failure(error: BaseException | None) -> Answer:
    """The trouble of the connection that an error stands for."""
    return next((answer for kind, answer in _TROUBLES.items() if isinstance(error, kind)), Answer.CONNECTION_LOST)


def failure_message(failure: Failure) -> str:
    """A failure's message, or its name where it has none."""
    words = str(failure.value)
    if words.startswith("[<"):  # Twisted's list of failures, for programmers
        return "closed before it was answered"
    return words or type(failure.value).__name__
