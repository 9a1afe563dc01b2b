"""What can be wrong with a file or a tree of files: each kind with its class, its meaning and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from crawler.hkcnews.text import one_line

LONGEST_DETAIL = 120


class Class(StrEnum):
    """What a finding asks for. REFETCH: another capture; COSMETIC: nothing that needs a request; INFORMATION is no
    defect at all; DAMAGE: what the advice of its kind says."""

    REFETCH = "refetch"
    COSMETIC = "cosmetic"
    INFORMATION = "information"
    DAMAGE = "damage"


REFETCH, COSMETIC, INFORMATION, DAMAGE = Class


class Kind(StrEnum):
    """The name of a kind, as programs read it; in the order in which they are shown."""

    class_: Class
    meaning: str
    advice: str

    def __new__(cls, name: str, class_: Class = DAMAGE, meaning: str = "", advice: str = "") -> Self:
        kind = str.__new__(cls, name)
        kind._value_ = name
        kind.class_, kind.meaning, kind.advice = class_, meaning, advice
        return kind


_SHARED = "the same text as that of other articles, and neither date nor category: not an article"
_TWICE = "published more than once: an article with the same text as that of other ids"


class AuditKind(Kind):
    """Of a file of an article, whoever wrote it."""

    FAREWELL = "farewell", REFETCH, "the site's farewell page"
    OUTAGE_PAGE = "outage_page", REFETCH, "an outage page of the archive"
    ARCHIVE_PAGE = "archive_page", REFETCH, "another page of the archive's own: excluded, not archived, not permitted"
    NOT_FOUND = "not_found", REFETCH, "the site's not-found page"
    ERROR_PAGE = "error_page", REFETCH, "an error page or a robot check"
    BLANK = "blank", REFETCH, "no text, picture or video, but perhaps the subscription note"
    SHARED_TEXT = "shared_text", REFETCH, _SHARED
    UNREADABLE = "unreadable", REFETCH, "a file that cannot be read, or is not UTF-8"
    NO_FRONT_MATTER = "no_front_matter", REFETCH, "no front matter, or none that can be read"
    NO_TITLE = "no_title", REFETCH, "no title"
    NO_DATE = "no_date", REFETCH, "no date"
    IMPOSSIBLE_DATE = "impossible_date", REFETCH, "not a date, or none at which the site published"
    NO_CATEGORY = "no_category", REFETCH, "no category"
    NO_ADDRESS = "no_address", REFETCH, "no `url` or no `original_url`"
    OTHER_ARTICLE = "other_article", REFETCH, "an address that names another article than the file"
    FOREIGN_ADDRESS = "foreign_address", REFETCH, "an `original_url` that is not an article's address"
    MOJIBAKE = "mojibake", REFETCH, "text that was read in a wrong character set"
    LOST_EMAIL = "lost_email", REFETCH, "an e-mail address lost to Cloudflare's protection"
    REPLACED_CHARACTERS = "replaced_characters", REFETCH, "replacement characters (U+FFFD) in place of text"
    CUT_OFF = "cut_off", REFETCH, "a body that ends inside a figure, table, video or link"
    RELATIVE_LINKS = "relative_links", COSMETIC, "links that work only inside the archive (`/web/…`)"
    UNDECODED_EMAIL = "undecoded_email", COSMETIC, "a protected e-mail address that can be decoded from the file"
    INJECTED_SPACES = "injected_spaces", COSMETIC, "spaces around links or emphasis in Chinese text"
    STRAY_ASTERISKS = "stray_asterisks", COSMETIC, "`****` from emphasis that is empty or adjacent"
    CONTROL_CHARACTERS = "control_characters", COSMETIC, "raw control characters"
    INVALID_YAML = "invalid_yaml", COSMETIC, "front matter that a strict reader refuses, and that could be mended"
    MOJIBAKE_ADDRESS = "mojibake_address", COSMETIC, "an address with `%EF%BF%BD`, as the archive has it"
    PUBLISHED_AGAIN = "published_again", INFORMATION, _TWICE


_FROM_STORE = "`citizen-news extract --ids ID` writes it anew from the store"
_AT_ONCE = f"{_FROM_STORE}, and so does the next `citizen-news crawl`"
_AND_CHANGES = f"{_FROM_STORE}; what was changed by hand is lost then"
_AND_LEDGER = f"{_FROM_STORE}, and puts the ledger right"
_IMAGES = "the next `citizen-news crawl -s IMAGES=1` writes it anew from the store"
_IMAGE_AGAIN = f"delete the file, then {_IMAGES}"
_AGAIN = "`citizen-news crawl --again ID` fetches it again"
_LEDGER = "restore ledger.sqlite, or the file, from a copy"
_STORE = "restore the file, or ledger.sqlite, from a copy"
_FINISH = "the next `citizen-news crawl` or `citizen-news extract` finishes it"
_MOVE = "move it elsewhere if it is yours, else delete it"
_LINK = "put the file itself in its place, or delete the link"
_MEND = "mend its permissions or the disk, then run `citizen-news verify` again"
_RENEW = "restore it, or delete it and run `citizen-news verify --manifest`"
_MEANT = "restore it, or, if the change was meant, run `citizen-news verify --manifest`"
_BELONG = "run `citizen-news verify --manifest` if they belong there"


class VerifyKind(Kind):
    """Of a recovered tree or a bag."""

    FILE_MISSING = "file_missing", DAMAGE, "recovered articles without their file", _AT_ONCE
    FILE_CHANGED = "file_changed", DAMAGE, "files that are not as they were written", _AND_CHANGES
    FRONT_MATTER = "front_matter", DAMAGE, "files whose front matter cannot be loaded", _FROM_STORE
    OTHER_CAPTURE_NAMED = "other_capture_named", DAMAGE, "files that name another capture than the ledger", _AND_LEDGER
    IMAGE_MISSING = "image_missing", DAMAGE, "images without their file", _IMAGES
    IMAGE_CHANGED = "image_changed", DAMAGE, "images that are not as they were written", _IMAGE_AGAIN
    CAPTURE_MISSING = "capture_missing", DAMAGE, "captures that are not where the ledger says", _AGAIN
    OTHER_CAPTURE_STORED = "other_capture_stored", DAMAGE, "captures in whose place another one is", _LEDGER
    DIGEST = "digest", DAMAGE, "captures that do not match the digest that they matched", _STORE
    STORE_DAMAGED = "store_damaged", DAMAGE, "damaged places in the store", f"restore the file from a copy, or {_AGAIN}"
    WARC_MISSING = "warc_missing", DAMAGE, "files of the store that are gone", f"restore it from a copy, or {_AGAIN}"
    UNFINISHED = "unfinished", DAMAGE, "files of the store that a killed run left open", _FINISH
    UNKNOWN_FILE = "unknown_file", DAMAGE, "files below articles/ and images/ that the ledger does not know", _MOVE
    LEFTOVER = "leftover", DAMAGE, "leftovers of writing that was broken off", "delete it"
    LINK = "link", DAMAGE, "symbolic links, which are not followed", _LINK
    UNREADABLE = "unreadable", DAMAGE, "files that could not be read", _MEND
    MANIFEST = "manifest", DAMAGE, "faults of the manifest itself", _RENEW
    MANIFEST_MISSING = "manifest_missing", DAMAGE, "files of the manifest that are gone", _MEANT
    MANIFEST_CHANGED = "manifest_changed", DAMAGE, "files that are not as the manifest has them", _MEANT
    MANIFEST_ADDED = "manifest_added", DAMAGE, "files that the manifest does not have", _BELONG


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, with what that rests on in a few words. `file` and `article` stay empty where whoever
    holds the finding knows them, and where it is of none; `articles`: those that something larger concerns."""

    kind: Kind
    detail: str = ""
    file: str = ""
    article: int = 0
    articles: tuple[int, ...] = ()

    @property
    def advice(self) -> str:
        """What to do."""
        concerned = ",".join(map(str, self.articles)) or str(self.article or "ID")
        return self.kind.advice.replace(" ID`", f" {concerned}`" if len(self.articles) <= 20 else " ID,…`")


@dataclass(slots=True)
class CheckResult:
    """What came of something that was read. `counts`: captures by what came of comparing them, and others by name;
    `hashes`: SHA-256 by path, of files that were asked for."""

    findings: list[Finding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    hashes: dict[str, str] = field(default_factory=dict)

    def add(self, other: CheckResult) -> None:
        self.findings += other.findings
        self.counts += other.counts
        self.hashes |= other.hashes


def badness(findings: Iterable[Finding]) -> tuple[int, int]:
    """How many defects of each class, refetch first: of two files of an article the one with less is better."""
    classes = [finding.kind.class_ for finding in findings]
    return classes.count(REFETCH), classes.count(COSMETIC)


def quoted(value: str) -> str:
    """A piece of a file as it may stand in a detail: one line, short, without control characters."""
    line = one_line(value)
    return f"“{line}”" if len(line) <= LONGEST_DETAIL else f"“{line[:LONGEST_DETAIL]}…”"


def printable(name: str) -> str:
    """A file's name as it may stand on a terminal: no control characters, and bytes that are no UTF-8 as escapes."""
    plain = name.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in plain)
