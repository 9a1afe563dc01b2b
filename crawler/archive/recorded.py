"""From a whole record to what it says: a holding for the list, or the capture with its payload."""

from crawler.archive.capture import REVISIT, Capture, read_moment, timestamp_of
from crawler.archive.digest import payload_digest
from crawler.archive.headers import first
from crawler.archive.holding import Holding, Links, Skipped, Why
from crawler.archive.playback import Answer, Reply, parse_playback_url, read_reply
from crawler.archive.proof import body_of, compare_block, compare_payload, digests_of
from crawler.archive.rebuild import http_headers
from crawler.archive.site import WAYBACK_MACHINE
from crawler.archive.warc import Place
from crawler.archive.warcdigest import as_cdx, differs, sha1_of
from crawler.archive.warcframe import Frame
from crawler.archive.warcrecord import (
    Head,
    Http,
    Malformed,
    StoredCapture,
    digits_of,
    is_http,
    message_of,
    original_of,
    read_http,
    target_of,
    timestamp_from,
)

_SCHEMES = ("http://", "https://")
_AS_STORED = frozenset({"id_", "im_", "oe_"})
"""Flags with which the Wayback Machine plays back stored bytes; with others it rewrites text."""

_NEVER_REWRITTEN = ("image/", "video/", "audio/", "font/", "application/pdf", "application/octet-stream", "application/zip")
_OF_THE_BODY = frozenset({"content-length", "transfer-encoding", "content-encoding"})


def held_in(frame: Frame, *, trusted: bool = False) -> Holding | Skipped:
    """What a record holds, without the metadata beside it. `trusted`: its writer is known to take digests of the payload, so that this one
    need not be compared where a checksum vouches for the record. Raises Malformed for a capture that cannot be used."""
    head = frame.head
    if why := _is_none(frame):
        return Skipped(frame.file, frame.offset, why, head.kind)
    revisit = head.kind == "revisit"
    http = message_of(head, frame.block) if frame.block.strip() or not revisit else None
    if not frame.guarded:
        compare_block(head, http, frame.block)
    digest, own = _digests(frame, http, trusted=trusted)
    original, timestamp, rewritten, kind = original_of(head), timestamp_from(head), False, "unk"
    if http is not None:
        kind = (first(http.headers, "content-type") or "").partition(";")[0].strip().lower() or "unk"
    if (address := parse_playback_url(WAYBACK_MACHINE, original)) is not None:
        rewritten = address[1] not in _AS_STORED and not kind.startswith(_NEVER_REWRITTEN)
        reply = _reply(address, http, frame.block)
        if reply is not None and reply.answer not in (Answer.CAPTURE, Answer.ARCHIVED_REDIRECT):
            return Skipped(frame.file, frame.offset, Why.ARCHIVES_OWN, head.kind)
        original, timestamp = (reply.original, reply.timestamp) if reply else (address[2], _whole(address[0]))
    capture = Capture(
        timestamp=timestamp,
        original=original,
        mimetype=REVISIT if revisit else kind,
        statuscode=f"{http.status:03d}" if http else "-",
        digest="" if rewritten and not revisit else digest,
        length=str(frame.length),
    )
    place = Place(frame.file, frame.offset, frame.length)
    return Holding(capture, place, None, rewritten, truncated=_truncated(head), links=_links(frame, "" if rewritten else own))


def stored_in(frame: Frame, payload: Frame | None = None) -> StoredCapture:
    """The capture that a record is; of a revisit with the record that has its payload. Raises Malformed."""
    head = frame.head
    if _is_none(frame) or (head.kind == "revisit") != (payload is not None):
        raise Malformed(f"a record of type {head.kind}")
    source = payload or frame
    there = message_of(source.head, source.block)
    digest = compare_payload(source.head, there, source.block)
    if not (source.guarded and digest):  # else the packing's checksum and the payload's digest have vouched for it
        compare_block(source.head, there, source.block)
    http, headers = there, there.headers
    if payload is not None:
        http, headers = _of_revisit(frame.block, there)
        compare_block(head, http, frame.block)
        compare_payload(head, there, source.block)
    body = body_of(there, source.block)
    original, timestamp = original_of(head), timestamp_from(head)
    if (address := parse_playback_url(WAYBACK_MACHINE, original)) is None:
        return StoredCapture(original, timestamp, http.status, headers, body, digest)
    if not there.size:
        return StoredCapture(address[2], _whole(address[0]), http.status, headers, body, digest)
    requested = Capture(timestamp=_whole(address[0]), original=address[2])
    reply = read_reply(WAYBACK_MACHINE, requested, http.status, headers, body)
    archived = http_headers(reply.headers, body, reply.location[1] if reply.location else None)
    return StoredCapture(reply.original, reply.timestamp, reply.status, archived.fields, body, digest)


