"""From records to captures: what each holds, the payloads of revisits, one of several copies."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from crawler.utils.exit_status import UsageError
from crawler.utils.timestamps import read_moment, timestamp_of
from crawler.warc.iterator import WarcRecord
from crawler.warc.record import (
    Head,
    Http,
    Malformed,
    body_of,
    compare_block,
    compare_payload,
    digests_of,
    digits_of,
    is_http,
    message_of,
    original_of,
    read_http,
    target_of,
    timestamp_from,
)
from crawler.warc.remote import Location
from crawler.warc.writer import BODY_FIELDS, RecordLocation, http_headers
from crawler.wayback.archive import WAYBACK_MACHINE
from crawler.wayback.capture import REVISIT, Capture, StoredCapture
from crawler.wayback.digest import cdx_digest, cdx_sha1, digest_differs, payload_digest
from crawler.wayback.http import Headers, first_header
from crawler.wayback.playback import Answer, Reply, parse_playback_url, read_reply


class NotAWebArchive(UsageError):
    """A path or address that was given is no file or folder of web archives."""

    def __init__(self, path: Location, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.why = why


@dataclass(frozen=True, slots=True)
class RecordLinks:
    """What ties a record to others, by its fields: its id and target, its date's digits, what a revisit refers to.

    `digest`: the payload's own as CDX rows have it, where the one that is stated is of the bytes with chunks or with
    the HTTP head.
    """

    record_id: str = ""
    target: str = ""
    date: str = ""
    refers_to: str = ""
    refers_to_target: str = ""
    refers_to_date: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class ArchivedCapture:
    """A capture and where its record lies.

    `capture`: timestamp and original as captured, of records of a playback too; statuscode of a revisit that is not
    resolved is "-" where its record has no HTTP head, its mimetype REVISIT; digest in base32, "" when it is not known;
    length is the record's. `place`: file as the path was given, offset and length in bytes; a record that no seeking
    can reach, because it is packed together with others, has `file#N` and its place in what is unpacked from byte N of
    the file. `payload`: where the payload of a revisit is. `rewritten`: an archive's view with its own links and
    toolbar, for `unrewrite`. `about`: fields of the metadata record beside it. `truncated`: why the record has less
    than the site sent, in the words of its WARC-Truncated.
    """

    capture: Capture
    place: RecordLocation
    payload: RecordLocation | None = None
    rewritten: bool = False
    about: Mapping[str, str] = field(default_factory=dict, hash=False)
    truncated: str = ""
    links: RecordLinks = field(default=RecordLinks(), repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Damage:
    """What of a file cannot be read: from which byte, and in one sentence what is lost and where reading went on."""

    file: str
    offset: int
    why: str
    original: str = field(default="", compare=False)
    """The address of the one capture that is lost, where that is known."""

    def __str__(self) -> str:
        return f"{self.file} at byte {self.offset}: {self.why}"


_SCHEMES = ("http://", "https://")
_AS_STORED = frozenset({"id_", "im_", "oe_"})
"""Flags with which the Wayback Machine plays back stored bytes; with others it rewrites text."""

_NEVER_REWRITTEN = (
    *("image/", "video/", "audio/", "font/"),
    *("application/pdf", "application/octet-stream", "application/zip"),
)


def capture_in(record: WarcRecord, *, trusted: bool) -> ArchivedCapture | str:
    """What a record holds, without the metadata beside it; of one that is no capture, what it is, in words. `trusted`:
    its writer is known to take digests of the payload, so that this one need not be compared where a checksum vouches
    for the record. Raises Malformed for a capture that cannot be used."""
    head, block = record.head, record.block
    if other := _other_than_capture(record):
        return other
    if record.torn and not digests_of(head):
        raise Malformed("what it is packed in is damaged further on, and it has no digest of its own")
    revisit = head.kind == "revisit"
    http = message_of(head, block) if block.strip() or not revisit else None
    if not record.guarded:
        compare_block(head, http, block)
    digest, own = _digests(record, http, trusted=trusted)
    original, timestamp, rewritten, kind = original_of(head), timestamp_from(head), False, "unk"
    if http is not None:
        kind = (first_header(http.headers, "content-type") or "").partition(";")[0].strip().lower() or "unk"
    if (address := parse_playback_url(WAYBACK_MACHINE, original)) is not None:
        rewritten = address[1] not in _AS_STORED and not kind.startswith(_NEVER_REWRITTEN)
        original, timestamp = address[2], _whole(address[0])
        if http is not None and http.size:
            body = b"" if first_header(http.headers, "memento-datetime") else body_of(http, block)
            reply = _reply(timestamp, original, http.status, http.headers, body)
            if reply.answer not in (Answer.CAPTURE, Answer.ARCHIVED_REDIRECT):
                return "page of an archive's own"
            original, timestamp = reply.original, reply.timestamp
    capture = Capture(
        timestamp=timestamp,
        original=original,
        mimetype=REVISIT if revisit else kind,
        statuscode=f"{http.status:03d}" if http else "-",
        digest="" if rewritten and not revisit else digest,
        length=str(record.length),
    )
    links = RecordLinks(
        record_id=head.get("warc-record-id"),
        target=target_of(head),
        date=digits_of(head.get("warc-date")),
        refers_to=head.get("warc-refers-to"),
        refers_to_target=target_of(head, "warc-refers-to-target-uri"),
        refers_to_date=digits_of(head.get("warc-refers-to-date")),
        digest="" if rewritten else own,
    )
    place = RecordLocation(record.file, record.offset, record.length)
    truncated = head.get("warc-truncated") or ("segmented" if head.get("warc-segment-number") else "")
    return ArchivedCapture(capture, place, None, rewritten, truncated=truncated, links=links)


def stored_capture(record: WarcRecord, payload: WarcRecord | None = None) -> StoredCapture:
    """The capture that a record is; of a revisit with the record that has its payload. Raises Malformed."""
    head = record.head
    if _other_than_capture(record) or (head.kind == "revisit") != (payload is not None):
        raise Malformed(f"a record of type {head.kind}")
    source = payload or record
    there = message_of(source.head, source.block)
    body = body_of(there, source.block)
    digest = compare_payload(source.head, there, source.block, body)
    if not (source.guarded and digest):  # else the packing's checksum and the payload's digest have vouched for it
        compare_block(source.head, there, source.block)
    http, headers = there, there.headers
    if payload is not None:
        own = read_http(record.block) if record.block.strip() else there
        http = there if own.status == HTTPStatus.NOT_MODIFIED else own
        compare_block(head, http, record.block)
        compare_payload(head, there, source.block, body)
        if http is not there:  # what describes the body is the payload's
            mine = [pair for pair in http.headers if pair[0].lower() not in BODY_FIELDS]
            headers = (*mine, *(pair for pair in headers if pair[0].lower() in BODY_FIELDS))
    original, timestamp = original_of(head), timestamp_from(head)
    if (address := parse_playback_url(WAYBACK_MACHINE, original)) is not None:
        original, timestamp = address[2], _whole(address[0])
        if there.size:
            reply = _reply(timestamp, original, http.status, headers, body)
            headers, _ = http_headers(headers, body, reply.location[1] if reply.location else None)
            original, timestamp = reply.original, reply.timestamp
    return StoredCapture(original, timestamp, http.status, headers, body, digest)


def _reply(timestamp: str, original: str, status: int, headers: Headers, body: bytes) -> Reply:
    """What a record of the Wayback Machine's playback is, as an answer to the request for it."""
    return read_reply(WAYBACK_MACHINE, Capture(timestamp=timestamp, original=original), status, headers, body)


