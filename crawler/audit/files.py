"""Which files of a tree are to be judged, and which are only named."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SUFFIX = ".md"


@dataclass(frozen=True, slots=True)
class Entry:
    """A name that ends in `.md`, below the tree's root; `why` says what keeps it from being read, if something does."""

    file: str
    why: str = ""


def entries(folder: Path) -> Iterator[Entry]:
    """All of them, in the order of their paths; links to folders are not followed, hidden folders not entered. A folder that
    cannot be listed is named as well."""
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
        return "a symbolic link that leads out of the directory" if path.is_symlink() and not path.resolve().is_relative_to(root) else ""
    except (OSError, RuntimeError):  # links in a circle
        return "a symbolic link that leads nowhere"


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()
