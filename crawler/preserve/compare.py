"""Articles recovered here held against the same articles in a tree that others made: do our selectors fit real
pages?"""

from __future__ import annotations

import difflib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from crawler.markdown.reader import read_markdown
from crawler.preserve.article_file import ArticleFile, UnreadableError, parse_article_file, read_text
from crawler.preserve.audit import judge_text
from crawler.preserve.audit_findings import Audit, Kind

FIELDS = ("title", "date", "last_updated", "author", "category")
EXAMPLES = 4
_DEFECTS = frozenset(
    {Kind.INJECTED_SPACES, Kind.STRAY_ASTERISKS, Kind.CONTROL_CHARACTERS, Kind.LOST_EMAIL, Kind.UNDECODED_EMAIL}
)
"""Defects of such trees that change a body's text: where one is, a difference is no fault of ours."""
_EMAIL = re.compile(r"\[?\\?\[?email[\s\u00a0]protected\\?\]?|[\w.+-]+@[\w.-]+\.\w+", re.IGNORECASE)
_BLOCKS = re.compile(r"\n\s*\n")
_SPACE = re.compile(r"[\s\u200b\ufeff*_\\]+")


class Result(StrEnum):
    """How one field of one article compares."""

    EQUAL = "equal"
    BETTER = "better here"
    WORSE = "worse here"
    OTHER = "different"


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that is not the same, with both values in short."""

    article: int
    field: str
    result: Result
    theirs: str
    ours: str


def compare_texts(article: int, theirs: str, ours: str) -> list[Difference | tuple[str, Result]]:
    """Field by field and block by block; equal ones as (field, EQUAL)."""
    old, new = parse_article_file(theirs, article), parse_article_file(ours, article)
    found: list[Difference | tuple[str, Result]] = []
    for name in FIELDS:
        found.append(_field(article, name, old.fields.get(name, ""), new.fields.get(name, "")))
    found.append(_field(article, "tags", ", ".join(old.tags), ", ".join(new.tags)))
    defects = {finding.kind for finding in judge_text(theirs, article)} & _DEFECTS
    found.append(_text(article, old, new, bool(defects)))
    found.append(_blocks(article, old, new))
    found += _counts(article, old, new)
    return found


def _field(article: int, name: str, theirs: str, ours: str) -> Difference | tuple[str, Result]:
    one, other = _SPACE.sub("", theirs), _SPACE.sub("", ours)
    if one == other:
        return name, Result.EQUAL
    result = Result.BETTER if not one else Result.WORSE if not other else Result.OTHER
    return Difference(article, name, result, _short(theirs), _short(ours))


def _text(article: int, old: ArticleFile, new: ArticleFile, excused: bool) -> Difference | tuple[str, Result]:
    """The body's words. What only we have is gain, what only they have is loss, unless a defect of theirs explains
    it."""
    one, other = _words(old.body), _words(new.body)
    if one == other:
        return "text", Result.EQUAL
    lost, gained = _changed(one, other)
    result = (
        Result.BETTER
        if excused or not lost
        else Result.WORSE
        if not gained or len(lost) > len(gained)
        else Result.OTHER
    )
    return Difference(article, "text", result, _short(lost), _short(gained))


def _blocks(article: int, old: ArticleFile, new: ArticleFile) -> Difference | tuple[str, Result]:
    """Whether the body falls into the same blocks: paragraphs, headings, lists. Where the words are the same, other
    blocks are neither better nor worse; where they are not, that is told of the text already."""
    one, other = (tuple(filter(None, map(_words, _BLOCKS.split(file.body)))) for file in (old, new))
    if one == other or "".join(one) != "".join(other):
        return "blocks", Result.EQUAL if one == other else Result.OTHER
    at = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    return Difference(article, "blocks", Result.OTHER, _short(one[at]), _short(other[at]))


def _words(body: str) -> str:
    return _EMAIL.sub("@", _SPACE.sub("", read_markdown(body).text))


def _changed(one: str, other: str) -> tuple[str, str]:
    """What only the first has, and what only the second has."""
    lost: list[str] = []
    gained: list[str] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, one, other, autojunk=len(one) > 20_000).get_opcodes():
        if kind != "equal":
            lost.append(one[a:b])
            gained.append(other[c:d])
    return " … ".join(filter(None, lost)), " … ".join(filter(None, gained))


def _counts(article: int, old: ArticleFile, new: ArticleFile) -> Iterator[Difference | tuple[str, Result]]:
    """Pictures, videos, links and tables of the body, counted."""
    one, other = read_markdown(old.body), read_markdown(new.body)
    for name in ("pictures", "frames", "links", "tables"):
        theirs, ours = getattr(one, name), getattr(other, name)
        if theirs == ours:
            yield name, Result.EQUAL
        else:
            yield Difference(article, name, Result.BETTER if ours > theirs else Result.WORSE, str(theirs), str(ours))


def _short(value: str, length: int = 60) -> str:
    line = " ".join(value.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


@dataclass(frozen=True, slots=True)
class Comparison:
    """All articles that were compared; `missing` are those that were not recovered here, with the reasons."""

    articles: tuple[int, ...]
    differences: tuple[Difference, ...]
    counts: Mapping[str, Counter[Result]]
    missing: Mapping[int, str]

    @property
    def fits(self) -> bool:
        """Whether our selectors fit these pages: of title and text, next to nothing is worse."""
        worse = {
            one.article for one in self.differences if one.result is Result.WORSE and one.field in ("title", "text")
        }
        return len(worse) * 10 <= len(self.articles)


def compare(pairs: Iterable[tuple[int, str, str]], missing: Mapping[int, str]) -> Comparison:
    """`pairs`: (article, their file's text, our file's text)."""
    counts: dict[str, Counter[Result]] = defaultdict(Counter)
    differences: list[Difference] = []
    articles: list[int] = []
    for article, theirs, ours in pairs:
        articles.append(article)
        for one in compare_texts(article, theirs, ours):
            name, result = (one.field, one.result) if isinstance(one, Difference) else one
            counts[name][result] += 1
            if isinstance(one, Difference):
                differences.append(one)
    return Comparison(tuple(articles), tuple(differences), counts, missing)


def describe(found: Comparison) -> Iterator[str]:
    """A table by field, and examples of what is not equal."""
    yield f"Compared {len(found.articles)} articles"
    yield f"{'':<14}" + "".join(f"{result:>13}" for result in Result)
    for name, results in found.counts.items():
        yield f"{name:<14}" + "".join(f"{results[result]:>13,}" for result in Result)
    for result in (Result.WORSE, Result.OTHER, Result.BETTER):
        for name in found.counts:
            some = [one for one in found.differences if one.result is result and one.field == name]
            for one in some[:EXAMPLES]:
                yield f"{result}: {name} of {one.article}: there “{one.theirs}”, here “{one.ours}”"
    for article, why in found.missing.items():
        yield f"not recovered: {article}: {why}"


def sample_articles(audit: Audit, count: int) -> list[int]:
    """So many of a tree's sound articles, spread over years, categories and what their bodies hold; the same ones every
    time."""
    sound = sorted(audit.files.keys() - audit.refetch)
    step = max(1, len(sound) // (count * 12))
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for article in sound[::step]:
        groups[_kind(audit.folder / audit.files[article].file, article)].append(article)
    chosen: list[int] = []
    queues = [groups[key] for key in sorted(groups)]
    while len(chosen) < count and any(queues):
        for queue in queues:
            if queue and len(chosen) < count:
                chosen.append(queue.pop(len(queue) // 2))
    return sorted(chosen)


def _kind(path: Path, article: int) -> tuple[str, ...]:
    try:
        file = parse_article_file(read_text(path), article)
    except UnreadableError:
        return ("unreadable",)
    seen = read_markdown(file.body)
    marks = ("blogger" if "博客" in file.rest else "", "video" if seen.frames else "", "table" if seen.tables else "")
    return file.fields.get("date", "")[:4], file.fields.get("category", ""), *marks
