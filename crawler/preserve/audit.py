"""A tree of articles' files audited: each file by itself, then what only many together show."""

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from crawler.preserve.article_file import FoundFile, find_files, parse_article_file, read_text
from crawler.preserve.defects import OF_FIELDS, OF_TEXT, fingerprint, not_an_article
from crawler.preserve.files import UnreadableFile
from crawler.preserve.findings import AuditKind, Class, Finding, badness, printable
from crawler.utils.exit_status import UsageError
from crawler.utils.text import EXAMPLES, counted, first_few, first_lines, progress_line
from crawler.utils.workers import batched, run_jobs

CHUNK = 200
"""Files a worker is given at once: a tenth of a second's work."""
CHUNK_SECONDS = 60.0
FILE_SECONDS = 20.0
"""Far more than any file takes: what is still not done then is a file made to stop its reader, and costs itself
only."""
ENOUGH_FOR_ONE = 500
"""Files; to begin more processes takes longer than to judge so few in this one."""
_EXAMPLES = 6
_NOT_AN_ARTICLE = {AuditKind.NO_DATE, AuditKind.NO_CATEGORY}
"""What a shared text lacks that is no article's. The site published articles more than once, each with an id, a date
and a category."""
_HEADINGS = {
    Class.REFETCH: "To refetch",
    Class.COSMETIC: "Cosmetic, no reason for a request",
    Class.INFORMATION: "For information, no defect and no reason for a request",
}
_NO_ID = "neither its name nor an address in it tells an article's id"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class AuditedFile:
    """A file judged. `article`: 0 where neither its name nor an address in it tells one; `file`: its path below the
    audited folder; `fingerprint`: see there, empty also for what is no article anyway."""

    article: int
    file: str
    findings: tuple[Finding, ...] = ()
    fingerprint: bytes = b""


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found in `folder`. `files`: the best file of each article, lowest id first; `others`: further files of
    articles that have a better one (or the same); `unidentified`: files that tell no article's id, and folders that
    could not be listed."""

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
        return ((file, finding) for file in self.files.values() for finding in file.findings)

    @property
    def refetch(self) -> set[int]:
        """The articles with a finding that asks for another capture."""
        return {file.article for file, finding in self.findings if finding.kind.class_ is Class.REFETCH}

    def by_kind(self) -> dict[AuditKind, list[int]]:
        """The articles of each kind, in order; kinds of which there is none have an empty list."""
        found: dict[AuditKind, list[int]] = {kind: [] for kind in AuditKind}
        for file, finding in self.findings:
            found[AuditKind(finding.kind)].append(file.article)
        return found

    def describe(self) -> Iterator[str]:
        """Lines for the terminal."""
        refetch = len(self.refetch)
        sound = counted(len(self.files) - refetch, "article")
        yield f"{counted(self.seen, 'file')}: {sound} sound, {refetch:,} to refetch"
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


def examine(text: str, article: int | None, file: str = "") -> AuditedFile:
    """Judge the text of a file; `article` is the id that its name gives, if it does. Without what only a whole tree can
    show."""
    parsed = parse_article_file(text, article)
    number = parsed.article or 0
    if (junk := not_an_article(parsed)) is not None:
        return AuditedFile(number, file, (junk,))
    found: list[Finding] = []
    if not parsed.has_head:
        found.append(Finding(AuditKind.NO_FRONT_MATTER))
    elif parsed.mended:
        found.append(Finding(AuditKind.INVALID_YAML, parsed.mended))
    for kind, test in (*(OF_FIELDS if parsed.has_head else ()), *OF_TEXT):
        if why := test(parsed):
            found.append(Finding(kind, why if isinstance(why, str) else f"{why} of them"))
    return AuditedFile(number, file, tuple(found), fingerprint(parsed.title, parsed.body))


def examine_file(folder: Path, file: FoundFile) -> AuditedFile:
    """Judge a file of a tree; what cannot be read is a finding."""
    try:
        if file.why:
            raise UnreadableFile(file.why)
        return examine(read_text(folder / file.file), file.article, file.file)
    except UnreadableFile as error:
        return _unreadable(file, str(error))


def _unreadable(file: FoundFile, why: str) -> AuditedFile:
    return AuditedFile(file.article or 0, file.file, (Finding(AuditKind.UNREADABLE, why),))


def audit_tree(folder: Path, workers: int, tell: Callable[[int, int], None] = lambda done, of: None) -> Audit:
    """Audit every `.md` file below `folder`, in at most so many processes (a small tree: in this one). `tell` is given
    the number of files done and of all. Raises OSError when the folder itself cannot be listed."""
    next(folder.iterdir(), None)
    files = find_files(folder)
    jobs = run_jobs(
        batched(files, CHUNK),
        partial(examine_file, folder),
        _unreadable,
        min(workers, 1 + len(files) // ENOUGH_FOR_ONE),
        chunk_seconds=CHUNK_SECONDS,
        job_seconds=FILE_SECONDS,
    )
    unidentified: list[FoundFile] = []
    by_article: dict[int, list[AuditedFile]] = defaultdict(list)
    sharing: dict[bytes, set[int]] = defaultdict(set)
    for done, (_, file) in enumerate(jobs, 1):
        if file.article:
            by_article[file.article].append(file)
            sharing[file.fingerprint].add(file.article)
        else:
            unread = (finding.detail for finding in file.findings if finding.kind is AuditKind.UNREADABLE)
            unidentified.append(FoundFile(file.file, next(unread, _NO_ID)))
        tell(done, len(files))
    sharing.pop(b"", None)
    groups = {text: sorted(articles) for text, articles in sharing.items()}
    best: dict[int, AuditedFile] = {}
    others: list[FoundFile] = []
    for number in sorted(by_article):
        judged = [_with_shared(file, groups.get(file.fingerprint, [])) for file in by_article[number]]
        best[number], *rest = sorted(judged, key=lambda one: (badness(one.findings), one.file.count("/"), one.file))
        others += [FoundFile(file.file, f"{best[number].file} is of the same article, {number}") for file in rest]
    return Audit(folder, best, tuple(others), tuple(sorted(unidentified, key=lambda one: one.file)))


def _with_shared(file: AuditedFile, group: list[int]) -> AuditedFile:
    """`group`: the articles with the file's text, in order; no more of them are looked at than are named."""
    others = [other for other in group[: EXAMPLES + 2] if other != file.article]
    if not others:
        return file
    kinds = {finding.kind for finding in file.findings}
    if kinds >= _NOT_AN_ARTICLE or AuditKind.NO_FRONT_MATTER in kinds:
        return replace(file, findings=(Finding(AuditKind.SHARED_TEXT, f"also {first_few(others)}"), *file.findings))
    return replace(file, findings=(*file.findings, Finding(AuditKind.PUBLISHED_AGAIN, f"also {first_few(others)}")))


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
