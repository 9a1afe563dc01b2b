"""The store: every capture that was fetched, in WARC files of this run's own, and back again."""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from crawler import __version__
from crawler.archive.digest import DigestCheck, DigestResult, MismatchReason
from crawler.archive.holdings import Damage, Holding, last_whole, scan
from crawler.archive.playback import Reply
from crawler.archive.warc import Place, Provenance, WarcWriter, sync_folder
from crawler.archive.warcread import read_record
from crawler.archive.warcrecord import StoredCapture, WarcDamaged

logger = logging.getLogger(__name__)

OPEN = ".open"
"""What the name of a file ends in while a run writes it."""
FULL = 1 << 30
"""Bytes after which a file is finished and the next one begun; a gigabyte is what archivists are used to."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a capture comes from: the address it was fetched from, the digest that the index gives, the source's name, the public
    address under which its archive replays, the file of web archives that had it, how it was found, and whether it is a rewritten view."""

    fetched_from: str
    digest: str = "-"
    source: str = ""
    archive: str = ""
    held_in: str = ""
    found: str = ""
    rewritten: bool = False


class Store:
    """A folder of WARC files. The run's file is made when the first capture arrives, and gets its name when it is finished."""

    def __init__(self, folder: Path, now: Callable[[], datetime] = _now, full: int = FULL) -> None:
        self._folder = folder
        self._now = now
        self._full = full
        self._writer: WarcWriter | None = None
        self.made: list[str] = []
        """The names of the files that this run has made, as they are or will be when they are finished."""

    def add(self, reply: Reply, check: DigestCheck, origin: Origin) -> Place:
        """Append one capture; it is on disk when this returns. Raises OSError when it cannot be written.

        What is kept are the bytes that match the digest, with the codings taken off that playback had added; without a match they are
        kept as they came.
        """
        matched = check.result in (DigestResult.MATCH, DigestResult.MATCH_DECODED)
        provenance = Provenance(
            origin.fetched_from,
            self._now(),
            origin.digest,
            check.result.value,
            check.codings if matched else (),
            origin.source,
            origin.archive,
            origin.held_in,
            origin.found,
            origin.rewritten,
        )
        writer = self._open()
        place = writer.append(
            original=reply.original,
            timestamp=reply.timestamp,
            status=reply.status,
            headers=reply.headers,
            payload=check.payload if matched else reply.body,
            provenance=provenance,
            location=reply.location[1] if reply.location else None,
            truncated=check.reason is MismatchReason.TRUNCATED,
        )
        if writer.size >= self._full:
            self.close()
        return place

    def read(self, place: Place, served: tuple[str, str] | None = None) -> StoredCapture:
        """A capture from where the ledger says it is; `served`: its timestamp and original, as far as that is known. Raises WarcDamaged,
        also when another capture is there, or OSError."""
        path = self._folder / place.file
        try:
            stored = read_record(path, place.offset, place.length)
        except FileNotFoundError:
            stored = read_record(_opened(path), place.offset, place.length)
        if served is not None and (stored.timestamp, stored.original) != served:
            raise WarcDamaged(f"{place.file} at byte {place.offset}: {stored.timestamp} {stored.original} is there, not {' '.join(served)}")
        return stored

    def files(self) -> dict[str, int]:
        """The names of all files with their sizes in bytes; of one that is being written, the name that it will have."""
        found = {path.name: path.stat().st_size for path in self._folder.glob("*.warc.gz") if path.is_file()}
        being_written = {path.name.removesuffix(OPEN): path.stat().st_size for path in self._folder.glob(f"*.warc.gz{OPEN}")}
        return dict(sorted((found | being_written).items()))

    def records(self, name: str) -> Iterator[Holding | Damage]:
        """All captures in one of the files, with their places, and what of it cannot be read. Raises OSError."""
        path = self._folder / name
        return scan(path if path.exists() else _opened(path))

    def mend(self) -> None:
        """Finish what a run left open that was killed: the torn last record is cut off. Only for the holder of the lock."""
        for path in sorted(self._folder.glob(f"*.warc.gz{OPEN}")):
            size, whole = path.stat().st_size, last_whole(path)
            if not whole:
                logger.warning("the store's %s has no whole record: removed", path.name)
                path.unlink()
                continue
            if whole < size:
                logger.warning("the store's %s: its last record is torn; the last %d bytes are cut off", path.name, size - whole)
                os.truncate(path, whole)
            self._finish(path)

    def close(self) -> None:
        """Close the run's file and give it its name."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
            self._finish(_opened(self._folder / self.made[-1]))

    def _open(self) -> WarcWriter:
        if self._writer is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            name = f"hkcnews-{self._now():%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}.warc.gz"
            software = f"citizen-news-recovery/{__version__}"
            self._writer = WarcWriter.create(
                _opened(self._folder / name), software=software, clock=self._now, new_uuid=uuid.uuid4, name=name
            )
            self.made.append(name)
        return self._writer

    def _finish(self, path: Path) -> None:
        path.replace(path.with_name(path.name.removesuffix(OPEN)))
        sync_folder(self._folder)


def _opened(path: Path) -> Path:
    return path.with_name(path.name + OPEN)
