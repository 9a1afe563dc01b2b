"""The component's scripts and WACZ files over HTTP, the latter also in ranges, and the policies that hold them."""

import asyncio
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasette.app import Response

from crawler.publish.browse.replay import VERSION, ArchivedPage, Replay, Wacz
from crawler.publish.browse.server import Receive, Send

_HERE = Path(__file__).parent / "component"
_JAVASCRIPT = "text/javascript; charset=utf-8"

PROGRAM = f"ReplayWeb.page {VERSION} (AGPL)"
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self';"
    " frame-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Of the page with the text and the component beside it."""
FRAME_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:;"
    " connect-src 'self' data:; frame-src 'self'; worker-src 'self'; form-action 'none'; base-uri 'none'"
)
"""Of the component's own frame. It stands in the document too, since the service worker puts a laxer one in the place
of the header."""
WORKER_POLICY = "default-src 'none'; connect-src 'self'"
"""Of the service worker: what it may ask for, on behalf of whatever page."""
REPLAYED_POLICY = (
    "default-src 'none'; img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:;"
    " style-src 'self' 'unsafe-inline'; form-action 'none'; base-uri 'self'; sandbox allow-same-origin"
)
"""Of what is replayed, which the service worker puts on it: no script of an archived page is run, for it would be one
of these pages'."""
_POLICY_NAME = hashlib.sha256(REPLAYED_POLICY.encode()).hexdigest()[:8]
"""A browser keeps the policy that a collection was first opened with; another one is another collection."""
_FRAME = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="color-scheme" content="light">
<meta http-equiv="Content-Security-Policy" content="{FRAME_POLICY}">
<title>ReplayWeb.page</title>
<script src="ui.js"></script>
</head>
<body><replay-app-main></replay-app-main></body>
</html>
"""
_PIECE = 256 * 1024
_RANGE = re.compile(r"\s*(\d*)\s*-\s*(\d*)\s*", re.ASCII)
_DIGITS = 18
"""More than any file's size has, and `int` takes long for very many."""


class NoSuchRange(Exception):
    """What is asked for is nothing of the file."""


def asked_range(header: str | None, size: int) -> range | None:
    """The bytes that a Range header (RFC 9110) asks for, None for all: without one, or in another unit. Raises
    NoSuchRange, also for several ranges and for what makes no sense."""
    unit, _, wanted = (header or "").partition("=")
    if unit.strip().lower() != "bytes":
        return None
    found = _RANGE.fullmatch(wanted)
    if found is None or not (found[1] or found[2]):
        raise NoSuchRange
    first, last = (int(each) if len(each) <= _DIGITS else 10**_DIGITS for each in (found[1] or "0", found[2] or "0"))
    asked = (
        range(max(0, size - last), size) if not found[1] else range(first, min(last + 1 if found[2] else size, size))
    )
    if not asked or (found[1] and found[2] and last < first):
        raise NoSuchRange
    return asked


@dataclass(frozen=True, slots=True)
class WaczAnswer:
    """Bytes of a WACZ as an ASGI answer, a piece at a time, until whoever asked has gone. `asked`: a part of it, None
    for all."""

    wacz: Wacz
    asked: range | None
    only_head: bool
    receive: Receive

    async def asgi_send(self, send: Send) -> None:
        """Sends head and bytes."""
        part = self.asked or range(self.wacz.size)
        headers = {**_wacz_headers(self.wacz), "content-length": str(len(part))}
        if self.asked:
            headers["content-range"] = f"bytes {part.start}-{part.stop - 1}/{self.wacz.size}"
        head = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 206 if self.asked else 200, "headers": head})
        at = part.stop if self.only_head else part.start
        gone = asyncio.create_task(self._gone())
        try:
            while at < part.stop and not gone.done():
                piece = await asyncio.to_thread(self.wacz.read, at, min(_PIECE, part.stop - at))
                if not piece:  # the file has become shorter: a body that is too short ends the connection
                    break
                at += len(piece)
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        finally:
            gone.cancel()
        await send({"type": "http.response.body", "body": b""})

    async def _gone(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            await asyncio.sleep(0)


def _wacz_headers(wacz: Wacz) -> dict[str, str]:
    return {"content-type": "application/wacz", "accept-ranges": "bytes", "etag": f'"{wacz.name}"'}


class ReplayAnswers:
    """What is served for the component."""

    def __init__(self, replay: Replay) -> None:
        self.replay = replay

    def routes(self) -> list[tuple[str, Callable[..., Any]]]:
        """Regular expressions of paths and what answers them.

        All is below `/replay/`, the service worker too: its scope ends there without a header that widens it, and no
        other page has it in front.
        """
        return [
            (r"/replay/(?P<name>ui\.js|sw\.js|open\.js|frame\.html)$", self.component),
            (r"/replay/(?P<name>[0-9a-f]{16})\.wacz$", self.wacz),
        ]

    async def component(self, request: Any) -> Any:
        """A script, or the document of the component's frame."""
        name = request.url_vars["name"]
        if name == "frame.html":
            headers = {
                "Content-Security-Policy": f"{FRAME_POLICY}; frame-ancestors 'self'",
                "X-Frame-Options": "SAMEORIGIN",
            }
            return Response.html(_FRAME, headers=headers)
        body = self.replay.scripts.get(name) or (_HERE / name).read_bytes()
        return Response(body, headers={"Content-Security-Policy": WORKER_POLICY}, content_type=_JAVASCRIPT)

    async def wacz(self, request: Any) -> Any:
        """A WACZ, or a part of it."""
        wacz = self.replay.file(request.url_vars["name"])
        if wacz is None:
            return Response.text("This WACZ is not here.", status=404)
        header = request.headers.get("range")
        if request.headers.get("if-range", f'"{wacz.name}"') != f'"{wacz.name}"':
            header = None
        try:
            part = asked_range(header, wacz.size)
        except NoSuchRange:
            headers = {**_wacz_headers(wacz), "content-range": f"bytes */{wacz.size}"}
            return Response("", status=416, headers=headers, content_type=headers["content-type"])
        return WaczAnswer(wacz, part, request.method == "HEAD", request.receive)


def component_attributes(page: ArchivedPage) -> dict[str, str]:
    """The attributes of the component that shows a page: all that is told to it."""
    return {
        "source": f"/replay/{page.wacz}.wacz",
        "coll": f"{page.wacz}-{_POLICY_NAME}",
        "url": page.url,
        "ts": page.timestamp,
        "embed": "replayonly",
        "replaybase": "/replay/",
        "config": json.dumps({"csp": REPLAYED_POLICY}),
        "nocache": "",
    }
