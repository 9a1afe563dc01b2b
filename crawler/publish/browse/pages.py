"""The pages over archive.db: which address is answered with what."""

import asyncio
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote, urlencode

from datasette.app import Response
from datasette.utils import sqlite_timelimit

from crawler.publish.addresses import article_named, number_named
from crawler.publish.browse import overviews, queries
from crawler.publish.browse.comparison import PAGE_LIMITS, PageLimits, comparison
from crawler.publish.browse.contexts import HERE, Contexts, common_context, missing_context
from crawler.publish.browse.replay import Replay
from crawler.publish.browse.replay_answers import PAGE_POLICY, PROGRAM, ReplayAnswers, component_attributes
from crawler.publish.browse.search import FORMS, ListQuery, Search, parse_list_query
from crawler.publish.browse.server import COOKIE
from crawler.publish.citation import FORMATS, Citation
from crawler.publish.words import LANGUAGES

DATABASE = "archive"
MILLISECONDS = 5000
"""What a query may take."""
_STATIC = {
    name: ((HERE / "static" / name).read_bytes(), media_type)
    for name, media_type in (("style.css", "text/css; charset=utf-8"), ("icon.svg", "image/svg+xml"))
}


Given = TypeVar("Given")


class Pages:
    """The pages over one output directory. `limits`: what a page of the store may take that is read again; `replay`:
    what shows articles as they were archived, if that is there."""

    def __init__(self, output: Path, limits: PageLimits = PAGE_LIMITS, replay: Replay | None = None) -> None:
        self.output = output
        self.limits = limits
        self.replay = replay
        self.comparing = asyncio.Lock()
        self.contexts = Contexts(output, replay)

    def routes(self) -> list[tuple[str, Callable[..., Any]]]:
        """Regular expressions of paths and what answers them; the last one takes all but the JSON of the tables."""
        return [
            (r"/$", self.listing),
            (r"/search$", self.listing),
            (r"/search\.(?P<form>csv|json)$", self.download),
            (r"/article/(?P<id>[0-9]{1,9})$", self.article),
            (r"/article/(?P<id>[0-9]{1,9})/cite\.(?P<format>[a-z]+)$", self.cite),
            (r"/article/(?P<id>[0-9]{1,9})/versions$", self.compare),
            (r"/(?:article/[0-9]+/|web/|https?:)", self.old_address),
            (r"/archived/(?P<id>[0-9]{1,9})$", self.archived),
            *(ReplayAnswers(self.replay).routes() if self.replay else ()),
            (r"/about$", self.about),
            (r"/month/(?P<month>[0-9]{4}-[0-9]{2})$", self.month),
            (r"/authors$", self.authors),
            (r"/author$", self.author),
            (r"/feed\.atom$", self.feed),
            (r"/images/(?P<path>.+)$", self.picture),
            (r"/static/(?P<name>style\.css|icon\.svg)$", self.file),
            (r"/(?!archive/(?:article|tag|version)\.json$|archive/article/[0-9]{1,9}\.json$)", self.missing),
        ]

    async def listing(self, datasette: Any, request: Any) -> Any:
        """Articles, newest first or the best first, as far as they fit."""
        arguments = request.args
        typed = arguments.get("q") or ""
        number = article_named(typed)
        if number is None and len(arguments) == 1 and (only := number_named(typed)):
            number = only if await _read(datasette, queries.has_page, only) else None
        if number is not None:
            return _lead(number)
        wanted = _asked(request)
        context = await _read(datasette, self.contexts.list_context, wanted)
        return await _page(datasette, request, "list", context)

    async def download(self, datasette: Any, request: Any) -> Any:
        """A whole list as a file."""
        form, wanted = request.url_vars["form"], _asked(request)
        make, content_type = FORMS[form]
        text = await _read(datasette, lambda db: make(wanted, Search(db, wanted, self.contexts.cache.get).rows()))
        headers = {"Content-Disposition": f'attachment; filename="citizen-news.{form}"'}
        return Response(text, headers=headers, content_type=content_type)

    async def article(self, datasette: Any, request: Any) -> Any:
        """One article: its text, where it is from, its other versions; of one that is known to be missing, why."""
        number = int(request.url_vars["id"])
        if context := await _read(datasette, self.contexts.article_context, number):
            return await _page(datasette, request, "article", context)
        return await _page(datasette, request, "missing", await _read(datasette, missing_context, number))

    async def archived(self, datasette: Any, request: Any) -> Any:
        """One article's text beside its capture as it was archived."""
        context = await _read(datasette, self.contexts.article_context, int(request.url_vars["id"]))
        if context is None or context["archived"] is None:
            return await self.message(datasette, request, 404)
        context |= {"component": component_attributes(context["archived"]), "program": PROGRAM}
        answer = await _page(datasette, request, "archived", context)
        answer.headers["Content-Security-Policy"] = PAGE_POLICY
        return answer

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
        return await _page(datasette, request, "versions", context)

    async def old_address(self, datasette: Any, request: Any) -> Any:
        """The article that an address of the site's, or an archive's of it, named."""
        number = article_named(request.path)
        return await self.message(datasette, request, 404) if number is None else _lead(number)

    async def month(self, datasette: Any, request: Any) -> Any:
        """All titles of a month, by day."""
        context = await _read(datasette, overviews.month, request.url_vars["month"])
        return await _page(datasette, request, "month", context)

    async def authors(self, datasette: Any, request: Any) -> Any:
        """All bylines."""
        found = await _read(
            datasette, lambda db: self.contexts.cache.get(db, "bylines", partial(overviews.bylines, db))
        )
        return await _page(datasette, request, "authors", {"bylines": found})

    async def author(self, datasette: Any, request: Any) -> Any:
        """What one byline wrote."""
        context = await _read(datasette, self.contexts.byline_context, request.args.get("name") or "")
        return await _page(datasette, request, "author", context)

    async def feed(self, datasette: Any, request: Any) -> Any:
        """What was recovered last, for programs that read feeds."""
        # The guard has seen to it that the host is ours.
        made = await _read(datasette, overviews.feed, f"{request.scheme}://{request.host}".__add__)
        return Response(made, content_type="application/atom+xml; charset=utf-8")

    async def about(self, datasette: Any, request: Any) -> Any:
        """What this is, and how much of it there is."""
        return await _page(datasette, request, "about", {"overview": await _read(datasette, self.contexts.overview)})

    async def picture(self, datasette: Any, request: Any) -> Any:
        """A picture of the tree."""
        found = await _read(datasette, lambda _: self.contexts.pictures.read(unquote(request.url_vars["path"])))
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
        data, media_type = _STATIC[request.url_vars["name"]]
        return Response(data, headers={"Cache-Control": "private, max-age=3600"}, content_type=media_type)

    async def missing(self, datasette: Any, request: Any) -> Any:
        """Every other address."""
        return await self.message(datasette, request, 404)

    @staticmethod
    async def message(datasette: Any, request: Any, status: int) -> Any:
        """A page that says that something is not there, or went wrong."""
        return await _page(datasette, request, "message", {"status": status}, status)


