"""What a WACZ is made of (version 1.1.1): WARC files as they are, their CDXJ index, the pages, and the digests of all
of them."""

import hashlib
import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO, StringIO
from itertools import chain, count
from pathlib import Path
from typing import IO, Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from cdxj_indexer.main import CDXJIndexer, CompressedWriter
from warcio.archiveiterator import ArchiveIterator

from crawler.hkcnews.urls import article_id
from crawler.ledger.queries import StoreQueries
from crawler.preserve.article_file import parse_article_file, read_text
from crawler.preserve.files import UnreadableFile
from crawler.utils.timestamps import read_moment
from crawler.warc.iterator import Gap, WarcRecord, walk_records
from crawler.warc.streams import Source, open_source
from crawler.wayback.digest import digest_differs
from crawler.wayback.playback import escape

VERSION = "1.1.1"
BLOCK_LINES = 1024
"""Lines in a block of the compressed index, as ReplayWeb.page's own tools have it."""
_CHUNK = 1024 * 1024
_EARLIEST = 1980
"""ZIP knows no year before it."""
LARGEST = 256 * 1024 * 1024
"""Bytes of an uncompressed record: it is read as a whole."""


@dataclass(frozen=True, slots=True)
class UnindexedRange:
    """A stretch of a file that has no line, because nothing whole is there: its first byte, the first byte behind it,
    and why."""

    file: str
    start: int
    end: int
    why: str

    def __str__(self) -> str:
        return f"{self.file}, bytes {self.start} to {self.end}: {self.why}"


class _Lines(CDXJIndexer):  # type: ignore[misc]
    """cdxj-indexer on single records whose places are known. Its own walk ends at the first damage and takes a cut
    record for whole."""

    def __init__(self) -> None:
        super().__init__(output=None, inputs=[])
        self._place = (0, 0)

    def line(self, file: str, offset: int, record_bytes: bytes) -> str:
        """The line of one record, given as it stands in the file; empty for records that an index leaves out."""
        self.curr_filename = file
        self._place = offset, len(record_bytes)
        out = StringIO()
        for record in ArchiveIterator(BytesIO(record_bytes)):
            if self.filter_record(record):
                self.process_index_entry(None, record, file, out)
        return out.getvalue()

    def get_field(self, record: Any, name: str, it: Any, filename: str) -> Any:
        if name in ("offset", "length"):
            return str(self._place[name == "length"])
        return super().get_field(record, name, it, filename)


