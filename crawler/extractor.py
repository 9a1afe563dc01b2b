"""Which extractor the files of a tree are of."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

from crawler.ledger import Ledger

KEY = "extractor"
"""Where the ledger has the extractor that all files of recovered articles are of; empty when they are of several."""
_SHAPING = (
    "article.py",
    "case.py",
    "formats.py",
    "judging.py",
    "reading.py",
    "archive/coding.py",
    "archive/transfer.py",
    "archive/unrewrite.py",
)
"""What decides with the site's and the format's rooms what a file says."""
_ROOMS = ("hkcnews", "markdown")
_LIBRARIES = ("beautifulsoup4", "charset-normalizer", "lxml", "markdownify", "selectolax")


@cache
def extractor_id() -> str:
    """What tells this extractor from another, as hexadecimal SHA-256: its source, and the versions of the libraries that shape a file."""
    here = Path(__file__).parent
    files = sorted([*(here / name for name in _SHAPING), *(path for room in _ROOMS for path in (here / room).rglob("*.py"))])
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(here).as_posix()} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    for library in _LIBRARIES:
        digest.update(f"{library} {version(library)}\n".encode())
    return digest.hexdigest()


def begin(ledger: Ledger) -> None:
    """Before a crawl writes anything: files that it adds to those of another extractor make the tree one of several."""
    if ledger.meta(KEY) != extractor_id():
        ledger.set_meta(KEY, "" if ledger.recovered_ids() else extractor_id())


def renewed(ledger: Ledger) -> None:
    """After everything at hand was extracted."""
    ledger.set_meta(KEY, extractor_id())


def is_present(ledger: Ledger) -> bool:
    """Whether all files are of this extractor."""
    return ledger.meta(KEY) == extractor_id()
