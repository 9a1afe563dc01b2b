"""The pages of a static site: those of `browse`, rendered from its templates without its server, and its pictures."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache, partial
from itertools import combinations
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, unquote

from jinja2 import Environment, FileSystemLoader

from crawler.publish.browse import overviews
from crawler.publish.browse.catalogue import UNKNOWN, Facet
from crawler.publish.browse.comparison import several_versions, side_by_side
from crawler.publish.browse.contexts import TEMPLATES, Contexts, common_context, missing_context
from crawler.publish.browse.database import open_for_reading
from crawler.publish.browse.render import Pictures, gapped, lines_of
from crawler.publish.browse.rows import ended_text, labels_of
from crawler.publish.browse.search import FORMS, ListPage, ListQuery, QueryCache, Search, Value, address, records
from crawler.publish.citation import FORMATS, Citation
from crawler.publish.site.addresses import (
    CATALOGUE,
    SEARCH,
    article_file,
    byline_file,
    file_of,
    list_file,
    localised,
    versions_file,
)
from crawler.publish.site.index import Batch, Layout, row_name, write_script
from crawler.recovery.image_files import FOLDER as IMAGES
from crawler.recovery.judge import read_page
from crawler.utils.files import write_file

HERE = Path(__file__).parent
PAGE_ROWS = 100
"""Articles of a page of a list."""
POLICY = "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'"
_COLUMNS = "article.id, title, date, author, category"
_RASTER = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".ico", ".avif")
"""What a web server takes for a picture by its name; browsers tell these apart by their bytes."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is made of what: the tree `output` into the folder `site`; `scratch` is for what is not of the site;
    `address`: where it will be on the web, '' when that is not known; `compared`: whose versions have pages."""

    output: Path
    site: Path
    scratch: Path
    address: str
    layout: Layout
    compared: frozenset[int] = frozenset()


@dataclass(frozen=True)
class CopiedPictures(Pictures):
    """The pictures of a tree, which are copied when a page has them."""

    site: Path
    known: dict[str, bool] = field(default_factory=dict, compare=False)

    def address(self, src: str, url: str, original: str) -> str | None:
        """As that of `Pictures`, None also for what a web server would not serve as the picture that it is."""
        found = super().address(src, url, original)
        if found is not None and found not in self.known:
            self.known[found] = self._copy(unquote(found[1:]))
        return found if found is not None and self.known[found] else None

    def _copy(self, path: str) -> bool:
        if (self.site / path).is_file():
            return True
        got = self.read(path.removeprefix(f"{IMAGES}/"))
        suffix = PurePosixPath(path).suffix.lower()
        # Nothing of theirs may be a page: not by a name that says so, nor by one that says nothing.
        if got is None or (suffix != ".svg" if got[1] == "image/svg+xml" else suffix not in _RASTER):
            return False
        write_file(self.site, path, got[0], sync=False)
        return True


_FILES = {ending: each for ending, each in FORMATS.items() if ending != "txt"}
"""Citations that an article's page holds as files; as a text it shows it."""


@cache
def _templates() -> Environment:
    return Environment(loader=FileSystemLoader([TEMPLATES, HERE / "templates"]), autoescape=True, auto_reload=False)


@lru_cache(maxsize=1)
def _cache(_: Path) -> QueryCache:
    """What is kept of an output directory from job to job."""
    return QueryCache()


_IN_DATA = {char: quote(char) for char in "% \t\r\n#\"'<>&{}"}
"""How characters stand in such an address, the sign of that first."""


def _data_address(ending: str, citation: Citation) -> str:
    """A file with a citation as an address that holds it."""
    write, media_type, _ = FORMATS[ending]
    data = write(citation)
    for char, written in _IN_DATA.items():  # for so few, sooner done than `translate`, which looks at each one's place
        data = data.replace(char, written)
    return f"data:{media_type.replace(' ', '')},{data}"


