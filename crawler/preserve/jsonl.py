"""The recovered articles for researchers: one JSON object a line, by the schema in jsonl.schema.json."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from crawler.hkcnews.layout import BLOGGER_NAME
from crawler.ledger import ArticleRow, CaptureRow
from crawler.ledger.queries import StoreQueries
from crawler.markdown.document import fields_and_sections
from crawler.markdown.reader import plain_text
from crawler.preserve.article_file import ArticleFile, UnreadableError, id_of_name, parse_article_file, read_text
from crawler.preserve.audit import entries
from crawler.recovery.case import MATCHES
from crawler.utils.text import json_line
from crawler.utils.timestamps import read_moment
from crawler.wayback.digest import DigestResult, normalized_digest

SCHEMA = Path(__file__).with_name("jsonl.schema.json")
FOLDER = "articles"
_TIMESTAMP = re.compile(r"/(\d{14})(?:[a-z]{2}_)?/")


@dataclass(slots=True)
class JsonlSummary:
    """What was exported. `changed`: articles whose file is not as it was written; `left_out`: those without a readable
    file, with the reason; `others`: further files of articles that have one already."""

    articles: int = 0
    size: int = 0
    changed: list[int] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


def write_jsonl(
    out: BinaryIO, output: Path, ledger: StoreQueries | None, tell: Callable[[int], None] = lambda done: None
) -> JsonlSummary:
    """Write the recovered articles of an output directory, lowest id first: those of the ledger or, without one, all
    files of articles below `articles/`. The same tree gives the same bytes. `tell` is called with the number of lines
    after each. Raises OSError."""
    lines = JsonlSummary()
    for record in _of_ledger(output, ledger, lines) if ledger is not None else _of_tree(output, lines):
        lines.size += out.write(f"{json_line(record)}\n".encode())
        lines.articles += 1
        tell(lines.articles)
    return lines


def _of_ledger(output: Path, ledger: StoreQueries, lines: JsonlSummary) -> Iterator[dict[str, Any]]:
    versions = ledger.version_counts()
    for row, capture in ledger.recovered():
        try:
            text = read_text(output / row.file)
        except UnreadableError as error:
            lines.left_out.append(f"article {row.id} ({row.file}: {error})")
            continue
        found = _record(row.id, row.file, text)
        if found["sha256"] != row.sha256:
            lines.changed.append(row.id)
        if capture is not None:
            found |= of_capture(ledger, row, capture)
        yield found | {"versions": versions.get(row.id)}


def _of_tree(output: Path, lines: JsonlSummary) -> Iterator[dict[str, Any]]:
    """The files of a tree that nothing else is known of."""
    files: dict[int, str] = {}
    for entry in sorted(entries(output / FOLDER), key=lambda entry: (entry.file.count("/"), entry.file)):
        file = f"{FOLDER}/{entry.file}"
        number = id_of_name(Path(entry.file).name)
        if entry.why or number is None:
            lines.left_out.append(f"{file} ({entry.why or 'its name tells no id'})")
        elif number in files:
            lines.others.append(file)
        else:
            files[number] = file
    for number in sorted(files):
        try:
            text = read_text(output / files[number])
        except UnreadableError as error:
            lines.left_out.append(f"article {number} ({files[number]}: {error})")
            continue
        yield _record(number, files[number], text)


def _record(number: int, file: str, text: str) -> dict[str, Any]:
    """What a file says by itself; None for what it does not."""
    apart = parse_article_file(text, number)
    fields = apart.fields
    evidence = fields_and_sections(text) if "verified" in fields else {}
    when = _TIMESTAMP.search(fields.get("url", ""))
    digest = _digest(fields.get("digest", ""))
    return {
        "id": number,
        "title": apart.title or None,
        "date": fields.get("date"),
        "last_updated": fields.get("last_updated"),
        "author": fields.get("author"),
        "category": fields.get("category"),
        "tags": list(apart.tags),
        "text": plain_text(apart.body),
        "blogger": _blogger(apart, text),
        "url": fields.get("url"),
        "original_url": fields.get("original_url"),
        **_when(when[1] if when else ""),
        "digest": digest,
        "verified": fields.get("verified") == "true" if evidence and digest else None,
        "faults": [*_texts(evidence.get("faults", []))] if evidence else None,
        "source": fields.get("source"),
        "versions": None,
        "file": file,
        "sha256": hashlib.sha256(text.encode("utf-8")).hexdigest(),
    }


def of_capture(ledger: StoreQueries, row: ArticleRow, capture: CaptureRow) -> dict[str, Any]:
    """What the ledger knows of the capture that a file is from, by the names of the schema."""
    served = (
        capture.served_timestamp or capture.capture.timestamp,
        capture.served_original or capture.capture.original,
    )
    digest = capture.capture.digest
    if served != (capture.capture.timestamp, capture.capture.original):
        same = (
            other for other in ledger.captures(row.id) if (other.capture.timestamp, other.capture.original) == served
        )
        digest = next((other.capture.digest for other in same), digest)
    compared = capture.digest_result not in ("", DigestResult.UNKNOWN.value)
    return {
        **_when(served[0]),
        "digest": _digest(digest),
        "verified": capture.digest_result in MATCHES if compared and _digest(digest) else None,
        "faults": list(row.faults),
        "source": capture.source_file or capture.source or None,
    }


def _when(timestamp: str) -> dict[str, str | None]:
    moment = read_moment(timestamp)
    if moment is None or len(timestamp) != len("20210712013906"):
        return {"timestamp": None, "captured": None}
    return {"timestamp": timestamp, "captured": f"{moment:%Y-%m-%dT%H:%M:%SZ}"}


def _digest(digest: str) -> str | None:
    plain = normalized_digest(digest)
    return f"sha1:{plain}" if plain else None


def _blogger(apart: ArticleFile, text: str) -> str | None:
    """The block about the blogger as plain text, his name in the first line; None where a file has none."""
    if "---" not in apart.rest:
        return None
    block = plain_text(str(fields_and_sections(text).get("blogger", "")))
    return block if BLOGGER_NAME.match(block.partition("\n")[0]) else None


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []
