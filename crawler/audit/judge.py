"""One file judged: every kind of finding with the function that finds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from crawler.audit import bodies, fields
from crawler.audit.backupfile import BackupFile, UnreadableError, id_of_name, read_text, take_apart
from crawler.audit.junk import not_an_article
from crawler.audit.kinds import Finding, Kind
from crawler.audit.visible import likeness

Test = Callable[[BackupFile], str]
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
    file = take_apart(text, article)
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
    return Examined(file.article, tuple(found), likeness(file.title, file.body))


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
