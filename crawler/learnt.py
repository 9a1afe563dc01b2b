"""What the ledger is told of a capture that came: the same columns, whether from the archive or out of the store."""

from __future__ import annotations

from crawler.archive.digest import DigestCheck
from crawler.archive.headers import Headers, declared_coding
from crawler.archive.playback import Answer
from crawler.archive.warc import Place


def learnt(
    answer: Answer, status: int, headers: Headers, timestamp: str, original: str, check: DigestCheck, place: Place | None
) -> dict[str, str | int]:
    """Columns for `Ledger.note`; `timestamp` and `original` as served, `place` where the store has it, None if it was not stored."""
    columns: dict[str, str | int] = {
        "answer": answer.value,
        "status": status,
        "digest_result": check.result.value,
        "digest_reason": check.reason.value,
        "served_timestamp": timestamp,
        "served_original": original,
        "coding": declared_coding(headers) or "",
    }
    if place is not None:
        columns |= {"warc": place.file, "warc_offset": place.offset, "warc_length": place.length}
    return columns
