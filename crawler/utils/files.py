"""Writing files: whole or not at all, never outside of their root; a large one beside its name first."""

import errno
import fcntl
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO

from crawler.utils.exit_status import Interrupted, LockedError, StorageError, UsageError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def write_file(root: Path, file: Path | str, data: bytes, *, sync: bool = True) -> None:
    """Write `root/file` whole or not at all; never outside of `root`, whatever symbolic links lie there.

    `sync=False` leaves it to the caller to call `os.sync` before anything relies on the file. Raises OSError, and
    leaves what was there before.
    """
    *parents, name = os.fspath(file).split("/")
    try:
        folder = _without_links(root, parents)
    except OSError:  # it is not there, or a symbolic link is on the way, which may stay inside
        place = root.joinpath(*parents)
        if not place.resolve().is_relative_to(root.resolve()):
            raise PermissionError(errno.EPERM, f"a symbolic link leads out of {root}", str(place)) from None
        place.mkdir(parents=True, exist_ok=True)
        folder = os.open(place.resolve(), _FOLDER)
    try:
        _replace(folder, name, data, sync)
    except OSError as error:
        error.filename, error.filename2 = str(root / file), None  # so far only the name in its folder
        raise
    finally:
        os.close(folder)


def _without_links(root: Path, parents: Sequence[str]) -> int:
    """A descriptor of the folder `root/parents` that is there, opened step by step without following a link below
    `root`: from then on no link that is set can lead anywhere else."""
    if not parents:
        return os.open(root, _FOLDER)
    folder = os.open(f"{root}/{parents[0]}", _FOLDER | os.O_NOFOLLOW)
    for parent in parents[1:]:
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


def read_file(root: Path, file: str) -> bytes | None:
    """What `root/file` holds; None when it is not there. Raises OSError."""
    try:
        with open(f"{root}/{file}", "rb", buffering=0) as opened:  # noqa: PTH123 - a Path for each takes longer than the reading
            return opened.read()
    except FileNotFoundError:
        return None


def sync_folder(folder: Path) -> None:
    """Make the new name itself durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def new_file(name: str, option: str, *, force: bool) -> Path:
    """The file that an option names to be written. Raises UsageError: it is none, or there without `force`."""
    path = Path(name)
    if not name.strip():
        raise UsageError(f"{option}: the name of a file is needed")
    if path.is_dir():
        raise UsageError(f"{path} is a directory: the name of a file is needed")
    if (path.exists() or path.is_symlink()) and not force:
        raise UsageError(f"{path} is there already: choose another name, or give --force to replace it")
    return path


@contextmanager
def writing(target: Path | str) -> Iterator[None]:
    """Around all that it takes to write `target`: what goes wrong is said of it. Raises StorageError, Interrupted."""
    try:
        yield
    except BrokenPipeError:  # only standard output can be one; nobody reads on
        raise
    except OSError as error:
        about = f" ({error.filename})" if error.filename else ""
        raise StorageError(f"{target} was not written: {error.strerror or error}{about}") from error
    except KeyboardInterrupt as error:
        raise Interrupted(f"interrupted; {target} was not written") from error


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write and seek in, named `path` with `.part` until all is on the disk; gone if it does not come to
    that.

    Raises OSError; LockedError when another process is writing it.
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
            raise LockedError(f"{part} is being written by another process: wait for it")
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


@contextmanager
def output_file(path: Path | None) -> Iterator[BinaryIO]:
    """`atomic_file`, or standard output without a path. Raises StorageError, Interrupted, LockedError."""
    with writing(path or "standard output"), atomic_file(path) if path else nullcontext(sys.stdout.buffer) as out:
        yield out
        out.flush()
