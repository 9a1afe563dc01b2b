"""Articles' files against what the ledger says of them, and what does not belong into an output directory."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from crawler.markdown.front_matter import InvalidFrontMatter, read_front_matter
from crawler.preserve.files import UnreadableFile, read_chunks, walk
from crawler.preserve.findings import Finding, VerifyKind, printable
from crawler.warc.captures import ArchivedCapture
from crawler.warc.files import read_archived
from crawler.warc.record import WarcDamaged

FOLDERS = ("articles", "images", "warc")
"""What of an output directory is kept for good, and so in its manifest; the ledger changes with every run."""
_PART = ".part"


@dataclass(frozen=True, slots=True)
class Expected:
    """What the ledger says of a recovered article's file. `url` and `original` are empty where it names no capture;
    `from_file`: where its capture is if that is not the store; `listed`: its SHA-256 in the manifest, None without
    one."""

    article: int
    file: str
    sha256: str
    url: str = ""
    original: str = ""
    from_file: ArchivedCapture | None = None
    listed: str | None = None


def check_file(root: Path, expected: Expected) -> list[Finding]:
    """At most one finding on the file, the gravest; and one when its capture is in a file of web archives and cannot be
    read there."""
    found: list[Finding] = []
    if (fault := _fault(root / expected.file, expected)) is not None:
        found.append(Finding(*fault, expected.file, expected.article))
    if expected.from_file is not None:
        try:
            read_archived(expected.from_file)
        except (OSError, WarcDamaged) as error:
            file = expected.from_file.place.file
            found.append(Finding(VerifyKind.CAPTURE_MISSING, str(error), file, expected.article))
    return found


def _fault(path: Path, expected: Expected) -> tuple[VerifyKind, str] | None:
    if path.is_symlink():
        return VerifyKind.LINK, ""
    if not path.is_file():
        return VerifyKind.FILE_MISSING, "something else is in its place" if path.exists() else ""
    try:
        data = b"".join(read_chunks(path))
    except UnreadableFile as error:
        return VerifyKind.UNREADABLE, str(error)
    changed = hashlib.sha256(data).hexdigest() != expected.sha256
    beside = "; its bytes are not those that were written either" if changed else ""
    try:
        head, end, _ = data.decode("utf-8").partition("\n---\n")
        if not head.startswith("---\n") or not end:
            raise InvalidFrontMatter("no front matter between two lines of ---")
        fields = read_front_matter(head[4:])
    except UnicodeDecodeError as error:
        return VerifyKind.FRONT_MATTER, f"not UTF-8 at byte {error.start}{beside}"
    except InvalidFrontMatter as error:
        return VerifyKind.FRONT_MATTER, f"{' '.join(str(error).split())}{beside}"
    for name, value in (("url", expected.url), ("original_url", expected.original)):
        if value and fields.get(name) != value:
            named = f"{name} is {fields.get(name)}, the ledger has {value}"
            return VerifyKind.OTHER_CAPTURE_NAMED, f"{named}{beside}"
    if changed:
        return VerifyKind.FILE_CHANGED, f"{len(data)} bytes whose SHA-256 is not the ledger's"
    if expected.listed not in (None, expected.sha256):
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
