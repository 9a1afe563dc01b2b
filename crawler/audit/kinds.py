"""What can be wrong with a file of an article: every kind of finding, its class, and what it means in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from crawler.hkcnews.text import one_line

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

MEANING = {
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
