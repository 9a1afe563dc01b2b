"""A tree of articles' files audited: each file by itself, then what only many together show."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import TimeoutError as TookTooLong
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pebble import ProcessExpired, ProcessPool

from crawler.preserve import audit_fields as fields
from crawler.preserve import audit_text as bodies
from crawler.preserve.article_file import ArticleFile, UnreadableError, id_of_name, parse_article_file, read_text
from crawler.preserve.audit_fields import fingerprint, not_an_article
from crawler.preserve.audit_findings import Audit, AuditedFile, Finding, Kind, UnjudgedFile, badness
from crawler.utils.exit_status import UsageError
from crawler.utils.text import EXAMPLES, first_few
from crawler.utils.workers import batched, process_pool, results_in_order

Test = Callable[[ArticleFile], str]
"""Gives what a finding rests on, in words; empty when there is none."""

OF_FIELDS: tuple[tuple[Kind, Test], ...] = (
    (Kind.NO_TITLE, fields.no_title),
    (Kind.NO_DATE, fields.no_date),
    (Kind.IMPOSSIBLE_DATE, fields.impossible_date),
    (Kind.NO_CATEGORY, fields.no_category),
    (Kind.NO_ADDRESS, fields.no_address),
    (Kind.OTHER_ARTICLE, fields.other_article),
    (Kind.FOREIGN_ADDRESS, fields.foreign_address),
    (Kind.MOJIBAKE_ADDRESS, fields.mojibake_address),
)
OF_TEXT: tuple[tuple[Kind, Test], ...] = (
    (Kind.MOJIBAKE, fields.mojibake),
    (Kind.LOST_EMAIL, bodies.lost_email),
    (Kind.REPLACED_CHARACTERS, bodies.replaced_characters),
    (Kind.CUT_OFF, bodies.cut_off),
    (Kind.RELATIVE_LINKS, bodies.relative_links),
    (Kind.UNDECODED_EMAIL, bodies.undecoded_email),
    (Kind.INJECTED_SPACES, bodies.injected_spaces),
    (Kind.STRAY_ASTERISKS, bodies.stray_asterisks),
    (Kind.CONTROL_CHARACTERS, bodies.control_characters),
)


@dataclass(frozen=True, slots=True)
class Examined:
    """A file judged by itself. `likeness`: see there; empty also for what is no article anyway."""

    article: int | None
    findings: tuple[Finding, ...]
    likeness: bytes = b""


def examine(text: str, article: int | None) -> Examined:
    """Judge the text of a file; `article` is the id that its name gives, if it does."""
    file = parse_article_file(text, article)
    if (junk := not_an_article(file)) is not None:
        return Examined(file.article, (junk,))
    found: list[Finding] = []
    if not file.has_head:
        found.append(Finding(Kind.NO_FRONT_MATTER))
    elif file.mended:
        found.append(Finding(Kind.INVALID_YAML, file.mended))
    for kind, test in (*(OF_FIELDS if file.has_head else ()), *OF_TEXT):
        if why := test(file):
            found.append(Finding(kind, why))
    return Examined(file.article, tuple(found), fingerprint(file.title, file.body))


def examine_file(path: Path) -> Examined:
    """Judge a file; what cannot be read is a finding."""
    article = id_of_name(path.name)
    try:
        text = read_text(path)
    except UnreadableError as error:
        return Examined(article, (Finding(Kind.UNREADABLE, str(error)),))
    return examine(text, article)


def judge_text(text: str, article: int | None) -> list[Finding]:
    """The findings of one text, without those that only a whole tree can show."""
    return list(examine(text, article).findings)


def audit_file(path: Path) -> list[Finding]:
    """The same for a file, whose name gives the id if it is `article_<id>.md`."""
    return list(examine_file(path).findings)


CHUNK = 200
"""Files a worker is given at once: a tenth of a second's work."""
CHUNK_SECONDS = 60.0
FILE_SECONDS = 20.0
"""Far more than any file takes: what is still not done then is a file made to stop its reader, and costs itself
only."""


def examined(folder: Path, files: Iterable[str], workers: int) -> Iterator[tuple[str, Examined]]:
    """Each file with what it came to, in their order; in this process with fewer than two workers."""
    if workers < 2:
        for file in files:
            yield file, examine_file(folder / file)
        return
    with process_pool(workers) as pool:

        def schedule(chunk: list[str]) -> Any:
            return pool.schedule(_examine, args=[str(folder), chunk], timeout=CHUNK_SECONDS)

        for chunk, future in results_in_order(batched(files, CHUNK), schedule, workers):
            yield from _result(pool, folder, chunk, future)


def _result(pool: ProcessPool, folder: Path, chunk: list[str], future: Any) -> Iterator[tuple[str, Examined]]:
    try:
        found: list[Examined] = future.result()
    except (TookTooLong, ProcessExpired, MemoryError) as error:
        if len(chunk) == 1:
            why = "took too long to read" if isinstance(error, TookTooLong) else "stopped the process that read it"
            found = [Examined(id_of_name(Path(chunk[0]).name), (Finding(Kind.UNREADABLE, why),))]
        else:
            for file in chunk:
                yield from _result(
                    pool, folder, [file], pool.schedule(_examine, args=[str(folder), [file]], timeout=FILE_SECONDS)
                )
            return
    yield from zip(chunk, found, strict=True)