class SitePages:
    """Renders and writes the pages of a site."""

    def __init__(self, plan: Plan, db: sqlite3.Connection) -> None:
        self.plan = plan
        self.db = db
        self.contexts = Contexts(plan.output)
        self.contexts.pictures = CopiedPictures(plan.output, plan.site)
        self.contexts.cache = _cache(plan.output)

    def write(self, template: str, file: str, context: Mapping[str, Any]) -> None:
        """One page. Raises OSError."""
        given = {**common_context(), "site": {"policy": POLICY, "address": self.plan.address}, **context}
        page = _templates().get_template(template).render(given)
        write_file(self.plan.site, file, localised(page, file).encode(), sync=False)

    def write_article(self, place: int, number: int, batch: Batch) -> None:
        """An article's page, what a search shows of it, by its place in the list of all, and what it has in the
        index."""
        context = self.contexts.article_context(self.db, number)
        assert context is not None, number
        own = {"cited": partial(_data_address, citation=context["citation"]), "compared": number in self.plan.compared}
        self.write("browse/article.html", article_file(number), {**context, "citation_formats": _FILES, **own})
        article = context["article"]
        known = [article[name] or "" for name in ("title", "date", "author", "category", "tags")]
        words = context["words"]
        write_script(self.plan.site, row_name(place), [number, *known, gapped(lines_of(words))])
        texts = (article["title"], article["author"] or "", labels_of(article["category"], article["tags"]), words)
        facets = [(facet, article[facet]) for facet in (Facet.CATEGORY, Facet.AUTHOR) if article[facet]]
        batch.add([*map(ended_text, texts)], [*facets, *((Facet.TAG, tag) for tag in article["tags"])])

    def write_front(self) -> None:
        """The pages that there is one of each."""
        db = self.db
        self.write("browse/list.html", "index.html", self.contexts.list_context(db, ListQuery()))
        self.write("browse/about.html", "about.html", {"overview": self.contexts.overview(db)})
        self.write("site/search.html", SEARCH, {})
        years: dict[str, list[tuple[str, int]]] = {}
        for month, numbers in days(db).items():
            years.setdefault(month.partition("-")[0], []).append((month, sum(numbers.values())))
        everything = Search(db, ListQuery(), self.contexts.cache.get)
        values = {facet: everything.values(facet) for facet in (Facet.CATEGORY, Facet.AUTHOR, Facet.TAG)}
        self.write("site/contents.html", "contents.html", {"years": years, "values": values})
        bylines = overviews.bylines(db)
        self.write("browse/authors.html", "authors.html", {"bylines": bylines})
        if self.plan.address:
            feed = overviews.feed(db, lambda path: f"{self.plan.address}{file_of(path)}")
            write_file(self.plan.site, "feed.atom", feed, sync=False)

    def write_list(self, facet: Facet, value: str) -> None:
        """All articles that have a value, newest first; those of a month (`2019-07` as a year) by day."""
        if facet is Facet.YEAR and "-" in value:
            self.write("browse/month.html", list_file(facet, value), overviews.month(self.db, value) or {})
            return
        rows = self._rows(facet, value)
        wanted = ListQuery(chosen={facet: value})
        pages = max(1, -(-len(rows) // PAGE_ROWS))
        of_all = {
            "page_rows": PAGE_ROWS,
            "facets": self._facets(wanted, len(rows)),
            "address": partial(address, wanted),
            "months": overviews.months(self.db, value) if facet is Facet.YEAR else [],
        }
        for page in range(1, pages + 1):
            some = rows[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
            found = ListPage(some, len(rows), page, pages)
            context = {**of_all, "wanted": replace(wanted, page=page), "found": found, "rows": some}
            self.write("browse/list.html", list_file(facet, value, page), context)
        if facet is Facet.AUTHOR:
            self.write("browse/author.html", byline_file(value), self.contexts.byline_context(self.db, value) or {})

    def _rows(self, facet: Facet, value: str) -> list[dict[str, Any]]:
        if facet is Facet.TAG:
            where = "FROM tag JOIN article ON article.id = tag.article WHERE tag.name = ?"
        elif facet is Facet.YEAR:
            where = "FROM article WHERE date IS ?" if value == UNKNOWN else "FROM article WHERE date GLOB ? || '-*'"
        else:
            where = f"FROM article WHERE {facet} = ?"
        given = None if value == UNKNOWN and facet is Facet.YEAR else value
        return records(self.db, f"SELECT {_COLUMNS} {where} ORDER BY date DESC, article.id DESC", (given,))

    def _facets(self, wanted: ListQuery, count: int) -> dict[Facet, list[Value]]:
        """By what a list can be narrowed further; one that fits into a page by nothing."""
        if count > PAGE_ROWS:
            return Search(self.db, wanted, self.contexts.cache.get).facets()
        return {facet: [Value(value, count, True, "/")] for facet, value in wanted.chosen.items()}


def days(db: sqlite3.Connection) -> dict[str, dict[int, int]]:
    """Months, newest first, each with its days and their articles; then those without a date, on a day 0 of none."""
    sql = "SELECT date, count(*) FROM article GROUP BY date ORDER BY date DESC"
    found: dict[str, dict[int, int]] = {}
    for date, count in db.execute(sql):
        month, day = (date[:7], int(date[8:])) if date else (UNKNOWN, 0)
        found.setdefault(month, {})[day] = count
    return found


@contextmanager
def opened(plan: Plan) -> Iterator[SitePages]:
    """The pages over archive.db, which is only read."""
    with closing(open_for_reading(plan.output)) as db:
        yield SitePages(plan, db)


def write_articles(plan: Plan, first: int, ids: Sequence[int]) -> int:
    """The pages of articles, and what the search has of them; `first`: the place of the first in the list of all. Gives
    their number. Raises OSError, sqlite3.Error."""
    batch = Batch()
    with opened(plan) as site:
        for place, number in enumerate(ids, first):
            site.write_article(place, number, batch)
    batch.put_down(plan.scratch, first, plan.layout)
    return len(ids)


def write_missing(plan: Plan, ids: Sequence[int]) -> int:
    """The pages of articles that are known to be missing; as `write_articles`."""
    with opened(plan) as site:
        for number in ids:
            site.write("browse/missing.html", article_file(number), missing_context(site.db, number) or {})
    return len(ids)


def write_catalogue(plan: Plan) -> int:
    """The list of all articles as the files that `browse` gives of any list; gives their number. Raises OSError,
    sqlite3.Error."""
    with opened(plan) as site:
        rows = [*Search(site.db, ListQuery(), site.contexts.cache.get).rows()]
        for form, (write, _) in FORMS.items():
            write_file(plan.site, CATALOGUE[form], write(ListQuery(), rows).encode(), sync=False)
    return len(FORMS)


def write_lists(plan: Plan, lists: Sequence[tuple[Facet, str]]) -> int:
    """The pages of some lists; gives their number. Raises OSError, sqlite3.Error."""
    with opened(plan) as site:
        for facet, value in lists:
            site.write_list(facet, value)
    return len(lists)


def write_versions(plan: Plan, number: int) -> bool:
    """The pages that have any two versions of an article beside each other; whether there are any. Raises OSError,
    CommandError."""
    versions = several_versions(plan.output, number, read_page)
    with opened(plan) as site:
        for old, new in (("", ""), *combinations(map(str, range(1, len(versions) + 1)), 2)):
            if versions:
                context = side_by_side(number, versions, {"old": old, "new": new})
                site.write("browse/versions.html", versions_file(number, old, new), context)
    return bool(versions)
