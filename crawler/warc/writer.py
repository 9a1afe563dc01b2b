"""Storing captures in WARC 1.1 files, one gzip member a record, with the archived headers rebuilt."""

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from uuid import UUID

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler.utils.files import sync_folder
from crawler.utils.timestamps import read_moment, timestamp_of
from crawler.warc.record import ORIGINAL_FIELD, TIMESTAMP_FIELD
from crawler.wayback.digest import DigestCheck, MismatchReason, payload_digest
from crawler.wayback.http import Coding, CodingError, Headers, decode, first_header, header_bytes
from crawler.wayback.playback import Reply, escape

PREFIX = "x-archive-orig-"

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
BODY_FIELDS = frozenset({"content-length", "transfer-encoding", "content-encoding"})


def http_headers(
    headers: Headers, payload: bytes, location: str | None = None
) -> tuple[tuple[tuple[str, str], ...], list[str]]:
    """The archived header fields, in their order, made to fit the payload that is stored, all printable ASCII; and
    notes on those that are not the archived ones.

    Archived fields come back with their prefix taken off; Content-Type and Location are passed through by the archive
    without one, Location rewritten, so that the caller gives its target. What describes the transfer of the body
    (length, chunks, a coding that is not on the stored bytes any more) keeps its prefix, since a reader of the WARC
    would act on it.
    """
    notes = ["header fields from x-archive-orig-*"]
    archived = [(name[len(PREFIX) :], name, value) for name, value in headers if name.lower().startswith(PREFIX)]
    fields: list[tuple[str, str]] = []
    kind = first_header(headers, "content-type")
    if kind and all(name.lower() != "content-type" for name, _, _ in archived):
        fields.append(("Content-Type", kind))
    codings = ", ".join(value for name, _, value in archived if name.lower() == "content-encoding")
    try:
        coded = bool(codings) and any(coding != Coding.CHUNKED for coding in decode(payload, codings).codings)
    except CodingError:
        coded = True
    for name, prefixed, value in archived:
        lower = name.lower()
        if lower == "location" and location is not None:
            continue
        if lower in BODY_FIELDS and not (lower == "content-encoding" and coded):
            fields.append((prefixed, value))
            notes.append(f"{lower} set aside")
        else:
            fields.append((name, value))
    if location is not None:
        fields.append(("Location", escape(location)))
        notes.append("location from the archive's own")
    fields.append(("Content-Length", str(len(payload))))
    return tuple((name, _ascii(value)) for name, value in fields if _NAME.fullmatch(name)), notes


def _ascii(value: str) -> str:
    """A header value as printable ASCII: controls become spaces, other bytes are percent-encoded as they were sent."""
    return "".join(
        " " if byte < 0x20 or byte == 0x7F else chr(byte) if byte < 0x7F else f"%{byte:02X}"
        for byte in header_bytes(value)
    ).strip()


def status_line(status: int) -> str:
    """Status and reason phrase; the archived phrase is not known, the standard one stands for it."""
    try:
        return f"{status:03d} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status:03d} Archived"


def one_line(value: str) -> str:
    """Text without anything that could end a line or hide in it."""
    return _CONTROL.sub(" ", value).strip()


REWRITTEN_VIEW = "rewritten"
"""What the metadata record says of a capture that was kept as an archive's rewritten view."""


@dataclass(frozen=True, slots=True)
class RecordLocation:
    """Where a record is: file name without its folder, offset and compressed length in bytes."""

    file: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class CaptureOrigin:
    """Where a capture comes from: the address it was fetched from, the source's name, the public address under which
    its archive replays, the file of web archives that had it, how it was found, whether it is a rewritten view."""

    fetched_from: str
    source: str = ""
    archive: str = ""
    held_in: str = ""
    found: str = ""
    rewritten: bool = False


