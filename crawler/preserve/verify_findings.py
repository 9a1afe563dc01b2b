"""What can be wrong with a recovered tree, what to do about it, and a check for people and programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any


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
    Kind.FILE_MISSING: (
        "recovered articles without their file",
        f"{_FROM_STORE}, and so does the next `scrapy crawl articles`",
    ),
    Kind.FILE_CHANGED: (
        "files that are not as they were written",
        f"{_FROM_STORE}; what was changed by hand is lost then",
    ),
    Kind.FRONT_MATTER: ("files whose front matter cannot be loaded", _FROM_STORE),
    Kind.OTHER_CAPTURE_NAMED: (
        "files that name another capture than the ledger",
        f"{_FROM_STORE}, and puts the ledger right",
    ),
    Kind.IMAGE_MISSING: ("images without their file", _IMAGES),
    Kind.IMAGE_CHANGED: ("images that are not as they were written", f"delete the file, then {_IMAGES}"),
    Kind.CAPTURE_MISSING: ("captures that are not where the ledger says", _AGAIN),
    Kind.OTHER_CAPTURE_STORED: (
        "captures in whose place another one is",
        "restore ledger.sqlite, or the file, from a copy",
    ),
    Kind.DIGEST: (
        "captures that do not match the digest that they matched",
        "restore the file, or ledger.sqlite, from a copy",
    ),
    Kind.STORE_DAMAGED: ("damaged places in the store", f"restore the file from a copy, or {_AGAIN}"),
    Kind.WARC_MISSING: ("files of the store that are gone", f"restore it from a copy, or {_AGAIN}"),
    Kind.UNFINISHED: (
        "files of the store that a killed run left open",
        "the next `scrapy crawl articles` or `scrapy extract` finishes it",
    ),
    Kind.UNKNOWN_FILE: (
        "files below articles/ and images/ that the ledger does not know",
        "move it elsewhere if it is yours, else delete it",
    ),
    Kind.LEFTOVER: ("leftovers of writing that was broken off", "delete it"),
    Kind.LINK: ("symbolic links, which are not followed", "put the file itself in its place, or delete the link"),
    Kind.UNREADABLE: (
        "files that could not be read",
        "mend its permissions or the disk, then run `scrapy verify` again",
    ),
    Kind.MANIFEST: ("faults of the manifest itself", "restore it, or delete it and run `scrapy verify --manifest`"),
    Kind.MANIFEST_MISSING: ("files of the manifest that are gone", _MANIFEST),
    Kind.MANIFEST_CHANGED: ("files that are not as the manifest has them", _MANIFEST),
    Kind.MANIFEST_ADDED: (
        "files that the manifest does not have",
        "run `scrapy verify --manifest` if they belong there",
    ),
}
"""Each kind in words, and what to do."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `article` is 0 where it is no article's; `articles` those that something larger
    concerns; `file` is relative to the directory that was checked."""

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
        return KINDS[self.kind][1].replace(
            "again=ID", f"again={concerned}" if len(self.articles) <= 20 else "again=ID,…"
        )


MANIFEST = "manifest-sha256.txt"


@dataclass(slots=True)
class Verification:
    """What was found. `articles`: recovered ones; `images`: those that there are; `files`: those of the store;
    `manifest`: files in it, None when there is none; `written`: whether it was written just now."""

    root: Path
    articles: int = 0
    images: int = 0
    files: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    manifest: int | None = None
    written: bool = False

    def by_kind(self) -> dict[Kind, list[Finding]]:
        """Findings of each kind, in order; kinds of which there is none are left out."""
        ordered = sorted(self.findings, key=lambda finding: (finding.file, finding.article, finding.detail))
        grouped = {kind: [finding for finding in ordered if finding.kind is kind] for kind in Kind}
        return {kind: found for kind, found in grouped.items() if found}


_EXAMPLES = 3
_OTHER = ("records", "captures", "unknown")


def describe(verified: Verification) -> Iterator[str]:
    """Lines for the terminal on an output directory: what was read, then what is wrong."""
    counts = verified.counts
    yield f"Articles   {verified.articles:,} recovered"
    if verified.images:
        yield f"Images     {verified.images:,}"
    unknown = f", {counts['unknown']:,} of them unknown to the ledger" if counts["unknown"] else ""
    yield (
        f"Store      {verified.files:,} files, {counts['records']:,} records, {counts['captures']:,} captures{unknown}"
    )
    for named, number in sorted(digests(verified).items(), key=lambda pair: (-pair[1], pair[0])):
        yield f"           {number:,} {named}"
    if verified.manifest is not None:
        yield (
            f"Manifest   {verified.manifest:,} files, {'written to' if verified.written else 'listed in'}"
            f" {verified.root / MANIFEST}"
        )
    yield from describe_findings(verified)


def describe_bag(verified: Verification) -> Iterator[str]:
    """The same on a bag."""
    yield f"Bag        {verified.manifest:,} files in {verified.root}"
    yield from describe_findings(verified)


def describe_findings(verified: Verification) -> Iterator[str]:
    """Each kind of finding with examples and what to do."""
    if not verified.findings:
        yield "Nothing is wrong."
        return
    for kind, found in verified.by_kind().items():
        yield ""
        yield f"{len(found):>7,}  {KINDS[kind][0]}"
        for finding in found[:_EXAMPLES]:
            article = f"article {finding.article}, " if finding.article else ""
            yield f"         {article}{finding.file}{f': {finding.detail}' if finding.detail else ''}"
            yield f"           {finding.advice}"
        if len(found) > _EXAMPLES:
            yield f"         … and {len(found) - _EXAMPLES:,} more; --json has all"


def digests(verified: Verification) -> dict[str, int]:
    """How many captures compare how with the digest of the index."""
    return {
        name.removeprefix("digest: "): number for name, number in verified.counts.items() if name.startswith("digest: ")
    }


def as_object(verified: Verification) -> dict[str, Any]:
    """Everything, for `--json`."""
    kinds = verified.by_kind()
    return {
        "sound": not verified.findings,
        "articles": verified.articles,
        "images": verified.images,
        "warc_files": verified.files,
        **{name: verified.counts[name] for name in _OTHER},
        "digests": digests(verified),
        "manifest": verified.manifest,
        "manifest_written": verified.written,
        "kinds": {kind.value: len(found) for kind, found in kinds.items()},
        "findings": [
            {
                "kind": finding.kind.value,
                "article": finding.article or None,
                "articles": list(finding.articles),
                "file": finding.file,
                "detail": finding.detail,
                "advice": finding.advice,
            }
            for found in kinds.values()
            for finding in found
        ],
    }