def _asked(request: Any) -> ListQuery:
    return parse_list_query({name: request.args.get(name) or "" for name in request.args})


def _lead(number: int) -> Any:
    return Response.redirect(f"/article/{number}")


async def _page(datasette: Any, request: Any, name: str, context: dict[str, Any] | None, status: int = 200) -> Any:
    """A page in the language that its address asks for, as the links on every page do, or that was chosen last; without
    what it is to show, one that says that it is not there."""
    if context is None:
        return await Pages.message(datasette, request, 404)
    chosen = request.args.get("lang")
    language = next((code for code in (chosen, request.cookies.get(COOKIE)) if code in LANGUAGES), "zh")
    asked = [pair for pair in parse_qsl(request.query_string, keep_blank_values=True) if pair[0] != "lang"]
    switch = {code: f"?{urlencode([*asked, ('lang', code)])}" for code in LANGUAGES}
    given = {**common_context(), "language": language, "switch": switch, **context}
    text = await datasette.render_template(f"browse/{name}.html", given, request=request)
    answer = Response.html(text, status=status)
    if chosen == language:
        answer.set_cookie(COOKIE, language, max_age=365 * 24 * 3600, httponly=True)
    return answer


async def _read(datasette: Any, function: Callable[..., Given], *arguments: object) -> Given:
    """A function of a connection and more, run in a thread of Datasette's. Raises sqlite3.OperationalError for one that
    takes too long."""

    def inside(db: sqlite3.Connection) -> Given:
        with sqlite_timelimit(db, MILLISECONDS):
            return function(db, *arguments)

    given: Given = await datasette.get_database(DATABASE).execute_fn(inside)
    return given
