"""A whole tree of articles' files audited: each file by itself, then what only many together show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from crawler.audit.backupfile import id_of_name
from crawler.audit.files import entries
from crawler.audit.judge import Examined
from crawler.audit.kinds import Finding, Kind, badness
from crawler.audit.workers import examined
from crawler.wording import EXAMPLES, some

_NOT_AN_ARTICLE = {Kind.NO_DATE, Kind.NO_CATEGORY}
"""What a shared text lacks that is no article's. The site published articles more than once, each with an id, a date and a category."""
_TOLD = 1000
ENOUGH_FOR_ONE = 500
"""Files; to begin more processes takes longer than to judge so few in this one."""


@dataclass(frozen=True, slots=True)
class AuditedFile:
    """A file of an article; `file` is its path below the audited folder."""

    article: int
    file: str
    findings: tuple[Finding, ...] = ()

    @property
    def refetch(self) -> bool:
        return any(finding.refetch for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Named:
    """A file that was not judged as an article's, and why."""

    file: str
    why: str


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found in `folder`. `files`: the best file of each article, by id; `others`: further files of articles that have a
    better one (or the same); `unidentified`: files that tell no article's id, and folders that could not be listed."""

    folder: Path
    files: dict[int, AuditedFile] = field(default_factory=dict)
    others: tuple[Named, ...] = ()
    unidentified: tuple[Named, ...] = ()

    @property
    def seen(self) -> int:
        """Files that were looked at."""
        return len(self.files) + len(self.others) + len(self.unidentified)

    @property
    def findings(self) -> Iterator[tuple[AuditedFile, Finding]]:
        """All of them, by id."""
        return ((self.files[number], finding) for number in sorted(self.files) for finding in self.files[number].findings)

    @property
    def refetch(self) -> set[int]:
        """The articles with a finding that asks for another capture."""
        return {number for number, file in self.files.items() if file.refetch}

    def by_kind(self) -> dict[Kind, list[int]]:
        """The articles of each kind, in order; kinds of which there is none have an empty list."""
        found: dict[Kind, list[int]] = {kind: [] for kind in Kind}
        for file, finding in self.findings:
            found[finding.kind].append(file.article)
        return found


def audit_tree(folder: Path, workers: int, tell: Callable[[int], None] = lambda done: None) -> Audit:
    """Audit every `.md` file below `folder`, in at most so many processes (a small tree: in this one). `tell` is called now and then
    with the number of files done. Raises OSError when the folder itself cannot be listed."""
    next(folder.iterdir(), None)
    found = list(entries(folder))
    readable = [entry.file for entry in found if not entry.why]
    judged = [(entry.file, _unread(entry.file, entry.why)) for entry in found if entry.why]
    processes = min(workers, 1 + len(readable) // ENOUGH_FOR_ONE)
    for number, pair in enumerate(examined(folder, readable, processes), start=1):
        judged.append(pair)
        if number % _TOLD == 0:
            tell(number)
    return _united(folder, judged)


def _unread(file: str, why: str) -> Examined:
    return Examined(id_of_name(Path(file).name), (Finding(Kind.UNREADABLE, why),))


def _united(folder: Path, judged: list[tuple[str, Examined]]) -> Audit:
    unidentified: list[Named] = []
    by_article: dict[int, list[tuple[str, Examined]]] = defaultdict(list)
    sharing: dict[bytes, set[int]] = defaultdict(set)
    for file, result in judged:
        if result.article is None:
            unread = (finding.detail for finding in result.findings if finding.kind is Kind.UNREADABLE)
            unidentified.append(Named(file, next(unread, "neither its name nor an address in it tells an article's id")))
            continue
        by_article[result.article].append((file, result))
        if result.likeness:
            sharing[result.likeness].add(result.article)
    groups = {likeness: sorted(articles) for likeness, articles in sharing.items()}
    files: dict[int, AuditedFile] = {}
    others: list[Named] = []
    for number in sorted(by_article):
        best, *rest = sorted((_audited(number, *pair, groups) for pair in by_article[number]), key=_rank)
        files[number] = best
        others += [Named(file.file, f"{best.file} is of the same article, {number}") for file in rest]
    return Audit(folder, files, tuple(others), tuple(sorted(unidentified, key=lambda named: named.file)))


def _audited(number: int, file: str, result: Examined, groups: Mapping[bytes, list[int]]) -> AuditedFile:
    """`groups`: the articles with each text, in order. Of others with the same text no more are looked at than are named."""
    others = [other for other in groups.get(result.likeness, ())[: EXAMPLES + 2] if other != number]
    if not others:
        return AuditedFile(number, file, result.findings)
    kinds = {finding.kind for finding in result.findings}
    is_junk = kinds >= _NOT_AN_ARTICLE or Kind.NO_FRONT_MATTER in kinds
    shared = Finding(Kind.SHARED_TEXT if is_junk else Kind.PUBLISHED_AGAIN, f"also {some(others)}")
    return AuditedFile(number, file, (shared, *result.findings) if is_junk else (*result.findings, shared))


def _rank(file: AuditedFile) -> tuple[tuple[int, int], int, str]:
    return badness(file.findings), file.file.count("/"), file.file
