"""What a WACZ is made of (version 1.1.1): WARC files as they are, their index, the pages, and the digests of all of them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from crawler.archive.capture import read_moment
from crawler.archive.cdxj import Index, Unread
from crawler.archive.playback import escape
from crawler.hkcnews.urls import article_id
from crawler.ledger import Ledger, State
from crawler.markdown.parts import parts

VERSION = "1.1.1"

_CHUNK = 1024 * 1024
_EARLIEST = 1980
"""ZIP knows no year before it."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page that a reader of the WACZ is offered. `moment`: of its capture, aware."""

    id: str
    url: str
    moment: datetime
    title: str


@dataclass(frozen=True, slots=True)
class Packed:
    """What went into a WACZ: captures in its index, pages in its list, and what of the files is damaged."""

    captures: int
    pages: int
    damages: tuple[Unread, ...]


def write_wacz(
    out: BinaryIO,
    warcs: Sequence[tuple[Path, int]],
    pages: Callable[[Index], Iterable[Page]],
    *,
    title: str,
    software: str,
    created: datetime,
) -> Packed:
    """Write a WACZ of the first so many bytes of some files with different names, in their order. `pages` is given the finished index.

    Nothing is held in memory but the list of files. The same arguments give the same bytes. Raises OSError.
    """
    with ZipFile(out, "w", ZIP_STORED) as archive, Index() as index:
        package = _Package(archive, created.astimezone(UTC))
        damages: list[Unread] = []
        for path, size in warcs:
            package.copy(f"archive/{path.name}", path, size)
            damages += index.add(path, size)
        with package.member("indexes/index.cdx.gz") as member:
            blocks = index.write(member, "index.cdx.gz")
        with package.member("indexes/index.idx", ZIP_DEFLATED) as member:
            member.write(blocks.encode("utf-8"))
        written = 0
        with package.member("pages/pages.jsonl", ZIP_DEFLATED) as member:
            member.write(_line({"format": "json-pages-1.0", "id": "pages", "title": "Articles", "hasText": False}))
            for page in pages(index):
                moment = f"{page.moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"
                member.write(_line({"id": page.id, "url": page.url, "ts": moment, "title": page.title}))
                written += 1
        package.finish(title, software)
        return Packed(len(index), written, tuple(damages))


def recovered_pages(ledger: Ledger, output: Path, left_out: list[int], index: Index) -> Iterator[Page]:
    """The recovered articles, lowest id first, with the titles of their files, or their addresses where a file has none.

    Articles whose captures are not in the index (or damaged there) are no pages: their ids go to `left_out`.
    """
    for article in ledger.articles(State.RECOVERED):
        row = next((row for row in ledger.captures(article.id) if row.id == article.capture), None)
        moment = read_moment((row.served_timestamp or row.capture.timestamp) if row else "")
        if row is None or moment is None or not index.has(row.warc, row.warc_offset):
            left_out.append(article.id)
            continue
        original = row.served_original or row.capture.original
        yield Page(str(article.id), escape(original), moment, _title(output / article.file) or original)


def indexed_pages(index: Index) -> Iterator[Page]:
    """For a store without a ledger: every HTML page in the index whose address is an article's, in the index's order."""
    for row in index.rows():
        moment, article = read_moment(row["timestamp"]), article_id(row["url"])
        if moment and article and (row.get("status"), row.get("mime")) == ("200", "text/html"):
            yield Page(f"{article}-{row['timestamp']}", row["url"], moment, row["url"])


def _title(path: Path) -> str:
    """The title in the front matter of an article's file; empty if there is none to be read."""
    try:
        return str(parts(path.read_text("utf-8")).get("title") or "")
    except (OSError, UnicodeDecodeError):
        return ""


@dataclass
class _Package:
    """The ZIP file and the list of what is in it."""

    archive: ZipFile
    created: datetime
    resources: list[dict[str, Any]] = field(default_factory=list)

    def copy(self, name: str, path: Path, size: int) -> None:
        """The first `size` bytes of a file, as they are: readers seek in them."""
        with path.open("rb") as file, self.member(name, size=size) as member:
            left = size
            while left and (chunk := file.read(min(_CHUNK, left))):
                member.write(chunk)
                left -= len(chunk)
        if left:
            raise OSError(f"{path} has become shorter while it was read")

    @contextmanager
    def member(self, name: str, method: int = ZIP_STORED, size: int = 0) -> Iterator[BinaryIO]:
        """A member to be written; it is in the list of resources afterwards."""
        with self.archive.open(self._info(name, method, size), "w") as opened:
            member = _Digesting(opened)
            yield member  # type: ignore[misc]  # it has the one method that is used
        digest = f"sha256:{member.digest.hexdigest()}"
        self.resources.append({"name": self._resource(name), "path": name, "hash": digest, "bytes": member.size})

    def finish(self, title: str, software: str) -> None:
        """Write what the package says of itself, and the digest of that."""
        about = {
            "profile": "data-package",
            "wacz_version": VERSION,
            "title": title,
            "software": software,
            "created": f"{self.created:%Y-%m-%dT%H:%M:%SZ}",
            "resources": self.resources,
        }
        data = json.dumps(about, ensure_ascii=False, indent=2).encode("utf-8")
        digest = {"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(data).hexdigest()}"}
        self.archive.writestr(self._info("datapackage.json", ZIP_DEFLATED), data)
        self.archive.writestr(self._info("datapackage-digest.json", ZIP_DEFLATED), json.dumps(digest, indent=2).encode("utf-8"))

    def _info(self, name: str, method: int, size: int = 0) -> ZipInfo:
        at = self.created
        info = ZipInfo(name, (max(at.year, _EARLIEST), at.month, at.day, at.hour, at.minute, at.second))
        info.compress_type, info.file_size, info.external_attr = method, size, 0o644 << 16
        return info

    def _resource(self, path: str) -> str:
        """A name as data packages want it: lower case, few characters, each once."""
        plain = re.sub(r"[^a-z0-9._-]", "-", path.rpartition("/")[2].lower())
        taken = {resource["name"] for resource in self.resources}
        return next(name for name in _numbered(plain) if name not in taken)


class _Digesting:
    """Writes on, counting and digesting."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        self.size += len(data)
        return self._out.write(data)


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{number}-{name}"
        number += 1


def _line(fields: dict[str, Any]) -> bytes:
    return (json.dumps(fields, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")
