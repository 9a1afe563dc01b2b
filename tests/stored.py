"""What a file of the store holds, read as strictly as it was written."""

from collections.abc import Iterator
from pathlib import Path

from crawler.warc.files import read_record
from crawler.warc.iterator import Gap, walk_records
from crawler.warc.record import WarcDamaged
from crawler.warc.streams import open_source
from crawler.warc.writer import RecordLocation
from crawler.wayback.capture import StoredCapture


def stored_records(path: Path) -> Iterator[tuple[RecordLocation, StoredCapture]]:
    """All response records in order. Raises WarcDamaged at the first record that is not whole."""
    with open_source(path) as source:
        for item in walk_records(source):
            if isinstance(item, Gap):
                raise WarcDamaged(f"{path.name} at byte {item.offset}: {item.why}")
            if item.head.kind == "response":
                yield RecordLocation(path.name, item.offset, item.length), read_record(path, item.offset, item.length)
