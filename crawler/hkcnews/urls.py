"""The spellings of an article's address, and the hints that addresses give."""

import re
import unicodedata
from urllib.parse import unquote

HOST = "hkcnews.com"
ARTICLES = f"{HOST}/article/"
"""The prefix under which every article of the site was published (FACTS section 1)."""

HIGHEST_ID = 99_999
"""Ids run from 174 to 49930; a number with more than five digits is junk, not an article."""

ARTICLE = re.compile(
    r"^https?://(?:[^/?#@]*@)?(?:www\.)?hkcnews\.com\.?(?::[0-9]+)?/+article/+([0-9]+)(?![0-9])", re.IGNORECASE
)
_ENDS = "/?#"
GOES_ON = "-._~%．…‥⋯\ufffd"
"""Marks with which what stands before them goes on, or was shortened: `20...` may have been any number."""
SPACES = "\t\n\r\u200b\u200e\u200f\u2060\ufeff"
_ENCODED = 60
_DEEPEST = 3
"""Times that a character may have been percent-encoded, one over the other."""
_QUERY = re.compile(r"\?|%3F|&\w+=|^https?://[^/]*:\d", re.IGNORECASE)
_MOJIBAKE = re.compile(r"%EF%BF%BD|\ufffd", re.IGNORECASE)
_DOUBLE_ENCODED = re.compile(r"%25[0-9A-F]{2}", re.IGNORECASE)
_CUT_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def article_id(url: str) -> int | None:
    """The id of the article that `url` names, whatever its scheme, host form, port, slug or query, and whatever a link
    that was badly made or copied has behind the number: `&`, a space, a bracket, a full stop in Chinese, encoded or
    not, since the site's server read no further than the digits. None for anything else."""
    found = ARTICLE.match(url)
    if not found or len(found[1]) > len(str(HIGHEST_ID)):
        return None
    number = int(found[1]) or None
    rest = url[found.end() : found.end() + _ENCODED]
    if not rest or rest[0] in _ENDS:
        return number
    if rest[0] < " ":
        return None
    for _ in range(_DEEPEST):
        rest = unquote(rest)
    is_mark = unicodedata.category(rest[0])[0] in "PSZ" and rest[0] not in GOES_ON
    return number if is_mark or rest[0] in SPACES else None


_OF_SITE = re.compile(r"https?://(?:[^/?#@]*@)?(?:[^/?#@:]+\.)?hkcnews\.com\.?(?=[:/?#]|\Z)", re.IGNORECASE)


def is_of_site(url: str) -> bool:
    """Whether an address is one of the site, which nobody answers for any more."""
    return _OF_SITE.match(url) is not None


def misspelling(url: str) -> int:
    """How badly the address is spelt: 0 well, 1 a query string, a port or something else behind the number, 2
    double-encoded or cut escapes, 3 mojibake."""
    if _MOJIBAKE.search(url):
        return 3
    if _DOUBLE_ENCODED.search(url) or _CUT_ESCAPE.search(url):
        return 2
    article = ARTICLE.match(url)
    is_followed = article is not None and url[article.end() : article.end() + 1] not in ("", "/", "#")
    return int(is_followed or _QUERY.search(url) is not None)


_SLUG = re.compile(r"/article/\d+/(?P<tags>[^/?#]*)-(?P<number>\d+)(?:/(?P<title>[^/?#]*))?")
_STAMP = re.compile(r"-(\d{4})(\d{2})(\d{2})\d{6}_[0-9a-f]{4}_")


def url_hints(original: str, body: str) -> list[tuple[str, str]]:
    """What the spelling of the address and the names of the images in the body suggest, as (what, value)."""
    found: list[tuple[str, str]] = []
    if slug := _SLUG.search(original):
        found += [("tags in the address", unquote(slug["tags"])), ("number in the address", slug["number"])]
        if slug["title"]:
            found.append(("title in the address", unquote(slug["title"])))
    days = dict.fromkeys("-".join(stamp.groups()) for stamp in _STAMP.finditer(unquote(body)))
    return found + [("date in an image's name", day) for day in days]
