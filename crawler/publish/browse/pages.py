"""Datasette over archive.db with our pages in front: from the address asked for to what the templates show."""

from __future__ import annotations

import asyncio
import hashlib
import re
import sqlite3
import sys
import traceback
from collections.abc import Callable, Generator, Mapping
from dataclasses import astuple
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote

from datasette.app import Datasette, Response
from datasette.database import QueryInterrupted
from datasette.plugins import pm
from datasette.utils import sqlite_timelimit
from datasette.views.base import DatasetteError
from markupsafe import Markup
from pluggy import HookimplMarker

from crawler.markdown.reader import plain_text
from crawler.preserve.article_file import split_parts
from crawler.publish.addresses import article_named, is_web, number_named, readable_address, readable_time
from crawler.publish.browse import queries
from crawler.publish.browse.comparison import PAGE_LIMITS, PageLimits, comparison
from crawler.publish.browse.queries import QueryCache
from crawler.publish.browse.render import Links, Pictures, excerpt, finder, lines_of, marked, to_html
from crawler.publish.browse.rows import match_of, searched
from crawler.publish.browse.search import ListQuery, Search, address, parse_list_query, toggled
from crawler.publish.browse.server import App, RequestGuard
from crawler.publish.citation import FORMATS, Citation, in_chinese, in_english
from crawler.publish.report.parts import reason

