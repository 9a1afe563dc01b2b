"""Articles' files, hashes, stray files and the manifest of an output directory."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import yaml

from crawler.preserve.verify_findings import Finding, Kind
from crawler.utils.exit_status import DamagedError
from crawler.warc.captures import ArchivedCapture
from crawler.warc.files import read_archived
from crawler.warc.record import WarcDamaged

_CHUNK = 1024 * 1024


class UnreadableFile(Exception):
    """A file could not be read as it stood; says why."""


def read_chunks(path: Path) -> Iterator[bytes]:
    """A file's bytes, piece by piece. Raises NotReadable for what is a link or no file, cannot be read, or changed
    meanwhile."""
    with _explained():
        # Without O_NONBLOCK a named pipe in a file's place would be waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        before = _state(descriptor)
        while chunk := _next(descriptor):
            yield chunk
        if _state(file.fileno()) != before:
            raise UnreadableFile("it changed while it was read")


def read_unchanged(path: Path) -> bytes:
    """All of a file's bytes. Raises as `pieces`."""
    return b"".join(read_chunks(path))


def sha256_of(path: Path) -> str:
    """A file's SHA-256 in hexadecimal digits, in little memory. Raises as `pieces`."""
    digest = hashlib.sha256()
    for piece in read_chunks(path):
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
        raise UnreadableFile(error.strerror or str(error)) from error


def _state(descriptor: int) -> tuple[int, int, int]:
    now = os.fstat(descriptor)
    return now.st_size, now.st_mtime_ns, now.st_ino


_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Expected:
    """What the ledger says of a recovered article's file. `url` and `original` are empty where it names no capture;
    `held`: where its capture is if that is not the store; `listed`: its SHA-256 in the manifest, None without one."""

    article: int
    file: str
    sha256: str
    url: str = ""
    original: str = ""
    held: ArchivedCapture | None = None
    listed: str | None = None


class FrontMatterFault(ValueError):
    """Front matter that a strict reader refuses; says why."""


class _Strict(_BASE):  # type: ignore[misc]
    """Refuses keys that stand twice, of which YAML's loaders silently keep the last."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        if len(mapping) != len(node.value):
            raise yaml.constructor.ConstructorError(None, None, "a key stands twice", node.start_mark)
        return mapping


def load_front_matter(data: bytes) -> dict[str, Any]:
    """The front matter at the beginning of a file: keys to texts or lists of texts. Raises FrontMatterFault."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FrontMatterFault(f"not UTF-8 at byte {error.start}") from error
    head, end, _ = text.partition("\n---\n")
    if not head.startswith("---\n") or not end:
        raise FrontMatterFault("no front matter between two lines of ---")
    try:
        loaded = yaml.load(head[4:], Loader=_Strict)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise FrontMatterFault(" ".join(str(error).split())) from error
    if not isinstance(loaded, dict) or not all(isinstance(key, str) for key in loaded):
        raise FrontMatterFault("it is no mapping of names to values")
    return loaded


def check_file(root: Path, expected: Expected) -> list[Finding]:
    """At most one finding on the file, the gravest; and one when its capture is held elsewhere and cannot be read."""
    found = [_file(root, expected)]
    if expected.held is not None:
        try:
            read_archived(expected.held)
        except (OSError, WarcDamaged) as error:
            found.append(Finding(Kind.CAPTURE_MISSING, expected.held.place.file, str(error), expected.article))
    return [finding for finding in found if finding is not None]


def _file(root: Path, expected: Expected) -> Finding | None:
    def finding(kind: Kind, detail: str) -> Finding:
        return Finding(kind, expected.file, detail, expected.article)

    path = root / expected.file
    if path.is_symlink():
        return finding(Kind.LINK, "")
    if not path.is_file():
        return finding(Kind.FILE_MISSING, "something else is in its place" if path.exists() else "")
    try:
        data = read_unchanged(path)
    except UnreadableFile as error:
        return finding(Kind.UNREADABLE, str(error))
    changed = hashlib.sha256(data).hexdigest() != expected.sha256
    beside = "; its bytes are not those that were written either" if changed else ""
    try:
        fields = load_front_matter(data)
    except FrontMatterFault as error:
        return finding(Kind.FRONT_MATTER, f"{error}{beside}")
    wanted = {"url": expected.url, "original_url": expected.original}
    for name, value in wanted.items():
        if value and fields.get(name) != value:
            return finding(Kind.OTHER_CAPTURE_NAMED, f"{name} is {fields.get(name)}, the ledger has {value}{beside}")
    if changed:
        return finding(Kind.FILE_CHANGED, f"{len(data)} bytes whose SHA-256 is not the ledger's")
    if expected.listed not in (None, expected.sha256):
        return finding(Kind.MANIFEST_CHANGED, "the ledger knows it as it is: this software wrote it since")
    return None


FOLDERS = ("articles", "images", "warc")
"""What of an output directory is kept for good, and so in its manifest; the ledger changes with every run."""
_PART = ".part"


def walk(root: Path, folder: str, findings: list[Finding]) -> Iterator[str]:
    """Everything below a folder that is no folder, by its path from `root`, in order; folders that cannot be listed
    become findings."""
    try:
        entries = sorted(os.scandir(root / folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    except OSError as error:
        findings.append(Finding(Kind.UNREADABLE, printable_path(folder), error.strerror or str(error)))
        return
    for entry in entries:
        path = f"{folder}/{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield from walk(root, path, findings)
        else:
            yield path


def unknown_files(root: Path, known: Collection[str]) -> tuple[list[str], list[Finding]]:
    """The files of the store, by path, and what lies in an output directory without belonging there. `known`: the files
    of articles and images."""
    findings: list[Finding] = []
    others: list[str] = []
    for folder in FOLDERS:
        top = root / folder
        if top.is_symlink() and not top.resolve().is_relative_to(root.resolve()):
            findings.append(Finding(Kind.LINK, folder, f"it leads out of {root}"))
            continue
        for path in walk(root, folder, findings):
            if path in known:
                continue
            if (kind := _kind(root, path)) is not None:
                findings.append(Finding(kind, printable_path(path)))
            else:
                others.append(path)
    for entry in sorted(root.iterdir()):
        if entry.name.endswith(_PART) and not entry.is_dir():
            findings.append(Finding(Kind.LEFTOVER, printable_path(entry.name)))
    return others, findings


def _kind(root: Path, path: str) -> Kind | None:
    if (root / path).is_symlink():
        return Kind.LINK
    if path.endswith(_PART):
        return Kind.LEFTOVER
    if not path.startswith("warc/"):
        return Kind.UNKNOWN_FILE
    return None if (root / path).is_file() else Kind.UNREADABLE  # to open a named pipe is to wait for ever


def printable_path(path: str) -> str:
    """A path as text in one line, whatever its name has in it."""
    return path if path.isprintable() else ascii(path)[1:-1]


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


def write_lines(out: BinaryIO, entries: Iterable[tuple[str, str]]) -> int:
    """Write (path, SHA-256) pairs; gives their number. Raises ManifestFault for a path that is not portable."""
    count = 0
    for path, digest in entries:
        if not is_portable(path):
            raise ManifestFault(
                f"the name {path!r} cannot stand in a manifest that all programs read alike: rename the file"
            )
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
