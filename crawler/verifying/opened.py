"""An output directory opened so that no run changes it meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crawler.ending import Fatal, Status
from crawler.ledger import LedgerError
from crawler.ledger.places import Places
from crawler.opening import hold
from crawler.session import ledger_path


@contextmanager
def open_places(output: Path) -> Iterator[Places]:
    """The ledger, with the lock held. Raises Fatal when there is none, it cannot be used, or a run holds the lock."""
    path = ledger_path(output)
    if not path.exists():
        raise Fatal(Status.STORAGE, f"there is no ledger {path}: nothing was crawled into this OUTPUT_DIR yet")
    lock = hold(output)
    try:
        ledger = Places(path)
    except LedgerError as error:
        lock.release()
        raise Fatal(Status.STORAGE, str(error)) from error
    try:
        yield ledger
    finally:
        ledger.close()
        lock.release()
