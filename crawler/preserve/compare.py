"""Articles recovered here held against the same articles in a tree that others made: do our selectors fit real
pages?"""

import difflib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from crawler.markdown.reader import read_markdown
from crawler.preserve.article_file import parse_article_file, read_text
from crawler.preserve.audit import Audit, examine
from crawler.preserve.files import UnreadableFile
from crawler.preserve.findings import AuditKind
from crawler.utils.text import counted, shortened

FIELDS = ("title", "date", "last_updated", "author", "category")
EXAMPLES = 4
_DEFECTS = {
    *(AuditKind.INJECTED_SPACES, AuditKind.STRAY_ASTERISKS, AuditKind.CONTROL_CHARACTERS),
    *(AuditKind.LOST_EMAIL, AuditKind.UNDECODED_EMAIL),
}
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
class ComparedField:
    """How a field compares, with both values where they are to be told: not of equal ones."""

    name: str
    result: Result
    theirs: str = ""
    ours: str = ""


def compare_texts(article: int, theirs: str, ours: str) -> Iterator[ComparedField]:
    """Two files of one article, field by field and block by block."""
    old, new = parse_article_file(theirs, article), parse_article_file(ours, article)
    fields = [(name, old.fields.get(name, ""), new.fields.get(name, "")) for name in FIELDS]
    for name, one, other in (*fields, ("tags", ", ".join(old.tags), ", ".join(new.tags))):
        before, now = _SPACE.sub("", one), _SPACE.sub("", other)
        if before == now:
            yield ComparedField(name, Result.EQUAL)
        else:
            result = Result.BETTER if not before else Result.WORSE if not now else Result.OTHER
            yield ComparedField(name, result, one, other)
    read, reread = read_markdown(old.body), read_markdown(new.body)
    excused = not _DEFECTS.isdisjoint(finding.kind for finding in examine(theirs, article).findings)
    yield _text(_words(read.text), _words(reread.text), excused)
    yield _blocks(old.body, new.body)
    for name in ("pictures", "frames", "links", "tables"):
        count, counted = getattr(read, name), getattr(reread, name)
        if count == counted:
            yield ComparedField(name, Result.EQUAL)
        else:
            yield ComparedField(name, Result.BETTER if counted > count else Result.WORSE, str(count), str(counted))


def _text(one: str, other: str, excused: bool) -> ComparedField:
    """The body's words. What only we have is gain, what only they have is loss, unless a defect of theirs explains
    it."""
    if one == other:
        return ComparedField("text", Result.EQUAL)
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=len(one) > 20_000)
    changes = [places for kind, *places in matcher.get_opcodes() if kind != "equal"]
    theirs = " … ".join(one[a:b] for a, b, _, _ in changes if a < b)
    ours = " … ".join(other[c:d] for _, _, c, d in changes if c < d)
    if excused or not theirs:
        return ComparedField("text", Result.BETTER, theirs, ours)
    return ComparedField("text", Result.WORSE if len(theirs) > len(ours) else Result.OTHER, theirs, ours)


def _blocks(old: str, new: str) -> ComparedField:
    """Whether bodies fall into the same blocks: paragraphs, headings, lists. Where the words are the same, other blocks
    are neither better nor worse; where they are not, that is told of the text already."""
    one, other = (
        [words for block in _BLOCKS.split(body) if (words := _words(read_markdown(block).text))] for body in (old, new)
    )
    if one == other:
        return ComparedField("blocks", Result.EQUAL)
    if "".join(one) != "".join(other):
        return ComparedField("blocks", Result.OTHER)
    pairs = zip(one, other, strict=False)
    return ComparedField("blocks", Result.OTHER, *next(pair for pair in pairs if pair[0] != pair[1]))


def _words(text: str) -> str:
    return _EMAIL.sub("@", _SPACE.sub("", text))


@dataclass(frozen=True, slots=True)
class Comparison:
    """All articles that were compared; `missing` are those that were not recovered here, with the reasons."""

    articles: Mapping[int, list[ComparedField]]
    missing: Mapping[int, str]

    @property
    def fits(self) -> bool:
        """Whether our selectors fit these pages: of title and text, next to nothing is worse."""
        graver = {("title", Result.WORSE), ("text", Result.WORSE)}
        worse = [fields for fields in self.articles.values() if any((one.name, one.result) in graver for one in fields)]
        return len(worse) * 10 <= len(self.articles)


def describe(found: Comparison) -> Iterator[str]:
    """A table by field, and examples of what is not equal."""
    by_name: dict[str, list[tuple[int, ComparedField]]] = defaultdict(list)
    for article, fields in found.articles.items():
        for one in fields:
            by_name[one.name].append((article, one))
    yield f"Compared {counted(len(found.articles), 'article')}"
    yield f"{'':<14}" + "".join(f"{result:>13}" for result in Result)
    for name, compared in by_name.items():
        counts = Counter(one.result for _, one in compared)
        yield f"{name:<14}" + "".join(f"{counts[result]:>13,}" for result in Result)
    for result in (Result.WORSE, Result.OTHER, Result.BETTER):
        for name, compared in by_name.items():
            some = [(article, one) for article, one in compared if one.result is result and (one.theirs or one.ours)]
            for article, one in some[:EXAMPLES]:
                there, here = (shortened(" ".join(value.split()), 60) for value in (one.theirs, one.ours))
                yield f"{result}: {name} of {article}: there “{there}”, here “{here}”"
    for article, why in found.missing.items():
        yield f"not recovered: {article}: {why}"


def sample_articles(audit: Audit, count: int) -> list[int]:
    """So many of a tree's sound articles, spread over years, categories and what their bodies hold; the same ones every
    time."""
    sound = sorted(audit.files.keys() - audit.refetch)
    step = max(1, len(sound) // (count * 12))
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for article in sound[::step]:
        try:
            file = parse_article_file(read_text(audit.folder / audit.files[article].file), article)
        except UnreadableFile:
            groups["unreadable",].append(article)
            continue
        seen = read_markdown(file.body)
        holds = f"{'博客' in file.rest} {seen.frames > 0} {seen.tables > 0}"
        groups[file.fields.get("date", "")[:4], file.fields.get("category", ""), holds].append(article)
    chosen: list[int] = []
    queues = [groups[key] for key in sorted(groups)]
    while len(chosen) < count and any(queues):
        for queue in queues:
            if queue and len(chosen) < count:
                chosen.append(queue.pop(len(queue) // 2))
    return sorted(chosen)