class CdxjIndex:
    """Lines of any number of files, in a temporary database that goes when it is closed. Raises OSError."""

    def __init__(self) -> None:
        self._lines = _Lines()
        # Without a name SQLite keeps it in memory while it is small and then in a nameless temporary file, sorting
        # included.
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("CREATE TABLE line (file TEXT, at INTEGER, line TEXT, PRIMARY KEY (file, at))")
        self._db.execute("BEGIN")

    def close(self) -> None:
        self._db.close()

    def add(self, path: Path, size: int) -> Iterator[UnindexedRange]:
        """Take in the first `size` bytes of a file, to be iterated to its end; gives what in them cannot be read."""
        with _as_os_error(), open_source(path, 0, size) as source:
            for found in walk_records(source, LARGEST):
                file, start = Path(found.file).name, found.offset
                if isinstance(found, Gap):
                    yield UnindexedRange(file, start, size if found.following is None else found.following, found.why)
                elif why := self._take(found, source):
                    yield UnindexedRange(file, start, start + found.length, why)

    def _take(self, record: WarcRecord, source: Source) -> str:
        """Take in one record; gives why that cannot be done, if so."""
        if record.file != source.name:
            return "records that are compressed together cannot be read one by one"
        stated = record.head.get("warc-block-digest")
        if digest_differs(stated, record.block):
            return f"the block does not match its digest {stated}"
        file, offset = Path(record.file).name, record.offset
        try:
            line = self._lines.line(file, offset, source.read(offset, record.length))
        except Exception as error:  # the libraries raise all sorts for fields that are missing or make no sense
            return f"a record that cannot be indexed: {error}"
        if line:
            self._db.execute("INSERT INTO line VALUES (?, ?, ?)", (file, offset, line))
        return ""

    def __len__(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM line").fetchone()[0])

    def has(self, file: str, offset: int) -> bool:
        """Whether a record that is whole is at this place."""
        return self._db.execute("SELECT 1 FROM line WHERE file = ? AND at = ?", (file, offset)).fetchone() is not None

    def lines(self) -> Iterator[str]:
        """All lines in the order of their bytes, each with its line break."""
        with _as_os_error():
            for (line,) in self._db.execute("SELECT line FROM line ORDER BY line"):
                yield line

    def rows(self) -> Iterator[dict[str, str]]:
        """All lines as fields, `urlkey` and `timestamp` among them, in the same order."""
        for line in self.lines():
            urlkey, timestamp, fields = line.split(" ", 2)
            yield {"urlkey": urlkey, "timestamp": timestamp, **json.loads(fields)}

    def write(self, out: BinaryIO, name: str) -> str:
        """Write the lines as blocks of gzip; gives the secondary index that tells where each begins. `name`: what `out`
        will be called."""
        blocks = StringIO()
        writer = CompressedWriter(blocks, out, num_lines=BLOCK_LINES, data_out_name=name, digest_records=True)
        for line in self.lines():
            writer.write(line)
        if writer.block:  # it would write an empty block, and name it
            writer.flush()
        return blocks.getvalue()


@contextmanager
def _as_os_error() -> Iterator[None]:
    """A full disk for temporary files is the system's trouble, not the ledger's."""
    try:
        yield
    except sqlite3.Error as error:
        raise OSError(f"sorting the index in the temporary directory: {error}") from error


Page = dict[str, str]
"""A page that a reader of the WACZ is offered: its id, url, ts and title."""


def recovered_pages(ledger: StoreQueries, output: Path, left_out: list[int], index: CdxjIndex) -> Iterator[Page]:
    """The recovered articles, lowest id first, with the titles of their files, or their addresses where a file has
    none that can be read.

    Articles whose captures are not in the index (or damaged there) are no pages: their ids go to `left_out`.
    """
    for article, row in ledger.recovered():
        timestamp, original = row.served if row is not None else ("", "")
        moment = read_moment(timestamp)
        if row is None or moment is None or not index.has(row.warc, row.warc_offset):
            left_out.append(article.id)
            continue
        title = original
        try:
            file = parse_article_file(read_text(output / article.file))
            title = file.title if file.title and not file.mended else original
        except UnreadableFile:
            pass
        yield {"id": str(article.id), "url": escape(original), "ts": _utc(moment), "title": title}


def indexed_pages(index: CdxjIndex) -> Iterator[Page]:
    """For a store without a ledger: every HTML page in the index whose address is an article's, in the index's
    order."""
    for row in index.rows():
        moment, article, url = read_moment(row["timestamp"]), article_id(row["url"]), row["url"]
        if moment and article and (row.get("status"), row.get("mime")) == ("200", "text/html"):
            yield {"id": f"{article}-{row['timestamp']}", "url": url, "ts": _utc(moment), "title": url}


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


@dataclass(frozen=True, slots=True)
class WaczSummary:
    """What went into a WACZ: captures in its index, pages in its list, and what of the files is damaged."""

    captures: int
    pages: int
    damages: tuple[UnindexedRange, ...]


def write_wacz(
    out: BinaryIO,
    warcs: Sequence[tuple[Path, int]],
    pages: Callable[[CdxjIndex], Iterable[Page]],
    *,
    title: str,
    software: str,
    created: datetime,
) -> WaczSummary:
    """Write a WACZ of the first so many bytes of some files with different names, in their order. `pages` is given the
    finished index.

    Nothing is held in memory but the list of files. The same arguments give the same bytes. Raises OSError.
    """
    with ZipFile(out, "w", ZIP_STORED) as archive, closing(CdxjIndex()) as index:
        package = _Package(archive, created.astimezone(UTC))
        damages: list[UnindexedRange] = []
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
                member.write(_line(page))
                written += 1
        package.finish(title, software)
        return WaczSummary(len(index), written, tuple(damages))


def _line(fields: Mapping[str, object]) -> bytes:
    return f"{json.dumps(fields, ensure_ascii=False)}\n".encode("utf-8", "backslashreplace")


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
        info = self._info(name, method, size)
        with self.archive.open(info, "w") as opened:
            member = _DigestingWriter(opened)
            yield member  # type: ignore[misc]  # it has the one method that is used
        # Data packages want names in lower case, of few characters, each once.
        plain = re.sub(r"[^a-z0-9._-]", "-", name.rpartition("/")[2].lower())
        taken = {resource["name"] for resource in self.resources}
        names = chain([plain], (f"{number}-{plain}" for number in count(2)))
        unique = next(name for name in names if name not in taken)
        digest = f"sha256:{member.digest.hexdigest()}"
        self.resources.append({"name": unique, "path": name, "hash": digest, "bytes": info.file_size})

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
        self.archive.writestr(self._info("datapackage-digest.json", ZIP_DEFLATED), json.dumps(digest, indent=2))

    def _info(self, name: str, method: int, size: int = 0) -> ZipInfo:
        at = self.created
        info = ZipInfo(name, (max(at.year, _EARLIEST), at.month, at.day, at.hour, at.minute, at.second))
        info.compress_type, info.file_size, info.external_attr = method, size, 0o644 << 16
        return info


class _DigestingWriter:
    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        return self._out.write(data)