def _examine(folder: str, chunk: list[str]) -> list[Examined]:
    place = Path(folder)
    return [examine_file(place / file) for file in chunk]


SUFFIX = ".md"


@dataclass(frozen=True, slots=True)
class Entry:
    """A name that ends in `.md`, below the tree's root; `why` says what keeps it from being read, if something does."""

    file: str
    why: str = ""


def entries(folder: Path) -> Iterator[Entry]:
    """All of them, in the order of their paths; links to folders are not followed, hidden folders not entered. A folder
    that cannot be listed is named as well."""
    root = folder.resolve()
    unlisted: list[OSError] = []
    for place, folders, names in os.walk(root, onerror=unlisted.append):
        here = Path(place)
        for name in sorted(folders):
            linked = _leads_out(here / name, root)
            if linked or name.lower().endswith(SUFFIX):
                yield Entry(_relative(here / name, root), linked or "a directory")
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.lower().endswith(SUFFIX):
                yield _entry(here / name, root)
    for error in unlisted:
        yield Entry(_relative(Path(str(error.filename)), root), error.strerror or "cannot be listed")


def _entry(path: Path, root: Path) -> Entry:
    file = _relative(path, root)
    if why := _leads_out(path, root):
        return Entry(file, why)
    try:
        regular = stat.S_ISREG(path.stat().st_mode)
    except OSError as error:
        return Entry(file, error.strerror or "cannot be read")
    return Entry(file, "" if regular else "not a file")


def _leads_out(path: Path, root: Path) -> str:
    try:
        return (
            "a symbolic link that leads out of the directory"
            if path.is_symlink() and not path.resolve().is_relative_to(root)
            else ""
        )
    except (OSError, RuntimeError):  # links in a circle
        return "a symbolic link that leads nowhere"


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


_NOT_AN_ARTICLE = {Kind.NO_DATE, Kind.NO_CATEGORY}
"""What a shared text lacks that is no article's. The site published articles more than once, each with an id, a date
and a category."""
_TOLD = 1000
ENOUGH_FOR_ONE = 500
"""Files; to begin more processes takes longer than to judge so few in this one."""


def audit_tree(folder: Path, workers: int, tell: Callable[[int], None] = lambda done: None) -> Audit:
    """Audit every `.md` file below `folder`, in at most so many processes (a small tree: in this one). `tell` is called
    now and then with the number of files done. Raises OSError when the folder itself cannot be listed."""
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
    unidentified: list[UnjudgedFile] = []
    by_article: dict[int, list[tuple[str, Examined]]] = defaultdict(list)
    sharing: dict[bytes, set[int]] = defaultdict(set)
    for file, result in judged:
        if result.article is None:
            unread = (finding.detail for finding in result.findings if finding.kind is Kind.UNREADABLE)
            unidentified.append(
                UnjudgedFile(file, next(unread, "neither its name nor an address in it tells an article's id"))
            )
            continue
        by_article[result.article].append((file, result))
        if result.likeness:
            sharing[result.likeness].add(result.article)
    groups = {likeness: sorted(articles) for likeness, articles in sharing.items()}
    files: dict[int, AuditedFile] = {}
    others: list[UnjudgedFile] = []
    for number in sorted(by_article):
        best, *rest = sorted((_audited(number, *pair, groups) for pair in by_article[number]), key=_rank)
        files[number] = best
        others += [UnjudgedFile(file.file, f"{best.file} is of the same article, {number}") for file in rest]
    return Audit(folder, files, tuple(others), tuple(sorted(unidentified, key=lambda named: named.file)))


def _audited(number: int, file: str, result: Examined, groups: Mapping[bytes, list[int]]) -> AuditedFile:
    """`groups`: the articles with each text, in order. Of others with the same text no more are looked at than are
    named."""
    others = [other for other in groups.get(result.likeness, ())[: EXAMPLES + 2] if other != number]
    if not others:
        return AuditedFile(number, file, result.findings)
    kinds = {finding.kind for finding in result.findings}
    is_junk = kinds >= _NOT_AN_ARTICLE or Kind.NO_FRONT_MATTER in kinds
    shared = Finding(Kind.SHARED_TEXT if is_junk else Kind.PUBLISHED_AGAIN, f"also {first_few(others)}")
    return AuditedFile(number, file, (shared, *result.findings) if is_junk else (*result.findings, shared))


def _rank(file: AuditedFile) -> tuple[tuple[int, int], int, str]:
    return badness(file.findings), file.file.count("/"), file.file


def audit_folder(folder: Path, workers: int, seconds: float) -> Audit:
    """Audit a directory. Raises CommandError when there is nothing to audit."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is {'a file, not' if folder.exists() else 'not'} a directory")
    try:
        audit = audit_tree(folder, workers, _teller(seconds))
    except OSError as error:
        raise UsageError(f"{folder} cannot be read: {error.strerror or error}") from error
    if not audit.files:
        raise UsageError(
            f"there are no files of articles in {folder}: names that end in .md, and an id in the name or in"
            " original_url"
        )
    return audit


def _teller(seconds: float) -> Callable[[int], None]:
    """Tells on standard error how far it is, every so many seconds; 0 for never."""
    last = time.monotonic()

    def tell(done: int) -> None:
        nonlocal last
        if seconds and time.monotonic() - last >= seconds:
            last = time.monotonic()
            print(f"audited {done:,} files", file=sys.stderr)

    return tell
