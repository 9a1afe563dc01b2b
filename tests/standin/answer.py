"""An answer before it is sent, and the pages with which the archive itself speaks."""

import html
from dataclasses import dataclass, replace
from email.utils import formatdate
from enum import Enum

from .archive import Headers


class Delivery(Enum):
    """How an answer reaches the client."""

    WHOLE = "whole"
    CUT = "cut"
    CUT_CHUNKED = "cut chunked"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and body; `delay` in seconds before the first byte."""

    status: int
    headers: Headers = ()
    body: bytes = b""
    delivery: Delivery = Delivery.WHOLE
    delay: float = 0.0

    def delivered(self, delivery: Delivery) -> "Answer":
        return replace(self, delivery=delivery)

    def delayed(self, seconds: float) -> "Answer":
        return replace(self, delay=seconds)


def page(status: int, title: str, text: str, *headers: tuple[str, str]) -> Answer:
    """A page of the archive's own: HTML without `Memento-Datetime`."""
    body = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body>\n{text}\n</body></html>\n"
    return Answer(status, (("Content-Type", "text/html; charset=utf-8"), *headers), body.encode("utf-8"))


def outage(status: int) -> Answer:
    return page(
        status,
        "Temporarily Offline",
        "<h1>Temporarily Offline</h1>\n<p>Internet Archive services are temporarily offline.</p>",
    )


def error(status: int) -> Answer:
    return page(status, f"{status}", f"<h1>{status}</h1>\n<p>No server is available to handle this request.</p>")


def limited(retry_after: str, wall: float) -> Answer:
    """A live 429. `retry_after`: empty for no such header, `7` for seconds, `date:7` for the date 7 seconds after
    `wall`."""
    headers: Headers = ()
    if retry_after:
        kind, _, seconds = retry_after.rpartition(":")
        headers = (("Retry-After", formatdate(wall + float(seconds), usegmt=True) if kind == "date" else seconds),)
    return page(429, "429 Too Many Requests", "<h1>429 Too Many Requests</h1>\n<hr>nginx", *headers)


def missing(original: str) -> Answer:
    return page(
        404,
        "Wayback Machine",
        f"<h2>Hrm.</h2>\n<p>The Wayback Machine has not archived that URL.</p>\n<p>{html.escape(original)}</p>",
    )


def excluded(status: int) -> Answer:
    return page(
        status, "Wayback Machine", "<h2>Sorry.</h2>\n<p>This URL has been excluded from the Wayback Machine.</p>"
    )


def unauthorised() -> Answer:
    return Answer(403, (("Content-Type", "text/plain"),), b"This type of CDX query requires authorization.\n")


def blocked() -> Answer:
    text = "org.archive.wayback.exception.AdministrativeAccessControlException: Blocked Site Error"
    return Answer(
        403, (("Content-Type", "text/plain"), ("X-Archive-Wayback-Runtime-Error", text)), text.encode() + b"\n"
    )


def refused_query(text: str) -> Answer:
    return page(400, "400 Bad Request", f"<h1>Bad Request</h1>\n<p>{html.escape(text)}</p>")
