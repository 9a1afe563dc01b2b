"""A folder that an export makes: written beside its place by several processes, and put there when it is whole."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from crawler.utils.exit_status import LockedError, StorageError, UsageError
from crawler.utils.files import sync_folder
from crawler.utils.workers import run_jobs

Job = TypeVar("Job")
Result = TypeVar("Result")

SCRATCH = "scratch"
"""In a folder that is being written, for what is not of it; it tells that this was not finished."""
FEW = 500
"""With fewer articles, other processes take longer to begin than they save."""


@dataclass(frozen=True, slots=True)
class FolderKind:
    """`name`: what it is, in a word; `mark`: the file in it that says that it was written here; `ours`: everything at
    its top. What else somebody put there (`.git`, `CNAME`, notes) stays when it is replaced."""

    name: str
    mark: str
    ours: frozenset[str]

    def check_target(self, output: Path, target: Path, *, force: bool) -> None:
        """Refuse a place where something is that is not of this kind, or may not be replaced. Raises UsageError."""
        if target.resolve().is_relative_to(output.resolve()):
            raise UsageError(f"{target} lies in {output}: choose a place outside of it")
        former = _beside(target, ".former")
        if former.exists() or former.is_symlink():
            raise UsageError(f"{former} is there, of an export that was killed: call it {target} again, or remove it")
        if not (target.exists() or target.is_symlink()):
            return
        if target.is_symlink() or not (target / self.mark).is_file():
            what = f"no {self.name} of this software: choose another name, or remove it"
            raise UsageError(f"{target} is there already, and {what}")
        if not force:
            raise UsageError(f"{target} is there already: choose another name, or give --force to replace it")

    @contextmanager
    def replacing(self, target: Path) -> Iterator[Path]:
        """A folder to write in, with `SCRATCH` in it, which takes its place at `target` at the end: of what is there,
        what is not ours stays. What a killed export left in it is removed, and broken off, nothing of it is left.

        Raises LockedError when another process is writing it, UsageError, OSError.
        """
        part = _beside(target, ".part")
        part.mkdir(exist_ok=True)
        descriptor = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not (part / SCRATCH).is_dir() and next(part.iterdir(), None) is not None:
                raise UsageError(f"{part} is there already, and nothing that an export left: remove it")
            shutil.rmtree(part / SCRATCH, ignore_errors=True)
            for path in part.iterdir():
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
            (part / SCRATCH).mkdir()
            try:
                yield part
                os.sync()
                (part / SCRATCH).rmdir()
                self._put(part, target)
            finally:
                if part.exists():
                    shutil.rmtree(part)
        except BlockingIOError as error:
            raise LockedError(f"{part} is being written by another process: wait for it") from error
        finally:
            os.close(descriptor)

    def _put(self, part: Path, target: Path) -> None:
        """What was written takes its place; of what was there before, what is not ours stays."""
        former = _beside(target, ".former")
        if target.exists():
            target.replace(former)
        try:
            part.replace(target)
        except OSError:
            if former.exists():
                former.replace(target)
            raise
        sync_folder(target.absolute().parent)
        if former.exists():
            for path in [path for path in former.iterdir() if path.name not in self.ours]:
                path.replace(target / path.name)
            shutil.rmtree(former)


def all_done(chunks: Iterable[list[Job]], do: Callable[[Job], Result], workers: int) -> Iterator[tuple[Job, Result]]:
    """What comes of all jobs. Raises StorageError for one that ends its process."""

    def lost(job: Job, why: str) -> Result:
        raise StorageError(f"a part of it {why}: is there memory enough?")

    return run_jobs(chunks, do, lost, workers)


def sizes(folder: Path) -> list[int]:
    """The bytes of every file in a folder."""
    return [path.stat().st_size for path in folder.rglob("*") if path.is_file()]


def _beside(target: Path, end: str) -> Path:
    return target.with_name(target.name + end)