def _other_than_capture(record: WarcRecord) -> str:
    """What a record is, in words, that is no capture by its head; empty for any other."""
    head = record.head
    if head.kind not in ("response", "revisit", "resource"):
        return f"{head.kind} record"
    if is_http(head, record.block) or (head.kind != "revisit" and target_of(head).lower().startswith(_SCHEMES)):
        return ""
    return f"{head.kind} record of another protocol"


def _digests(record: WarcRecord, http: Http | None, *, trusted: bool) -> tuple[str, str]:
    """The digest by which files know the payload, as CDX rows have it: the one that is stated, else its own; and its
    own where the one stated is of other bytes, those with chunks or the whole block. Raises Malformed when neither a
    checksum nor a digest proves it."""
    block, stated = record.block, cdx_digest(record.head.get("warc-payload-digest"))
    if http is None or record.head.kind == "revisit" or (stated and trusted and record.guarded):
        return stated, ""
    body = body_of(http, block)
    if not record.guarded and (found := compare_payload(record.head, http, block, body)):
        return found, ""
    if cdx_sha1(body, stated):
        return stated, ""
    own = payload_digest(body)
    if not stated:
        return own, ""
    return stated, own if stated in map(payload_digest, (block[http.size :], block)) else ""


def _whole(timestamp: str) -> str:
    moment = read_moment(timestamp)
    return timestamp_of(moment) if moment and len(timestamp) < 14 else timestamp