class WarcWriter:
    """Appends captures to one new WARC file, which begins with its warcinfo record. Not for two threads at once.

    `clock` gives aware moments; `sync=False` leaves it to the system when bytes reach the disk; `name` is the file's
    name when it is finished, if it is written under another. Raises FileExistsError: appending behind a torn record
    would lose what follows.
    """

    def __init__(
        self,
        path: Path,
        *,
        software: str,
        clock: Callable[[], datetime],
        new_uuid: Callable[[], UUID],
        sync: bool = True,
        name: str = "",
    ) -> None:
        self._name = name or path.name
        self._clock = clock
        self._new_uuid = new_uuid
        self._sync = sync
        self._warcinfo = ""
        self.size = 0
        """Bytes written so far."""
        self._file = path.open("xb", buffering=0)
        try:
            info = _fields(software=software, format="WARC File Format 1.1")
            identity, named = self._id(), {"WARC-Filename": one_line(self._name)}
            self._append([self._record("warcinfo", identity, clock(), named, info)])
            self._warcinfo = identity
            if sync:
                sync_folder(path.parent)
        except OSError:
            self.close()
            path.unlink(missing_ok=True)
            raise

    def append(self, reply: Reply, check: DigestCheck, origin: CaptureOrigin) -> RecordLocation:
        """Store one capture: a response record and a metadata record; they are on disk when this returns.

        What is kept are the bytes that match the digest, with the codings taken off that playback had added; without a
        match they are kept as they came. Raises ValueError for a timestamp that is no time or a status that is none,
        OSError when it cannot be written (then the file ends as it did before).
        """
        original, timestamp, moment = reply.original, reply.timestamp, read_moment(reply.timestamp)
        if moment is None or not 100 <= reply.status <= 999:
            raise ValueError(f"no such capture: time {timestamp!r}, status {reply.status}")
        payload, codings = (check.payload, check.codings) if check.matches else (reply.payload, ())
        location = reply.location[1] if reply.location else None
        target, fetched_at = escape(original), self._clock()
        rebuilt, notes = http_headers(reply.headers, payload, location)
        fields = {"WARC-Target-URI": target, "WARC-Payload-Digest": f"sha1:{payload_digest(payload)}"}
        if target != original:
            fields[ORIGINAL_FIELD] = json.dumps(original)
        if timestamp != timestamp_of(moment):
            fields[TIMESTAMP_FIELD] = timestamp
        if check.reason is MismatchReason.TRUNCATED:
            fields["WARC-Truncated"] = "unspecified"
        http = StatusAndHeaders(status_line(reply.status), list(rebuilt), protocol="HTTP/1.1")
        response_id = self._id()
        about = _fields(
            fetchedFrom=origin.fetched_from,
            fetchedAt=_date(fetched_at),
            cdxDigest=check.digest or "-",
            digestResult=check.result.value,
            contentCodingTakenOff=", ".join(codings),
            rebuilt="; ".join(notes),
            source=origin.source,
            archive=origin.archive,
            heldIn=origin.held_in,
            found=origin.found,
            view=REWRITTEN_VIEW if origin.rewritten else "",
        )
        link = {"WARC-Target-URI": target, "WARC-Concurrent-To": response_id}
        return self._append(
            [
                self._record("response", response_id, moment, fields, payload, http),
                self._record("metadata", self._id(), fetched_at, link, about),
            ]
        )

    def close(self) -> None:
        """Close the file; further appends raise ValueError."""
        self._file.close()

    def _id(self) -> str:
        return f"<{self._new_uuid().urn}>"

    def _record(
        self,
        kind: str,
        identity: str,
        moment: datetime,
        fields: Mapping[str, str],
        block: bytes,
        http: StatusAndHeaders | None = None,
    ) -> bytes:
        own = {"WARC-Type": kind, "WARC-Record-ID": identity, "WARC-Date": _date(moment), **fields}
        if self._warcinfo:
            own["WARC-Warcinfo-ID"] = self._warcinfo
        buffer = BytesIO()
        writer = WARCWriter(buffer, gzip=True, warc_version="1.1")
        record = writer.create_warc_record(
            None, kind, payload=BytesIO(block), length=len(block), warc_headers_dict=own, http_headers=http
        )
        writer.write_record(record)
        return buffer.getvalue()

    def _append(self, records: Sequence[bytes]) -> RecordLocation:
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
        return RecordLocation(self._name, offset, len(records[0]))


def _date(moment: datetime) -> str:
    at = moment.astimezone(UTC)
    return f"{at.year:04d}-{at:%m-%dT%H:%M:%SZ}"


def _fields(**values: str) -> bytes:
    lines = (f"{name}: {one_line(value)}\r\n" for name, value in values.items() if value)
    return "".join(lines).encode("utf-8", "replace")
