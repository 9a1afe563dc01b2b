"""From a whole record to what it says: a holding for the list, or the capture with its payload."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from crawler.archive.capture import REVISIT, Capture, read_moment, timestamp_of
from crawler.archive.coding import CodingError, layers
from crawler.archive.digest import payload_digest
from crawler.archive.headers import declared_coding, first
from crawler.archive.holding import Holding, Links, Skipped, Why
from crawler.archive.playback import Answer, Reply, parse_playback_url, read_reply
from crawler.archive.rebuild import http_headers
from crawler.archive.site import WAYBACK_MACHINE
from crawler.archive.transfer import transferred
from crawler.archive.warc import Place
from crawler.archive.warcdigest import as_cdx, differs, is_checkable, matches_any, sha1_of
from crawler.archive.warcframe import Frame
from crawler.archive.warcrecord import Head, Http, Malformed, StoredCapture, digits_of, original_of, read_http, target_of, timestamp_from

_AS_STORED = frozenset({"id_", "im_", "oe_"})
"""Flags with which the Wayback Machine plays back stored bytes; with others it rewrites text."""

_NEVER_REWRITTEN = ("image/", "video/", "audio/", "font/", "application/pdf", "application/octet-stream", "application/zip")
_OF_THE_BODY = frozenset({"content-length", "transfer-encoding", "content-encoding"})


def held_in(frame: Frame) -> Holding | Skipped:
    """What a record holds, without the metadata beside it. Raises Malformed for a capture that cannot be used."""
    head = frame.head
    if head.kind not in ("response", "revisit"):
        return Skipped(frame.file, frame.offset, Why.OTHER_KIND)
    if not _is_http(head, frame.block):
        return Skipped(frame.file, frame.offset, Why.NOT_HTTP)
    revisit = head.kind == "revisit"
    http = read_http(frame.block) if frame.block.strip() or not revisit else None
    if not frame.guarded:
        _check_block(frame)
        if http is not None and not revisit:
            _check_payload(head, http, frame.block)
    digest = as_cdx(head.get("warc-payload-digest"))
    if not digest and http is not None and not revisit:
        digest = payload_digest(_body(http, frame.block))
    original, timestamp, rewritten, kind = original_of(head), timestamp_from(head), False, "unk"
    if http is not None:
        kind = (first(http.headers, "content-type") or "").partition(";")[0].strip().lower() or "unk"
    if (address := parse_playback_url(WAYBACK_MACHINE, original)) is not None:
        rewritten = address[1] not in _AS_STORED and not kind.startswith(_NEVER_REWRITTEN)
        reply = _reply(address, http, frame.block)
        if reply is not None and reply.answer not in (Answer.CAPTURE, Answer.ARCHIVED_REDIRECT):
            return Skipped(frame.file, frame.offset, Why.ARCHIVES_OWN)
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
    return Holding(capture, place, None, rewritten, truncated=_truncated(head), links=_links(frame))


def stored_in(frame: Frame, payload: Frame | None = None) -> StoredCapture:
    """The capture that a record is; of a revisit with the record that has its payload. Raises Malformed."""
    head = frame.head
    if head.kind not in ("response", "revisit") or (head.kind == "revisit") != (payload is not None):
        raise Malformed(f"a record of type {head.kind}")
    source = payload or frame
    there = read_http(source.block)
    digest = _check_payload(source.head, there, source.block)
    if not (source.guarded and digest):  # else the packing's checksum and the payload's digest have vouched for it
        _check_block(source)
    http, headers = there, there.headers
    if payload is not None:
        _check_block(frame)
        _check_payload(head, there, source.block)
        http, headers = _of_revisit(frame.block, there)
    body = _body(there, source.block)
    original, timestamp = original_of(head), timestamp_from(head)
    if (address := parse_playback_url(WAYBACK_MACHINE, original)) is None:
        return StoredCapture(original, timestamp, http.status, headers, body, digest)
    requested = Capture(timestamp=_whole(address[0]), original=address[2])
    reply = read_reply(WAYBACK_MACHINE, requested, http.status, headers, body)
    archived = http_headers(reply.headers, body, reply.location[1] if reply.location else None)
    return StoredCapture(reply.original, reply.timestamp, reply.status, archived.fields, body, digest)


def fields_in(frame: Frame) -> dict[str, str]:
    """The fields that a metadata record has as its block, {} when it has something else."""
    if not frame.head.get("content-type").lower().startswith("application/warc-fields"):
        return {}
    if not frame.guarded and differs(frame.head.get("warc-block-digest"), frame.block):
        return {}
    lines = (line.partition(":") for line in frame.block.decode("utf-8", "replace").splitlines())
    return {name.strip(): value.strip() for name, colon, value in lines if colon and name.strip()}


def _is_http(head: Head, block: bytes) -> bool:
    kind = head.get("content-type").lower()
    return kind.startswith("application/http") or (not kind and (head.kind == "revisit" or block.startswith(b"HTTP/")))


def _links(frame: Frame) -> Links:
    head = frame.head
    return Links(
        record_id=head.get("warc-record-id"),
        target=target_of(head),
        date=digits_of(head.get("warc-date")),
        refers_to=head.get("warc-refers-to"),
        refers_to_target=target_of(head, "warc-refers-to-target-uri"),
        refers_to_date=digits_of(head.get("warc-refers-to-date")),
        checked=is_checkable(head.get("warc-block-digest")) or is_checkable(head.get("warc-payload-digest")),
    )


def _truncated(head: Head) -> str:
    return head.get("warc-truncated") or ("segmented" if head.get("warc-segment-number") else "")


def _check_block(frame: Frame) -> None:
    stated = frame.head.get("warc-block-digest")
    if differs(stated, frame.block):
        raise Malformed(f"block does not match its digest {stated}")


def _check_payload(head: Head, http: Http, block: bytes) -> str:
    """Compare the payload with its digest; gives that in the form of CDX rows where it is a SHA-1 of the payload without chunks."""
    stated = head.get("warc-payload-digest")
    if found := sha1_of(_body(http, block), stated):
        return found
    if not matches_any(stated, _forms(http, block)):
        raise Malformed(f"payload does not match its digest {stated}")
    return ""


def _forms(http: Http, block: bytes) -> Iterator[bytes]:
    """What writers take the digest of a payload over: as it came, without chunks, without content codings."""
    raw = block[http.size :]
    yield raw
    body = transferred(http.headers, raw)
    if body is not raw:
        yield body
    with suppress(CodingError):
        for decoded in islice(layers(body, declared_coding(http.headers)), 1, None):
            yield decoded.body


def _body(http: Http, block: bytes) -> bytes:
    return transferred(http.headers, block[http.size :])


def _of_revisit(block: bytes, there: Http) -> tuple[Http, tuple[tuple[str, str], ...]]:
    """Status and headers of a revisit: its own, but what describes the body is the payload's; 304 means all of them are."""
    own = read_http(block) if block.strip() else there
    if own is there or own.status == 304:
        return there, there.headers
    mine = tuple(pair for pair in own.headers if pair[0].lower() not in _OF_THE_BODY)
    return own, (*mine, *(pair for pair in there.headers if pair[0].lower() in _OF_THE_BODY))


def _reply(address: tuple[str, str, str], http: Http | None, block: bytes) -> Reply | None:
    if http is None:
        return None
    requested = Capture(timestamp=_whole(address[0]), original=address[2])
    body = b"" if first(http.headers, "memento-datetime") else _body(http, block)
    return read_reply(WAYBACK_MACHINE, requested, http.status, http.headers, body)


def _whole(timestamp: str) -> str:
    moment = read_moment(timestamp)
    return timestamp_of(moment) if moment and len(timestamp) < 14 else timestamp
