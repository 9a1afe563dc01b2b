"""Storing captures in WARC 1.1 files, one gzip member per record."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO, FileIO
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import UUID

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler.archive.capture import read_moment, timestamp_of
from crawler.archive.digest import payload_digest
from crawler.archive.headers import Headers
from crawler.archive.playback import escape
from crawler.archive.rebuild import http_headers, one_line, status_line
from crawler.archive.warcrecord import ORIGINAL_FIELD, TIMESTAMP_FIELD

REWRITTEN_VIEW = "rewritten"
"""What the metadata record says of a capture that was kept as an archive's rewritten view."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record is: file name without its folder, offset and compressed length in bytes."""

    file: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Provenance:
    """How a capture was come by: the address fetched, when (aware), the CDX row's digest, the comparison's result, codings taken off.

    `source` is the name of the source, `archive` the public address under which it replays captures, `held_in` the file of web
    archives that had it, `found` how it came to be known, `rewritten` whether it is a rewritten view instead of the stored bytes.
    """

    fetched_from: str
    fetched_at: datetime
    cdx_digest: str
    digest_result: str
    codings: Sequence[str] = ()
    source: str = ""
    archive: str = ""
    held_in: str = ""
    found: str = ""
    rewritten: bool = False


class WarcWriter:
    """Appends captures to one new WARC file. Made by `create`; not for two threads at once."""

    def __init__(self, file: FileIO, name: str, *, new_uuid: Callable[[], UUID], sync: bool) -> None:
        self._file = file
        self._name = name
        self.size = 0
        """Bytes written so far."""
        self._new_uuid = new_uuid
        self._sync = sync
        self._warcinfo = ""

    @classmethod
    def create(
        cls, path: Path, *, software: str, clock: Callable[[], datetime], new_uuid: Callable[[], UUID], sync: bool = True, name: str = ""
    ) -> Self:
        """Create the file and write its warcinfo record. Raises FileExistsError: appending behind a torn record would lose what follows.

        `clock` gives aware moments; `sync=False` leaves it to the system when bytes reach the disk; `name` is the file's name when it
        is finished, if it is written under another.
        """
        name = name or path.name
        writer = cls(path.open("xb", buffering=0), name, new_uuid=new_uuid, sync=sync)
        try:
            info = {"software": software, "format": "WARC File Format 1.1"}
            identity = writer._id()
            writer._append([writer._record("warcinfo", identity, clock(), {"WARC-Filename": one_line(name)}, _fields(info))])
            writer._warcinfo = identity
            if sync:
                sync_folder(path.parent)
        except OSError:
            writer.close()
            path.unlink(missing_ok=True)
            raise
        return writer

    def append(
        self,
        *,
        original: str,
        timestamp: str,
        status: int,
        headers: Headers,
        payload: bytes,
        provenance: Provenance,
        location: str | None = None,
        truncated: bool = False,
    ) -> Place:
        """Store one capture: a response record and a metadata record; they are on disk when this returns.

        `headers` are those of the playback answer; `location` is the original that an archived redirect leads to; `truncated`: the
        archive has less of it than the site sent, for a reason that nobody knows. Raises ValueError
        for a timestamp that is no time or a status that is none, OSError when it cannot be written (then the file ends as it did before).
        """
        moment = read_moment(timestamp)
        if moment is None or not 100 <= status <= 999:
            raise ValueError(f"no such capture: time {timestamp!r}, status {status}")
        target, rebuilt_headers = escape(original), http_headers(headers, payload, location)
        fields = {"WARC-Target-URI": target, "WARC-Payload-Digest": f"sha1:{payload_digest(payload)}"}
        if target != original:
            fields[ORIGINAL_FIELD] = json.dumps(original)
        if timestamp != timestamp_of(moment):
            fields[TIMESTAMP_FIELD] = timestamp
        if truncated:
            fields["WARC-Truncated"] = "unspecified"
        http = StatusAndHeaders(status_line(status), list(rebuilt_headers.fields), protocol="HTTP/1.1")
        response_id = self._id()
        response = self._record("response", response_id, moment, fields, payload, http)
        link = {"WARC-Target-URI": target, "WARC-Concurrent-To": response_id}
        metadata = self._record("metadata", self._id(), provenance.fetched_at, link, _about(provenance, rebuilt_headers.notes))
        return self._append([response, metadata])

    def close(self) -> None:
        """Close the file; further appends raise ValueError."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _id(self) -> str:
        return f"<{self._new_uuid().urn}>"

    def _record(
        self, kind: str, identity: str, moment: datetime, fields: Mapping[str, str], block: bytes, http: StatusAndHeaders | None = None
    ) -> bytes:
        own = {"WARC-Type": kind, "WARC-Record-ID": identity, "WARC-Date": _date(moment), **fields}
        if self._warcinfo:
            own["WARC-Warcinfo-ID"] = self._warcinfo
        buffer = BytesIO()
        writer = WARCWriter(buffer, gzip=True, warc_version="1.1")
        record = writer.create_warc_record(None, kind, payload=BytesIO(block), length=len(block), warc_headers_dict=own, http_headers=http)
        writer.write_record(record)
        return buffer.getvalue()

    def _append(self, records: Sequence[bytes]) -> Place:
        offset = self._file.seek(0, os.SEEK_END)
        try:
            rest = memoryview(b"".join(records))
            while rest:  # unbuffered, so that a failed write leaves nothing behind that a later one would flush
                rest = rest[self._file.write(rest) :]
            if self._sync:
                os.fsync(self._file.fileno())
        except OSError:
            self._file.truncate(offset)
            raise
        self.size = self._file.tell()
        return Place(self._name, offset, len(records[0]))


def sync_folder(folder: Path) -> None:
    """Make the new name itself durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _date(moment: datetime) -> str:
    at = moment.astimezone(UTC)
    return f"{at.year:04d}-{at:%m-%dT%H:%M:%SZ}"


def _about(provenance: Provenance, notes: Sequence[str]) -> bytes:
    return _fields(
        {
            "fetchedFrom": provenance.fetched_from,
            "fetchedAt": _date(provenance.fetched_at),
            "cdxDigest": provenance.cdx_digest,
            "digestResult": provenance.digest_result,
            "contentCodingTakenOff": ", ".join(provenance.codings),
            "rebuilt": "; ".join(notes),
            "source": provenance.source,
            "archive": provenance.archive,
            "heldIn": provenance.held_in,
            "found": provenance.found,
            "view": REWRITTEN_VIEW if provenance.rewritten else "",
        }
    )


def _fields(values: Mapping[str, str]) -> bytes:
    return "".join(f"{name}: {one_line(value)}\r\n" for name, value in values.items() if value).encode("utf-8", "replace")
