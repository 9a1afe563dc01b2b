"""The spellings of an article's address. The number right after `/article/` is the article; nothing else is."""

from __future__ import annotations

import re

HOST = "hkcnews.com"
ARTICLES = f"{HOST}/article/"
"""The prefix under which every article of the site was published (FACTS section 1)."""

HIGHEST_ID = 99_999
"""Ids run from 174 to 49930; a number with more than five digits is junk, not an article."""

_ARTICLE = re.compile(r"^https?://(?:[^/?#@]*@)?(?:www\.)?hkcnews\.com\.?(?::[0-9]+)?/+article/+([0-9]+)(?=[/?#]|\Z)", re.IGNORECASE)
_MOJIBAKE = re.compile(r"%EF%BF%BD|\ufffd", re.IGNORECASE)
_DOUBLE_ENCODED = re.compile(r"%25[0-9A-F]{2}", re.IGNORECASE)
_CUT_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def article_id(url: str) -> int | None:
    """The id of the article that `url` names, whatever its scheme, host form, port, slug or query; None for anything else."""
    found = _ARTICLE.match(url)
    if not found or len(found[1]) > len(str(HIGHEST_ID)):
        return None
    return int(found[1]) or None


def misspelling(url: str) -> int:
    """How badly the address is spelt: 0 well, 1 a query string or a port, 2 double-encoded or cut escapes, 3 mojibake."""
    if _MOJIBAKE.search(url):
        return 3
    if _DOUBLE_ENCODED.search(url) or _CUT_ESCAPE.search(url):
        return 2
    return int("?" in url or bool(re.match(r"^https?://[^/]*:\d", url)))
