"""Writing files: whole or not at all, and never outside of their root."""

from __future__ import annotations

import errno
import os
from pathlib import Path


def write_file(root: Path, file: Path, data: bytes, *, sync: bool = True) -> None:
    """Write `root/file` whole or not at all; never outside of `root`, whatever symbolic links lie there.

    `sync=False` leaves it to the caller to call `os.sync` before anything relies on the file. Raises OSError, and leaves what was
    there before.
    """
    path = root / file
    if not path.parent.resolve().is_relative_to(root.resolve()):
        raise PermissionError(errno.EPERM, f"a symbolic link leads out of {root}", str(path.parent))
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    beside.unlink(missing_ok=True)
    try:
        with beside.open("xb") as opened:
            opened.write(data)
            opened.flush()
            if sync:
                os.fsync(opened.fileno())
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
