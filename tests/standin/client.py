"""For the stand-in's own tests: a plain client, a small archive, and ways to put both together."""

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from .archive import Archive
from .server import StandIn

SITE = "https://www.hkcnews.com/article/"
FIRST, SECOND, THIRD = "20200801000000", "20210712013906", "20230321004615"


@dataclass(frozen=True)
class Got:
    """An answer as received: header names in lower case, one value for each header sent."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)

    @property
    def memento(self) -> bool:
        return self.header("memento-datetime") is not None


class Client:
    """One kept-alive connection to a stand-in."""

    def __init__(self, standin: StandIn) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", standin.port)

    def get(self, target: str, method: str = "GET", **headers: str) -> Got:
        """Send the target as it is; http.client would refuse some of those that occur."""
        connection = self._connection
        connection.putrequest(method, "/", skip_accept_encoding=True)
        connection._buffer[0] = f"{method} {target} HTTP/1.1".encode()  # type: ignore[attr-defined]
        for name, value in (
            {"User-Agent": "test/1"} | {key.replace("_", "-"): value for key, value in headers.items()}
        ).items():
            if value:
                connection.putheader(name, value)
        connection.endheaders()
        with connection.getresponse() as response:
            body = response.read()
            return Got(response.status, [(key.lower(), value) for key, value in response.getheaders()], body)

    def cdx(self, url: str, **parameters: str | int) -> Got:
        return self.get("/cdx/search/cdx?" + urlencode({"url": url, "output": "json"} | parameters))

    def rows(self, url: str, **parameters: str | int) -> tuple[list[Any], str]:
        """The rows of a JSON page without its header, and its resume key."""
        lines = json.loads(self.cdx(url, **parameters).body)
        key = lines[-1][0] if len(lines) > 2 and lines[-2] == [] else ""
        return lines[1 : -2 if key else None], key

    def close(self) -> None:
        self._connection.close()


@contextmanager
def client_of(standin: StandIn) -> Iterator[Client]:
    """Start a stand-in and open a client."""
    with standin:
        client = Client(standin)
        try:
            yield client
        finally:
            client.close()


def small_archive() -> Archive:
    """Two articles: the first captured twice and once revisited, the second once."""
    archive = Archive()
    archive.add(SITE + "1/%E7%87%88-1/%E5%A1%94", FIRST, b"<html><body>An invented lighthouse</body></html>")
    archive.add(SITE + "1/%E7%87%88-1/%E5%A1%94", SECOND)
    archive.add(SITE + "1/%E7%87%88-1/%E5%A1%94", THIRD, b"<html><body>Farewell</body></html>")
    archive.add("http://hkcnews.com:80/article/2", SECOND, b"<html><body>An invented ferry</body></html>")
    return archive
