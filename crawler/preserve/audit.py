"""A tree of articles' files audited: each file by itself, then what only many together show."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from crawler.preserve.article_file import FoundFile, find_files, parse_article_file, read_text
from crawler.preserve.audit_fields import OF_FIELDS, fingerprint, not_an_article
from crawler.preserve.audit_text import OF_TEXT
from crawler.preserve.files import UnreadableFile
from crawler.preserve.findings import AuditKind, Class, Finding, badness, printable
from crawler.utils.exit_status import UsageError
from crawler.utils.text import EXAMPLES, first_few, first_lines, progress_line
from crawler.utils.workers import batched, run_jobs

CHUNK = 200
"""Files a worker is given at once: a tenth of a second's work."""
CHUNK_SECONDS = 60.0
FILE_SECONDS = 20.0
"""Far more than any file takes: what is still not done then is a file made to stop its reader, and costs itself
only."""
ENOUGH_FOR_ONE = 500
"""Files; to begin more processes takes longer than to judge so few in this one."""
_PROGRESS_FILES = 1000
_EXAMPLES = 6
_NOT_AN_ARTICLE = {AuditKind.NO_DATE, AuditKind.NO_CATEGORY}
"""What a shared text lacks that is no article's. The site published articles more than once, each with an id, a date
and a category."""
_HEADINGS = {
    Class.REFETCH: "To refetch",
    Class.COSMETIC: "Cosmetic, no reason for a request",
    Class.INFORMATION: "For information, no defect and no reason for a request",
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


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
class Audit:
    """What was found in `folder`. `files`: the best file of each article, by id; `others`: further files of articles
    that have a better one (or the same); `unidentified`: files that tell no article's id, and folders that could not be
    listed."""

    folder: Path
    files: dict[int, AuditedFile] = field(default_factory=dict)
    others: tuple[FoundFile, ...] = ()
    unidentified: tuple[FoundFile, ...] = ()

    @property
    def seen(self) -> int:
        """Files that were looked at."""
        return len(self.files) + len(self.others) + len(self.unidentified)

    @property
    def findings(self) -> Iterator[tuple[AuditedFile, Finding]]:
        """All of them, by id."""
        return (
            (self.files[number], finding) for number in sorted(self.files) for finding in self.files[number].findings
        )

    @property
    def refetch(self) -> set[int]:
        """The articles with a finding that asks for another capture."""
        return {number for number, file in self.files.items() if file.refetch}

    def by_kind(self) -> dict[AuditKind, list[int]]:
        """The articles of each kind, in order; kinds of which there is none have an empty list."""
        found: dict[AuditKind, list[int]] = {kind: [] for kind in AuditKind}
        for file, finding in self.findings:
            found[AuditKind(finding.kind)].append(file.article)
        return found

    def describe(self) -> Iterator[str]:
        """Lines for the terminal."""
        refetch = len(self.refetch)
        yield f"{self.seen:,} files: {len(self.files) - refetch:,} articles sound, {refetch:,} to refetch"
        found = self.by_kind()
        width = max(map(len, AuditKind))
        for group, heading in _HEADINGS.items():
            kinds = [kind for kind in AuditKind if kind.class_ is group and found[kind]]
            yield ""
            yield f"{heading}:{'' if kinds else ' nothing'}"
            for kind in kinds:
                ids = found[kind]
                yield f"{len(ids):>7,}  {kind:<{width}}  {kind.meaning}: {first_few(ids, _EXAMPLES)}"
        for named, what in ((self.others, "more files of the same article"), (self.unidentified, "files left out")):
            if named:
                yield ""
                yield f"{len(named):,} {what}"
                lines = [f"{printable(one.file)}: {one.why}" for one in named]
                yield from (f"         {line}" for line in first_lines(lines, _EXAMPLES, "files; --json has all"))

    def as_object(self) -> dict[str, Any]:
        """The same as one JSON object, complete."""
        found = self.by_kind()
        refetch = self.refetch
        classes = {group: [found[kind] for kind in AuditKind if kind.class_ is group] for group in _HEADINGS}
        return {
            "directory": printable(str(self.folder)),
            "files": self.seen,
            "articles": len(self.files),
            "sound": len(self.files) - len(refetch),
            "kinds": {
                kind.value: {"class": kind.class_.value, "count": len(ids), "ids": ids} for kind, ids in found.items()
            },
            "refetch": sorted(refetch),
            "classes": {
                group.value: {"findings": sum(map(len, ids)), "articles": len(set(chain.from_iterable(ids)))}
                for group, ids in classes.items()
            },
            "others": [{"file": printable(one.file), "why": one.why} for one in self.others],
            "unidentified": [{"file": printable(one.file), "why": one.why} for one in self.unidentified],
        }

    def write_csv(self, out: BinaryIO) -> None:
        """One row a finding, for spreadsheets, which take some first characters for those of a formula. Raises
        OSError."""
        text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
        rows = csv.writer(text)
        rows.writerow(("id", "file", "kind", "class", "detail"))
        for file, finding in self.findings:
            cells = (printable(file.file), finding.kind, finding.kind.class_, finding.detail)
            rows.writerow((file.article, *(f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells)))
        text.detach()


@dataclass(frozen=True, slots=True)
class Examined:
    """A file judged by itself. `fingerprint`: see there; empty also for what is no article anyway."""

    article: int | None
    findings: tuple[Finding, ...]
    fingerprint: bytes = b""


def examine(text: str, article: int | None) -> Examined:
    """Judge the text of a file; `article` is the id that its name gives, if it does."""
    file = parse_article_file(text, article)
    if (junk := not_an_article(file)) is not None:
        return Examined(file.article, (junk,))
    found: list[Finding] = []
    if not file.has_head:
        found.append(Finding(AuditKind.NO_FRONT_MATTER))
    elif file.mended:
        found.append(Finding(AuditKind.INVALID_YAML, file.mended))
    for kind, test in (*(OF_FIELDS if file.has_head else ()), *OF_TEXT):
        if why := test(file):
            found.append(Finding(kind, why))
    return Examined(file.article, tuple(found), fingerprint(file.title, file.body))


def judge_text(text: str, article: int | None) -> tuple[Finding, ...]:
    """The findings of one text, without those that only a whole tree can show."""
    return examine(text, article).findings


def examine_file(folder: Path, file: FoundFile) -> Examined:
    """Judge a file of a tree; what cannot be read is a finding."""
    if file.why:
        return _unreadable(file, file.why)
    try:
        return examine(read_text(folder / file.file), file.article)
    except UnreadableFile as error:
        return _unreadable(file, str(error))


def _unreadable(file: FoundFile, why: str) -> Examined:
    return Examined(file.article, (Finding(AuditKind.UNREADABLE, why),))


def examined(folder: Path, files: Iterable[FoundFile], workers: int) -> Iterator[tuple[FoundFile, Examined]]:
    """Each file with what it came to, in their order; in this process with fewer than two workers."""
    return run_jobs(
        batched(files, CHUNK),
        partial(examine_file, folder),
        _unreadable,
        workers,
        chunk_seconds=CHUNK_SECONDS,
        job_seconds=FILE_SECONDS,
    )


def audit_tree(folder: Path, workers: int, tell: Callable[[int, int], None] = lambda done, of: None) -> Audit:
    """Audit every `.md` file below `folder`, in at most so many processes (a small tree: in this one). `tell` is called
    now and then with the number of files done and of all. Raises OSError when the folder itself cannot be listed."""
    next(folder.iterdir(), None)
    files = find_files(folder)
    unidentified: list[FoundFile] = []
    by_article: dict[int, list[tuple[str, Examined]]] = defaultdict(list)
    sharing: dict[bytes, set[int]] = defaultdict(set)
    for done, (file, result) in enumerate(examined(folder, files, min(workers, 1 + len(files) // ENOUGH_FOR_ONE)), 1):
        if result.article is None:
            unread = (finding.detail for finding in result.findings if finding.kind is AuditKind.UNREADABLE)
            why = next(unread, "neither its name nor an address in it tells an article's id")
            unidentified.append(FoundFile(file.file, why))
        else:
            by_article[result.article].append((file.file, result))
            if result.fingerprint:
                sharing[result.fingerprint].add(result.article)
        if done % _PROGRESS_FILES == 0:
            tell(done, len(files))
    groups = {text: sorted(articles) for text, articles in sharing.items()}
    best: dict[int, AuditedFile] = {}
    others: list[FoundFile] = []
    for number in sorted(by_article):
        best[number], *rest = sorted((_audited(number, *pair, groups) for pair in by_article[number]), key=_rank)
        others += [FoundFile(file.file, f"{best[number].file} is of the same article, {number}") for file in rest]
    return Audit(folder, best, tuple(others), tuple(sorted(unidentified, key=lambda one: one.file)))


def _audited(number: int, file: str, result: Examined, groups: Mapping[bytes, list[int]]) -> AuditedFile:
    """`groups`: the articles with each text, in order. Of others with the same text no more are looked at than are
    named."""
    others = [other for other in groups.get(result.fingerprint, ())[: EXAMPLES + 2] if other != number]
    if not others:
        return AuditedFile(number, file, result.findings)
    kinds = {finding.kind for finding in result.findings}
    is_junk = kinds >= _NOT_AN_ARTICLE or AuditKind.NO_FRONT_MATTER in kinds
    shared = Finding(AuditKind.SHARED_TEXT if is_junk else AuditKind.PUBLISHED_AGAIN, f"also {first_few(others)}")
    return AuditedFile(number, file, (shared, *result.findings) if is_junk else (*result.findings, shared))


def _rank(file: AuditedFile) -> tuple[tuple[int, int], int, str]:
    return badness(file.findings), file.file.count("/"), file.file


def audit_folder(folder: Path, workers: int, seconds: float) -> Audit:
    """Audit a directory. Raises CommandError when there is nothing to audit."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is {'a file, not' if folder.exists() else 'not'} a directory")
    try:
        audit = audit_tree(folder, workers, progress_line("audited", "files", seconds))
    except OSError as error:
        raise UsageError(f"{folder} cannot be read: {error.strerror or error}") from error
    if not audit.files:
        what = "names that end in .md, and an id in the name or in original_url"
        raise UsageError(f"there are no files of articles in {folder}: {what}")
    return audit
