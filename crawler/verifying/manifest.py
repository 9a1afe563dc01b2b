"""A manifest as BagIt has it (RFC 8493, 2.1.3): SHA-256 and path, one line a file. `sha256sum -c` reads it too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO

NAME = "manifest-sha256.txt"
_LINE = re.compile(r"([0-9A-Fa-f]{64})[ \t]+\*?(.+)")
_ENCODED = re.compile("%(0[AaDd]|25)")
_AMBIGUOUS = re.compile(r"[\0-\x1f\x7f%\\\x85\u2028\u2029\ud800-\udfff]|^[\s*~]|\s$")
"""RFC 8493 writes CR, LF and % in percent-encoding, sha256sum marks lines with a backslash, and bagit 1.9.0 leaves % as it is and takes
white space off the ends: a path with any of them means a different file to each of the three."""


class ManifestFault(ValueError):
    """A line that is none, or a path that cannot stand in a manifest; says which."""


def portable(path: str) -> bool:
    """Whether every reader of manifests takes this path for the same file."""
    return _AMBIGUOUS.search(path) is None


def write_lines(out: BinaryIO, entries: Iterable[tuple[str, str]]) -> int:
    """Write (path, SHA-256) pairs; gives their number. Raises ManifestFault for a path that is not portable."""
    count = 0
    for path, digest in entries:
        if not portable(path):
            raise ManifestFault(f"the name {path!r} cannot stand in a manifest that all programs read alike: rename the file")
        out.write(f"{digest}  {path}\n".encode())
        count += 1
    return count


def read_lines(data: bytes) -> Mapping[str, str]:
    """Path to SHA-256 in lower case, of a manifest of anybody's making. Raises ManifestFault."""
    found: dict[str, str] = {}
    for number, path, digest in _lines(data):
        if path.startswith("/") or ".." in path.split("/"):
            raise ManifestFault(f"line {number}: {path!r} leads out of the directory")
        if path in found:
            raise ManifestFault(f"line {number}: {path!r} is listed twice")
        found[path] = digest
    return found


def _lines(data: bytes) -> Iterator[tuple[int, str, str]]:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ManifestFault(f"not UTF-8 at byte {error.start}") from error
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), start=1):
        if not line:
            continue
        parts = _LINE.fullmatch(line)
        if parts is None:
            raise ManifestFault(f"line {number} is not a SHA-256 and a path")
        path = _ENCODED.sub(lambda code: chr(int(code[1], 16)), parts[2]).removeprefix("./")
        yield number, path, parts[1].lower()
