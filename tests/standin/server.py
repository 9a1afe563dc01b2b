"""The stand-in itself: the listening socket, its thread and event loop, the log, and how refusing is done."""

import asyncio
import contextlib
import json
import math
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from .answer import Answer
from .archive import Archive
from .cdx import Listing
from .desk import Desk, endpoint_of
from .playback import parse
from .police import Limits, Police
from .record import Connection, Logged, Record
from .troubles import Endpoint, Script, Trouble
from .wire import Request, linger_not, read_request, reset, send

_LOG, _RESET = "/__standin__/log", "/__standin__/reset"


class StandIn:
    """An archive served on 127.0.0.1 from a background thread, between `with` and its end, or `start` and `stop`.

    `troubles` come after those of the archive. `GET /__standin__/log` gives the log as JSON, `POST /__standin__/reset`
    forgets log, counts and punishments; neither is logged. `clock` gives the times of log, script and police;
    delays and refusals take real seconds.
    """

    def __init__(
        self,
        archive: Archive,
        troubles: Iterable[Trouble] = (),
        *,
        limits: Limits | None = None,
        listing: Listing | None = None,
        port: int = 0,
        seed: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.archive = archive
        self.script = Script([*archive.troubles, *troubles], seed)
        self.police = Police(limits or Limits())
        self.record = Record()
        self._desk = Desk(archive, self.script, self.police, listing or Listing())
        self._clock = clock
        self._writers: set[asyncio.StreamWriter] = set()
        self._handlers: set[asyncio.Task[None]] = set()
        self._failures: list[str] = []
        self.port = port

    @property
    def url(self) -> str:
        """Scheme, host and port, known once it is started."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def requests(self) -> list[Logged]:
        return self.record.requests

    @property
    def connections(self) -> list[Connection]:
        return self.record.connections

    def playback_requests(self, original: str | None = None) -> list[Logged]:
        return self.record.playback_requests(original)

    def cdx_requests(self) -> list[Logged]:
        return self.record.cdx_requests()

    def in_window(self, seconds: float, endpoint: Endpoint | None = None) -> int:
        return self.record.in_window(seconds, endpoint)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Serve; returns when the socket listens. After a stop, starting again takes the same port."""
        self._socket = _bound(self.port)
        self.port = self._socket.getsockname()[1]
        started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(started)), name="stand-in", daemon=True)
        self._thread.start()
        started.wait()

    def stop(self) -> None:
        """End all connections and the thread. RuntimeError if the stand-in itself failed on a request."""
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        if self._failures:
            raise RuntimeError("the stand-in failed:\n" + "\n".join(self._failures))

    def release(self) -> None:
        """Let go of the answers that are held, and hold none from now on."""
        self._loop.call_soon_threadsafe(self._released.set)

    def reset(self) -> None:
        """Forget log, counts and punishments; listen again if refusing."""
        done = threading.Event()
        self._loop.call_soon_threadsafe(self._forget)
        self._loop.call_soon_threadsafe(done.set)
        done.wait()

    def _forget(self) -> None:
        self.record.clear()
        self.script.reset()
        self.police.reset()
        self._listen()

    async def _serve(self, started: threading.Event) -> None:
        self._loop, self._stopping, self._released = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
        self._listening = False
        self._reopening: asyncio.TimerHandle | None = None
        self._listen()
        started.set()
        await self._stopping.wait()
        self._close()
        self._socket.close()
        for writer in tuple(self._writers):
            writer.transport.abort()
        await asyncio.gather(*self._handlers)

    # Connections are accepted by hand: asyncio's own server loses those that arrive while it is being closed.

    def _listen(self) -> None:
        if self._reopening:
            self._reopening.cancel()
        if not self._listening:
            self._socket.listen()
            self._loop.add_reader(self._socket, self._accept)
            self._listening = True

    def _close(self) -> None:
        """Stop listening but keep the port: a socket that is bound and does not listen refuses connections."""
        if self._reopening:
            self._reopening.cancel()
        if self._listening:
            self._loop.remove_reader(self._socket)
            self._socket.close()
            self._socket = _bound(self.port)
            self._listening = False

    def _refuse_if_due(self) -> None:
        seconds = self.police.refusing_for(self._clock())
        if seconds > 0 and not self.police.limits.reset:
            self._close()
            self._reopening = self._loop.call_later(seconds, self._listen)

    def _accept(self) -> None:
        try:
            accepted, _ = self._socket.accept()
        except OSError:
            return  # gone again before its turn came
        now = self._clock()
        let_in = self.police.connect(now)
        connection = Connection(len(self.connections) + 1, now, refused=not let_in)
        self.connections.append(connection)
        if not let_in:
            linger_not(accepted)
            accepted.close()
            return
        self._refuse_if_due()
        accepted.setblocking(False)
        task = self._loop.create_task(self._handle(accepted, connection))
        self._handlers.add(task)
        task.add_done_callback(self._handlers.discard)

    async def _handle(self, accepted: socket.socket, connection: Connection) -> None:
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        try:
            transport, _ = await self._loop.connect_accepted_socket(lambda: protocol, accepted)
        except OSError:  # macOS: the client has gone already
            accepted.close()
            return
        writer = asyncio.StreamWriter(transport, protocol, reader, self._loop)
        self._writers.add(writer)
        try:
            if not self._stopping.is_set():
                await self._converse(reader, writer, connection)
        except ConnectionError:
            pass  # the client has gone
        except Exception:
            self._failures.append(traceback.format_exc())
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            self._writers.discard(writer)

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: Connection
    ) -> None:
        while (request := await read_request(reader)) is not None:
            answer = (
                self._control(request, connection)
                if request.target in (_LOG, _RESET)
                else self._answer(request, connection)
            )
            if answer.delay and await self._stopped_within(answer.delay):
                return
            if not await send(writer, request, answer):
                return

    def _answer(self, request: Request, connection: Connection) -> Answer:
        endpoint = endpoint_of(request.target)
        if endpoint is None:
            return Answer(404, (("Content-Type", "text/plain"),), b"no such endpoint\n")
        now = self._clock()
        logged = Logged(
            len(self.requests) + 1, now, endpoint, request.method, request.target, connection.number, request.headers
        )
        asked = parse(request.target)
        if asked is not None:
            logged.original, logged.timestamp = asked.original, asked.timestamp
        self.requests.append(logged)
        bans = self.police.bans
        answer = self._desk.answer(request, logged, now)
        if self.police.bans > bans:
            self._refuse_if_due()
            for writer in tuple(self._writers):
                reset(writer)
        return answer

    def _control(self, request: Request, connection: Connection) -> Answer:
        if connection in self.connections:
            self.connections.remove(connection)
        if request.target == _RESET and request.method == "POST":
            self._forget()
            return Answer(200, (("Content-Type", "text/plain"),), b"forgotten\n")
        if request.target == _LOG and request.method == "GET":
            return Answer(200, (("Content-Type", "application/json"),), json.dumps(self.record.as_json()).encode())
        return Answer(405, (("Content-Type", "text/plain"),), b"GET log, POST reset\n")

    async def _stopped_within(self, seconds: float) -> bool:
        held = math.isinf(seconds)
        waits = [asyncio.create_task(event.wait()) for event in (self._stopping, *([self._released] if held else []))]
        await asyncio.wait(waits, timeout=None if held else seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        return self._stopping.is_set()


def _bound(port: int) -> socket.socket:
    # The protocol is named: only then does asyncio set TCP_NODELAY on what the socket accepts.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setblocking(False)
    sock.bind(("127.0.0.1", port))
    return sock
