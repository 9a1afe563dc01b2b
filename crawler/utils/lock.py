"""One run at a time for an output directory, and no symbolic link that leads out of it."""

import fcntl
import json
import os
import socket
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from crawler.utils.exit_status import LockedError, StorageError


def lock_holder(folder: Path) -> tuple[int, str, str] | None:
    """The process that took the lock last, its host, and since when; None when nobody did. Does not touch the lock: not
    even for a moment may a run that begins find it taken by one who only looks."""
    try:
        held = json.loads((folder / "run.lock").read_text("utf-8"))
        return int(held["pid"]), str(held["host"]), str(held["since"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


OWN_PARTS = ("articles", "images", "warc", "runs", "run.lock")


def lock_output(output: Path, *, make: bool = False) -> TextIO:
    """The directory's lock: a file, held until it is closed or the process ends, however it ends. `make`: the directory
    too, if it is not there. Raises LockedError when another process holds it, and says which; StorageError when the
    directory cannot be written to or a symbolic link leads out of it."""
    try:
        if make:
            output.mkdir(parents=True, exist_ok=True)
        check_links(output)
        file = (output / "run.lock").open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            known = lock_holder(output)
            holder = f"process {known[0]} on {known[1]}, since {known[2]}" if known else "a process that left no name"
            raise LockedError(f"another run holds {output}: {holder}. Wait for it, or stop it first") from error
        file.seek(0)
        file.truncate()
        since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        json.dump({"pid": os.getpid(), "host": socket.gethostname(), "since": since}, file)
        file.flush()
        return file
    except OSError as error:
        about = f" ({error.filename})" if error.filename and str(error.filename) != str(output) else ""
        raise StorageError(
            f"cannot write to {output}: {error.strerror or error}{about}. Choose another output directory or make room"
        ) from error


def check_links(output: Path, names: Iterable[str] = OWN_PARTS) -> None:
    """Nothing is written outside of the output directory: what a symbolic link in place of one of its own parts leads
    out of is refused. Raises StorageError. The directory itself may be a link: that one the user named."""
    for name in names:
        path = output / name
        if path.is_symlink() and not path.resolve().is_relative_to(output.resolve()):
            raise StorageError(f"{path} is a symbolic link that leads out of {output}: it is not followed. Remove it")
