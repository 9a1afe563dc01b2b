"""What an answer means for politeness, from its status, its headers and its page."""

from scrapy.http import Response

from crawler.politeness.handler import classify_response
from crawler.wayback.playback import Outcome
from tests.walking import walked

OFFLINE = b"<h1>Temporarily Offline</h1>"
MEMENTO = {"Memento-Datetime": "Sat, 02 Jan 2021 03:04:05 GMT"}
WAIT = {"Retry-After": "7"}


@walked(
    ("status", "headers", "body", "outcome", "wait"),
    [
        (200, {}, b"<html>Welcome</html>", Outcome.HEALTHY, None),
        (404, {}, b"has not archived that URL", Outcome.HEALTHY, None),
        (403, {}, b"excluded from the Wayback Machine", Outcome.HEALTHY, None),
        (403, WAIT, b"Forbidden", Outcome.HEALTHY, None),
        (302, {"Location": "/web/2/http://a.example/"}, b"", Outcome.HEALTHY, None),
        *((status, MEMENTO | WAIT, OFFLINE, Outcome.HEALTHY, None) for status in (200, 404, 429, 500, 503)),
        (200, {}, b'[["url"], ["http://a.example/temporarily offline"]]', Outcome.HEALTHY, None),
        (429, {}, OFFLINE, Outcome.RATE_LIMITED, None),
        (429, WAIT, b"", Outcome.RATE_LIMITED, 7.0),
        (503, WAIT, b"", Outcome.OVERLOADED, 7.0),
        (503, {}, b"excluded from the Wayback Machine", Outcome.OVERLOADED, None),
        (500, WAIT, b"[]", Outcome.TROUBLE, None),
        (599, {}, b"", Outcome.TROUBLE, None),
        *((status, {}, OFFLINE, Outcome.TROUBLE, None) for status in (200, 403, 404)),
    ],
)
def test_what_an_answer_means_for_politeness(
    status: int, headers: dict[str, str], body: bytes, outcome: Outcome, wait: float | None
) -> None:
    response = Response("http://archive.example/web/2/x", status=status, headers=headers, body=body)
    assert classify_response(response) == (outcome, wait)
