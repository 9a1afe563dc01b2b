"""Datasette over archive.db with our pages in front."""

import sqlite3
import sys
import traceback
from collections.abc import Callable, Generator
from typing import Any

from datasette.app import Datasette, Response
from datasette.database import QueryInterrupted
from datasette.plugins import pm
from datasette.views.base import DatasetteError
from pluggy import HookimplMarker

from crawler.publish.browse.contexts import TEMPLATES
from crawler.publish.browse.database import FILE
from crawler.publish.browse.pages import DATABASE, MILLISECONDS, Pages
from crawler.publish.browse.server import App, RequestGuard

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
        return config["pages"].routes() if config else []

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


def open_archive(pages: Pages, host: str = "127.0.0.1") -> Any:
    """A Datasette that serves archive.db with these pages to requests meant for `host`.

    The file is opened read-only, not as immutable: another `citizen-news browse` may bring it up to date meanwhile.
    """
    if not pm.has_plugin(NAME):
        pm.register(Plugin(), NAME)
    metadata = {"plugins": {NAME: {"pages": pages, "host": host}}}
    opened = Datasette([str(pages.output / FILE)], template_dir=str(TEMPLATES), metadata=metadata, settings=_SETTINGS)
    assert DATABASE in opened.databases
    return opened


def close_archive(opened: Any) -> None:
    """Ends its threads and closes its connections."""
    opened.executor.shutdown()
    for database in opened.databases.values():
        database.close()
