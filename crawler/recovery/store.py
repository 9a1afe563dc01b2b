"""The store: every capture that was fetched, in WARC files of our own; and what a crash kept from the ledger."""

from __future__ import annotations

import logging
import os
import re
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from crawler import __version__
from crawler.hkcnews.urls import article_id
from crawler.ledger import CaptureRow, Ledger
from crawler.ledger.images import ImageAnswer
from crawler.recovery.sources import WAYBACK
from crawler.utils.files import sync_folder
from crawler.utils.text import counted
from crawler.warc.captures import ArchivedCapture, Damage, NotAWebArchive
from crawler.warc.files import end_of_last_record, read_archived, read_record, scan_file
from crawler.warc.record import WarcDamaged
from crawler.warc.writer import CaptureOrigin, RecordLocation, WarcWriter
from crawler.wayback.capture import StoredCapture
from crawler.wayback.digest import DigestCheck, compare_digest
from crawler.wayback.http import declared_coding
from crawler.wayback.playback import Reply, escape, reply_of

logger = logging.getLogger(__name__)

OPEN_SUFFIX = ".open"
"""What the name of a file ends in while a run writes it."""
ROTATE_BYTES = 1 << 30
"""Bytes after which a file is finished and the next one begun; a gigabyte is what archivists are used to."""


def _now() -> datetime:
    return datetime.now(UTC)


class Store:
    """A folder of WARC files. The run's file is made with its first capture, and named when it is finished."""

    def __init__(self, folder: Path, now: Callable[[], datetime] = _now, full: int = ROTATE_BYTES) -> None:
        self._folder = folder
        self._now = now
        self._full = full
        self._writer: WarcWriter | None = None
        self.made: list[str] = []
        """The names of the files that this run has made, as they are or will be when they are finished."""

    def add(self, reply: Reply, check: DigestCheck, origin: CaptureOrigin) -> RecordLocation:
        """Append one capture; it is on disk when this returns. Raises OSError when it cannot be written."""
        writer = self._writer = self._writer or self._begin()
        place = writer.append(reply, check, origin)
        if writer.size >= self._full:
            self.close()
        return place

    def read(self, place: RecordLocation, served: tuple[str, str] | None = None) -> StoredCapture:
        """A capture from where the ledger says it is; `served`: its timestamp and original, as far as that is known.
        Raises WarcDamaged, also when another capture is there, or OSError."""
        path = f"{self._folder}/{place.file}"  # a Path for each takes longer
        try:
            stored = read_record(path, place.offset, place.length)
        except FileNotFoundError:
            stored = read_record(path + OPEN_SUFFIX, place.offset, place.length)
        if served is not None and (stored.timestamp, stored.original) != served:
            there = f"{stored.timestamp} {stored.original} is there, not {' '.join(served)}"
            raise WarcDamaged(f"{place.file} at byte {place.offset}: {there}")
        return stored

    def read_capture(self, row: CaptureRow) -> StoredCapture:
        """The capture of a row, from the store or else the file of web archives that has it. Raises as `read`."""
        if row.warc:
            return self.read(RecordLocation(row.warc, row.warc_offset, row.warc_length), row.served)
        assert row.from_file is not None
        return read_archived(row.from_file)

    def files(self) -> dict[str, int]:
        """The names of all files, as they are or will be when they are finished, with their sizes in bytes."""
        paths = [*self._folder.glob("*.warc.gz"), *self._folder.glob(f"*.warc.gz{OPEN_SUFFIX}")]
        sizes = {path.name.removesuffix(OPEN_SUFFIX): path.stat().st_size for path in paths if path.is_file()}
        return dict(sorted(sizes.items()))

    def records(self, name: str) -> Iterator[ArchivedCapture | Damage]:
        """All captures in one of the files, with their places, and what of it cannot be read. Raises OSError."""
        path = self._folder / name
        return scan_file(path if path.exists() else _opened(path))

    def mend(self) -> None:
        """Finish what a killed run left open, without its torn last record. Only for the holder of the lock."""
        for path in sorted(self._folder.glob(f"*.warc.gz{OPEN_SUFFIX}")):
            size, whole = path.stat().st_size, end_of_last_record(path)
            if not whole:
                logger.warning("the store's %s has no whole record: removed", path.name)
                path.unlink()
                continue
            if cut := size - whole:
                logger.warning("the store's %s: its last record is torn; the last %d bytes are cut off", path.name, cut)
                os.truncate(path, whole)
            self._finish(path)

    def close(self) -> None:
        """Close the run's file and give it its name."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
            self._finish(_opened(self._folder / self.made[-1]))

    def _begin(self) -> WarcWriter:
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"hkcnews-{self._now():%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}.warc.gz"
        path, software = _opened(self._folder / name), f"citizen-news-recovery/{__version__}"
        writer = WarcWriter(path, software=software, clock=self._now, new_uuid=uuid.uuid4, name=name)
        self.made.append(name)
        return writer

    def _finish(self, path: Path) -> None:
        path.replace(path.with_name(path.name.removesuffix(OPEN_SUFFIX)))
        sync_folder(self._folder)


def _opened(path: Path) -> Path:
    return path.with_name(path.name + OPEN_SUFFIX)


def compare_served(served: StoredCapture, digest: str, coding: str = "", *, other_capture: bool = False) -> DigestCheck:
    """Compare what was served or stored with the digest of an index, without the `coding` that playback declared where
    that is known, else what its headers declare. `other_capture`: as for `compare_digest`."""
    return compare_digest(
        served.payload,
        coding or declared_coding(served.headers),
        digest,
        headers=served.headers,
        other_capture=other_capture,
        known=served.digest,
    )


def capture_columns(reply: Reply, check: DigestCheck, place: RecordLocation | None) -> dict[str, str | int]:
    """Columns for `Ledger.note`; `place` where the store has it, None if it was not stored."""
    columns: dict[str, str | int] = {
        "answer": reply.answer.value,
        "status": reply.status,
        "digest_result": check.result.value,
        "digest_reason": check.reason.value,
        "served_timestamp": reply.timestamp,
        "served_original": reply.original,
        "coding": declared_coding(reply.headers) or "",
    }
    if place is not None:
        columns |= {"warc": place.file, "warc_offset": place.offset, "warc_length": place.length}
    return columns


IMAGE_RECORD = "image"
"""How the store's records say that they were found which came from a request for an image."""
_ASKED = re.compile(r"/(\d{1,14})im_/(.+)\Z", re.DOTALL)


def reconcile(ledger: Ledger, store: Store) -> int:
    """Compare the files that a run left without marking them as known with the ledger; gives the number of captures
    that it lacked. A file with captures of articles that are not listed (yet) is looked at again the next time."""
    found = 0
    for name, size in store.files().items():
        if ledger.meta(_key(name)) == str(size):
            continue
        with ledger.batch():
            lacked, unknown = _read(ledger, store, name)
            found += lacked
            if not unknown:
                ledger.set_meta(_key(name), str(size))
    if found:
        logger.info("taken from the store, since a run broke off after it fetched them: %s", counted(found, "capture"))
    return found


def _read(ledger: Ledger, store: Store, name: str) -> tuple[int, int]:
    """How many captures of a file the ledger lacked, and how many are of articles that it does not list."""
    found = unknown = 0
    try:
        for thing in store.records(name):
            if isinstance(thing, Damage):
                logger.warning("the store's %s is damaged at byte %d: %s", name, thing.offset, thing.why)
            elif thing.about.get("found") == IMAGE_RECORD:
                found += _note_image(ledger, store, name, thing)
            else:
                article = article_id(thing.capture.original)
                rows = ledger.captures(article) if article else []
                found += _note_capture(ledger, store, name, rows, thing)
                unknown += article is not None and not rows
    except NotAWebArchive as error:
        logger.warning("the store's %s is left alone: %s", name, error)
    return found, unknown


def _note_image(ledger: Ledger, store: Store, name: str, held: ArchivedCapture) -> bool:
    """Tell the ledger of an image in the store's file `name`; gives whether it lacked it."""
    asked, source = _ASKED.search(held.about.get("fetchedFrom", "")), held.about.get("source", "")
    if asked is None:
        return False
    key = (source, asked[1], escape(asked[2]))
    if ledger.image_answer(*key) is not None or (found := _stored(store, name, held)) is None:
        return False
    reply, place = found
    served = (reply.answer.value, reply.status, reply.timestamp, reply.original)
    said = ImageAnswer(*served, declared_coding(reply.headers) or "", reply.location, place)
    ledger.note_image_answer(*key, said, None)
    return True


def _note_capture(ledger: Ledger, store: Store, name: str, rows: Sequence[CaptureRow], held: ArchivedCapture) -> bool:
    """The same for a capture of the article that has these rows."""
    key = (held.capture.timestamp, held.capture.original, held.about.get("source") or WAYBACK)
    row = next((row for row in rows if (row.capture.timestamp, row.capture.original, row.source) == key), None)
    if row is None or row.warc or (found := _stored(store, name, held)) is None:
        return False
    reply, place = found
    ledger.note(row.id, **capture_columns(reply, compare_served(reply, row.capture.digest), place))
    return True


def _stored(store: Store, name: str, held: ArchivedCapture) -> tuple[Reply, RecordLocation] | None:
    """A record that was found in the store's file `name`, read from where it lies; None where it cannot be."""
    if Path(held.place.file).name.removesuffix(OPEN_SUFFIX) != name:  # packed with others: no seeking reaches it
        return None
    place = RecordLocation(name, held.place.offset, held.place.length)
    try:
        return reply_of(store.read(place)), place
    except WarcDamaged as damage:
        logger.warning("the store cannot be read: %s", damage)
        return None


def mark_known(ledger: Ledger, store: Store) -> None:
    """At the end of a run: all that it stored is in the ledger."""
    sizes = store.files()
    for name in sizes.keys() & store.made:
        ledger.set_meta(_key(name), str(sizes[name]))


def _key(name: str) -> str:
    return f"warc {name}"