HERE = Path(__file__).parent
TEMPLATES = HERE / "templates"
DATABASE = "archive"
MILLISECONDS = 5000
"""What a query may take."""
_ENGLISH = 0.9
"""The share of letters that are ASCII in an English text."""
_STATIC = {"style.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}

Given = TypeVar("Given")


class Pages:
    """The pages over one output directory."""

    def __init__(self, output: Path, limits: PageLimits = PAGE_LIMITS) -> None:
        self.output = output
        self.limits = limits
        self.comparing = asyncio.Lock()
        self.pictures = Pictures(output)
        self.cache = QueryCache()
        self.static = {name: (HERE / "static" / name).read_bytes() for name in _STATIC}

    def routes(self) -> list[tuple[str, Callable[..., Any]]]:
        """Regular expressions of paths and what answers them; the last one takes all but the JSON of the tables."""
        return [
            (r"/$", self.listing),
            (r"/search$", self.listing),
            (r"/article/(?P<id>[0-9]{1,9})$", self.article),
            (r"/article/(?P<id>[0-9]{1,9})/cite\.(?P<format>[a-z]+)$", self.cite),
            (r"/article/(?P<id>[0-9]{1,9})/versions$", self.compare),
            (r"/(?:article/[0-9]+/|web/|https?:)", self.old_address),
            (r"/about$", self.about),
            (r"/images/(?P<path>.+)$", self.picture),
            (r"/static/(?P<name>[a-z.]+)$", self.file),
            (r"/(?!archive/(?:article|tag|version)\.json$|archive/article/[0-9]{1,9}\.json$)", self.missing),
        ]

    async def listing(self, datasette: Any, request: Any) -> Any:
        """Articles, newest first or the best first, as far as they fit."""
        arguments = request.args
        typed = arguments.get("q") or ""
        number = article_named(typed)
        if number is None and len(arguments) == 1 and (only := number_named(typed)):
            number = only if await _read(datasette, queries.is_known, only) else None
        if number is not None:
            return _lead(number)
        wanted = parse_list_query({name: arguments.get(name) or "" for name in arguments}, match_of)
        context = await _read(datasette, self.list_context, wanted)
        return await _page(datasette, request, "list", context)

    def list_context(self, db: sqlite3.Connection, wanted: ListQuery) -> dict[str, Any]:
        """What a list's template shows."""
        search = Search(db, wanted)
        found = search.find()
        find = finder(wanted.match)
        # Without words there are few lists, and all of the archive in each.
        facets = (
            search.facets() if wanted.text else self.cache.get(db, tuple(sorted(wanted.chosen.items())), search.facets)
        )
        return {
            "wanted": wanted,
            "found": found,
            "rows": [self.row_context(row, find) for row in found.rows],
            "facets": facets,
            "address": partial(address, wanted),
            "toggled": partial(toggled, wanted),
        }

    def row_context(self, row: Mapping[str, Any], find: re.Pattern[str] | None) -> dict[str, Any]:
        """What it shows of one article."""
        source, author = row["picture"], row["author"] or ""
        picture = self.pictures.address(source, row["url"] or "", row["original_url"] or "") if source else None
        pieces = excerpt(lines_of(searched(row["body"])), find) if "body" in row else []
        return {
            **row,
            "title": marked(row["title"], find),
            "author": marked(author, find) if author else [],
            "excerpt": pieces or [(row["summary"], False)],
            "picture": picture,
        }

    async def article(self, datasette: Any, request: Any) -> Any:
        """One article: its text, where it is from, its other versions; of one that is known to be missing, why."""
        number = int(request.url_vars["id"])
        if context := await _read(datasette, self.article_context, number):
            return await _page(datasette, request, "article", context)
        if context := await _read(datasette, missing_context, number):
            return await _page(datasette, request, "missing", context)
        return await self.message(datasette, request, 404)

    def article_context(self, db: sqlite3.Connection, number: int) -> dict[str, Any] | None:
        """What an article's template shows; None for one that is not in the archive."""
        got = queries.article(db, number)
        if got is None:
            return None
        url, original = got["url"] or "", got["original_url"] or ""
        links = Links(url, original, partial(queries.is_known, db))

        def html(markdown: str) -> Markup:
            # `to_html` gives what nh3 has cleaned with a list of what is allowed.
            return Markup(
                to_html(
                    markdown,
                    local_image=lambda src: self.pictures.address(src, url, original),
                    link=links.address,
                )
            )

        body, note, bloggers = split_parts(got["body"])
        return {
            "article": got,
            "body": html(body),
            "note": html(note),
            "bloggers": html(bloggers),
            "english": is_english(got["body"]),
            "neighbours": queries.neighbours(db, got["date"], number),
            "twins": queries.twins(db, number, got["text_sha256"]),
            "versions": queries.versions(db, number),
            "citation": Citation.of(got),
            "in_chinese": in_chinese,
            "in_english": in_english,
            "citation_formats": FORMATS,
        }

    async def cite(self, datasette: Any, request: Any) -> Any:
        """A file with the citation of an article."""
        number, ending = int(request.url_vars["id"]), request.url_vars["format"]
        got = await _read(datasette, queries.article, number)
        if got is None or ending not in FORMATS:
            return await self.message(datasette, request, 404)
        write, media_type, _ = FORMATS[ending]
        headers = {"Content-Disposition": f'attachment; filename="hkcnews-{number}.{ending}"'}
        return Response(write(Citation.of(got)), headers=headers, content_type=media_type)

    async def compare(self, datasette: Any, request: Any) -> Any:
        """Two versions of an article beside each other."""
        number = int(request.url_vars["id"])
        asked = {name: request.args.get(name) or "" for name in ("old", "new")}
        async with self.comparing:  # one at a time: each has a process of its own read the pages
            context = await asyncio.to_thread(comparison, self.output, number, asked, self.limits)
        return (
            await _page(datasette, request, "versions", context)
            if context
            else await self.message(datasette, request, 404)
        )

    async def old_address(self, datasette: Any, request: Any) -> Any:
        """The article that an address of the site's, or an archive's of it, named."""
        number = article_named(request.path)
        return await self.message(datasette, request, 404) if number is None else _lead(number)

    async def about(self, datasette: Any, request: Any) -> Any:
        """What this is, and how much of it there is."""
        return await _page(datasette, request, "about", {"overview": await _read(datasette, self.overview)})

    def overview(self, db: sqlite3.Connection) -> dict[str, Any]:
        """How much of everything there is."""
        return self.cache.get(db, "overview", partial(queries.overview, db))

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
        return await _page(datasette, request, "message", {"status": status}, status)


def _lead(number: int) -> Any:
    return Response.redirect(f"/article/{number}")


def missing_context(db: sqlite3.Connection, number: int) -> dict[str, Any] | None:
    """What the page of an article shows that is known to be missing; None where nothing is known."""
    found = queries.missing(db, number)
    return {"missing": found, "neighbours": queries.beside(db, number), "reason": reason} if found else None


async def _page(datasette: Any, request: Any, name: str, context: dict[str, Any], status: int = 200) -> Any:
    given = {**common_context(), **context}
    return Response.html(await datasette.render_template(f"browse/{name}.html", given, request=request), status=status)


def common_context() -> dict[str, Any]:
    """What every template is given beside its own."""
    return {
        "is_web": is_web,
        "time": readable_time,
        "day": day,
        "readable": readable_address,
        "style": _STYLE,
        "wanted": None,
    }


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


def day(date: str | None) -> str:
    """A date as it is written in Chinese; '' for none, and what is no date as it is."""
    date = date or ""
    year, _, rest = date.partition("-")
    month, _, number = rest.partition("-")
    if not all(part.isascii() and part.isdigit() for part in (year, month, number)):
        return date
    return f"{int(year)}年{int(month)}月{int(number)}日"


_STYLE = f"/static/style.css?v={hashlib.sha256((HERE / 'static' / 'style.css').read_bytes()).hexdigest()[:8]}"


NAME = "crawler-browse"
_hook = HookimplMarker("datasette")
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
        return Pages(Path(config["output"]), PageLimits(*config["limits"])).routes() if config else []

    @_hook(trylast=True)  # the last one is the outermost
    def asgi_wrapper(self, datasette: Any) -> Callable[[App], App]:
        """The guard around everything."""
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


def open_archive(database: Path, output: Path, host: str = "127.0.0.1", limits: PageLimits = PAGE_LIMITS) -> Any:
    """A Datasette that serves `database`, and the pictures below `output`, to requests meant for `host`. `limits`: what
    a page of the store may take that is read again.

    The file is opened read-only, not as immutable: another `citizen-news browse` may bring it up to date meanwhile.
    """
    if not pm.has_plugin(NAME):
        pm.register(Plugin(), NAME)
    metadata = {"plugins": {NAME: {"output": str(output), "host": host, "limits": astuple(limits)}}}
    opened = Datasette([str(database)], template_dir=str(TEMPLATES), metadata=metadata, settings=_SETTINGS)
    assert DATABASE in opened.databases, database
    return opened


def close_archive(opened: Any) -> None:
    """Ends its threads and closes its connections."""
    opened.executor.shutdown()
    for database in opened.databases.values():
        database.close()
