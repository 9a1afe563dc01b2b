"""Digests as WARC records state them: `algorithm:value`, in base32 or hexadecimal, in any case."""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterable

_ALGORITHMS: dict[str, Callable[[bytes], "hashlib._Hash"]] = {
    "sha1": lambda data: hashlib.sha1(data, usedforsecurity=False),
    "sha256": lambda data: hashlib.sha256(data, usedforsecurity=False),
    "sha512": lambda data: hashlib.sha512(data, usedforsecurity=False),
    "md5": lambda data: hashlib.md5(data, usedforsecurity=False),
}
_BASE32 = re.compile(r"[A-Z2-7]+")
_AS_DIGITS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHIJKLMNOPQRSTUV")
_SIZES = {"sha1": 20, "sha256": 32, "sha512": 64, "md5": 16}


def usable_digest(stated: str) -> tuple[str, bytes] | None:
    """(algorithm, digest) of a stated one, or None when it is missing, malformed or of an algorithm that is not known."""
    label, colon, value = stated.strip().partition(":")
    if not colon:
        label, value = "sha1", label
    algorithm = label.lower().replace("-", "").replace("_", "")
    size = _SIZES.get(algorithm)
    raw = _decode(value.strip(), size) if size else None
    return (algorithm, raw) if raw is not None else None


def is_checkable(stated: str) -> bool:
    """Whether bytes can be compared with what is stated."""
    return usable_digest(stated) is not None


def differs(stated: str, data: bytes) -> bool:
    """Whether a digest is stated that can be compared with the data, and is not the data's."""
    return not matches_any(stated, (data,))


def matches_any(stated: str, bodies: Iterable[bytes]) -> bool:
    """Whether one of several forms of a payload has the stated digest; also when there is none to compare with. Stops at the first."""
    wanted = usable_digest(stated)
    if wanted is None:
        return True
    algorithm, digest = wanted
    return any(_ALGORITHMS[algorithm](body).digest() == digest for body in bodies)


def sha1_of(data: bytes, stated: str) -> str:
    """The data's SHA-1 as CDX rows have it, if that is what is stated; else the empty string."""
    wanted = usable_digest(stated)
    if wanted is None or wanted[0] != "sha1" or _ALGORITHMS["sha1"](data).digest() != wanted[1]:
        return ""
    return as_cdx(stated)


def as_cdx(stated: str) -> str:
    """A stated SHA-1 as CDX rows have it, base32 without a label; the empty string when it is none."""
    plain = stated.removeprefix("sha1:")
    if len(plain) == 32 and _BASE32.fullmatch(plain):
        return plain
    found = usable_digest(stated)
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
