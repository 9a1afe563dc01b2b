"""HTTP/1.1 on the wire: reads a request with its target untouched, sends an answer, or breaks it off as told.

Written on plain streams because a web framework decodes targets, merges headers and finishes what it has begun.
"""

import asyncio
import gzip
import socket
import struct
from dataclasses import dataclass
from http import HTTPStatus

from .answer import Answer, Delivery

_NO_BODY = (204, 304)


@dataclass(frozen=True, slots=True)
class Request:
    """A request; `target` as it stood on the request line, header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    keep_alive: bool

    def accepts_gzip(self) -> bool:
        offers = [offer.replace(" ", "") for offer in self.headers.get("accept-encoding", "").split(",")]
        return any(offer.partition(";")[0] == "gzip" and not offer.endswith(";q=0") for offer in offers)


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """The next request on a connection; None at its end and for what is no HTTP."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
        return None
    first, *lines = head[:-4].decode("utf-8", "surrogateescape").split("\r\n")
    method, _, rest = first.partition(" ")
    target, _, version = rest.rpartition(" ")
    if not target or not version.startswith("HTTP/1."):
        return None
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    try:
        await reader.readexactly(int(headers.get("content-length") or 0))
    except (asyncio.IncompleteReadError, ConnectionError, ValueError):
        return None
    keep_alive = version == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
    return Request(method, target, headers, keep_alive)


async def send(writer: asyncio.StreamWriter, request: Request, answer: Answer) -> bool:
    """Send an answer; whether the connection may be used again."""
    if answer.delivery is Delivery.RESET:
        reset(writer)
        return False
    body, headers = answer.body, list(answer.headers)
    encoded = any(name.lower() == "content-encoding" for name, _ in headers) or body.startswith(b"\x1f\x8b")
    if request.accepts_gzip() and body and not encoded:
        body = gzip.compress(body, mtime=0)
        headers.append(("Content-Encoding", "gzip"))
    headers.append(("Server", "nginx"))
    chunked = answer.delivery is Delivery.CUT_CHUNKED
    if answer.status not in _NO_BODY:
        headers.append(("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(len(body))))
    if not request.keep_alive:
        headers.append(("Connection", "close"))
    if request.method == "HEAD" or answer.status in _NO_BODY:
        body = b""
    sent = body if answer.delivery is Delivery.WHOLE else body[: len(body) // 2]
    writer.write(_head(answer.status, headers) + (b"%x\r\n%s\r\n" % (len(sent), sent) if chunked and sent else sent))
    await writer.drain()
    return request.keep_alive and answer.delivery is Delivery.WHOLE


def reset(writer: asyncio.StreamWriter) -> None:
    """End the connection with RST instead of FIN."""
    sock = writer.get_extra_info("socket")
    if sock is not None and sock.fileno() >= 0:
        linger_not(sock)
    writer.transport.abort()


def linger_not(sock: socket.socket) -> None:
    """Closing this socket will send RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _head(status: int, headers: list[tuple[str, str]]) -> bytes:
    known = {entry.value: entry.phrase for entry in HTTPStatus}
    lines = [f"HTTP/1.1 {status} {known.get(status, 'Unknown')}", *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")
