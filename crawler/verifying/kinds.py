"""What can be wrong with a recovered tree, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What is wrong."""

    FILE_MISSING = "file_missing"
    FILE_CHANGED = "file_changed"
    FRONT_MATTER = "front_matter"
    OTHER_CAPTURE_NAMED = "other_capture_named"
    IMAGE_MISSING = "image_missing"
    IMAGE_CHANGED = "image_changed"
    CAPTURE_MISSING = "capture_missing"
    OTHER_CAPTURE_STORED = "other_capture_stored"
    DIGEST = "digest"
    STORE_DAMAGED = "store_damaged"
    WARC_MISSING = "warc_missing"
    UNFINISHED = "unfinished"
    UNKNOWN_FILE = "unknown_file"
    LEFTOVER = "leftover"
    LINK = "link"
    UNREADABLE = "unreadable"
    MANIFEST = "manifest"
    MANIFEST_MISSING = "manifest_missing"
    MANIFEST_CHANGED = "manifest_changed"
    MANIFEST_ADDED = "manifest_added"


_FROM_STORE = "`scrapy extract --changed` writes it anew from the store"
_IMAGES = "`scrapy crawl articles -s IMAGES=1` writes it anew from the store"
_AGAIN = "`scrapy crawl articles -a again=ID` fetches it again"
_MANIFEST = "restore it, or, if the change was meant, run `scrapy verify --manifest`"

KINDS: Mapping[Kind, tuple[str, str]] = {
    Kind.FILE_MISSING: ("recovered articles without their file", f"{_FROM_STORE}, and so does the next `scrapy crawl articles`"),
    Kind.FILE_CHANGED: ("files that are not as they were written", f"{_FROM_STORE}; what was changed by hand is lost then"),
    Kind.FRONT_MATTER: ("files whose front matter cannot be loaded", _FROM_STORE),
    Kind.OTHER_CAPTURE_NAMED: ("files that name another capture than the ledger", f"{_FROM_STORE}, and puts the ledger right"),
    Kind.IMAGE_MISSING: ("images without their file", _IMAGES),
    Kind.IMAGE_CHANGED: ("images that are not as they were written", f"delete the file, then {_IMAGES}"),
    Kind.CAPTURE_MISSING: ("captures that are not where the ledger says", _AGAIN),
    Kind.OTHER_CAPTURE_STORED: ("captures in whose place another one is", "restore ledger.sqlite, or the file, from a copy"),
    Kind.DIGEST: ("captures that do not match the digest that they matched", "restore the file, or ledger.sqlite, from a copy"),
    Kind.STORE_DAMAGED: ("damaged places in the store", f"restore the file from a copy, or {_AGAIN}"),
    Kind.WARC_MISSING: ("files of the store that are gone", f"restore it from a copy, or {_AGAIN}"),
    Kind.UNFINISHED: ("files of the store that a killed run left open", "the next `scrapy crawl articles` or `scrapy extract` finishes it"),
    Kind.UNKNOWN_FILE: (
        "files below articles/ and images/ that the ledger does not know",
        "move it elsewhere if it is yours, else delete it",
    ),
    Kind.LEFTOVER: ("leftovers of writing that was broken off", "delete it"),
    Kind.LINK: ("symbolic links, which are not followed", "put the file itself in its place, or delete the link"),
    Kind.UNREADABLE: ("files that could not be read", "mend its permissions or the disk, then run `scrapy verify` again"),
    Kind.MANIFEST: ("faults of the manifest itself", "restore it, or delete it and run `scrapy verify --manifest`"),
    Kind.MANIFEST_MISSING: ("files of the manifest that are gone", _MANIFEST),
    Kind.MANIFEST_CHANGED: ("files that are not as the manifest has them", _MANIFEST),
    Kind.MANIFEST_ADDED: ("files that the manifest does not have", "run `scrapy verify --manifest` if they belong there"),
}
"""Each kind in words, and what to do."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `article` is 0 where it is no article's; `articles` those that something larger concerns; `file` is
    relative to the directory that was checked."""

    kind: Kind
    file: str
    detail: str = ""
    article: int = 0
    articles: tuple[int, ...] = ()
    in_bag: bool = False

    @property
    def advice(self) -> str:
        """What to do."""
        if self.in_bag:
            return "take it from another copy of the bag, or make a new one with `scrapy export --bag`"
        concerned = ",".join(map(str, self.articles)) or str(self.article or "ID")
        return KINDS[self.kind][1].replace("again=ID", f"again={concerned}" if len(self.articles) <= 20 else "again=ID,…")
