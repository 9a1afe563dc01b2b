"""Writing files: whole or not at all, and never outside of their root."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def write_file(root: Path, file: Path | str, data: bytes, *, sync: bool = True) -> None:
    """Write `root/file` whole or not at all; never outside of `root`, whatever symbolic links lie there.

    `sync=False` leaves it to the caller to call `os.sync` before anything relies on the file. Raises OSError, and leaves what was
    there before.
    """
    *parents, name = os.fspath(file).split("/")
    folder = _opened(root, parents)
    try:
        _replace(folder, name, data, sync)
    except OSError as error:
        error.filename, error.filename2 = str(root / file), None  # so far only the name in its folder
        raise
    finally:
        os.close(folder)


def _opened(root: Path, parents: Sequence[str]) -> int:
    """A descriptor of the folder `root/parents`, made if need be: from then on no link that is set can lead anywhere else."""
    try:
        return _without_links(root, parents)
    except OSError:  # it is not there, or a symbolic link is on the way, which may stay inside
        folder = root.joinpath(*parents)
        if not folder.resolve().is_relative_to(root.resolve()):
            raise PermissionError(errno.EPERM, f"a symbolic link leads out of {root}", str(folder)) from None
        folder.mkdir(parents=True, exist_ok=True)
        return os.open(folder.resolve(), _FOLDER)


def _without_links(root: Path, parents: Sequence[str]) -> int:
    """The same for a folder that is there, step by step, following no link below `root`."""
    folder = os.open(root, _FOLDER)
    for parent in parents:
        around = folder
        try:
            folder = os.open(parent, _FOLDER | os.O_NOFOLLOW, dir_fd=around)
        finally:
            os.close(around)
    return folder


def _replace(folder: int, name: str, data: bytes, sync: bool) -> None:
    """Write a file beside its place in an open folder and put it there."""
    beside = f".{name}.part"
    try:
        opened = os.open(beside, _NEW, 0o666, dir_fd=folder)
    except FileExistsError:  # a killed run left it
        os.unlink(beside, dir_fd=folder)
        opened = os.open(beside, _NEW, 0o666, dir_fd=folder)
    try:
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(opened, rest) :]
            if sync:
                os.fsync(opened)
        finally:
            os.close(opened)
        os.replace(beside, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        os.unlink(beside, dir_fd=folder)
        raise


def read_whole(root: Path, file: str) -> bytes | None:
    """What `root/file` holds; None when it is not there. Raises OSError."""
    try:
        with open(f"{root}/{file}", "rb", buffering=0) as opened:  # noqa: PTH123 - a Path for each takes longer than the reading
            return opened.read()
    except FileNotFoundError:
        return None
