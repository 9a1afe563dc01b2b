"""A static site of the whole archive: written beside its place, and put there when it is whole."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from crawler.publish.browse.catalogue import Facet
from crawler.publish.browse.database import FILE
from crawler.publish.browse.pages import HERE as BROWSE
from crawler.publish.browse.rows import QUOTES, SINGLE, STOPS
from crawler.publish.browse.search import PAGE_ROWS
from crawler.publish.folder import FEW, SCRATCH, FolderKind, all_done, sizes
from crawler.publish.site.addresses import article_file, list_file
from crawler.publish.site.index import DIGITS, MAP, Layout, write_part, write_script
from crawler.publish.site.pages import HERE, SCRIPT_ROWS, Plan, opened, periods, write_articles, write_list
from crawler.publish.words import TABLE
from crawler.utils.exit_status import NothingError, UsageError
from crawler.utils.files import write_file
from crawler.utils.workers import batched

_MARK = "site.json"
SITE = FolderKind(
    "site",
    _MARK,
    frozenset(
        {"index.html", "about.html", "contents.html", "search.html", "sitemap.xml", _MARK}
        | {"sitemaps", "article", "images", "static", "search", *Facet}
    ),
)
_BATCH = 32 * SCRIPT_ROWS
_LISTS = 50
"""Lists that a process writes at a time."""
_SITEMAP = 40_000
"""Addresses in one sitemap; 50,000 may be."""
_SAID = re.compile(r'\bsay\("([^"]+)"')
"""What search.js says: it gets the Chinese of it with the index."""


@dataclass(frozen=True, slots=True)
class SiteSummary:
    """What a site has: articles; files and bytes in all; bytes of the index."""

    articles: int
    files: int
    size: int
    index: int


def check_address(address: str) -> str:
    """Where a site will be on the web, with a slash at its end; '' when it is not said. Raises UsageError."""
    parts = urlsplit(address)
    if address and (parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment):
        raise UsageError(f"--address {address}: an address as https://example.org/archive/ is needed")
    return f"{address.rstrip('/')}/" if address else ""


def write_site(output: Path, target: Path, address: str, workers: int, tell: Callable[[int, int], None]) -> SiteSummary:
    """Write a site of what archive.db has; what of ours is at `target` is replaced by it. `tell`: articles done and in
    all. Broken off, nothing of it is left.

    Raises CommandError, OSError, sqlite3.Error.
    """
    with closing(sqlite3.connect(f"{(output / FILE).absolute().as_uri()}?mode=ro", uri=True)) as db:
        ids = [number for (number,) in db.execute("SELECT id FROM article ORDER BY date DESC, id DESC")]
        (characters,) = db.execute("SELECT total(chars) FROM article").fetchone()
    if not ids:
        raise NothingError(f"there is nothing to publish in {output}: no article was recovered into it yet")
    with SITE.replacing(target) as part:
        plan = Plan(output, part, part / SCRATCH, address, Layout.of(len(ids), int(characters)))
        index = _write(plan, ids, workers if len(ids) >= FEW else 1, tell)
        made = sizes(part)
    return SiteSummary(len(ids), len(made), sum(made), index)


def _write(plan: Plan, ids: Sequence[int], workers: int, tell: Callable[[int, int], None]) -> int:
    """Everything of a site; gives the bytes of its index."""
    site, layout = plan.site, plan.layout
    done = 0
    jobs = [(at, ids[at : at + _BATCH]) for at in range(0, len(ids), _BATCH)]
    for (_, some), _ in all_done(([job] for job in jobs), partial(write_articles, plan), workers):
        done += len(some)
        tell(done, len(ids))
    parts = ([part] for part in range(layout.parts))
    size: int = sum(made for _, made in all_done(parts, partial(write_part, site, plan.scratch, layout), workers))
    with opened(plan) as pages:
        pages.write_front()
        lists = [*_lists(pages.db)]
        size += write_script(site, "index", _about_index(pages.db, layout))
    for _ in all_done(batched(lists, _LISTS), partial(write_list, plan), workers):
        pass
    for path in (*(BROWSE / "static").iterdir(), *(HERE / "static").iterdir()):
        write_file(site, f"static/{path.name}", path.read_bytes(), sync=False)
    if plan.address:
        periodic = [list_file(facet, value) for facet, value in lists if facet is Facet.YEAR]
        _write_sitemaps(plan, ["index.html", "contents.html", "about.html", *periodic, *map(article_file, ids)])
    about = {"site": "citizen-news export --site", "articles": len(ids)}
    write_file(site, _MARK, f"{json.dumps(about)}\n".encode(), sync=False)
    return size


def _lists(db: sqlite3.Connection) -> Iterator[tuple[Facet, str]]:
    """Every list that has pages."""
    times = (value for period, _ in periods(db) for value in (period, period.partition("-")[0]))
    yield from ((Facet.YEAR, value) for value in dict.fromkeys(times))
    for facet in (Facet.CATEGORY, Facet.AUTHOR):
        sql = f"SELECT DISTINCT {facet} FROM article WHERE {facet} != ''"
        yield from ((facet, value) for (value,) in db.execute(sql))
    yield from ((Facet.TAG, value) for (value,) in db.execute("SELECT DISTINCT name FROM tag"))


def _about_index(db: sqlite3.Connection, layout: Layout) -> dict[str, Any]:
    """What search.js has to know of the index, and of what a word is."""
    return {
        "articles": layout.articles,
        "files": layout.files,
        "rows": SCRIPT_ROWS,
        "page": PAGE_ROWS,
        "periods": periods(db),
        "digits": DIGITS,
        "map": MAP,
        "single": SINGLE.pattern,
        "stops": STOPS,
        "quotes": "".join(map(chr, QUOTES)),
        "words": {
            english: TABLE[english] for english in _SAID.findall((HERE / "static" / "search.js").read_text("utf-8"))
        },
    }


def _write_sitemaps(plan: Plan, files: Sequence[str]) -> None:
    """sitemap.xml, which names those in `sitemaps/`."""
    head, space = '<?xml version="1.0" encoding="UTF-8"?>\n', 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    names: list[str] = []
    for some in batched(files, _SITEMAP):
        names.append(f"sitemaps/{len(names) + 1}.xml")
        places = "".join(f"<url><loc>{escape(plan.address + file)}</loc></url>\n" for file in some)
        write_file(plan.site, names[-1], f"{head}<urlset {space}>\n{places}</urlset>\n".encode(), sync=False)
    places = "".join(f"<sitemap><loc>{escape(plan.address + name)}</loc></sitemap>\n" for name in names)
    write_file(
        plan.site, "sitemap.xml", f"{head}<sitemapindex {space}>\n{places}</sitemapindex>\n".encode(), sync=False
    )
