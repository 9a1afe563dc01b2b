"""What can be wrong with a file of an article, in words, and an audit for people and programs."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from crawler.hkcnews.text import one_line
from crawler.utils.text import first_few

LONGEST_DETAIL = 120


class Class(StrEnum):
    """What a finding asks for: another capture, or nothing that needs a request. INFORMATION is no defect at all."""

    REFETCH = "refetch"
    COSMETIC = "cosmetic"
    INFORMATION = "information"


class Kind(StrEnum):
    """All kinds, in the order in which they are shown."""

    FAREWELL = "farewell"
    OUTAGE_PAGE = "outage_page"
    ARCHIVE_PAGE = "archive_page"
    NOT_FOUND = "not_found"
    ERROR_PAGE = "error_page"
    BLANK = "blank"
    SHARED_TEXT = "shared_text"
    UNREADABLE = "unreadable"
    NO_FRONT_MATTER = "no_front_matter"
    NO_TITLE = "no_title"
    NO_DATE = "no_date"
    IMPOSSIBLE_DATE = "impossible_date"
    NO_CATEGORY = "no_category"
    NO_ADDRESS = "no_address"
    OTHER_ARTICLE = "other_article"
    FOREIGN_ADDRESS = "foreign_address"
    MOJIBAKE = "mojibake"
    LOST_EMAIL = "lost_email"
    REPLACED_CHARACTERS = "replaced_characters"
    CUT_OFF = "cut_off"
    RELATIVE_LINKS = "relative_links"
    UNDECODED_EMAIL = "undecoded_email"
    INJECTED_SPACES = "injected_spaces"
    STRAY_ASTERISKS = "stray_asterisks"
    CONTROL_CHARACTERS = "control_characters"
    INVALID_YAML = "invalid_yaml"
    MOJIBAKE_ADDRESS = "mojibake_address"
    PUBLISHED_AGAIN = "published_again"


COSMETIC = frozenset(
    {
        Kind.RELATIVE_LINKS,
        Kind.UNDECODED_EMAIL,
        Kind.INJECTED_SPACES,
        Kind.STRAY_ASTERISKS,
        Kind.CONTROL_CHARACTERS,
        Kind.INVALID_YAML,
        Kind.MOJIBAKE_ADDRESS,
    }
)
INFORMATION = frozenset({Kind.PUBLISHED_AGAIN})

KIND_MEANING = {
    Kind.FAREWELL: "the site's farewell page",
    Kind.OUTAGE_PAGE: "an outage page of the archive",
    Kind.ARCHIVE_PAGE: "another page of the archive's own: excluded, not archived, not permitted",
    Kind.NOT_FOUND: "the site's not-found page",
    Kind.ERROR_PAGE: "an error page or a robot check",
    Kind.BLANK: "no text, picture or video, but perhaps the subscription note",
    Kind.SHARED_TEXT: "the same text as that of other articles, and neither date nor category: not an article",
    Kind.UNREADABLE: "a file that cannot be read, or is not UTF-8",
    Kind.NO_FRONT_MATTER: "no front matter, or none that can be read",
    Kind.NO_TITLE: "no title",
    Kind.NO_DATE: "no date",
    Kind.IMPOSSIBLE_DATE: "not a date, or none at which the site published",
    Kind.NO_CATEGORY: "no category",
    Kind.NO_ADDRESS: "no `url` or no `original_url`",
    Kind.OTHER_ARTICLE: "an address that names another article than the file",
    Kind.FOREIGN_ADDRESS: "an `original_url` that is not an article's address",
    Kind.MOJIBAKE: "text that was read in a wrong character set",
    Kind.LOST_EMAIL: "an e-mail address lost to Cloudflare's protection",
    Kind.REPLACED_CHARACTERS: "replacement characters (U+FFFD) in place of text",
    Kind.CUT_OFF: "a body that ends inside a figure, table, video or link",
    Kind.RELATIVE_LINKS: "links that work only inside the archive (`/web/…`)",
    Kind.UNDECODED_EMAIL: "a protected e-mail address that can be decoded from the file",
    Kind.INJECTED_SPACES: "spaces around links or emphasis in Chinese text",
    Kind.STRAY_ASTERISKS: "`****` from emphasis that is empty or adjacent",
    Kind.CONTROL_CHARACTERS: "raw control characters",
    Kind.INVALID_YAML: "front matter that a strict reader refuses, and that could be mended",
    Kind.MOJIBAKE_ADDRESS: "an address with `%EF%BF%BD`, as the archive has it",
    Kind.PUBLISHED_AGAIN: "published more than once: an article with the same text as that of other ids",
}
"""Each kind in words, for people."""


def class_of(kind: Kind) -> Class:
    return Class.COSMETIC if kind in COSMETIC else Class.INFORMATION if kind in INFORMATION else Class.REFETCH


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind that a file was found to be of, with what it rests on in a few words."""

    kind: Kind
    detail: str = ""

    @property
    def refetch(self) -> bool:
        return class_of(self.kind) is Class.REFETCH


