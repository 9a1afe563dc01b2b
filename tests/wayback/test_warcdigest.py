import base64
import hashlib

from crawler.wayback.digest import cdx_digest, digest_differs, is_checkable, matches_digest, payload_digest
from tests.walking import walked

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
    assert is_checkable(stated)
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
    assert not is_checkable(stated)
    assert not digest_differs(stated, DATA)
    assert cdx_digest(stated) == ""
