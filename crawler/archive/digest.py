"""Comparing stored bytes with the digest of their CDX row, and naming the reason when they differ."""

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, StrEnum

from crawler.archive.coding import MAX_BYTES, CodingError, Decoded, layers
from crawler.archive.headers import Headers, first

_DIGEST = re.compile(r"[A-Z2-7]{32}")


class DigestResult(Enum):
    """How bytes compare with a digest; UNKNOWN: the row has no usable one."""

    MATCH = "match"
    MATCH_DECODED = "match after decoding"
    MISMATCH = "mismatch"
    UNKNOWN = "unknown"


class MismatchReason(StrEnum):
    """Why bytes may differ from their digest. About 3% of captures do (travisbrown/wayback-rs: 189 of 6,124)."""

    NONE = ""
    EMPTY = "empty"
    ANOTHER_CAPTURE = "another capture served"
    TRUNCATED = "truncated"
    ARCHIVED_ENCODED = "archived encoded"
    UNDECODABLE = "undecodable"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class DigestCheck:
    """The result; `payload`: the bytes that matched, else the most decoded ones; `codings` taken off them, outermost first."""

    result: DigestResult
    payload: bytes
    codings: tuple[str, ...] = ()
    reason: MismatchReason = MismatchReason.NONE


def payload_digest(data: bytes) -> str:
    """Base32 SHA-1, as CDX rows and WARC records have it."""
    return base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode("ascii")


def usable(digest: str) -> str | None:
    """The digest in its plain form, or None when the row has none ("-", "") or something else."""
    plain = digest.strip().upper().removeprefix("SHA1:")
    return plain if _DIGEST.fullmatch(plain) else None


def check(
    wire: bytes,
    declared_coding: str | None,
    digest: str,
    *,
    headers: Headers = (),
    other_capture: bool = False,
    max_bytes: int = MAX_BYTES,
    known: str = "",
) -> DigestCheck:
    """Compare the wire bytes, then the bytes after each coding taken off, with the digest of the CDX row; never raises.

    `headers`: those of the playback answer, for the reason of a mismatch; `other_capture`: it is known that another capture than
    the row's was served (a jump to the closest, or another URL under the same key); `known`: the digest of the wire bytes in its plain
    form, where it has been computed already.
    """
    wanted = usable(digest)
    seen = [Decoded(wire)]
    damaged = False
    try:
        for current in layers(wire, declared_coding, max_bytes):
            seen = [current]
            if wanted is not None and ((not current.codings and known) or payload_digest(current.body)) == wanted:
                result = DigestResult.MATCH_DECODED if current.codings else DigestResult.MATCH
                return DigestCheck(result, current.body, current.codings)
    except CodingError:
        damaged = True
    (last,) = seen
    if wanted is None:
        return DigestCheck(DigestResult.UNKNOWN, last.body, last.codings)
    return DigestCheck(DigestResult.MISMATCH, last.body, last.codings, _reason(last.body, headers, other_capture, damaged))


def _reason(payload: bytes, headers: Headers, other_capture: bool, damaged: bool) -> MismatchReason:
    encoded = bool(first(headers, "x-archive-orig-content-encoding"))
    length = first(headers, "x-archive-orig-content-length") or ""
    short = length.isascii() and length.isdigit() and len(length) < 19 and len(payload) < int(length)
    reasons: Iterable[tuple[bool, MismatchReason]] = (
        (not payload, MismatchReason.EMPTY),
        (other_capture, MismatchReason.ANOTHER_CAPTURE),
        (short and not encoded, MismatchReason.TRUNCATED),  # with a coding the archived length counts coded bytes
        (damaged, MismatchReason.UNDECODABLE),
        (encoded, MismatchReason.ARCHIVED_ENCODED),
    )
    return next((reason for holds, reason in reasons if holds), MismatchReason.UNEXPLAINED)
