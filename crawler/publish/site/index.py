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
import sys
from array import array
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import chain, count, repeat
from operator import add, sub
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
_LONG_TOKEN = re.compile(rf"([^\W_{SINGLE.pattern[2:-2]}]+)")
"""A token that may have more than one character."""
_NO_TOKEN = re.compile(r"[^\w\ue000-\uf8ff]+|_+")
_HASHED = 1 << 24
_FILE_BYTES = 20_000
"""About so many bytes a file has: what a search loads for two characters."""
_PARTS = 8
"""Files of the index are made in so many parts, so that one of them fits into memory: a power of two up to `_OTHER`."""
_OTHER = 32
"""The second token of a pair counts for so much in its hash: the first alone tells the part."""
_UPPER = sys.byteorder == "little"
"""Which half of a number of 64 bits is the upper one."""


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


def tokens_of(text: str) -> list[str]:
    """The tokens of a text as `ended_text` gives it, STOP_MARK among them."""
    tokens: list[str] = []
    for number, piece in enumerate(_LONG_TOKEN.split(_NO_TOKEN.sub(" ", text.lower()))):
        tokens += [piece] if number % 2 else piece.replace(" ", "")
    return tokens


def facet_term(facet: str, value: str) -> str:
    """The term of a facet's value, as `encodeURIComponent` writes it: no token has such characters."""
    return f"{facet}={quote(value, safe=_AS_WRITTEN)}"


def term_hash(term: str) -> int:
    """What tells the file of a term; search.js reckons the same."""
    token, _, other = term.partition(" ")
    return (_token_hash(token) * 31 + _token_hash(other) * _OTHER) % _HASHED


@cache
def _token_hash(token: str) -> int:
    """The same for all spellings of a token."""
    hashed = 0
    for each in token:
        hashed = (hashed * 31 + ord(families().get(each, each)[0])) % _HASHED
    return hashed


def encoded(places: Sequence[int], total: int) -> str:
    """Ascending numbers below `total`, each maybe more than once: each as what is added to the one before, least digit
    first; or as a map, where that is shorter."""
    if len(places) > total // _MAP_BITS and len(several := set(places)) > total // _MAP_BITS:
        values = [0] * (total // _MAP_BITS + 1)
        for each in several:
            values[each // _MAP_BITS] |= 1 << each % _MAP_BITS
        return MAP + "".join([DIGITS[value] for value in values])
    return "".join(map(_steps(total).__getitem__, map(sub, places, chain((-1,), places))))


@cache
def _steps(total: int) -> Sequence[str]:
    """How each step up to `total` is written: none at all by nothing."""
    digits = DIGITS[:_BASE]
    steps = ["", *digits]
    while len(steps) <= total:
        more, digit = divmod(len(steps) - 1, _BASE)
        steps.append(DIGITS[_BASE + digit] + steps[more + 1])
    return steps


class Batch:
    """What stands where in some articles that follow one another, until it is put down.

    An occurrence is a number, of the article's place and the token behind. It goes to those of its token, few enough
    for the processor's cache: to go to those of its term at once takes several times as long. What is done for each is
    done by loops in C.
    """

    def __init__(self) -> None:
        self._numbers = defaultdict[str, int](count(1).__next__, {"": 0})
        self._titles, self._all = (defaultdict[int, "array[int]"](partial(array, "Q")) for _ in range(2))

    def add(self, place: int, words: Sequence[str], facets: Iterable[tuple[str, str]]) -> None:
        """An article with its title and its other texts, as `ended_text` gives them, and its facets."""
        terms = [facet_term(facet, value) for facet, value in facets]
        for having, some, more in ((self._titles, words[:1], []), (self._all, words, terms)):
            numbers = [*map(self._numbers.__getitem__, tokens_of(STOP_MARK.join(some)))]
            _append(having, numbers, map(add, numbers[1:], repeat(place << 32)))
            _append(having, {*numbers, *map(self._numbers.__getitem__, more)}, repeat(place << 32))

    def put_down(self, folder: Path, number: int, layout: Layout) -> None:
        """Write a file of `folder` for each part of the index."""
        parts: list[dict[str, tuple[bytes, bytes]]] = [{} for _ in range(layout.parts)]
        for token, its in self._numbers.items():
            if token not in ("", STOP_MARK):
                having = self._all.pop(its).tobytes(), self._titles.pop(its, array("Q")).tobytes()
                parts[term_hash(token) % layout.parts][token] = having
        for part, having_of in enumerate(parts):
            (folder / f"{part}-{number:06}").write_bytes(marshal.dumps([[*self._numbers], having_of]))


def _append(to: Mapping[int, array[int]], keys: Iterable[int], numbers: Iterable[int]) -> None:
    deque(map(array.append, map(to.__getitem__, keys), numbers), 0)


def write_part(site: Path, folder: Path, layout: Layout, part: int) -> int:
    """Write the files of one part from what all batches have put down in `folder`; gives their bytes."""
    paths = sorted(folder.glob(f"{part}-*"))
    batches = [marshal.loads(path.read_bytes()) for path in paths]
    for path in paths:
        path.unlink()
    files: defaultdict[int, list[str]] = defaultdict(list)
    for token in dict.fromkeys(chain.from_iterable(having for _, having in batches)):
        found, titled = (defaultdict[str, list[int]](list) for _ in range(2))
        for tokens, having in batches:
            for behind, occurrences in zip((found, titled), having.pop(token, ()), strict=False):
                halves = memoryview(occurrences).cast("I")
                others = map(tokens.__getitem__, halves[1 - _UPPER :: 2])
                deque(map(list.append, map(behind.__getitem__, others), halves[_UPPER::2]), 0)
        found.pop(STOP_MARK, None)
        for other, places in found.items():
            term = f"{token} {other}" if other else token
            lists = encoded(places, layout.articles), encoded(titled.get(other, ()), layout.articles)
            files[term_hash(term) % layout.files].append(",".join((term, *lists)))
    return sum(
        write_script(site, f"t{file}", "|".join(sorted(files[file])))
        for file in range(part, layout.files, layout.parts)
    )


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
