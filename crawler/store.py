"""The store: every capture that was fetched, in WARC files of this run's own, and back again."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from crawler import __version__
from crawler.archive.playback import Reply
from crawler.archive.warc import Place, Provenance, StoredCapture, WarcWriter, iter_records, read_record


def _now() -> datetime:
    return datetime.now(UTC)


class Store:
    """A folder of WARC files. The run's file is made when the first capture arrives."""

    def __init__(self, folder: Path, now: Callable[[], datetime] = _now) -> None:
        self._folder = folder
        self._now = now
        self._writer: WarcWriter | None = None
        self.current = ""
        """The name of the run's file, once there is one."""

    def add(self, reply: Reply, payload: bytes, fetched_from: str, digest: str, digest_result: str, codings: tuple[str, ...]) -> Place:
        """Append one capture; it is on disk when this returns. Raises OSError when it cannot be written."""
        provenance = Provenance(fetched_from, self._now(), digest, digest_result, codings)
        return self._open().append(
            original=reply.original,
            timestamp=reply.timestamp,
            status=reply.status,
            headers=reply.headers,
            payload=payload,
            provenance=provenance,
            location=reply.location[1] if reply.location else None,
        )

    def read(self, place: Place) -> StoredCapture:
        """A capture from where the ledger says it is. Raises WarcDamaged or OSError."""
        return read_record(self._folder / place.file, place.offset, place.length)

    def files(self) -> dict[str, int]:
        """The names of all files with their sizes in bytes."""
        return {path.name: path.stat().st_size for path in sorted(self._folder.glob("*.warc.gz")) if path.is_file()}

    def records(self, name: str) -> Iterator[tuple[Place, StoredCapture]]:
        """All captures in one of the files, with their places. Raises WarcDamaged at the first that is not whole, OSError."""
        return iter_records(self._folder / name)

    def close(self) -> None:
        """Close the run's file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _open(self) -> WarcWriter:
        if self._writer is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            name = f"hkcnews-{self._now():%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}.warc.gz"
            self.current = name
            software = f"citizen-news-recovery/{__version__}"
            self._writer = WarcWriter.create(self._folder / name, software=software, clock=self._now, new_uuid=uuid.uuid4)
        return self._writer
