"""The CDXJ index of WARC files, lines by cdxj-indexer, for what reads back whole. Sorted on disk: memory stays flat."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO, StringIO
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from cdxj_indexer.main import CDXJIndexer, CompressedWriter  # type: ignore[import-untyped]
from warcio.archiveiterator import ArchiveIterator

from crawler.archive.unpack import Range
from crawler.archive.warcdigest import differs
from crawler.archive.warcframe import Frame, Gap, Proven, frames

BLOCK_LINES = 1024
"""Lines in a block of the compressed index, as ReplayWeb.page's own tools have it."""
LARGEST = 256 * 1024 * 1024
"""Bytes of an uncompressed record: it is read as a whole."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A stretch of a file that has no line, because nothing whole is there: its first byte, the first byte behind it, and why."""

    file: str
    start: int
    end: int
    why: str

    def __str__(self) -> str:
        return f"{self.file}, bytes {self.start} to {self.end}: {self.why}"


class _Lines(CDXJIndexer):  # type: ignore[misc]
    """cdxj-indexer on single records whose places are known. Its own walk ends at the first damage and takes a cut record for whole."""

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


class Index:
    """Lines of any number of files, in a temporary database that goes with the process. A context manager; raises OSError."""

    def __init__(self) -> None:
        self._lines = _Lines()
        # Without a name SQLite keeps it in memory while it is small and then in a nameless temporary file, sorting included.
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("CREATE TABLE line (file TEXT, at INTEGER, line TEXT, PRIMARY KEY (file, at))")
        self._db.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._db.close()

    def add(self, path: Path, size: int) -> Iterator[Unread]:
        """Take in the first `size` bytes of a file, to be iterated to its end; gives what in them cannot be read."""
        with _as_os_error(), Range(path, 0, size) as source:
            for found in frames(source, LARGEST):
                if isinstance(found, Proven):
                    continue
                if isinstance(found, Gap):
                    yield Unread(Path(found.file).name, found.offset, size if found.following is None else found.following, found.why)
                elif why := _unfit(found, source.name):
                    yield Unread(Path(found.file).name, found.offset, found.offset + found.length, why)
                elif why := self._take(path.name, found.offset, source.read(found.offset, found.length)):
                    yield Unread(path.name, found.offset, found.offset + found.length, why)

    def _take(self, file: str, offset: int, record_bytes: bytes) -> str:
        """Take in one record; gives why that cannot be done, if so."""
        try:
            line = self._lines.line(file, offset, record_bytes)
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
        """Write the lines as blocks of gzip; gives the secondary index that tells where each begins. `name`: what `out` will be called."""
        blocks = StringIO()
        writer = CompressedWriter(blocks, out, num_lines=BLOCK_LINES, data_out_name=name, digest_records=True)
        for line in self.lines():
            writer.write(line)
        if writer.block:  # it would write an empty block, and name it
            writer.flush()
        return blocks.getvalue()


def _unfit(frame: Frame, file: str) -> str:
    """Why a record cannot be in an index, if it cannot."""
    if frame.file != file:
        return "records that are compressed together cannot be read one by one"
    stated = frame.head.get("warc-block-digest")
    return f"the block does not match its digest {stated}" if differs(stated, frame.block) else ""


@contextmanager
def _as_os_error() -> Iterator[None]:
    """A full disk for temporary files is the system's trouble, not the ledger's."""
    try:
        yield
    except sqlite3.Error as error:
        raise OSError(f"sorting the index in the temporary directory: {error}") from error
