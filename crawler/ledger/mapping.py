"""Rows of the table of captures as values, and back."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from crawler.archive.capture import Capture
from crawler.archive.holding import Holding
from crawler.archive.warc import Place
from crawler.ledger.rows import CaptureRow, Found

CAPTURE = (
    "SELECT id, article, timestamp, original, urlkey, mimetype, statuscode, digest, length, source, found,"
    " coalesce(capture.replay, source.replay, ''), CASE WHEN source.is_file THEN source ELSE '' END, held, status, answer, digest_result,"
    " verdict, because, served_timestamp, served_original, coding, warc, warc_offset, warc_length"
    " FROM capture LEFT JOIN source ON source.name = capture.source"
)
_KEPT = ("archive", "heldIn")
"""What of a metadata record is needed later on."""
INSERT = (
    "INSERT OR IGNORE INTO capture"
    " (article, timestamp, original, urlkey, mimetype, statuscode, digest, length, source, found, replay, held)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def values(article: int, c: Capture, source: str, found: Found, held: Holding | None = None) -> tuple[Any, ...]:
    where = (held.about.get("archive") or None, written(held)) if held is not None else (None, None)
    return (article, c.timestamp, c.original, c.urlkey, c.mimetype, c.statuscode, c.digest, c.length, source, found, *where)


def found_of(held: Holding) -> Found:
    """How a capture was found by whoever put it into the file, where the file says so."""
    found = held.about.get("found", "")
    return Found(found) if found in list(Found) else Found.LISTED


def written(held: Holding) -> str:
    places = [asdict(place) if place else None for place in (held.place, held.payload)]
    return json.dumps([*places, held.rewritten, {name: held.about[name] for name in _KEPT if name in held.about}, held.truncated])


def read_held(held: str, capture: Capture) -> Holding:
    place, payload, *rest = json.loads(held)
    return Holding(capture, Place(**place), Place(**payload) if payload else None, *rest)


def capture_row(row: tuple[Any, ...]) -> CaptureRow:
    number, article, timestamp, original, urlkey, mimetype, statuscode, digest, length, source, found, replay, held_in, held, *rest = row
    capture = Capture(
        timestamp=timestamp, original=original, urlkey=urlkey, mimetype=mimetype, statuscode=statuscode, digest=digest, length=length
    )
    holding = read_held(held, capture) if held else None
    held_in = held_in or (holding.about.get("heldIn", "") if holding else "")
    status, *others, offset, size = rest
    answer, result, verdict, because, served_timestamp, served_original, coding, warc = (value or "" for value in others)
    learnt = (status or 0, answer, result, verdict, because, served_timestamp, served_original, coding, warc, offset or 0, size or 0)
    return CaptureRow(number, article, capture, source, Found(found), replay, held_in, holding, *learnt)
