"""Writing one large file: beside its name first, so that half a file never has it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from crawler.archive.warc import sync_folder
from crawler.ending import Fatal, Status


def refuse_existing(path: Path, *, force: bool) -> None:
    """Raises Fatal when there is something that would be lost, unless told to."""
    if path.is_dir():
        raise Fatal(Status.USAGE, f"{path} is a directory: the name of a file is needed")
    if (path.exists() or path.is_symlink()) and not force:
        raise Fatal(Status.USAGE, f"{path} is there already: choose another name, or give --force to replace it")


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write and seek in, named `path` with `.part` until all is on the disk; gone if it does not come to that.

    Raises OSError; Fatal when another process is writing it.
    """
    part = path.with_name(path.name + ".part")
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    with os.fdopen(descriptor, "r+b") as file:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever held it may have finished and renamed it meanwhile.
            mine = os.path.samestat(os.fstat(descriptor), part.stat())
        except (BlockingIOError, FileNotFoundError):
            mine = False
        if not mine:
            raise Fatal(Status.LOCKED, f"{part} is being written by another process: wait for it")
        try:
            file.truncate()  # what a killed one left
            yield file
            file.flush()
            os.fsync(descriptor)
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    sync_folder(path.parent)
