"""A static site of the whole archive: written beside its place, and put there when it is whole."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from crawler.publish.browse.catalogue import Facet
from crawler.publish.browse.database import FILE
from crawler.publish.browse.pages import HERE as BROWSE
from crawler.publish.browse.rows import QUOTES, SINGLE, STOPS
from crawler.publish.browse.search import PAGE_ROWS
from crawler.publish.site.addresses import article_file, list_file
from crawler.publish.site.index import DIGITS, MAP, Layout, write_part, write_script
from crawler.publish.site.pages import HERE, SCRIPT_ROWS, Plan, opened, periods, write_articles, write_list
from crawler.utils.exit_status import LockedError, NothingError, StorageError, UsageError
from crawler.utils.files import sync_folder, write_file
from crawler.utils.workers import batched, run_jobs

MARK = "site.json"
"""Says of a folder that it was written here."""
_OURS = frozenset(
    {"index.html", "about.html", "contents.html", "search.html", "sitemap.xml", MARK}
    | {"sitemaps", "article", "images", "static", "search", *Facet}
)
"""Everything at the top of a site; what else somebody put there (`.git`, `CNAME`) stays when it is replaced."""
_SCRATCH = "scratch"
"""In the folder that is being written; it tells that this was not finished."""
_BATCH = 32 * SCRIPT_ROWS
_LISTS = 50
"""Lists that a process writes at a time."""
_FEW = 500
"""With fewer articles, other processes take longer to begin than they save."""
_SITEMAP = 40_000
"""Addresses in one sitemap; 50,000 may be."""

Job = TypeVar("Job")


@dataclass(frozen=True, slots=True)
class SiteSummary:
    """What a site has: articles; files and bytes in all; bytes of the index."""

    articles: int
    files: int
    size: int
    index: int


def check_target(output: Path, target: Path, *, force: bool) -> None:
    """Refuse a place for a site where something is that is none, or may not be replaced. Raises UsageError."""
    if target.resolve().is_relative_to(output.resolve()):
        raise UsageError(f"{target} lies in {output}: choose a place outside of it")
    former = _beside(target, ".former")
    if former.exists() or former.is_symlink():
        raise UsageError(f"{former} is there, of an export that was killed: call it {target} again, or remove it")
    if not (target.exists() or target.is_symlink()):
        return
    if target.is_symlink() or not (target / MARK).is_file():
        raise UsageError(f"{target} is there already, and no site of this software: choose another name, or remove it")
    if not force:
        raise UsageError(f"{target} is there already: choose another name, or give --force to replace it")


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
    with _folder_beside(target) as part:
        plan = Plan(output, part, part / _SCRATCH, address, Layout.of(len(ids), int(characters)))
        index = _write(plan, ids, workers if len(ids) >= _FEW else 1, tell)
        files = [path.stat().st_size for path in part.rglob("*") if path.is_file()]
        os.sync()
        plan.scratch.rmdir()
        _put(part, target)
    return SiteSummary(len(ids), len(files), sum(files), index)


@contextmanager
def _folder_beside(target: Path) -> Iterator[Path]:
    """A folder to write a site in; what a killed export left in it is removed, and so is the folder if it is not moved.
    Raises LockedError when another process is writing it."""
    part = _beside(target, ".part")
    part.mkdir(exist_ok=True)
    descriptor = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not (part / _SCRATCH).is_dir() and next(part.iterdir(), None) is not None:
            raise UsageError(f"{part} is there already, and nothing that an export left: remove it")
        shutil.rmtree(part / _SCRATCH, ignore_errors=True)
        for path in part.iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        (part / _SCRATCH).mkdir()
        try:
            yield part
        finally:
            if part.exists():
                shutil.rmtree(part)
    except BlockingIOError as error:
        raise LockedError(f"{part} is being written by another process: wait for it") from error
    finally:
        os.close(descriptor)


def _write(plan: Plan, ids: Sequence[int], workers: int, tell: Callable[[int, int], None]) -> int:
    """Everything of a site; gives the bytes of its index."""
    site, layout = plan.site, plan.layout
    done = 0
    jobs = [(at, ids[at : at + _BATCH]) for at in range(0, len(ids), _BATCH)]
    for (_, some), _ in _all(([job] for job in jobs), partial(write_articles, plan), workers):
        done += len(some)
        tell(done, len(ids))
    parts = ([part] for part in range(layout.parts))
    size: int = sum(made for _, made in _all(parts, partial(write_part, site, plan.scratch, layout), workers))
    with opened(plan) as pages:
        pages.write_front()
        lists = [*_lists(pages.db)]
        size += write_script(site, "index", _about_index(pages.db, layout))
    for _ in _all(batched(lists, _LISTS), partial(write_list, plan), workers):
        pass
    for path in (*(BROWSE / "static").iterdir(), HERE / "static" / "search.js"):
        write_file(site, f"static/{path.name}", path.read_bytes(), sync=False)
    if plan.address:
        periodic = [list_file(facet, value) for facet, value in lists if facet is Facet.YEAR]
        _write_sitemaps(plan, ["index.html", "contents.html", "about.html", *periodic, *map(article_file, ids)])
    about = {"site": "citizen-news export --site", "articles": len(ids)}
    write_file(site, MARK, f"{json.dumps(about)}\n".encode(), sync=False)
    return size


def _all(chunks: Any, do: Callable[[Job], Any], workers: int) -> Iterator[tuple[Job, Any]]:
    """What comes of all jobs. Raises StorageError for one that ends its process."""
    for job, made in run_jobs(chunks, do, lambda job, why: StorageError(why), workers):
        if isinstance(made, StorageError):
            raise StorageError(f"a part of the site {made}: is there memory enough?")
        yield job, made


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


def _put(part: Path, target: Path) -> None:
    """What was written takes its place; of what was there before, what is not ours stays."""
    former = _beside(target, ".former")
    if target.exists():
        target.replace(former)
    try:
        part.replace(target)
    except OSError:
        if former.exists():
            former.replace(target)
        raise
    sync_folder(target.absolute().parent)
    if former.exists():
        for path in [path for path in former.iterdir() if path.name not in _OURS]:
            path.replace(target / path.name)
        shutil.rmtree(former)


def _beside(target: Path, end: str) -> Path:
    return target.with_name(target.name + end)
