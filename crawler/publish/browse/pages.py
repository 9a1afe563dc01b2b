"""The pages: from the address asked for to what the templates show."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, unquote_to_bytes

from datasette.app import Response
from datasette.utils import sqlite_timelimit
from markupsafe import Markup

from crawler.markdown.reader import plain_text
from crawler.publish.browse import queries
from crawler.publish.browse.queries import QueryCache
from crawler.publish.browse.render import Links, Pictures, excerpt, finder, is_web, lines_of, marked, to_html
from crawler.publish.browse.rows import match_of, searched
from crawler.publish.browse.search import (
    ListQuery,
    ListRow,
    Search,
    narrowings,
    orders,
    pages_around,
    parse_list_query,
    without_anything,
)

HERE = Path(__file__).parent
TEMPLATES = HERE / "templates"
DATABASE = "archive"
MILLISECONDS = 5000
_ENGLISH = 0.9
"""The share of letters that are ASCII in an English text."""
_STATIC = {"style.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}
_WORDS = {
    404: (
        "找不到這一頁",
        "This page is not here",
        "可能從未收錄，或已被移走。",
        "It may never have been recovered, or the address may be wrong.",
    ),
    503: (
        "搜尋需時太久",
        "That took too long",
        "請用較少見的字詞，或先篩選年份。",
        "Try rarer words, or narrow the list by year first.",
    ),
}
_ERROR = (
    "出了問題",
    "Something went wrong",
    "詳情見執行 scrapy browse 的終端機。",
    "The terminal that runs scrapy browse says more.",
)
_BAD = ("看不懂這個要求", "This request makes no sense", "請由首頁再開始。", "Please start again from the first page.")

Given = TypeVar("Given")


class Pages:
    """The pages over one output directory."""

    def __init__(self, output: Path) -> None:
        self.pictures = Pictures(output)
        self.kept = QueryCache()
        self.static = {name: (HERE / "static" / name).read_bytes() for name in _STATIC}

    def routes(self) -> list[tuple[str, Callable[..., Any]]]:
        """Regular expressions of paths and what answers them; the last one takes all but the JSON of the tables."""
        return [
            (r"/$", self.listing),
            (r"/search$", self.listing),
            (r"/article/(?P<id>[0-9]{1,9})$", self.article),
            (r"/about$", self.about),
            (r"/images/(?P<path>.+)$", self.picture),
            (r"/static/(?P<name>[a-z.]+)$", self.file),
            (r"/(?!archive/(?:article|tag|version)\.json$|archive/article/[0-9]{1,9}\.json$)", self.missing),
        ]

    async def listing(self, datasette: Any, request: Any) -> Any:
        """Articles, newest first or the best first, as far as they fit."""
        arguments = request.args
        wanted = parse_list_query({name: arguments.get(name) or "" for name in arguments}, match_of)
        context = await _read(datasette, self._list, wanted)
        return await _page(datasette, request, "list", context)

    def _list(self, db: sqlite3.Connection, wanted: ListQuery) -> dict[str, Any]:
        search = Search(db, wanted)
        found = search.find()
        find = finder(wanted.match)
        # Without words there are few lists, and all of the archive in each.
        facets = (
            search.facets() if wanted.text else self.kept.get(db, tuple(sorted(wanted.chosen.items())), search.facets)
        )
        return {
            "wanted": wanted,
            "found": found,
            "rows": [self._row(row, find) for row in found.rows],
            "narrowings": narrowings(wanted, facets),
            "around": pages_around(wanted, found),
            "everything": without_anything(wanted),
            "orders": orders(wanted, found),
        }

    def _row(self, row: ListRow, find: Any) -> dict[str, Any]:
        picture = self.pictures.address(row.picture, row.url, row.original_url) if row.picture else None
        pieces = excerpt(lines_of(searched(row.text)), find) if row.text else []
        return {
            "of": row,
            "title": marked(row.title, find),
            "author": marked(row.author, find),
            "excerpt": pieces or [(row.summary, False)],
            "picture": picture,
            "day": day(row.date),
        }

    async def article(self, datasette: Any, request: Any) -> Any:
        """One article: its text, where it is from, its other versions."""
        context = await _read(datasette, self._article, int(request.url_vars["id"]))
        return (
            await _page(datasette, request, "article", context)
            if context
            else await self.message(datasette, request, 404)
        )

    def _article(self, db: sqlite3.Connection, number: int) -> dict[str, Any] | None:
        got = queries.article(db, number)
        if got is None:
            return None
        links = Links(got.url, got.original_url, partial(queries.known, db))
        body = to_html(
            without_title(got.body),
            local_image=lambda src: self.pictures.address(src, got.url, got.original_url),
            link=links.address,
        )
        return {
            "article": got,
            # `to_html` gives what nh3 has cleaned with a list of what is allowed.
            "body": Markup(body),
            "day": day(got.date),
            "english": is_english(got.body),
            "neighbours": queries.neighbours(db, got),
            "versions": queries.versions(db, number),
        }

    async def about(self, datasette: Any, request: Any) -> Any:
        """What this is, and how much of it there is."""
        return await _page(datasette, request, "about", {"overview": await _read(datasette, self._overview)})

    def _overview(self, db: sqlite3.Connection) -> queries.Overview:
        return self.kept.get(db, "overview", partial(queries.overview, db))

    async def picture(self, datasette: Any, request: Any) -> Any:
        """A picture of the tree."""
        found = await _read(datasette, lambda _: self.pictures.read(unquote(request.url_vars["path"])))
        if found is None:
            return await self.message(datasette, request, 404)
        # Opened by itself, a drawing is a document; in a sandbox it is nobody's.
        headers = {
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
            "Cache-Control": "private, max-age=3600",
        }
        return Response(found[0], headers=headers, content_type=found[1])

    async def file(self, datasette: Any, request: Any) -> Any:
        """The style sheet and the icon."""
        name = request.url_vars["name"]
        if name not in _STATIC:
            return await self.message(datasette, request, 404)
        return Response(
            self.static[name], headers={"Cache-Control": "private, max-age=3600"}, content_type=_STATIC[name]
        )

    async def missing(self, datasette: Any, request: Any) -> Any:
        """Every other address."""
        return await self.message(datasette, request, 404)

    @staticmethod
    async def message(datasette: Any, request: Any, status: int) -> Any:
        """A page that says that something is not there, or went wrong."""
        words = _WORDS.get(status, _ERROR if status >= 500 else _BAD)
        return await _page(datasette, request, "message", {"words": words, "status": status}, status)


async def _page(datasette: Any, request: Any, name: str, context: dict[str, Any], status: int = 200) -> Any:
    context = {
        "typed": "",
        "is_web": is_web,
        "moment": moment,
        "day_of": day,
        "readable": readable,
        "style": _STYLE,
        "wanted": None,
        **context,
    }
    return Response.html(
        await datasette.render_template(f"browse/{name}.html", context, request=request), status=status
    )


async def _read(datasette: Any, function: Callable[..., Given], *arguments: object) -> Given:
    """A function of a connection and more, run in a thread of Datasette's. Raises sqlite3.OperationalError for one that
    takes too long."""

    def inside(db: sqlite3.Connection) -> Given:
        with sqlite_timelimit(db, MILLISECONDS):
            return function(db, *arguments)

    given: Given = await datasette.get_database(DATABASE).execute_fn(inside)
    return given


def is_english(body: str) -> bool:
    """Whether a text has next to no Chinese in it."""
    words = plain_text(body)
    return sum(map(str.isascii, filter(str.isalpha, words))) > _ENGLISH * sum(map(str.isalpha, words))


def without_title(body: str) -> str:
    """The text without its first heading, which the page shows by itself."""
    text = body.lstrip("\n")
    return text.partition("\n")[2] if text.startswith("# ") else body


def day(date: str) -> str:
    """A date as it is written in Chinese; '' for none, and what is no date as it is."""
    year, _, rest = date.partition("-")
    month, _, number = rest.partition("-")
    if not all(part.isascii() and part.isdigit() for part in (year, month, number)):
        return date
    return f"{int(year)}年{int(month)}月{int(number)}日"


def readable(address: str) -> str:
    """An address with its Chinese written out, to be read, not followed; as it is where that would be unreadable."""
    written = unquote(address, errors="strict") if _is_utf8(address) else address
    return written if written.isprintable() and " " not in written else address


def _is_utf8(address: str) -> bool:
    try:
        unquote_to_bytes(address).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def moment(timestamp: str) -> str:
    """`20210712012000` as `2021-07-12 01:20`, `2021-07-12T01:20:00Z` likewise; the archive's times are UTC."""
    digits = "".join(each for each in timestamp if each.isascii() and each.isdigit())
    return (
        f"{digits[:4]}-{digits[4:6]}-{digits[6:8]} {digits[8:10]}:{digits[10:12]}" if len(digits) >= 12 else timestamp
    )


_STYLE = f"/static/style.css?v={hashlib.sha256((HERE / 'static' / 'style.css').read_bytes()).hexdigest()[:8]}"
