"""An S3 of our own on loopback: moto's, which keeps in memory what is put there, behind a door that notes every request
and can refuse, cut or change what is asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import Client

SECRET = "the-secret-of-the-tests"
BUCKET = "newsroom"
DENIED = "403 Forbidden", "AccessDenied"
GONE = "404 Not Found", "NoSuchKey"
SLOW_DOWN = "503 Slow Down", "SlowDown"
BROKEN = "500 Internal Server Error", "InternalError"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: its method, what it is of as bucket/key, which bytes, and how many were sent."""

    method: str
    key: str
    range: str
    sent: int


class S3:
    """Where the server is, and what it was asked for. `fault` is given each request for a range by its number from 1
    on, and gives a status and code to answer with, or None; of any other answer to them, only `cut` bytes are sent."""

    def __init__(self) -> None:
        self.url = ""
        self._app = DomainDispatcherApplication(create_backend_app)
        self.begin()
        self._put(BUCKET, b"")

    def begin(self) -> None:
        """From now on nothing goes wrong, and what is asked for is noted anew."""
        self.asked: list[Asked] = []
        self.fault: Callable[[int], tuple[str, str] | None] = lambda number: None
        self.cut: int | None = None

    @property
    def parts(self) -> list[Asked]:
        """The requests for a range of bytes."""
        return [asked for asked in self.asked if asked.range]

    def put(self, key: str, data: bytes) -> str:
        """Keep an object; gives its address."""
        self._put(f"{BUCKET}/{key}", data)
        return f"s3://{BUCKET}/{key}"

    def _put(self, key: str, data: bytes) -> None:
        """As somebody: moto lets nobody replace what is there."""
        headers = {"Authorization": "AWS4-HMAC-SHA256 Credential=AKIAOFTHETESTS/20210101/us-east-1/s3/aws4_request"}
        assert Client(self._app).put(f"/{key}", data=data, headers=headers).status_code == 200

    def environment(self) -> dict[str, str]:
        """With which AWS's own library finds it, and is content with one attempt."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "AKIAOFTHETESTS",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        method, key, part = environ["REQUEST_METHOD"], environ["PATH_INFO"].lstrip("/"), environ.get("HTTP_RANGE", "")
        fault = self.fault(len(self.parts) + 1) if part else None
        if fault is not None:
            body = f"<Error><Code>{fault[1]}</Code><Message>{fault[1]} it is</Message></Error>".encode()
            start_response(fault[0], [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
        else:
            body = b"".join(self._app(environ, start_response))
            body = body[: self.cut] if part else body
        self.asked.append(Asked(method, key, part, len(body)))
        return [body]


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        pass


@contextmanager
def s3_server() -> Iterator[S3]:
    """The server, as long as it is needed."""
    s3 = S3()
    server = make_server("127.0.0.1", 0, s3, threaded=True, request_handler=_Quiet)
    s3.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield s3
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
