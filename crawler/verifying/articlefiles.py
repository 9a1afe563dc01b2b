"""One article's file: there, as it was written, its front matter sound and naming the capture that the ledger names."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from crawler.archive.holding import Holding
from crawler.archive.holdings import read
from crawler.archive.warcrecord import WarcDamaged
from crawler.verifying.hashing import NotReadable, read_whole
from crawler.verifying.kinds import Finding, Kind

_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Expected:
    """What the ledger says of a recovered article's file. `url` and `original` are empty where it names no capture; `held`: where its
    capture is if that is not the store; `listed`: its SHA-256 in the manifest, None without one."""

    article: int
    file: str
    sha256: str
    url: str = ""
    original: str = ""
    held: Holding | None = None
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
            read(expected.held)
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
        data = read_whole(path)
    except NotReadable as error:
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
