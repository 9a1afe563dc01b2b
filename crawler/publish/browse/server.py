"""A socket to serve on, what is refused before any page, and the headers of every answer."""

import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'self'; font-src 'none'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-cache",
}
"""On every answer, unless the page itself says otherwise."""


COOKIE = "language"
_OURS = re.compile(rb"(?:^|;)\s*(language=[a-z]+)")
_HOST = re.compile(r"(?:\[(?P<six>[^\[\]]+)\]|(?P<name>[^:\[\]]+))(?::[0-9]+)?")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine and nothing else."""
    address = _address(host)
    return host.lower() == "localhost" or (address is not None and address.is_loopback)


def is_allowed_host(host: str, served: str) -> bool:
    """Whether a request with this Host header is meant for a server on the host `served`.

    A page of anybody's can have its own name point to this machine (DNS rebinding) and then read what is served here,
    but its requests carry that name. Names of loopback and the host served are let through; for a server on all
    addresses also any plain address, which cannot be rebound.
    """
    found = _HOST.fullmatch(host)
    if found is None:
        return False
    name = found["six"] or found["name"]
    if is_loopback(name) or name.lower() == served.strip("[]").lower():
        return True
    address, everywhere = _address(name), _address(served)
    return address is not None and everywhere is not None and (address == everywhere or everywhere.is_unspecified)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class RequestGuard:
    """An ASGI application before another one. `served`: the host that the server was told to serve."""

    app: App
    served: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers what is not for the other application, and adds the headers to what that answers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = [*message.get("headers", ())]
                there = {bytes(name).lower() for name, _ in given}
                ours = ((name.encode(), value.encode()) for name, value in HEADERS.items())
                message = {**message, "headers": [*given, *(one for one in ours if one[0] not in there)]}
            await send(message)

        # Whatever else is served on this machine has its cookies sent here, too, and some cannot be read.
        cookies = [value for name, value in scope["headers"] if name.lower() == b"cookie"]
        ours = [(b"cookie", found[1]) for value in cookies if (found := _OURS.search(value))]
        others = [(name, value) for name, value in scope["headers"] if name.lower() != b"cookie"]
        scope = {**scope, "headers": [*others, *ours[:1]]}
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"host"]
        if len(hosts) != 1 or not is_allowed_host(hosts[0], self.served):
            await _refuse(guarded, 400, "This address is not served here.")
        elif scope["method"] not in ("GET", "HEAD"):
            await _refuse(guarded, 405, "Only reading is possible here.", (b"allow", b"GET, HEAD"))
        else:
            await self.app(scope, receive, guarded)


async def _refuse(send: Send, status: int, text: str, *headers: tuple[bytes, bytes]) -> None:
    kind = (b"content-type", b"text/plain; charset=utf-8")
    await send({"type": "http.response.start", "status": status, "headers": [kind, *headers]})
    await send({"type": "http.response.body", "body": text.encode()})


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 for any that is free. Raises OSError."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(128)
    except OSError:
        bound.close()
        raise
    return bound


def serve(opened: Any, bound: socket.socket) -> None:
    """Serves until the process is told to end; raises KeyboardInterrupt then."""
    import uvicorn  # noqa: PLC0415 - a third of a second, once there is something to serve

    config = uvicorn.Config(
        opened.app(),
        log_level="warning",
        access_log=False,
        server_header=False,
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=2,
    )
    uvicorn.Server(config).run(sockets=[bound])
