"""The recovered articles for researchers: one JSON object a line, by the schema in jsonl.schema.json."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from crawler.ledger import ArticleRow, CaptureRow
from crawler.ledger.queries import StoreQueries
from crawler.markdown.reader import plain_text
from crawler.preserve.article_file import FoundFile, find_files, parse_article_file, read_text
from crawler.preserve.files import UnreadableFile
from crawler.recovery.case import MATCHES
from crawler.utils.text import json_line
from crawler.utils.timestamps import is_timestamp, read_moment
from crawler.wayback.digest import DigestResult, cdx_digest
from crawler.wayback.playback import split_replay

SCHEMA = Path(__file__).with_name("jsonl.schema.json")
FOLDER = "articles"


@dataclass(slots=True)
class JsonlSummary:
    """What was exported. `changed`: articles whose file is not as it was written; `left_out`: those without a readable
    file, with the reason; `others`: further files of articles that have one already."""

    articles: int = 0
    size: int = 0
    changed: list[int] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


def write_jsonl(out: BinaryIO, output: Path, ledger: StoreQueries | None) -> JsonlSummary:
    """Write the recovered articles of an output directory, lowest id first: those of the ledger or, without one, all
    files of articles below `articles/`. The same tree gives the same bytes. Raises OSError."""
    lines = JsonlSummary()
    for record in _of_ledger(output, ledger, lines) if ledger is not None else _of_tree(output, lines):
        lines.size += out.write(f"{json_line(record)}\n".encode())
        lines.articles += 1
    return lines


def _of_ledger(output: Path, ledger: StoreQueries, lines: JsonlSummary) -> Iterator[dict[str, Any]]:
    versions = ledger.version_counts()
    for row, capture in ledger.recovered():
        if (found := _record(output, row.id, row.file, lines)) is None:
            continue
        if found["sha256"] != row.sha256:
            lines.changed.append(row.id)
        if capture is not None:
            found |= of_capture(ledger, row, capture)
        yield found | {"versions": versions.get(row.id)}


def _of_tree(output: Path, lines: JsonlSummary) -> Iterator[dict[str, Any]]:
    """The files of a tree that nothing else is known of."""
    files, others = article_files(output)
    for other in others:
        if other.why or other.article is None:
            lines.left_out.append(f"{other.file} ({other.why or 'its name tells no id'})")
        else:
            lines.others.append(other.file)
    for number in sorted(files):
        if (found := _record(output, number, files[number], lines)) is not None:
            yield found


def article_files(output: Path) -> tuple[dict[int, str], list[FoundFile]]:
    """The files below `articles/` that tell by their names which articles they are, one for each, and the others; by
    their paths in the output directory."""
    files: dict[int, str] = {}
    others: list[FoundFile] = []
    for found in find_files(output / FOLDER):
        file = f"{FOLDER}/{found.file}"
        if found.why or found.article is None or found.article in files:
            others.append(FoundFile(file, found.why))
        else:
            files[found.article] = file
    return files, others


def _record(output: Path, number: int, file: str, lines: JsonlSummary) -> dict[str, Any] | None:
    """As `of_file`; None for a file that cannot be read."""
    try:
        text = read_text(output / file)
    except UnreadableFile as error:
        lines.left_out.append(f"article {number} ({file}: {error})")
        return None
    return of_file(number, file, text)


def of_file(number: int, file: str, text: str) -> dict[str, Any]:
    """What an article's file says, by the names of the schema; None for what it does not."""
    article = parse_article_file(text, number)
    fields = article.fields
    digest = _digest(fields.get("digest", ""))
    has_evidence = "verified" in fields
    return {
        "id": number,
        "title": article.title or None,
        **{key: fields.get(key) for key in ("date", "last_updated", "author", "category")},
        "tags": list(article.tags),
        "text": plain_text(article.body),
        "blogger": plain_text(article.bloggers) or None,
        "url": fields.get("url"),
        "original_url": fields.get("original_url"),
        **_when(split_replay(fields.get("url", ""))[1]),
        "digest": digest,
        "verified": fields["verified"] == "true" if has_evidence and digest else None,
        "faults": [*article.lists.get("faults", ())] if has_evidence else None,
        "source": fields.get("source"),
        "versions": None,
        "file": file,
        "sha256": hashlib.sha256(text.encode("utf-8")).hexdigest(),
    }


def of_capture(ledger: StoreQueries, row: ArticleRow, capture: CaptureRow) -> dict[str, Any]:
    """What the ledger knows of the capture that a file is from, by the names of the schema."""
    listed, served = capture.capture, capture.served
    if served != (listed.timestamp, listed.original):
        others = (other.capture for other in ledger.captures(row.id))
        listed = next((other for other in others if (other.timestamp, other.original) == served), listed)
    digest = _digest(listed.digest)
    compared = capture.digest_result not in ("", DigestResult.UNKNOWN.value)
    return {
        **_when(served[0]),
        "digest": digest,
        "verified": capture.digest_result in MATCHES if compared and digest else None,
        "faults": list(row.faults),
        "source": capture.source_file or capture.source or None,
    }


def _when(timestamp: str) -> dict[str, str | None]:
    moment = read_moment(timestamp) if is_timestamp(timestamp) else None
    if moment is None:
        return {"timestamp": None, "captured": None}
    return {"timestamp": timestamp, "captured": f"{moment:%Y-%m-%dT%H:%M:%SZ}"}


def _digest(digest: str) -> str | None:
    plain = cdx_digest(digest)
    return f"sha1:{plain}" if plain else None
