"""An image's file: its bytes as they are, whole or not at all; the same bytes under another address are on the disk once."""

from __future__ import annotations

import os
from pathlib import Path

from crawler.files import read_whole, write_file


def keep(output: Path, file: str, data: bytes, same: str = "") -> None:
    """Put an image at `output/file`, and take away what a killed run left beside it. `same` is a file that should have these bytes: if it
    has, the new one is a hard link to it, where the file system can; so each address has its file, and any copy of the tree is complete.

    Raises OSError.
    """
    if read_whole(output, file) == data:
        if _is_inside(output, file):
            _beside(output / file).unlink(missing_ok=True)
    elif not (same and same != file and _linked(output, file, same, data)):
        write_file(output, file, data)


def _linked(output: Path, file: str, same: str, data: bytes) -> bool:
    """Put a hard link in place; False where that cannot be, as not on every file system, nor for any number of links."""
    there, here = output / same, output / file
    if there.is_symlink() or not _is_inside(output, file) or not _is_inside(output, same) or read_whole(output, same) != data:
        return False
    beside = _beside(here)
    try:
        here.parent.mkdir(parents=True, exist_ok=True)
        beside.unlink(missing_ok=True)
        os.link(there, beside, follow_symlinks=False)
        beside.replace(here)
    except OSError:
        beside.unlink(missing_ok=True)
        return False
    return True


def _beside(path: Path) -> Path:
    """What `write_file` writes first, too."""
    return path.with_name(f".{path.name}.part")


def _is_inside(output: Path, file: str) -> bool:
    return (output / file).parent.resolve().is_relative_to(output.resolve())