def address_of(head: Head) -> str:
    """The address that a record is a capture of, an archive's own left out; the empty string when it names none."""
    try:
        original = original_of(head)
    except Malformed:
        return ""
    address = parse_playback_url(WAYBACK_MACHINE, original)
    return address[2] if address is not None else original


def fields_in(frame: Frame) -> dict[str, str]:
    """The fields that a metadata record has as its block, {} when it has something else."""
    if not frame.head.get("content-type").lower().startswith("application/warc-fields"):
        return {}
    if not frame.guarded and differs(frame.head.get("warc-block-digest"), frame.block):
        return {}
    lines = (line.partition(":") for line in frame.block.decode("utf-8", "replace").splitlines())
    return {name.strip(): value.strip() for name, colon, value in lines if colon and name.strip()}


def _is_none(frame: Frame) -> Why | None:
    """Why a record is no capture, by its head."""
    head = frame.head
    if head.kind not in ("response", "revisit", "resource"):
        return Why.OTHER_KIND
    if is_http(head, frame.block) or (head.kind != "revisit" and target_of(head).lower().startswith(_SCHEMES)):
        return None
    return Why.NOT_HTTP


def _digests(frame: Frame, http: Http | None, *, trusted: bool) -> tuple[str, str]:
    """The digest by which files know the payload, as CDX rows have it: the one that is stated, else its own; and its own where the one
    stated is of other bytes, those with chunks or the whole block. Raises Malformed when neither a checksum nor a digest proves it."""
    stated = as_cdx(frame.head.get("warc-payload-digest"))
    if http is None or frame.head.kind == "revisit" or (stated and trusted and frame.guarded):
        return stated, ""
    if not frame.guarded and (found := compare_payload(frame.head, http, frame.block)):
        return found, ""
    body = body_of(http, frame.block)
    if sha1_of(body, stated):
        return stated, ""
    own = payload_digest(body)
    if not stated:
        return own, ""
    others = (frame.block[http.size :], frame.block)
    return stated, own if stated in map(payload_digest, others) else ""


def _links(frame: Frame, digest: str) -> Links:
    head = frame.head
    return Links(
        record_id=head.get("warc-record-id"),
        target=target_of(head),
        date=digits_of(head.get("warc-date")),
        refers_to=head.get("warc-refers-to"),
        refers_to_target=target_of(head, "warc-refers-to-target-uri"),
        refers_to_date=digits_of(head.get("warc-refers-to-date")),
        checked=bool(digests_of(head)),
        digest=digest,
    )


def _truncated(head: Head) -> str:
    return head.get("warc-truncated") or ("segmented" if head.get("warc-segment-number") else "")


def _of_revisit(block: bytes, there: Http) -> tuple[Http, tuple[tuple[str, str], ...]]:
    """Status and headers of a revisit: its own, but what describes the body is the payload's; 304 means all of them are."""
    own = read_http(block) if block.strip() else there
    if own is there or own.status == 304:
        return there, there.headers
    mine = tuple(pair for pair in own.headers if pair[0].lower() not in _OF_THE_BODY)
    return own, (*mine, *(pair for pair in there.headers if pair[0].lower() in _OF_THE_BODY))


def _reply(address: tuple[str, str, str], http: Http | None, block: bytes) -> Reply | None:
    if http is None or not http.size:
        return None
    requested = Capture(timestamp=_whole(address[0]), original=address[2])
    body = b"" if first(http.headers, "memento-datetime") else body_of(http, block)
    return read_reply(WAYBACK_MACHINE, requested, http.status, http.headers, body)


def _whole(timestamp: str) -> str:
    moment = read_moment(timestamp)
    return timestamp_of(moment) if moment and len(timestamp) < 14 else timestamp
