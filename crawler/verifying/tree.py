"""What lies in an output directory: the files that count, and what should not be there."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from crawler.verifying.kinds import Finding, Kind

FOLDERS = ("articles", "images", "warc")
"""What of an output directory is kept for good, and so in its manifest; the ledger changes with every run."""
_PART = ".part"


def walk(root: Path, folder: str, findings: list[Finding]) -> Iterator[str]:
    """Everything below a folder that is no folder, by its path from `root`, in order; folders that cannot be listed become findings."""
    try:
        entries = sorted(os.scandir(root / folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    except OSError as error:
        findings.append(Finding(Kind.UNREADABLE, shown(folder), error.strerror or str(error)))
        return
    for entry in entries:
        path = f"{folder}/{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield from walk(root, path, findings)
        else:
            yield path


def strays(root: Path, known: Collection[str]) -> tuple[list[str], list[Finding]]:
    """The files of the store, by path, and what lies in an output directory without belonging there. `known`: the files of articles and
    images."""
    findings: list[Finding] = []
    others: list[str] = []
    for folder in FOLDERS:
        top = root / folder
        if top.is_symlink() and not top.resolve().is_relative_to(root.resolve()):
            findings.append(Finding(Kind.LINK, folder, f"it leads out of {root}"))
            continue
        for path in walk(root, folder, findings):
            if path in known:
                continue
            if (kind := _kind(root, path)) is not None:
                findings.append(Finding(kind, shown(path)))
            else:
                others.append(path)
    for entry in sorted(root.iterdir()):
        if entry.name.endswith(_PART) and not entry.is_dir():
            findings.append(Finding(Kind.LEFTOVER, shown(entry.name)))
    return others, findings


def _kind(root: Path, path: str) -> Kind | None:
    if (root / path).is_symlink():
        return Kind.LINK
    if path.endswith(_PART):
        return Kind.LEFTOVER
    if not path.startswith("warc/"):
        return Kind.UNKNOWN_FILE
    return None if (root / path).is_file() else Kind.UNREADABLE  # to open a named pipe is to wait for ever


def shown(path: str) -> str:
    """A path as text in one line, whatever its name has in it."""
    return path if path.isprintable() else ascii(path)[1:-1]
