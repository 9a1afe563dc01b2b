"""URL keys as the archive's listing has them: host reversed, scheme, port and `www` gone, lower case."""

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

_SCHEME = re.compile(r"^(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_OPAQUE = re.compile(r"^(?:mailto|data|javascript|tel):", re.IGNORECASE)
_WWW = re.compile(r"^www\d*\.(?=.)")
_KEPT = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) != "#")


class MatchType(StrEnum):
    EXACT = "exact"
    PREFIX = "prefix"
    HOST = "host"
    DOMAIN = "domain"


@dataclass(frozen=True, slots=True)
class Scope:
    """The keys a listing query asks for: one key, or every key that starts with one of the prefixes."""

    match_type: MatchType
    exact: str = ""
    prefixes: tuple[str, ...] = ()


def escape(url: str) -> str:
    """The URL with what cannot stand in a request line escaped (space, `#`, control and non-ASCII characters); `%` is
    left alone."""
    return quote(url, safe=_KEPT, encoding="utf-8", errors="surrogateescape")


def urlkey(url: str) -> str:
    """The key under which a URL is listed, as the sample's listing spells keys: `com,hkcnews)/article/1`."""
    if _OPAQUE.match(url):
        return escape(url).lower()
    rest = escape(_SCHEME.sub("", url, count=1)).lower()
    cut = re.search(r"[/?]", rest)
    authority, path = (rest[: cut.start()], rest[cut.start() :]) if cut else (rest, "")
    if not path.startswith("/"):
        path = "/" + path
    if path.count("?") == 1:
        path = path.removesuffix("?")
    return reversed_host(authority) + ")" + path


def reversed_host(authority: str) -> str:
    """`www.hkcnews.com:80` -> `com,hkcnews`."""
    host = re.sub(r":\d*$", "", authority.rpartition("@")[2]).rstrip(".")
    return ",".join(reversed(_WWW.sub("", host).split(".")))


def scope(url: str, match_type: MatchType) -> Scope:
    """The keys that `url` asks for; a trailing `*` means prefix and a leading `*.` means domain, whatever `match_type`
    says."""
    if url.startswith("*."):
        url, match_type = url[2:], MatchType.DOMAIN
    elif url.endswith("*"):
        url, match_type = url[:-1], MatchType.PREFIX
    key = urlkey(url)
    host = key.partition(")")[0]
    if match_type is MatchType.EXACT:
        return Scope(match_type, exact=key)
    if match_type is MatchType.PREFIX:
        return Scope(match_type, prefixes=(key,))
    if match_type is MatchType.HOST:
        return Scope(match_type, prefixes=(host + ")/",))
    return Scope(match_type, prefixes=(host + ")", host + ","))
