"""Datasette over archive.db, with our pages in front, and what is refused before any page."""

from __future__ import annotations

import ipaddress
import socket
import sqlite3
import sys
import traceback
from collections.abc import Awaitable, Callable, Generator, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from datasette.app import Datasette, Response
from datasette.database import QueryInterrupted
from datasette.plugins import pm
from datasette.views.base import DatasetteError
from pluggy import HookimplMarker

from crawler.publish.browse.pages import DATABASE, TEMPLATES, Pages

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
    name = _without_port(host)
    if name is None:
        return False
    if is_loopback(name) or name.lower() == served.strip("[]").lower():
        return True
    address, everywhere = _address(name), _address(served)
    return address is not None and everywhere is not None and (address == everywhere or everywhere.is_unspecified)


def _without_port(host: str) -> str | None:
    name, colon, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
    if not colon:
        name, port = host, "0"
    if not (port.isascii() and port.isdigit()) or not name:
        return None
    if name.startswith("["):
        return name[1:-1] if name.endswith("]") else None
    return None if ":" in name else name


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
                given = [(bytes(name), bytes(value)) for name, value in message.get("headers", ())]
                there = {name.lower() for name, _ in given}
                ours = [
                    (name.encode(), value.encode()) for name, value in HEADERS.items() if name.encode() not in there
                ]
                message = {**message, "headers": [*given, *ours]}
            await send(message)

        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"host"]
        if len(hosts) != 1 or not is_allowed_host(hosts[0], self.served):
            await _refuse(guarded, 400, "This address is not served here.")
        elif scope["method"] not in ("GET", "HEAD"):
            await _refuse(guarded, 405, "Only reading is possible here.", (b"allow", b"GET, HEAD"))
        else:
            await self.app(scope, receive, guarded)


async def _refuse(send: Send, status: int, text: str, *headers: tuple[bytes, bytes]) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-type", b"text/plain; charset=utf-8"), *headers],
        }
    )
    await send({"type": "http.response.body", "body": text.encode()})


NAME = "crawler-browse"
_hook = HookimplMarker("datasette")
MILLISECONDS = 5000
"""What a query may take."""
CONNECTIONS = 3
_DAMAGE = ("malformed", "not a database", "vtable constructor failed")
"""Of what SQLite says of a file that is not as we made it."""

_SETTINGS = {
    "default_allow_sql": False,
    "allow_download": False,
    "allow_csv_stream": False,
    "suggest_facets": False,
    "sql_time_limit_ms": MILLISECONDS,
    "num_sql_threads": CONNECTIONS,
}


class Plugin:
    """What is ours in a Datasette. Plugins are registered for the whole process; this one acts only where it is
    configured."""

    __name__ = NAME

    @_hook(tryfirst=True)
    def register_routes(self, datasette: Any) -> list[tuple[str, Callable[..., Any]]]:
        """Our pages, and a page for everything else that is not the JSON of a table."""
        config = datasette.plugin_config(NAME)
        return Pages(Path(config["output"])).routes() if config else []

    @_hook(trylast=True)  # the last one is the outermost
    def asgi_wrapper(self, datasette: Any) -> Callable[[App], App]:
        """The gate around everything."""
        config = datasette.plugin_config(NAME)
        return (lambda app: RequestGuard(app, config["host"])) if config else (lambda app: app)

    @_hook(wrapper=True)
    def handle_exception(
        self, datasette: Any, request: Any, exception: Exception
    ) -> Generator[None, list[Any], list[Any]]:
        """Our page instead of Datasette's, which prints all variables to the terminal at every address that is not
        there."""
        given = yield
        return [_answer(datasette, request, exception)] if datasette.plugin_config(NAME) else given


async def _answer(datasette: Any, request: Any, exception: Exception) -> Any:
    status = int(getattr(exception, "status", 500))
    slow = isinstance(exception, QueryInterrupted) or (
        isinstance(exception, sqlite3.OperationalError) and exception.args == ("interrupted",)
    )
    if slow:
        status = 503
    elif isinstance(exception, DatasetteError) and status == 500:
        status = 400  # what it does not say otherwise about is what was asked for: a column that is not there, a filter
    elif isinstance(exception, sqlite3.DatabaseError) and any(sign in str(exception) for sign in _DAMAGE):
        print(
            f"archive.db is damaged ({exception}): end this, delete it and run again; it is made anew", file=sys.stderr
        )
    elif status >= 500:
        traceback.print_exception(exception, file=sys.stderr)
    if request.path.endswith(".json"):
        return Response.json({"ok": False, "status": status, "error": str(exception)}, status=status)
    return await Pages.message(datasette, request, status)


def open_archive(database: Path, output: Path, host: str = "127.0.0.1") -> Any:
    """A Datasette that serves `database`, and the pictures below `output`, to requests meant for `host`.

    The file is opened read-only, not as immutable: another `scrapy browse` may bring it up to date meanwhile.
    """
    if not pm.has_plugin(NAME):
        pm.register(Plugin(), NAME)
    metadata = {"plugins": {NAME: {"output": str(output), "host": host}}}
    opened = Datasette([str(database)], template_dir=str(TEMPLATES), metadata=metadata, settings=_SETTINGS)
    assert DATABASE in opened.databases, database
    return opened


def close_archive(opened: Any) -> None:
    """Ends its threads and closes its connections."""
    opened.executor.shutdown()
    for database in opened.databases.values():
        database.close()


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
