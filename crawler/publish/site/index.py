"""The index of words of a static site: which articles have a word, and two words side by side, in small script files
that a page loads under `file://` too.

Articles go by their place in the list of all, newest first. A term is a token of `browse`'s index (a Chinese character,
or a Latin word or number), two tokens beside each other within a clause, or `facet=value`. A file has the terms whose
`term_hash` leads to it: `citizenNews("t12", "term,all,title|…")`. `all` and `title` are articles that have the term
anywhere, and in their titles, as `encoded`. A term in all its spellings, simplified and traditional, is in one file.

While it is made a token is a number: a character by its code, a Latin word or a facet's value by one above all codes. A
term is one of 64 bits then, of a token and the one behind it, or 0 where it is the token alone.
"""

from __future__ import annotations

import codecs
import json
import marshal
import os
import re
import sys
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain, count
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

# Its linear algebra, of which nothing is used, would begin a thread for each core, in each process.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

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
_HASHED = 1 << 24
_FILE_BYTES = 20_000
"""About so many bytes a file has: what a search loads for two characters."""
_PARTS = 32
"""Files of the index are made in so many parts, so that one of them fits into memory: a power of two up to `_OTHER`."""
_OTHER = 32
"""The second token of a pair counts for so much in its hash: the first alone tells the part."""
Terms: TypeAlias = NDArray[np.uint64]
Places: TypeAlias = NDArray[np.uint32]
_LONG_TOKEN = re.compile(rf"([^\W_{SINGLE.pattern[2:-2]}]+)")
"""A token that may have more than one character."""
_NO_TOKEN = re.compile(r"[^\w\ue000-\uf8ff]+|_+")
"""What is in no token: neither does it part two of them."""
_STOP = ord(STOP_MARK)
_FIRST_WORD = sys.maxunicode + 1
_CODES = f"utf-32-{'le' if sys.byteorder == 'little' else 'be'}"
_BITS = np.uint64(32)
"""Of a token in a term."""


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
    """Ascending numbers below `total`: each as what is added to the one before, least digit first; or as a map, where
    that is shorter."""
    if len(places) > total // _MAP_BITS:
        values = [0] * (total // _MAP_BITS + 1)
        for each in places:
            values[each // _MAP_BITS] |= 1 << each % _MAP_BITS
        return MAP + "".join([DIGITS[value] for value in values])
    written = _steps(total)
    return "".join([written[place - before] for before, place in zip(chain((-1,), places), places, strict=False)])


@cache
def _steps(total: int) -> Sequence[str]:
    """How each step from 1 to `total` is written, by its number."""
    digits = DIGITS[:_BASE]
    written = ["", *digits]
    while len(written) <= total:
        more, digit = divmod(len(written) - 1, _BASE)
        written.append(DIGITS[_BASE + digit] + written[more + 1])
    return written


@dataclass(frozen=True, slots=True)
class _Stream:
    """Tokens one after another, with STOP_MARK after each text and what is no token, and how many there are of each
    article."""

    tokens: array[int] = field(default_factory=lambda: array("I"))
    lengths: list[int] = field(default_factory=list)

    def terms(self, first: int) -> tuple[Terms, Places]:
        """The terms as `_in_order` gives them; `first`: the place of the first article."""
        characters = np.frombuffer(self.tokens, np.uint32)
        are_tokens = _are_tokens()[np.minimum(characters, _FIRST_WORD)]
        tokens = characters[are_tokens].astype(np.uint64)
        articles = np.arange(first, first + len(self.lengths), dtype=np.uint32)
        places = np.repeat(articles, self.lengths)[are_tokens]
        are_words = tokens != _STOP
        are_pairs = are_words[:-1] & are_words[1:]
        pairs = (tokens[:-1] << _BITS | tokens[1:])[are_pairs]
        terms = np.concatenate([tokens[are_words] << _BITS, pairs])
        return _in_order(terms, np.concatenate([places[are_words], places[:-1][are_pairs]]))


@cache
def _are_tokens() -> NDArray[np.bool_]:
    """Whether a character is a token, by its code; words are."""
    characters = "".join(map(chr, (*range(0xD800), *range(0xE000, _FIRST_WORD))))
    known = np.zeros(_FIRST_WORD + 1, np.bool_)
    known[np.frombuffer(_NO_TOKEN.sub("", characters).encode(_CODES), np.uint32)] = True
    known[_FIRST_WORD] = True
    return known


class Batch:
    """What stands where in some articles that follow one another, until it is put down."""

    def __init__(self) -> None:
        self._words = defaultdict[str, int](count(_FIRST_WORD).__next__)
        self._all, self._titles = _Stream(), _Stream()

    def add(self, texts: Sequence[str], facets: Iterable[tuple[str, str]]) -> None:
        """The next article: its title and its other texts, as `ended_text` gives them, and its facets."""
        values = [each for facet, value in facets for each in (self._words[facet_term(facet, value)], _STOP)]
        for stream, some, more in ((self._all, texts, values), (self._titles, texts[:1], [])):
            before = len(stream.tokens)
            self._take(stream.tokens, f"{STOP_MARK.join(some)}{STOP_MARK}")
            stream.tokens.extend(more)
            stream.lengths.append(len(stream.tokens) - before)

    def _take(self, tokens: array[int], text: str) -> None:
        for number, piece in enumerate(_LONG_TOKEN.split(text.lower())):
            if number % 2:
                tokens.append(self._words[piece])
            else:
                tokens.frombytes(piece.encode(_CODES))

    def put_down(self, folder: Path, first: int, layout: Layout) -> None:
        """Write a file of `folder` for each part of the index; `first`: the place of the first article."""
        words = [*self._words]
        parts: list[list[bytes]] = [[] for _ in range(layout.parts)]
        for stream in (self._all, self._titles):
            terms, places = stream.terms(first)
            part_of = _hashes(terms >> _BITS, words) * 31 % layout.parts
            for part, data in enumerate(parts):
                data += [each[part_of == part].tobytes() for each in (terms, places)]
        for part, data in enumerate(parts):
            (folder / f"{part}-{first:06}").write_bytes(marshal.dumps([words, *data]))


def write_part(site: Path, folder: Path, layout: Layout, part: int) -> int:
    """Write the files of one part from what all batches have put down in `folder`; gives their bytes."""
    words = defaultdict[str, int](count(_FIRST_WORD).__next__)
    batches = [_taken(path, words) for path in sorted(folder.glob(f"{part}-*"))]
    terms, places, in_titles, title_places = (np.concatenate(some) for some in zip(*batches, strict=True))
    del batches
    terms, places = _in_order(terms, places)
    titles = dict(_written(*_in_order(in_titles, title_places), layout.articles))
    several = terms[_begin(terms)]
    tokens, others = several >> _BITS, several & ~np.uint64(0) >> _BITS
    names = [*words]
    hashes = (_hashes(tokens, names) * 31 + _hashes(others, names) * _OTHER) % _HASHED
    lines: list[list[str]] = [[] for _ in range(layout.files)]
    for (term, written), token, other, hashed in zip(
        _written(terms, places, layout.articles), tokens.tolist(), others.tolist(), hashes.tolist(), strict=True
    ):
        name = f"{_name(token, names)} {_name(other, names)}" if other else _name(token, names)
        lines[hashed % layout.files].append(f"{name},{written},{titles.get(term, '')}")
    files = range(part, layout.files, layout.parts)
    return sum(write_script(site, f"t{file}", "|".join(sorted(lines[file]))) for file in files)


def _taken(path: Path, words: Mapping[str, int]) -> tuple[Terms, Places, Terms, Places]:
    """What a batch has put down, which is removed: its words by the numbers that they have in `words`."""
    its_words, *data = marshal.loads(path.read_bytes())
    path.unlink()
    numbers = np.array([words[word] for word in its_words], np.uint32)
    all_terms, titled = (np.frombuffer(each, np.uint32).copy() for each in data[::2])
    for tokens in (all_terms, titled):
        are_words = tokens >= _FIRST_WORD
        tokens[are_words] = numbers[tokens[are_words] - _FIRST_WORD]
    places, titled_places = (np.frombuffer(each, np.uint32) for each in data[1::2])
    return all_terms.view(np.uint64), places, titled.view(np.uint64), titled_places


def _in_order(terms: Terms, places: Places) -> tuple[Terms, Places]:
    """Terms in order, each once for each place: for the same one these ascend."""
    order = np.argsort(terms, kind="stable")
    terms, places = terms[order], places[order]
    kept = _begin(terms) | _begin(places)
    return terms[kept], places[kept]


def _begin(numbers: NDArray[np.unsignedinteger]) -> NDArray[np.bool_]:
    """Which numbers are not the same as the one before."""
    return np.concatenate([numbers[:1] == numbers[:1], numbers[1:] != numbers[:-1]])


def _written(terms: Terms, places: Places, total: int) -> Iterator[tuple[int, str]]:
    """Each term with its places as `encoded`: most have few, and what is done for all of them is done at once."""
    begins = np.flatnonzero(_begin(terms))
    added = np.diff(places.astype(np.int64), prepend=0)
    added[begins] = places[begins].astype(np.int64) + 1
    written = [*map(_steps(total).__getitem__, added.tolist())]
    edges = [*begins.tolist(), len(terms)]
    for term, begin, end in zip(terms[begins].tolist(), edges, edges[1:], strict=False):
        is_map = end - begin > total // _MAP_BITS
        yield term, encoded(places[begin:end].tolist(), total) if is_map else "".join(written[begin:end])


def _hashes(tokens: Terms, words: Sequence[str]) -> NDArray[np.int64]:
    """The hash of each token; `words`: those that are no characters."""
    several, where = np.unique(tokens, return_inverse=True)
    return np.array([_token_hash(_name(token, words)) for token in several.tolist()], np.int64)[where]


def _name(token: int, words: Sequence[str]) -> str:
    return words[token - _FIRST_WORD] if token >= _FIRST_WORD else chr(token) if token else ""


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
