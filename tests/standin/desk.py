"""The archive's front desk: one request in, one answer out, with the troubles of the script played."""

import math
import time
from collections.abc import Callable
from dataclasses import replace

from . import answer as pages
from . import cdx, mischief, playback
from .answer import Answer, Delivery
from .archive import Archive
from .police import Police, Ruling
from .record import Logged
from .troubles import Asked, Endpoint, Kind, Script, Trouble
from .wire import Request

_DELIVERY = {Kind.CUT: Delivery.CUT, Kind.CUT_CHUNKED: Delivery.CUT_CHUNKED, Kind.RESET: Delivery.RESET}
_SPOKEN: dict[Kind, Callable[[int], Answer]] = {
    Kind.OUTAGE: lambda status: pages.outage(status or 503),
    Kind.ERROR: lambda status: pages.error(status or 503),
    Kind.EXCLUDED: lambda status: pages.excluded(status or 200),
    Kind.AUTHORIZATION: lambda _: pages.unauthorised(),
    Kind.BLOCKED: lambda _: pages.blocked(),
    Kind.HTML: lambda _: pages.page(200, "Internet Archive", "<p>Please try again in a moment.</p>"),
    Kind.RESET: lambda _: Answer(0, delivery=Delivery.RESET),
}
_CDX_PATH = "/cdx/search/cdx"


def endpoint_of(target: str) -> Endpoint | None:
    """Which endpoint a raw target belongs to, None for neither."""
    if target.partition("?")[0] == _CDX_PATH:
        return Endpoint.CDX
    return Endpoint.PLAYBACK if playback.parse(target) else None


class Desk:
    """Answers requests for an archive, under a script of troubles and the police's rulings."""

    def __init__(self, archive: Archive, script: Script, police: Police, listing: cdx.Listing) -> None:
        self.archive, self.script, self.police, self.listing = archive, script, police, listing

    def answer(self, request: Request, logged: Logged, now: float) -> Answer:
        """The answer to a request that arrived `now`; fills in what was done in `logged`."""
        ruling = self.police.request(logged.endpoint, now)
        if ruling is Ruling.BANNED:
            logged.trouble = "banned"
            return Answer(0, delivery=Delivery.RESET)
        if ruling is Ruling.LIMITED:
            logged.trouble, logged.status = "too many requests", 429
            return pages.limited(self.police.limits.retry_after, time.time())
        answer = (
            self._cdx(request, logged, now) if logged.endpoint is Endpoint.CDX else self._playback(request, logged, now)
        )
        logged.status = 0 if answer.delivery is Delivery.RESET else answer.status
        return answer

    def _cdx(self, request: Request, logged: Logged, now: float) -> Answer:
        if not request.headers.get("user-agent"):
            return pages.refused_query("no User-Agent")
        try:
            query = cdx.parse(request.target.partition("?")[2])
            trouble = self._trouble(Asked(Endpoint.CDX, (query.url,), bulk=query.bulk), logged, now)
            spoken = self._instead(trouble, now)
            if spoken is not None:
                return spoken
            page = cdx.answer_page(self.archive, query, self.listing)
            if trouble is not None:
                page = mischief.spoil(page, self.archive, query, self.listing, trouble)
        except cdx.BadQuery as error:
            return pages.refused_query(str(error))
        return _delivered(cdx.render(query, page), trouble)

    def _playback(self, request: Request, logged: Logged, now: float) -> Answer:
        asked = playback.parse(request.target)
        assert asked is not None
        capture = self.archive.find(asked.original, asked.timestamp)
        spellings = (asked.original, capture.original) if capture else (asked.original,)
        trouble = self._trouble(Asked(Endpoint.PLAYBACK, spellings, asked.timestamp), logged, now)
        spoken = self._instead(trouble, now)
        if spoken is not None:
            return spoken
        if trouble is not None and trouble.kind is Kind.MISSING:
            return pages.missing(asked.original)
        base = f"http://{request.headers.get('host', '127.0.0.1')}"
        return _delivered(playback.replay(self.archive, asked, base, trouble), trouble)

    def _trouble(self, asked: Asked, logged: Logged, now: float) -> Trouble | None:
        trouble = self.script.pick(asked, now)
        logged.trouble = trouble.kind if trouble else ""
        return trouble

    def _instead(self, trouble: Trouble | None, now: float) -> Answer | None:
        """What the archive itself says in place of a listing or capture, None where it goes on to give one."""
        if trouble is None:
            return None
        kind = trouble.kind
        if kind is Kind.LIMIT:
            self.police.warned(now)
            return pages.limited(trouble.value, time.time())
        if kind is Kind.HELD:
            return None
        if kind is Kind.SLOW:
            return pages.error(trouble.status).delayed(trouble.seconds) if trouble.status else None
        if kind is Kind.REDIRECT:
            return Answer(302, (("Location", trouble.value),))
        return _SPOKEN[kind](trouble.status) if kind in _SPOKEN else None


def _delivered(answer: Answer, trouble: Trouble | None) -> Answer:
    if trouble is None:
        return answer
    if trouble.kind is Kind.SLOW:
        return answer.delayed(trouble.seconds)
    if trouble.kind is Kind.HELD:
        return answer.delayed(math.inf)
    if trouble.kind is Kind.CUT_JSON:
        return replace(answer, body=answer.body[: len(answer.body) // 2])
    return answer.delivered(_DELIVERY.get(trouble.kind, Delivery.WHOLE))
