"""Articles' files against what the ledger says of them, and what does not belong into an output directory."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from crawler.ledger import ArticleRow, CaptureRow
from crawler.markdown.front_matter import InvalidFrontMatter, read_front_matter
from crawler.markdown.hugo import plain_fields
from crawler.preserve.files import UnreadableFile, read_chunks, walk
from crawler.preserve.findings import Finding, VerifyKind, printable
from crawler.warc.files import read_archived
from crawler.warc.record import WarcDamaged

FOLDERS = ("articles", "images", "warc")
"""What of an output directory is kept for good, and so in its manifest; the ledger changes with every run."""
_PART = ".part"


@dataclass(frozen=True, slots=True)
class Expected:
    """What the ledger says of a recovered article, and of the capture that it is from; `listed`: its file's SHA-256 in
    the manifest, empty where that does not have it, None without a manifest."""

    row: ArticleRow
    capture: CaptureRow | None
    listed: str | None


def check_file(root: Path, expected: Expected) -> Iterator[Finding]:
    """At most one finding on the file, the gravest; one when the manifest does not have it, and one when its capture is
    nowhere, or in a file of web archives and cannot be read there."""
    row, capture = expected.row, expected.capture
    if (fault := _fault(root / row.file, expected)) is not None:
        yield Finding(*fault, row.file, row.id)
    if expected.listed == "" and (root / row.file).exists():
        yield Finding(VerifyKind.MANIFEST_ADDED, "", row.file, row.id)
    if capture is None:
        detail = f"the ledger has no capture {row.capture} of this article"
        yield Finding(VerifyKind.CAPTURE_MISSING, detail, row.file, row.id)
    elif not capture.warc and capture.from_file is None:
        yield Finding(VerifyKind.CAPTURE_MISSING, "the ledger names no place for its capture", row.file, row.id)
    elif not capture.warc and capture.from_file is not None:
        try:
            read_archived(capture.from_file)
        except (OSError, WarcDamaged) as error:
            yield Finding(VerifyKind.CAPTURE_MISSING, str(error), capture.from_file.place.file, row.id)


def _fault(path: Path, expected: Expected) -> tuple[VerifyKind, str] | None:
    written, capture = expected.row.sha256, expected.capture
    if path.is_symlink():
        return VerifyKind.LINK, ""
    if not path.is_file():
        return VerifyKind.FILE_MISSING, "something else is in its place" if path.exists() else ""
    try:
        data = b"".join(read_chunks(path))
    except UnreadableFile as error:
        return VerifyKind.UNREADABLE, str(error)
    changed = hashlib.sha256(data).hexdigest() != written
    beside = "; its bytes are not those that were written either" if changed else ""
    try:
        head, end, _ = data.decode("utf-8").partition("\n---\n")
        if not head.startswith("---\n") or not end:
            raise InvalidFrontMatter("no front matter between two lines of ---")
        fields = plain_fields(read_front_matter(head[4:]))
    except UnicodeDecodeError as error:
        return VerifyKind.FRONT_MATTER, f"not UTF-8 at byte {error.start}{beside}"
    except InvalidFrontMatter as error:
        return VerifyKind.FRONT_MATTER, f"{' '.join(str(error).split())}{beside}"
    if capture is not None:
        timestamp, original = capture.served
        for name, value in (("url", f"{capture.replay}/{timestamp}/{original}"), ("original_url", original)):
            if fields.get(name) != value:
                named = f"{name} is {fields.get(name)}, the ledger has {value}"
                return VerifyKind.OTHER_CAPTURE_NAMED, f"{named}{beside}"
    if changed:
        return VerifyKind.FILE_CHANGED, f"{len(data)} bytes whose SHA-256 is not the ledger's"
    if expected.listed and expected.listed != written:
        return VerifyKind.MANIFEST_CHANGED, "the ledger knows it as it is: this software wrote it since"
    return None


def unknown_files(root: Path, known: Collection[str]) -> tuple[list[str], list[Finding]]:
    """The files of the store, by path, and what lies in an output directory without belonging there. `known`: the files
    of articles and images."""
    findings: list[Finding] = []
    others: list[str] = []
    for folder in FOLDERS:
        top = root / folder
        if top.is_symlink() and not top.resolve().is_relative_to(root.resolve()):
            findings.append(Finding(VerifyKind.LINK, f"it leads out of {root}", folder))
            continue
        for path, entry in walk(root, folder):
            if path in known:
                continue
            if isinstance(entry, OSError):
                findings.append(Finding(VerifyKind.UNREADABLE, entry.strerror or str(entry), printable(path)))
            elif entry.is_dir(follow_symlinks=False):
                continue
            elif (kind := _unknown(path, entry)) is not None:
                findings.append(Finding(kind, "", printable(path)))
            else:
                others.append(path)
    for entry in sorted(os.scandir(root), key=lambda entry: entry.name):
        if entry.name.endswith(_PART) and not entry.is_dir():
            findings.append(Finding(VerifyKind.LEFTOVER, "", printable(entry.name)))
    return others, findings


def _unknown(path: str, entry: os.DirEntry[str]) -> VerifyKind | None:
    """What is wrong with a file that the ledger does not know; nothing with one of the store."""
    if entry.is_symlink():
        return VerifyKind.LINK
    if path.endswith(_PART):
        return VerifyKind.LEFTOVER
    if not path.startswith("warc/"):
        return VerifyKind.UNKNOWN_FILE
    return None if entry.is_file() else VerifyKind.UNREADABLE  # to open a named pipe is to wait for ever
