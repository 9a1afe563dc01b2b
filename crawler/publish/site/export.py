"""A static site of the whole archive: written beside its place, and put there when it is whole."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from crawler.hkcnews.urls import ARTICLE, GOES_ON, HIGHEST_ID, SPACES
from crawler.ledger.file import ledger_path
from crawler.publish import addresses
from crawler.publish.browse.catalogue import Facet
from crawler.publish.browse.comparison import PAGE_LIMITS, PageLimits
from crawler.publish.browse.contexts import HERE as BROWSE
from crawler.publish.browse.database import open_for_reading
from crawler.publish.browse.rows import QUOTES, SINGLE, STOPS
from crawler.publish.browse.search import PAGE_ROWS
from crawler.publish.browse.variants import families
from crawler.publish.folder import FEW, SCRATCH, FolderKind, all_done, sizes
from crawler.publish.site.addresses import CATALOGUE, article_file, list_file
from crawler.publish.site.index import DIGITS, MAP, Layout, encoded, write_part, write_script
from crawler.publish.site.pages import (
    HERE,
    Plan,
    days,
    opened,
    write_articles,
    write_catalogue,
    write_lists,
    write_missing,
    write_versions,
)
from crawler.publish.words import TABLE
from crawler.recovery.judge import limit_process
from crawler.utils.exit_status import NothingError, UsageError
from crawler.utils.files import write_file
from crawler.utils.workers import batched, run_jobs

_MARK = "site.json"
SITE = FolderKind(
    "site",
    _MARK,
    frozenset(
        {"index.html", "about.html", "authors.html", "contents.html", "search.html", "sitemap.xml", "feed.atom", _MARK}
        | {*CATALOGUE.values()}
        | {"sitemaps", "article", "byline", "images", "static", "search", *Facet}
    ),
)
_BATCH = 500
"""Articles whose pages a process writes at a time: what they have in the index waits in memory."""
_FEW_VERSIONS = 4
"""Articles whose versions a process reads again at a time."""
_LISTS = 50
"""Lists that a process writes at a time."""
_SITEMAP = 40_000
"""Addresses in one sitemap; 50,000 may be."""
_SAID = re.compile(r'\bsay\("([^"]+)"')
"""What search.js says: it gets the Chinese of it with the index."""

_ALL = "SELECT id FROM article ORDER BY date DESC, id DESC"
_MISSING = "SELECT article FROM missing WHERE article NOT IN (SELECT id FROM article) ORDER BY article"
_SEVERAL = (
    "SELECT article FROM version JOIN article ON id = article"
    " GROUP BY article HAVING count(DISTINCT version.sha256) > 1"
)

Job = partial[int]


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


def write_site(
    output: Path,
    target: Path,
    address: str,
    workers: int,
    tell: Callable[[int, int], None],
    limits: PageLimits = PAGE_LIMITS,
) -> SiteSummary:
    """Write a site of what archive.db has; what of ours is at `target` is replaced by it. `tell`: articles done and in
    all; `limits`: what a page of the store may take that is read again. Broken off, nothing of it is left.

    Raises CommandError, OSError, sqlite3.Error.
    """
    with closing(open_for_reading(output)) as db:
        ids, missing, several = (_ids(db, sql) for sql in (_ALL, _MISSING, _SEVERAL))
        (characters,) = db.execute("SELECT total(chars) FROM article").fetchone()
    if not ids:
        raise NothingError(f"there is nothing to publish in {output}: no article was recovered into it yet")
    with SITE.replacing(target) as part:
        plan = Plan(output, part, part / SCRATCH, address, Layout.of(len(ids), int(characters)))
        plan = replace(plan, compared=_write_versions(plan, several, limits, workers))
        index = _write(plan, ids, missing, workers if len(ids) >= FEW else 1, tell)
        made = sizes(part)
    return SiteSummary(len(ids), len(made), sum(made), index)


def _ids(db: sqlite3.Connection, sql: str) -> list[int]:
    return [number for (number,) in db.execute(sql)]


def _write_versions(plan: Plan, ids: Sequence[int], limits: PageLimits, workers: int) -> frozenset[int]:
    """The pages of versions, whose captures are read again; gives the articles that have some."""
    if not ids or not ledger_path(plan.output).exists():
        return frozenset()
    made = run_jobs(
        batched(ids, _FEW_VERSIONS),
        partial(write_versions, plan),
        lambda number, why: False,
        workers,
        begin=partial(limit_process, limits.megabytes),
        chunk_seconds=_FEW_VERSIONS * limits.seconds,
        job_seconds=_FEW_VERSIONS * limits.seconds,
    )
    return frozenset(number for number, written in made if written)


def _write(
    plan: Plan, ids: Sequence[int], missing: Sequence[int], workers: int, tell: Callable[[int, int], None]
) -> int:
    """Everything else of a site; gives the bytes of its index."""
    site, layout = plan.site, plan.layout
    with opened(plan) as pages:
        pages.write_front()
        lists = [*_lists(pages.db)]
        about = _about_index(pages.db, layout)
    limit = max([*ids, *missing]) + 1
    known = [limit, encoded(sorted(ids), limit), encoded(missing, limit)]
    spellings = " ".join(dict.fromkeys(families().values()))
    size = sum(write_script(site, *each) for each in (("index", about), ("ids", known), ("spellings", spellings)))
    jobs: Iterable[Iterable[Job]] = (
        [partial(write_catalogue, plan)],
        (partial(write_articles, plan, *job) for job in _places(ids, _BATCH)),
        (partial(write_missing, plan, some) for some in batched(missing, _BATCH)),
        (partial(write_lists, plan, some) for some in batched(lists, _LISTS)),
    )
    done = 0
    for job, made in all_done(batched(chain.from_iterable(jobs), 1), _do, workers):
        if job.func is write_articles:
            done += made
            tell(done, len(ids))
    parts = (partial(write_part, site, plan.scratch, layout, part) for part in range(layout.parts))
    size += sum(made for _, made in all_done(batched(parts, 1), _do, workers))
    for path in (*(BROWSE / "static").iterdir(), *(HERE / "static").iterdir()):
        write_file(site, f"static/{path.name}", path.read_bytes(), sync=False)
    if plan.address:
        periodic = [list_file(facet, value) for facet, value in lists if facet is Facet.YEAR]
        front = ["index.html", "contents.html", "authors.html", "about.html"]
        _write_sitemaps(plan, [*front, *periodic, *map(article_file, ids)])
    mark = {"site": "citizen-news export --site", "articles": len(ids)}
    write_file(site, _MARK, f"{json.dumps(mark)}\n".encode(), sync=False)
    return size


def _places(ids: Sequence[int], size: int) -> Iterator[tuple[int, Sequence[int]]]:
    """Articles, so many at a time, with the place of the first in the list of all."""
    return ((at, ids[at : at + size]) for at in range(0, len(ids), size))


def _do(job: Job) -> int:
    return job()


def _lists(db: sqlite3.Connection) -> Iterator[tuple[Facet, str]]:
    """Every list that has pages, of each facet the longest first."""
    times = (value for month in days(db) for value in (month, month.partition("-")[0]))
    yield from ((Facet.YEAR, value) for value in dict.fromkeys(times))
    for facet in (Facet.CATEGORY, Facet.AUTHOR):
        sql = f"SELECT {facet} FROM article WHERE {facet} != '' GROUP BY {facet} ORDER BY count(*) DESC"
        yield from ((facet, value) for (value,) in db.execute(sql))
    yield from (
        (Facet.TAG, value) for (value,) in db.execute("SELECT name FROM tag GROUP BY name ORDER BY count(*) DESC")
    )


def _about_index(db: sqlite3.Connection, layout: Layout) -> dict[str, Any]:
    """What search.js has to know of the index, and of what a word is."""
    script = (HERE / "static" / "search.js").read_text("utf-8")
    return {
        "articles": layout.articles,
        "files": layout.files,
        "page": PAGE_ROWS,
        "days": [(month, [*chain.from_iterable(numbers.items())]) for month, numbers in days(db).items()],
        "digits": DIGITS,
        "map": MAP,
        "single": SINGLE.pattern,
        "stops": STOPS,
        "quotes": "".join(map(chr, QUOTES)),
        "site": addresses.SITE.pattern,
        "article": ARTICLE.pattern,
        "here": addresses.HERE.pattern,
        "goes_on": GOES_ON,
        "spaces": SPACES,
        "highest": HIGHEST_ID,
        "words": {english: TABLE[english] for english in _SAID.findall(script)},
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