def badness(findings: Iterable[Finding]) -> tuple[int, int]:
    """How many defects of each class, refetch first: of two files of an article the one with less is better."""
    counts = Counter(class_of(finding.kind) for finding in findings)
    return counts[Class.REFETCH], counts[Class.COSMETIC]


def quoted(value: str) -> str:
    """A piece of a file as it may stand in a detail: one line, short, without control characters."""
    line = one_line(value)
    return f"“{line}”" if len(line) <= LONGEST_DETAIL else f"“{line[:LONGEST_DETAIL]}…”"


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
class UnjudgedFile:
    """A file that was not judged as an article's, and why."""

    file: str
    why: str


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found in `folder`. `files`: the best file of each article, by id; `others`: further files of articles
    that have a better one (or the same); `unidentified`: files that tell no article's id, and folders that could not be
    listed."""

    folder: Path
    files: dict[int, AuditedFile] = field(default_factory=dict)
    others: tuple[UnjudgedFile, ...] = ()
    unidentified: tuple[UnjudgedFile, ...] = ()

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

    def by_kind(self) -> dict[Kind, list[int]]:
        """The articles of each kind, in order; kinds of which there is none have an empty list."""
        found: dict[Kind, list[int]] = {kind: [] for kind in Kind}
        for file, finding in self.findings:
            found[finding.kind].append(file.article)
        return found


EXAMPLES = 6
_HEADINGS = {
    Class.REFETCH: "To refetch",
    Class.COSMETIC: "Cosmetic, no reason for a request",
    Class.INFORMATION: "For information, no defect and no reason for a request",
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def describe(audit: Audit) -> Iterator[str]:
    """Lines for the terminal."""
    refetch = len(audit.refetch)
    yield f"{audit.seen:,} files: {len(audit.files) - refetch:,} articles sound, {refetch:,} to refetch"
    found = audit.by_kind()
    width = max(map(len, Kind))
    for group, heading in _HEADINGS.items():
        kinds = [kind for kind in Kind if class_of(kind) is group and found[kind]]
        yield ""
        yield f"{heading}:{'' if kinds else ' nothing'}"
        for kind in kinds:
            yield f"{len(found[kind]):>7,}  {kind:<{width}}  {KIND_MEANING[kind]}: {first_few(found[kind], EXAMPLES)}"
    for named, what in ((audit.others, "more files of the same article"), (audit.unidentified, "files left out")):
        if named:
            yield ""
            yield f"{len(named):,} {what}"
            yield from (f"         {printable(one.file)}: {one.why}" for one in named[:EXAMPLES])
            if len(named) > EXAMPLES:
                yield "         …"


def as_object(audit: Audit) -> dict[str, Any]:
    """The same as one JSON object, complete."""
    found = audit.by_kind()
    refetch = audit.refetch
    classes = {group: [found[kind] for kind in Kind if class_of(kind) is group] for group in Class}
    return {
        "directory": printable(str(audit.folder)),
        "files": audit.seen,
        "articles": len(audit.files),
        "sound": len(audit.files) - len(refetch),
        "kinds": {
            kind.value: {"class": class_of(kind).value, "count": len(found[kind]), "ids": found[kind]} for kind in Kind
        },
        "refetch": sorted(refetch),
        "classes": {
            group.value: {"findings": sum(map(len, ids)), "articles": len(set(chain.from_iterable(ids)))}
            for group, ids in classes.items()
        },
        "others": _listed(audit.others),
        "unidentified": _listed(audit.unidentified),
    }


def write_csv(audit: Audit, out: BinaryIO) -> None:
    """One row a finding; raises OSError."""
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    rows = csv.writer(text)
    rows.writerow(("id", "file", "kind", "class", "detail"))
    for file, finding in audit.findings:
        rows.writerow(
            (file.article, *map(_cell, (printable(file.file), finding.kind, class_of(finding.kind), finding.detail)))
        )
    text.detach()


def printable(name: str) -> str:
    """A file's name as it may stand on a terminal: no control characters, and bytes that are no UTF-8 as escapes."""
    plain = name.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in plain)


def _cell(value: str) -> str:
    """Spreadsheets take some first characters for those of a formula."""
    return f"'{value}" if value.startswith(_FORMULA) else value


def _listed(named: Sequence[UnjudgedFile]) -> list[dict[str, str]]:
    return [{"file": printable(one.file), "why": one.why} for one in named]
