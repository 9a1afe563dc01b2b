"""The index of words of a static site: which articles have a word, and two words side by side, in small script files
that a page loads under `file://` too.

Articles go by their place in the list of all, newest first. A term is a token of `browse`'s index (a Chinese character,
or a Latin word or number), two tokens beside each other within a clause, or `facet=value`. A file has the terms whose
`term_hash` leads to it: `citizenNews("t12", "term,all,title|…")`. `all` and `title` are articles that have the term
anywhere, and in their titles, as `encoded`. A term in all its spellings, simplified and traditional, is in one file.
"""

from __future__ import annotations

import codecs
import json
import marshal
import re
from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, pairwise
from operator import sub
from pathlib import Path
from urllib.parse import quote

from crawler.publish.browse.rows import SINGLE, STOP_MARK
from crawler.publish.browse.variants import families
from crawler.utils.files import write_file

FOLDER = "search"
DIGITS = "!#$%&'()*+-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{}"
"""Half of them end a number, the others say that more follows."""
_BASE = len(DIGITS) // 2
MAP = "~"
"""Begins a list of articles that is a map, six articles a digit, since that is shorter."""
_MAP_BITS = 6
_AS_WRITTEN = "!'()*"
_TOKEN = re.compile(r"[^\W_]+|[\ue000-\uf8ff]")
_NO_TOKEN = re.compile(r"[^\w\ue000-\uf8ff]+|_+")
_LONG_TOKEN = re.compile(rf"[^\W_{SINGLE.pattern[2:-2]}]")
"""A character of a token that may have more than one."""
_HASHED = 1 << 24
_FILE_BYTES = 20_000
"""About so many bytes a file has: what a search loads for two characters."""
_PARTS = 32
"""Files of the index are made in so many parts, so that one of them fits into memory."""

_PLACES = "I"
"""The type of the arrays of places."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How many `articles` there are, and how many `files` their index has: a power of two."""

    articles: int
    files: int

    @classmethod
    def of(cls, articles: int, characters: int) -> Layout:
        """For articles that have so many characters in all."""
        files = 1
        while files * _FILE_BYTES < characters * 2:
            files *= 2
        return cls(articles, files)

    @property
    def parts(self) -> int:
        """The index is made in so many parts."""
        return min(self.files, _PARTS)


def terms(text: str) -> set[str]:
    """The terms of a text as `ended_text` gives it."""
    found: set[str] = set()
    for clause in text.lower().split(STOP_MARK):
        if _LONG_TOKEN.search(clause):
            tokens = _TOKEN.findall(" ".join(SINGLE.split(clause)))
        else:
            tokens = [*_NO_TOKEN.sub("", clause)]
        found.update(tokens)
        found.update(map(" ".join, pairwise(tokens)))
    return found


def facet_term(facet: str, value: str) -> str:
    """The term of a facet's value, as `encodeURIComponent` writes it: no token has such characters."""
    return f"{facet}={quote(value, safe=_AS_WRITTEN)}"


def term_hash(term: str) -> int:
    """What tells the file of a term; search.js reckons the same."""
    token, _, other = term.partition(" ")
    return (_token_hash(token) * 31 + _token_hash(other)) % _HASHED


@cache
def _token_hash(token: str) -> int:
    """The same for all spellings of a token."""
    hashed = 0
    for each in token:
        hashed = (hashed * 31 + ord(families().get(each, each)[0])) % _HASHED
    return hashed


def encoded(places: Sequence[int], total: int) -> str:
    """Ascending numbers below `total`: each as what is added to the one before, least digit first; or as a map, where
    that is shorter."""
    if len(places) > total // _MAP_BITS:
        values = [0] * (total // _MAP_BITS + 1)
        for each in places:
            values[each // _MAP_BITS] |= 1 << each % _MAP_BITS
        return MAP + "".join([DIGITS[value] for value in values])
    return "".join(map(_steps(total).__getitem__, map(sub, places, chain((-1,), places))))


@cache
def _steps(total: int) -> Sequence[str]:
    """How each step up to `total` is written; none is 0."""
    digits = DIGITS[:_BASE]
    steps = ["", *digits]
    while len(steps) <= total:
        more, digit = divmod(len(steps) - 1, _BASE)
        steps.append(DIGITS[_BASE + digit] + steps[more + 1])
    return steps


class Batch:
    """The terms of some articles that follow one another, until they are put down."""

    def __init__(self) -> None:
        # The bytes of arrays of places: next to lists of them small, and nothing that Python looks through for cycles.
        self._all: dict[str, bytes] = {}
        self._titles: dict[str, bytes] = {}

    def add(self, place: int, words: Sequence[str], facets: Iterable[tuple[str, str]]) -> None:
        """An article with its title and its other texts, as `ended_text` gives them, and its facets."""
        found = terms(STOP_MARK.join(words))
        found.update(facet_term(facet, value) for facet, value in facets)
        mark = array(_PLACES, (place,)).tobytes()
        for places, having in ((self._titles, terms(words[0])), (self._all, found)):
            for term in having:
                places[term] = places.get(term, b"") + mark

    def put_down(self, folder: Path, number: int, layout: Layout) -> None:
        """Write a file of `folder` for each part of the index."""
        parts: list[list[str | bytes | int]] = [[] for _ in range(layout.parts)]
        for term, places in self._all.items():
            file = term_hash(term) % layout.files
            parts[file % layout.parts] += (file, term, places, self._titles.get(term, b""))
        for part, entries in enumerate(parts):
            (folder / f"{part}-{number:06}").write_bytes(marshal.dumps(entries))


def write_part(site: Path, folder: Path, layout: Layout, part: int) -> int:
    """Write the files of one part from what all batches have put down in `folder`; gives their bytes."""
    found: dict[str, bytes] = {}
    titled: dict[str, bytes] = {}
    files: defaultdict[int, list[str]] = defaultdict(list)
    for path in sorted(folder.glob(f"{part}-*")):
        entries = iter(marshal.loads(path.read_bytes()))
        for file, term, places, titles in zip(entries, entries, entries, entries, strict=True):
            if term not in found:
                files[file].append(term)
            found[term] = found.get(term, b"") + places
            if titles:
                titled[term] = titled.get(term, b"") + titles
        path.unlink()
    size = 0
    for file in range(part, layout.files, layout.parts):
        rows = (
            ",".join(
                [term, *(encoded(array(_PLACES, some.get(term, b"")), layout.articles) for some in (found, titled))]
            )
            for term in sorted(files[file])
        )
        size += write_script(site, f"t{file}", "|".join(rows))
    return size


def row_name(place: int) -> str:
    """The script that has what is shown of the article at a place."""
    return f"{place // 1000}/{place}"


def write_script(site: Path, name: str, value: object) -> int:
    """A script file that hands a value to search.js, in UTF-8, or in UTF-16 where that is shorter, as Chinese is; gives
    its bytes."""
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    text = f'citizenNews("{name}",{written});\n'
    data = min(text.encode(), codecs.BOM_UTF16_LE + text.encode("utf-16-le"), key=len)
    write_file(site, f"{FOLDER}/{name}.js", data, sync=False)
    return len(data)
