"""The ledger's rows as plain values, and back."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from crawler.utils.exit_status import StorageError
from crawler.warc.captures import ArchivedCapture
from crawler.warc.writer import RecordLocation
from crawler.wayback.capture import Capture


class LedgerError(StorageError):
    """The ledger cannot be used; says why and what to do."""


class State(StrEnum):
    """Where an article stands. LISTED: not done yet; WAITING: the archive had troubles of its own, the next run tries
    again; ADOPTED: in a tree of files that the user has."""

    LISTED = "listed"
    WAITING = "waiting"
    RECOVERED = "recovered"
    UNRECOVERABLE = "unrecoverable"
    ADOPTED = "adopted"


SETTLED = (State.RECOVERED, State.UNRECOVERABLE, State.ADOPTED)


class Found(StrEnum):
    """How a capture came to be known."""

    LISTED = "listed"
    REDIRECT = "archived_redirect"
    JUMP = "closest_capture"
    INSPECT = "inspect"


LED_TO = (Found.REDIRECT, Found.JUMP)
"""Captures that no listing has: another one led there. They come last in the choice."""


@dataclass(frozen=True, slots=True)
class CaptureRow:
    """A known capture and what was learnt of it. `verdict` is empty until it was judged; `warc` until it is in the
    store.

    `replay` is the public address under which its archive replays captures; `held_in` the name of the file of web
    archives that it comes from, if it comes from one, and `held` where in that file it is.
    """

    id: int
    article: int
    capture: Capture
    source: str = ""
    found: Found = Found.LISTED
    replay: str = ""
    held_in: str = ""
    held: ArchivedCapture | None = None
    status: int = 0
    answer: str = ""
    digest_result: str = ""
    verdict: str = ""
    because: str = ""
    served_timestamp: str = ""
    served_original: str = ""
    coding: str = ""
    warc: str = ""
    warc_offset: int = 0
    warc_length: int = 0


@dataclass(frozen=True, slots=True)
class ArticleRow:
    """An article's state, and why; `file` is relative to the output directory."""

    id: int
    state: State
    reason: str = ""
    capture: int = 0
    file: str = ""
    sha256: str = ""
    faults: tuple[str, ...] = ()


CAPTURE = (
    "SELECT id, article, timestamp, original, urlkey, mimetype, statuscode, digest, length, source, found,"
    " coalesce(capture.replay, source.replay, ''), CASE WHEN source.is_file THEN source ELSE '' END, held, status,"
    " answer, digest_result, verdict, because, served_timestamp, served_original, coding, warc, warc_offset,"
    " warc_length FROM capture LEFT JOIN source ON source.name = capture.source"
)
_KEPT = ("archive", "heldIn")
"""What of a metadata record is needed later on."""
INSERT = (
    "INSERT OR IGNORE INTO capture"
    " (article, timestamp, original, urlkey, mimetype, statuscode, digest, length, source, found, replay, held)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def capture_values(
    article: int, c: Capture, source: str, found: Found, held: ArchivedCapture | None = None
) -> tuple[Any, ...]:
    where = (held.about.get("archive") or None, holding_to_json(held)) if held is not None else (None, None)
    return (
        article,
        c.timestamp,
        c.original,
        c.urlkey,
        c.mimetype,
        c.statuscode,
        c.digest,
        c.length,
        source,
        found,
        *where,
    )


def how_found(held: ArchivedCapture) -> Found:
    """How a capture was found by whoever put it into the file, where the file says so."""
    found = held.about.get("found", "")
    return Found(found) if found in list(Found) else Found.LISTED


def holding_to_json(held: ArchivedCapture) -> str:
    places = [asdict(place) if place else None for place in (held.place, held.payload)]
    return json.dumps(
        [*places, held.rewritten, {name: held.about[name] for name in _KEPT if name in held.about}, held.truncated]
    )


def holding_from_json(held: str, capture: Capture) -> ArchivedCapture:
    place, payload, *rest = json.loads(held)
    return ArchivedCapture(capture, RecordLocation(**place), RecordLocation(**payload) if payload else None, *rest)


def capture_row(row: tuple[Any, ...]) -> CaptureRow:
    (
        number,
        article,
        timestamp,
        original,
        urlkey,
        mimetype,
        statuscode,
        digest,
        length,
        source,
        found,
        replay,
        held_in,
        held,
        *rest,
    ) = row
    capture = Capture(
        timestamp=timestamp,
        original=original,
        urlkey=urlkey,
        mimetype=mimetype,
        statuscode=statuscode,
        digest=digest,
        length=length,
    )
    holding = holding_from_json(held, capture) if held else None
    held_in = held_in or (holding.about.get("heldIn", "") if holding else "")
    status, *others, offset, size = rest
    answer, result, verdict, because, served_timestamp, served_original, coding, warc = (
        value or "" for value in others
    )
    learnt = (
        status or 0,
        answer,
        result,
        verdict,
        because,
        served_timestamp,
        served_original,
        coding,
        warc,
        offset or 0,
        size or 0,
    )
    return CaptureRow(number, article, capture, source, Found(found), replay, held_in, holding, *learnt)
