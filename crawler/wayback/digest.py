"""Digests of CDX rows and WARC records: read, compared with bytes, and the reason when they differ."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, StrEnum

from crawler.wayback.http import CodingError, Decoded, Headers, decoded_layers, first_header


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
    """The result; `payload`: the bytes that matched, else the most decoded ones; `codings` taken off them, outermost
    first; `digest`: what they were compared with, as the row has it."""

    result: DigestResult
    payload: bytes
    codings: tuple[str, ...] = ()
    reason: MismatchReason = MismatchReason.NONE
    digest: str = field(default="", compare=False)

    @property
    def matches(self) -> bool:
        return self.result in (DigestResult.MATCH, DigestResult.MATCH_DECODED)


def payload_digest(data: bytes) -> str:
    """Base32 SHA-1, as CDX rows and WARC records have it."""
    return base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode("ascii")


def compare_digest(
    wire: bytes,
    declared_coding: str | None,
    digest: str,
    *,
    headers: Headers = (),
    other_capture: bool = False,
    known: str = "",
) -> DigestCheck:
    """Compare the wire bytes, then the bytes after each coding taken off, with the digest of the CDX row; never raises.

    `headers`: those of the playback answer, for the reason of a mismatch; `other_capture`: it is known that another
    capture than the row's was served (a jump to the closest, or another URL under the same key); `known`: the digest of
    the wire bytes, as CDX rows have it, where it has been computed already.
    """
    wanted = cdx_digest(digest)
    last = Decoded(wire)
    damaged = False
    try:
        for last in decoded_layers(wire, declared_coding):
            if wanted and ((not last.codings and known) or payload_digest(last.body)) == wanted:
                result = DigestResult.MATCH_DECODED if last.codings else DigestResult.MATCH
                return DigestCheck(result, last.body, last.codings, digest=digest)
    except CodingError:
        damaged = True
    if not wanted:
        return DigestCheck(DigestResult.UNKNOWN, last.body, last.codings, digest=digest)
    reason = _reason(last.body, headers, other_capture, damaged)
    return DigestCheck(DigestResult.MISMATCH, last.body, last.codings, reason, digest)


def _reason(payload: bytes, headers: Headers, other_capture: bool, damaged: bool) -> MismatchReason:
    encoded = bool(first_header(headers, "x-archive-orig-content-encoding"))
    length = first_header(headers, "x-archive-orig-content-length") or ""
    short = length.isascii() and length.isdigit() and len(length) < 19 and len(payload) < int(length)
    reasons: Iterable[tuple[bool, MismatchReason]] = (
        (not payload, MismatchReason.EMPTY),
        (other_capture, MismatchReason.ANOTHER_CAPTURE),
        (short and not encoded, MismatchReason.TRUNCATED),  # with a coding the archived length counts coded bytes
        (damaged, MismatchReason.UNDECODABLE),
        (encoded, MismatchReason.ARCHIVED_ENCODED),
    )
    return next((reason for holds, reason in reasons if holds), MismatchReason.UNEXPLAINED)


_BASE32 = re.compile(r"[A-Z2-7]+")
_AS_DIGITS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHIJKLMNOPQRSTUV")
_SIZES = {"sha1": 20, "sha256": 32, "sha512": 64, "md5": 16}


def parse_digest(stated: str) -> tuple[str, bytes] | None:
    """(algorithm, digest) of a stated one; None when it is missing, malformed or of an unknown algorithm."""
    label, colon, value = stated.strip().partition(":")
    if not colon:
        label, value = "sha1", label
    algorithm = label.lower().replace("-", "").replace("_", "")
    size = _SIZES.get(algorithm)
    raw = _decode(value.strip(), size) if size else None
    return (algorithm, raw) if raw is not None else None


def digest_differs(stated: str, data: bytes) -> bool:
    """Whether a digest is stated that can be compared with the data, and is not the data's."""
    return not matches_digest(stated, (data,))


def matches_digest(stated: str, bodies: Iterable[bytes]) -> bool:
    """Whether one of several forms of a payload has the stated digest, or there is none to compare with."""
    wanted = parse_digest(stated)
    if wanted is None:
        return True
    algorithm, digest = wanted
    new = getattr(hashlib, algorithm)
    return any(new(body, usedforsecurity=False).digest() == digest for body in bodies)


def cdx_sha1(data: bytes, stated: str) -> str:
    """The data's SHA-1 as CDX rows have it, if that is what is stated; else the empty string."""
    plain = cdx_digest(stated)
    return plain if plain and plain == payload_digest(data) else ""


def cdx_digest(stated: str) -> str:
    """A stated SHA-1 as CDX rows have it, base32 without a label; the empty string when it is none."""
    plain = stated.removeprefix("sha1:")
    if len(plain) == 32 and _BASE32.fullmatch(plain):
        return plain
    found = parse_digest(stated)
    return base64.b32encode(found[1]).decode("ascii") if found is not None and found[0] == "sha1" else ""


def _decode(value: str, size: int) -> bytes | None:
    bare = value.rstrip("=").upper()
    try:
        if len(bare) == 2 * size:
            return binascii.unhexlify(bare)
    except (binascii.Error, ValueError):
        return None
    if len(bare) != -(-size * 8 // 5) or not _BASE32.fullmatch(bare):
        return None
    number = int(bare.translate(_AS_DIGITS), 32)  # base64.b32decode takes fifteen times longer
    return (number >> (len(bare) * 5 - size * 8)).to_bytes(size, "big")
