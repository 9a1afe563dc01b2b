"""The bytes and the SHA-256 of a file, taken so that a change meanwhile is noticed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CHUNK = 1024 * 1024


class NotReadable(Exception):
    """A file could not be read as it stood; says why."""


def pieces(path: Path) -> Iterator[bytes]:
    """A file's bytes, piece by piece. Raises NotReadable for what is a link or no file, cannot be read, or changed meanwhile."""
    with _explained():
        # Without O_NONBLOCK a named pipe in a file's place would be waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        before = _state(descriptor)
        while chunk := _next(descriptor):
            yield chunk
        if _state(file.fileno()) != before:
            raise NotReadable("it changed while it was read")


def read_whole(path: Path) -> bytes:
    """All of a file's bytes. Raises as `pieces`."""
    return b"".join(pieces(path))


def sha256_of(path: Path) -> str:
    """A file's SHA-256 in hexadecimal digits, in little memory. Raises as `pieces`."""
    digest = hashlib.sha256()
    for piece in pieces(path):
        digest.update(piece)
    return digest.hexdigest()


def _next(descriptor: int) -> bytes:
    with _explained():
        return os.read(descriptor, _CHUNK)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise NotReadable(error.strerror or str(error)) from error


def _state(descriptor: int) -> tuple[int, int, int]:
    now = os.fstat(descriptor)
    return now.st_size, now.st_mtime_ns, now.st_ino
