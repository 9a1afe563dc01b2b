import base64
import gzip
import hashlib

import brotli

from crawler.wayback.capture import EMPTY_DIGEST
from crawler.wayback.digest import (
    DigestResult,
    MismatchReason,
    cdx_digest,
    compare_digest,
    digest_differs,
    matches_digest,
    parse_digest,
    payload_digest,
)
from tests.walking import walked

PAGE = b"<html><p>" + b"The lighthouse was painted. " * 40 + b"</p></html>"
GZIP = gzip.compress(PAGE, mtime=0)
TWICE = gzip.compress(GZIP, mtime=0)
NOTHING = MismatchReason.NONE
Headers = tuple[tuple[str, str], ...]


def test_payload_digest_is_the_known_form() -> None:
    assert payload_digest(b"") == EMPTY_DIGEST
    assert len(payload_digest(PAGE)) == 32
    assert payload_digest(PAGE) != payload_digest(PAGE[1:])
    assert hashlib.sha1(b"a").hexdigest() == "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"
    assert payload_digest(b"a") == "Q336IN72UWT7ZYK5DXOLT2XK5I3XMZ5Y"


@walked(
    ("wire", "coding", "stored", "result", "payload", "codings"),
    [
        (PAGE, None, PAGE, DigestResult.MATCH, PAGE, ()),
        (GZIP, None, GZIP, DigestResult.MATCH, GZIP, ()),  # archived as gzip bytes without a header
        (b"", None, b"", DigestResult.MATCH, b"", ()),
        (GZIP, "gzip", PAGE, DigestResult.MATCH_DECODED, PAGE, ("gzip",)),
        (GZIP, "", PAGE, DigestResult.MATCH_DECODED, PAGE, ("gzip",)),
        (TWICE, "gzip", GZIP, DigestResult.MATCH_DECODED, GZIP, ("gzip",)),  # taken off once only
        (TWICE, "gzip", PAGE, DigestResult.MATCH_DECODED, PAGE, ("gzip", "gzip")),
        (brotli.compress(PAGE), "br", PAGE, DigestResult.MATCH_DECODED, PAGE, ("br",)),
        (brotli.compress(PAGE), None, PAGE, DigestResult.MATCH_DECODED, PAGE, ("br",)),
        (GZIP[:-9], None, GZIP[:-9], DigestResult.MATCH, GZIP[:-9], ()),  # cut already in the archive
        (GZIP, "gzip", b"other", DigestResult.MISMATCH, PAGE, ("gzip",)),
    ],
)
def test_order_and_payload(
    wire: bytes, coding: str | None, stored: bytes, result: DigestResult, payload: bytes, codings: tuple[str, ...]
) -> None:
    got = compare_digest(wire, coding, payload_digest(stored))
    assert (got.result, got.payload, got.codings) == (result, payload, codings)
    assert (got.reason == NOTHING) == (result is not DigestResult.MISMATCH)


@walked(
    "digest", ["", "-", "sha1:", payload_digest(PAGE)[:-1], payload_digest(PAGE) + "A", "0" * 32, "sha256:" + "A" * 32]
)
def test_no_usable_digest(digest: str) -> None:
    assert cdx_digest(digest) == ""
    got = compare_digest(GZIP, "gzip", digest)
    assert (got.result, got.payload, got.codings, got.reason) == (DigestResult.UNKNOWN, PAGE, ("gzip",), NOTHING)


def test_a_digest_that_is_known_is_not_computed_again() -> None:
    known = payload_digest(PAGE)
    assert compare_digest(b"not looked at", None, known, known=known).result is DigestResult.MATCH
    assert compare_digest(GZIP, "gzip", known, known=payload_digest(GZIP)).result is DigestResult.MATCH_DECODED
    assert compare_digest(PAGE, None, payload_digest(b"other"), known=known).result is DigestResult.MISMATCH


def test_digest_spellings() -> None:
    assert compare_digest(PAGE, None, "sha1:" + payload_digest(PAGE).lower()).result is DigestResult.MATCH


ORIG = "X-Archive-Orig-"
REASONS: list[tuple[bytes, Headers, bool, MismatchReason]] = [
    (b"", (), False, MismatchReason.EMPTY),
    (b"", (), True, MismatchReason.EMPTY),
    (PAGE, (), True, MismatchReason.ANOTHER_CAPTURE),
    (PAGE, ((ORIG + "content-length", str(len(PAGE) + 1)),), False, MismatchReason.TRUNCATED),
    (GZIP, ((ORIG + "content-length", str(len(PAGE) + 1)),), False, MismatchReason.TRUNCATED),
    (GZIP, ((ORIG + "content-length", str(len(PAGE))),), False, MismatchReason.UNEXPLAINED),
    (PAGE, ((ORIG + "content-length", str(len(PAGE))),), False, MismatchReason.UNEXPLAINED),
    (PAGE, ((ORIG + "content-length", "-1"),), False, MismatchReason.UNEXPLAINED),
    (PAGE, ((ORIG + "content-length", "9" * 5000),), False, MismatchReason.UNEXPLAINED),
    (
        PAGE,
        ((ORIG + "Content-Encoding", "gzip"), (ORIG + "content-length", "9999999")),
        False,
        MismatchReason.ARCHIVED_ENCODED,
    ),
    (PAGE, ((ORIG + "content-encoding", ""),), False, MismatchReason.UNEXPLAINED),
    (GZIP[:-9], (), False, MismatchReason.UNDECODABLE),
    (PAGE, (), False, MismatchReason.UNEXPLAINED),
]


@walked(("wire", "headers", "other", "reason"), REASONS)
def test_reasons(wire: bytes, headers: Headers, other: bool, reason: MismatchReason) -> None:
    got = compare_digest(wire, None, payload_digest(b"something else"), headers=headers, other_capture=other)
    assert (got.result, got.reason) == (DigestResult.MISMATCH, reason)


def test_every_reason_has_a_case() -> None:
    assert {reason for *_, reason in REASONS} | {NOTHING} == set(MismatchReason)


DATA = b"The kiosk on the pier"
FORMS = [
    f"{label}:{value}"
    for name, labels in (
        ("sha1", ("sha1", "SHA-1", "sha_1")),
        ("sha256", ("sha256", "SHA-256")),
        ("sha512", ("sha512",)),
        ("md5", ("md5",)),
    )
    for label in labels
    for raw in [hashlib.new(name, DATA).digest()]
    for value in (
        raw.hex(),
        raw.hex().upper(),
        base64.b32encode(raw).decode(),
        base64.b32encode(raw).decode().rstrip("=").lower(),
    )
]


@walked("stated", [*FORMS, payload_digest(DATA)])
def test_every_way_of_stating_a_digest(stated: str) -> None:
    assert parse_digest(stated)
    assert not digest_differs(stated, DATA)
    assert digest_differs(stated, DATA + b"x")
    assert matches_digest(stated, [b"", DATA])
    assert cdx_digest(stated) == (
        payload_digest(DATA) if "sha1" in stated.lower().replace("-", "").replace("_", "") or ":" not in stated else ""
    )


@walked(
    "stated",
    ["", "-", "sha1:", "sha1:xyz", "sha1:" + "1" * 32, "blake3:" + "a" * 64, "md5:" + "z" * 32, "sha1:" + "é" * 40],
)
def test_what_cannot_be_compared_differs_from_nothing(stated: str) -> None:
    assert parse_digest(stated) is None
    assert not digest_differs(stated, DATA)
    assert cdx_digest(stated) == ""
