"""Files that hold no article at all: known by their title and text, and by what an article always has."""

from __future__ import annotations

import re
from collections.abc import Callable

from crawler.archive import ownpages
from crawler.audit.backupfile import BackupFile
from crawler.audit.kinds import Finding, Kind, quoted
from crawler.audit.visible import has_substance
from crawler.hkcnews.layout import FAREWELL, NOT_FOUND
from crawler.hkcnews.sitewide import is_sites

_OWN_TITLE = re.compile(
    r"\W*(?:internet archive|(?:internet archive )?wayback machine)\W*(?:error|not found|page not found)?\W*", re.IGNORECASE
)
_OUTAGE_TITLE = re.compile(
    r"\W*(?:internet archive\W+)?(?:temporarily offline|scheduled maintenance|down for maintenance)\W*", re.IGNORECASE
)
_ERROR = (
    r"bad gateway|gateway time-?out|service (?:temporarily )?unavailable|internal server error|web server is down|error"
    r"|forbidden|access denied|bad request|unauthori[sz]ed|too many requests|moved permanently|redirecting"
    r"|attention required!?.*|just a moment|(?:site )?under maintenance"
)
_ERROR_TITLE = re.compile(
    rf"\W*(?:http\W+)?(?:error\W+)?(?:[345]\d\d\W+)?(?:{_ERROR})(?:\W+cloudflare)?\W*|(?:error\W*)?[45]\d\d(?:\W+error)?\W*",
    re.IGNORECASE,
)
_LOOKED_AT = 3000
"""Characters of a body; the archive's own pages have fewer."""


def not_an_article(file: BackupFile) -> Finding | None:
    """The one finding of a file without an article, None for a file with one.

    An article has a date and a category: none of the public backup's 888 non-articles has the latter. So what has both and a body is one,
    whatever it speaks of, and words of a body count only where both are missing. The site's last article has the farewell page's title,
    but unlike it somebody wrote it, on some day.
    """
    substance = has_substance(file.body)
    date, category = file.fields.get("date"), file.fields.get("category")
    if substance and date and category:
        return None
    author = file.fields.get("author", "")
    is_signed = substance and bool(date or (author and not is_sites(author)))
    title = file.title
    body = file.rest[:_LOOKED_AT] if not (date or category) else ""
    for kind, test in _TESTS:
        if not (kind is Kind.FAREWELL and is_signed) and (why := test(title, body)):
            return Finding(kind, why)
    if not substance:
        return Finding(Kind.BLANK, "no title, nothing below" if not title else f"nothing below the title {quoted(title)}")
    return None


def _outage(title: str, body: str) -> str:
    return _titled(title) if _OUTAGE_TITLE.fullmatch(title) else _says(ownpages.says_offline, title, body)


def _archive(title: str, body: str) -> str:
    if _OWN_TITLE.fullmatch(title):
        return _titled(title)
    return next(filter(None, (_says(test, title, body) for test in _OWN_WORDS)), "")


_OWN_WORDS = (ownpages.says_excluded, ownpages.says_not_archived, ownpages.says_not_authorised)


def _says(test: Callable[[str], bool], title: str, body: str) -> str:
    """`body` is empty where its words do not count; then the title's do not either."""
    return quoted(body.strip("\n#> ").partition("\n")[0]) if body and test(f"{title} {body}".replace("’", "'").lower()) else ""


def _farewell(title: str, body: str) -> str:
    named = (re.sub(r"\s", "", text) for text in (title, body.lstrip("# \n")[:40]))
    return _titled(title or FAREWELL) if any(name.startswith(FAREWELL) for name in named) else ""


def _missing(title: str, _body: str) -> str:
    return _titled(title) if NOT_FOUND.match(title) else ""


def _error(title: str, _body: str) -> str:
    return _titled(title) if _ERROR_TITLE.fullmatch(title) else ""


def _titled(title: str) -> str:
    return f"titled {quoted(title)}"


_TESTS: tuple[tuple[Kind, Callable[[str, str], str]], ...] = (
    (Kind.FAREWELL, _farewell),
    (Kind.OUTAGE_PAGE, _outage),
    (Kind.ARCHIVE_PAGE, _archive),
    (Kind.NOT_FOUND, _missing),
    (Kind.ERROR_PAGE, _error),
)
"""Each gives what it rests on, or nothing."""
