"""A small tree of invented articles, its archive.db, and asking the pages without a socket."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from crawler.markdown.document import relative_path
from crawler.publish.browse.database import build
from crawler.publish.browse.replay import Replay
from crawler.recovery.image_files import image_file
from tests.demo.scenes import draw

REPLAY = "https://archive.example/web"
PICTURE = "https://www.hkcnews.com/news_新聞/燈塔-20210712_large.png"


@dataclass(frozen=True)
class Draft:
    """An article to be written; `body` without the title."""

    number: int
    title: str
    body: str
    date: str = "2021-07-12"
    author: str = "編輯部"
    category: str = "社會"
    tags: Sequence[str] = ("海港",)
    timestamp: str = "20210801000000"

    @property
    def original(self) -> str:
        return f"https://www.hkcnews.com/article/{self.number}/x"

    @property
    def text(self) -> str:
        """The file, in the seed's format."""
        fields = {"title": self.title, "date": self.date, "author": self.author, "category": self.category}
        lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items() if value]
        if self.tags:
            lines += ["tags:", *(f"  - {json.dumps(tag, ensure_ascii=False)}" for tag in self.tags)]
        lines += [f'url: "{REPLAY}/{self.timestamp}/{self.original}"', f'original_url: "{self.original}"']
        return "\n".join(["---", *lines, "---", "", f"# {self.title}", "", self.body, ""])


def figure(address: str = PICTURE, caption: str = "燈塔的夜") -> str:
    return (
        f'<figure>\n<img src="{REPLAY}/20210801000000im_/{address}"'
        f' alt="">\n<figcaption>{caption}</figcaption>\n</figure>'
    )


ARTICLES = (
    Draft(
        101, "立法會選舉押後", "選舉押後一年，香港的碼頭仍然開放。", "2020-07-31", "陳小明", "政治", ("選舉", "海港")
    ),
    Draft(
        102,
        "碼頭的貓",
        f"{figure()}\n\n碼頭有三隻貓，香港人都認得牠們。"
        "見[選舉](/web/20210801000000/https://www.hkcnews.com/article/101/x)。",
    ),
    Draft(103, "燈塔重開", "燈塔在夏天重開，港人前往香爐峰。", "2021-08-02", "陳小明", "社會", ("海港", "燈塔")),
    Draft(104, "沒有日期的來信", "這封信沒有日期。Some English words, and a lighthouse.", "", "", "", ()),
)
HOSTILE = Draft(
    666,
    "<script>alert('title')</script> & <b>粗</b>",
    "\n\n".join(
        (
            "<script>document.title='owned'</script>",
            "<style>body{display:none}</style>",
            '<img src="x" onerror="alert(1)"><p onclick="alert(2)" style="position:fixed">毒文字</p>',
            '<iframe src="https://evil.example/frame"></iframe>',
            (
                "[點我](javascript:alert(3)) [再點](JaVaScRiPt&colon;alert(4)) <a"
                " href='data:text/html,<script>alert(5)</script>'>資料</a>"
            ),
            (
                '<svg onload="alert(6)"><script>alert(7)</script></svg><math><mi'
                ' xlink:href="javascript:alert(8)">x</mi></math>'
            ),
            (
                '<form action="https://evil.example/"><input name="q"><button'
                ' formaction="javascript:alert(9)">送出</button></form>'
            ),
            (
                '<link rel="stylesheet" href="https://evil.example/x.css"><meta http-equiv="refresh"'
                ' content="0;url=https://evil.example/">'
            ),
            (
                '<base href="https://evil.example/"><object data="https://evil.example/x.swf"></object><embed'
                ' src="https://evil.example/x">'
            ),
            f"![遠方]({REPLAY}/20210801000000im_/https://evil.example/track.png)",
            '{{< video src="javascript:alert(10)" >}}',
        )
    ),
    author="<img src=x onerror=alert(11)>",
    category='"><script>alert(12)</script>',
    tags=("<svg/onload=alert(13)>", "a&b=c"),
)


def write_tree(output: Path, drafts: Sequence[Draft] = ARTICLES, *, pictures: bool = True) -> Path:
    """The files of an output directory."""
    for draft in drafts:
        file = output / "articles" / relative_path(draft.number)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(draft.text, "utf-8")
    (output / "articles").mkdir(parents=True, exist_ok=True)
    if pictures:
        file = output / str(image_file(PICTURE))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(draw("lighthouse"))
    return output


def build_archive(output: Path) -> Path:
    """archive.db made from the files."""
    build(output, lambda done, of: None)
    return output / "archive.db"


@dataclass(frozen=True)
class Answer:
    """What came back; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")


class Reader:
    """Asks the pages as a browser would, without a socket."""

    def __init__(self, opened: Any, runner: asyncio.Runner) -> None:
        self.opened = opened
        self._app = opened.app()
        self._runner = runner

    def get(
        self,
        path: str,
        *,
        host: str | None = "127.0.0.1:8001",
        method: str = "GET",
        cookie: str = "",
        headers: Mapping[str, str] | None = None,
        **query: str,
    ) -> Answer:
        """Ask for a path as it stands, with a query that is encoded."""
        raw, _, given = path.partition("?")
        asked = "&".join(
            [
                *([given] if given else []),
                *(f"{quote(name)}={quote(value, errors='replace')}" for name, value in query.items()),
            ]
        )
        sent = {"host": host, "cookie": cookie or None, **(headers or {})}
        return self._runner.run(self._ask(raw, asked, method, sent))

    async def _ask(self, raw: str, query: str, method: str, given: Mapping[str, str | None]) -> Answer:
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [(name.encode(), value.encode("latin-1")) for name, value in given.items() if value is not None]
        scope = {
            "type": "http", "http_version": "1.1", "method": method, "scheme": "http", "path": raw, "raw_path": raw.encode(),  # noqa: E501
            "query_string": query.encode(), "headers": headers, "server": ("127.0.0.1", 8001), "client": ("127.0.0.1", 5),  # noqa: E501
        }  # fmt: skip
        await self._app(scope, receive, send)
        start = sent[0]
        told = {bytes(name).decode().lower(): bytes(value).decode("latin-1") for name, value in start["headers"]}
        return Answer(start["status"], told, b"".join(message.get("body", b"") for message in sent[1:]))


@contextmanager
def reading(output: Path, host: str = "127.0.0.1", replay: Replay | None = None) -> Iterator[Reader]:
    """The pages over an output directory that has an archive.db."""
    # Datasette takes a second to import, and most tests do without.
    from crawler.publish.browse.archive import close_archive, open_archive  # noqa: PLC0415
    from crawler.publish.browse.pages import Pages  # noqa: PLC0415

    opened = open_archive(Pages(output, replay=replay), host)
    try:
        with asyncio.Runner() as runner:
            yield Reader(opened, runner)
    finally:
        close_archive(opened)


def change(database: Path, sql: str, *values: object) -> None:
    """Put something into archive.db that only a ledger would tell."""
    with closing(sqlite3.connect(database)) as db, db:
        db.execute(sql, values)
