"""The index of words of a static site: which articles have a word, and two words side by side, in small script files
that a page loads under `file://` too.

Articles go by their place in the list of all, newest first. A term is a token of `browse`'s index (a Chinese character,
or a Latin word or number), two tokens beside each other within a clause, or `facet=value`. A file has the terms whose
`term_hash` leads to it: `citizenNews("t12", "term,all,title|…")`. `all` and `title` are articles that have the term
anywhere, and in their titles, as `encoded`.
"""

from __future__ import annotations

import json
import marshal
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import itemgetter
from pathlib import Path
from urllib.parse import quote

from crawler.publish.browse.rows import STOP_MARK
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
_HASHED = 1 << 24
_FILE_BYTES = 20_000
"""About so many bytes a file has: what a search loads for two characters."""
_PARTS = 32
"""Files of the index are made in so many parts, so that one of them fits into memory."""

Terms = Mapping[str, tuple[Sequence[int], Sequence[int]]]
"""Terms with the articles that have them anywhere, and in the title, ascending."""


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
    """The terms of a text that `spaced_text` has set apart."""
    found: set[str] = set()
    for clause in text.lower().split(STOP_MARK):
        tokens = _TOKEN.findall(clause)
        found.update(tokens)
        found.update([f"{one} {next_one}" for one, next_one in pairwise(tokens)])
    return found


def facet_term(facet: str, value: str) -> str:
    """The term of a facet's value, as `encodeURIComponent` writes it: no token has such characters."""
    return f"{facet}={quote(value, safe=_AS_WRITTEN)}"


def term_hash(term: str) -> int:
    """What tells the file of a term; search.js reckons the same."""
    hashed = 0
    for each in term:
        hashed = (hashed * 31 + ord(each)) % _HASHED
    return hashed


def encoded(articles: Sequence[int], total: int) -> str:
    """Ascending numbers below `total`: each as what is added to the one before, least digit first; or as a map, where
    that is shorter."""
    if len(articles) > total // _MAP_BITS:
        values = [0] * (total // _MAP_BITS + 1)
        for each in articles:
            values[each // _MAP_BITS] |= 1 << each % _MAP_BITS
        return MAP + "".join([DIGITS[value] for value in values])
    pieces: list[str] = []
    last = -1
    for each in articles:
        step, last = each - last - 1, each
        while step >= _BASE:
            pieces.append(DIGITS[_BASE + step % _BASE])
            step //= _BASE
        pieces.append(DIGITS[step])
    return "".join(pieces)


class Batch:
    """The terms of some articles that follow one another, until they are put down."""

    def __init__(self) -> None:
        self._all: defaultdict[str, list[int]] = defaultdict(list)
        self._titles: defaultdict[str, list[int]] = defaultdict(list)

    def add(self, article: int, words: Sequence[str], facets: Iterable[tuple[str, str]]) -> None:
        """An article with its title, byline and text, as `index_texts` gives them, and its facets."""
        title, *others = map(terms, words)
        for term in title:
            self._titles[term].append(article)
        for term in title.union(*others):
            self._all[term].append(article)
        for facet, value in facets:
            self._all[facet_term(facet, value)].append(article)

    def put_down(self, folder: Path, number: int, layout: Layout) -> None:
        """Write a file of `folder` for each part of the index."""
        parts: list[list[tuple[int, str, list[int], list[int]]]] = [[] for _ in range(layout.parts)]
        for term, articles in self._all.items():
            file = term_hash(term) % layout.files
            parts[file % layout.parts].append((file, term, articles, self._titles.get(term, [])))
        for part, entries in enumerate(parts):
            (folder / f"{part}-{number:06}").write_bytes(marshal.dumps(entries))


def write_part(site: Path, folder: Path, layout: Layout, part: int) -> int:
    """Write the files of one part from what all batches have put down in `folder`; gives their bytes."""
    found: dict[str, tuple[int, list[int], list[int]]] = {}
    for path in sorted(folder.glob(f"{part}-*")):
        for file, term, everywhere, titles in marshal.loads(path.read_bytes()):
            _, articles, titled = found.setdefault(term, (file, [], []))
            articles += everywhere
            titled += titles
        path.unlink()
    by_file = {
        file: [*entries]
        for file, entries in groupby(sorted((row[0], term) for term, row in found.items()), itemgetter(0))
    }
    size = 0
    for file in range(part, layout.files, layout.parts):
        rows = (
            ",".join((term, encoded(found[term][1], layout.articles), encoded(found[term][2], layout.articles)))
            for _, term in by_file.get(file, ())
        )
        size += write_script(site, f"t{file}", "|".join(rows))
    return size


def write_script(site: Path, name: str, value: object) -> int:
    """A script file that hands a value to search.js; gives its bytes."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    data = f'citizenNews("{name}",{text});\n'.encode()
    write_file(site, f"{FOLDER}/{name}.js", data, sync=False)
    return len(data)