def address_of(head: Head) -> str:
    """The address that a record is a capture of, an archive's own left out; the empty string when it names none."""
    try:
        original = original_of(head)
    except Malformed:
        return ""
    address = parse_playback_url(WAYBACK_MACHINE, original)
    return address[2] if address is not None else original


def metadata_fields(record: WarcRecord) -> dict[str, str]:
    """The fields that a metadata record has as its block, {} when it has something else."""
    if not record.head.get("content-type").lower().startswith("application/warc-fields"):
        return {}
    if not record.guarded and digest_differs(record.head.get("warc-block-digest"), record.block):
        return {}
    lines = (line.partition(":") for line in record.block.decode("utf-8", "replace").splitlines())
    return {name.strip(): value.strip() for name, colon, value in lines if colon and name.strip()}


_Key = tuple[str, ...]


def resolve_revisits(captures: Iterable[ArchivedCapture]) -> list[ArchivedCapture | Damage]:
    """All captures in order of time, each once, whatever the order in which they come.

    Of captures with the same timestamp, original and digest the best is left: as stored, whole, with its own payload,
    then the first by file and offset. Revisits get `payload` and what they lack from the record that they refer to by
    its id, else by address and date, else by digest. One that finds none is Damage, once; so is one of another host's
    page if that was left out before.
    """
    ordered = sorted(captures, key=_order)
    payloads: dict[_Key, list[ArchivedCapture]] = {}
    for archived in ordered:
        links, digest = archived.links, archived.capture.digest
        if not archived.capture.is_revisit:
            for key in (("id", links.record_id), ("at", links.target, links.date), ("digest", digest)):
                payloads.setdefault(key, []).append(archived)
    found: dict[_Key, ArchivedCapture] = {}
    lost: dict[_Key, Damage] = {}
    for archived in ordered:
        whole = archived
        if archived.capture.is_revisit and archived.payload is None:
            payload = _payload(archived, payloads)
            if payload is None:
                lost.setdefault(_identity(archived), _lost(archived))
                continue
            whole = _joined(archived, payload)
        identity = _identity(whole)
        if identity not in found or _worth(whole) < _worth(found[identity]):
            found[identity] = whole
    return [*sorted(found.values(), key=_order), *(lost[identity] for identity in lost if identity not in found)]


def _identity(archived: ArchivedCapture) -> tuple[str, str, str]:
    return archived.capture.timestamp, archived.capture.original, archived.capture.digest


def _order(archived: ArchivedCapture) -> tuple[str, str, str, str, int]:
    return *_identity(archived), archived.place.file, archived.place.offset


def _worth(archived: ArchivedCapture) -> tuple[bool, bool, bool, str, int]:
    place = archived.place
    return archived.rewritten, bool(archived.truncated), archived.payload is not None, place.file, place.offset


def _payload(revisit: ArchivedCapture, payloads: Mapping[_Key, list[ArchivedCapture]]) -> ArchivedCapture | None:
    links, digest = revisit.links, revisit.capture.digest
    at: _Key = ("at", links.refers_to_target, links.refers_to_date)
    for key in (("id", links.refers_to), at, ("digest", digest)):
        known = payloads.get(key, ()) if all(key) else ()
        candidates = [each for each in known if not digest or each.capture.digest in ("", digest)]
        if candidates:
            return min(candidates, key=lambda each: (each.capture.original != revisit.capture.original, _worth(each)))
    return None


def _joined(revisit: ArchivedCapture, payload: ArchivedCapture) -> ArchivedCapture:
    own, other = revisit.capture, payload.capture
    status = other.statuscode if own.statuscode in ("-", "304") else own.statuscode
    capture = replace(own, mimetype=other.mimetype, statuscode=status, digest=own.digest or other.digest)
    return replace(
        revisit,
        capture=capture,
        links=replace(revisit.links, digest=payload.links.digest if capture.digest == other.digest else ""),
        payload=payload.place,
        truncated=payload.truncated,
        rewritten=payload.rewritten,
    )


def _lost(revisit: ArchivedCapture) -> Damage:
    capture = revisit.capture
    of = f" with the digest {capture.digest}" if capture.digest else ""
    what = f"the revisit of {capture.original} at {capture.timestamp}"
    why = f"{what} is lost: its payload{of} is in none of the files"
    return Damage(revisit.place.file, revisit.place.offset, why)
