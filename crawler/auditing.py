"""What the commands share that audit a tree of files: progress, and what is said when there is nothing to audit."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from crawler.audit.tree import Audit, audit_tree
from crawler.options import read_seconds, wrong


def audited(folder: Path, workers: int, settings: Mapping[str, object]) -> Audit:
    """Audit a directory. Raises Fatal when there is nothing to audit."""
    if not folder.is_dir():
        raise wrong(f"{folder} is {'a file, not' if folder.exists() else 'not'} a directory")
    try:
        audit = audit_tree(folder, workers, _teller(read_seconds(settings, "PROGRESS_SECONDS")))
    except OSError as error:
        raise wrong(f"{folder} cannot be read: {error.strerror or error}") from error
    if not audit.files:
        raise wrong(f"there are no files of articles in {folder}: names that end in .md, and an id in the name or in original_url")
    return audit


def _teller(seconds: float) -> Callable[[int], None]:
    """Tells on standard error how far it is, every so many seconds; 0 for never."""
    last = time.monotonic()

    def tell(done: int) -> None:
        nonlocal last
        if seconds and time.monotonic() - last >= seconds:
            last = time.monotonic()
            print(f"audited {done:,} files", file=sys.stderr)

    return tell
