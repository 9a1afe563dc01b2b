"""One run at a time for an output directory. The lock is the operating system's: it goes with its process."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path

from crawler.ending import Fatal, Status


class Lock:
    """Held from its making until `release` or the end of the process, however it ends."""

    def __init__(self, folder: Path) -> None:
        """Raises Fatal when another process holds it; says which."""
        self._path = folder / "run.lock"
        file = self._path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = _holder(file)
            file.close()
            raise Fatal(Status.LOCKED, f"another run holds {folder}: {holder}. Wait for it, or stop it first") from error
        self._file = file
        file.seek(0)
        file.truncate()
        since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        json.dump({"pid": os.getpid(), "host": socket.gethostname(), "since": since}, file)
        file.flush()

    def release(self) -> None:
        """Let the next run in."""
        self._file.close()


def last_holder(folder: Path) -> tuple[int, str] | None:
    """The process that took the lock last, and its host; None when nobody did. Does not touch the lock: not even for a moment may a run
    that begins find it taken by one who only looks."""
    try:
        held = json.loads((folder / "run.lock").read_text("utf-8"))
        return int(held["pid"]), str(held["host"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _holder(file: TextIOWrapper) -> str:
    file.seek(0)
    try:
        held = json.load(file)
        return f"process {held['pid']} on {held['host']}, since {held['since']}"
    except (ValueError, KeyError, TypeError):
        return "a process that left no name"
