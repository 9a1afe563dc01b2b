"""Files of a tree that anybody may have changed: found, read as they stand, and listed with their SHA-256."""

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from crawler.utils.exit_status import DamagedError

_CHUNK = 1024 * 1024


class UnreadableFile(Exception):
    """A file could not be read as it stood; says why."""


def read_chunks(path: Path, *, follow_link: bool = False, largest: int = 0) -> Iterator[bytes]:
    """A file's bytes, piece by piece. Raises UnreadableFile for what is no file, a link if it is not to be followed,
    has more bytes than `largest`, cannot be read, or changed meanwhile."""
    # Without O_NONBLOCK a named pipe in a file's place would be waited for.
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow_link else os.O_NOFOLLOW)
    try:
        descriptor = os.open(path, flags)
        try:
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode):
                raise UnreadableFile("not a file")
            if largest and before.st_size > largest:
                raise UnreadableFile(f"{before.st_size} bytes, more than {largest}")
            while chunk := os.read(descriptor, _CHUNK):
                yield chunk
            after = os.fstat(descriptor)
            if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
                raise UnreadableFile("it changed while it was read")
        finally:
            os.close(descriptor)
    except OSError as error:
        raise UnreadableFile(error.strerror or str(error)) from error


def sha256_of(path: Path) -> str:
    """A file's SHA-256 in hexadecimal digits, in little memory. Raises UnreadableFile."""
    digest = hashlib.sha256()
    for chunk in read_chunks(path):
        digest.update(chunk)
    return digest.hexdigest()


def walk(root: Path, folder: str = "", *, hidden: bool = True) -> Iterator[tuple[str, os.DirEntry[str] | OSError]]:
    """Everything below a folder of a tree, each with its path below the root, in the order of names: a folder before
    what is in it, or with the error if it cannot be listed. Links are not followed; folders with hidden names are
    entered only if `hidden`. A folder that is not there has nothing in it."""
    try:
        with os.scandir(root / folder) as listed:
            found = sorted(listed, key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    except OSError as error:
        yield folder, error
        return
    for entry in found:
        file = f"{folder}/{entry.name}" if folder else entry.name
        yield file, entry
        if entry.is_dir(follow_symlinks=False) and (hidden or not entry.name.startswith(".")):
            yield from walk(root, file, hidden=hidden)


_LINE = re.compile(r"([0-9A-Fa-f]{64})[ \t]+\*?(.+)")
_ENCODED = re.compile("%(0[AaDd]|25)")
_AMBIGUOUS = re.compile(r"[\0-\x1f\x7f%\\\x85\u2028\u2029\ud800-\udfff]|^[\s*~]|\s$")
"""RFC 8493 writes CR, LF and % in percent-encoding, sha256sum marks lines with a backslash, and bagit 1.9.0 leaves % as
it is and takes white space off the ends: a path with any of them means a different file to each of the three."""


class ManifestFault(DamagedError):
    """A line that is none, or a path that cannot stand in a manifest; says which."""


def is_portable(path: str) -> bool:
    """Whether every reader of manifests takes this path for the same file."""
    return _AMBIGUOUS.search(path) is None


def write_manifest(out: BinaryIO, entries: Iterable[tuple[str, str]]) -> int:
    """Write (path, SHA-256) pairs; gives their number. Raises ManifestFault for a path that is not portable."""
    lines = sorted(entries)
    for path, digest in lines:
        if not is_portable(path):
            what = "this name cannot stand in a manifest that all programs read alike; rename the file"
            raise ManifestFault(f"{path!r}: {what}")
        out.write(f"{digest}  {path}\n".encode())
    return len(lines)


def read_manifest(data: bytes) -> Mapping[str, str]:
    """Path to SHA-256 in lower case, of a manifest whoever wrote it. Raises ManifestFault."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ManifestFault(f"not UTF-8 at byte {error.start}") from error
    found: dict[str, str] = {}
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), start=1):
        if not line:
            continue
        parts = _LINE.fullmatch(line)
        if parts is None:
            raise ManifestFault(f"line {number} is not a SHA-256 and a path")
        path = _ENCODED.sub(lambda code: chr(int(code[1], 16)), parts[2]).removeprefix("./")
        if path.startswith("/") or ".." in path.split("/"):
            raise ManifestFault(f"line {number}: {path!r} leads out of the directory")
        if path in found:
            raise ManifestFault(f"line {number}: {path!r} is listed twice")
        found[path] = parts[1].lower()
    return found
