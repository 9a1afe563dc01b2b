"""The ledger's rows as plain values, and back."""

from __future__ import annotations

import json
from collections.abc import Sized
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from operator import attrgetter
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
    """A known capture and, after `from_file`, what was learnt of it: `verdict` is empty until it was judged, `warc`
    until it is in the store.

    `replay` is the public address under which its archive replays captures; `source_file` the name of the file of web
    archives that it comes from, if it comes from one, and `from_file` where in that file it is.
    """

    id: int
    article: int
    capture: Capture
    source: str = ""
    found: Found = Found.LISTED
    replay: str = ""
    source_file: str = ""
    from_file: ArchivedCapture | None = None
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

    @property
    def served(self) -> tuple[str, str]:
        """Timestamp and original of the capture that came, as far as that is known."""
        return self.served_timestamp or self.capture.timestamp, self.served_original or self.capture.original


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


def placeholders(values: Sized) -> str:
    return ", ".join("?" * len(values))


_CDX = tuple(field.name for field in fields(Capture))
_NAMES = [field.name for field in fields(CaptureRow)]
_NOTED = fields(CaptureRow)[_NAMES.index("from_file") + 1 :]
STORED = "coalesce(warc, '') != ''"
"""Of captures: that they are in the store."""
CAPTURE = f"""
    SELECT id, article, source, found, coalesce(capture.replay, source.replay, ''),
        CASE WHEN source.is_file THEN source ELSE '' END, held, {", ".join(_CDX)},
        {", ".join(f"coalesce({field.name}, {field.default!r})" for field in _NOTED)}
    FROM capture LEFT JOIN source ON source.name = capture.source"""
"""Captures, as `capture_row` takes them."""
_INSERTED = ("article", "source", "found", "replay", "held", *_CDX)
INSERT = f"INSERT OR IGNORE INTO capture ({', '.join(_INSERTED)}) VALUES ({placeholders(_INSERTED)})"
_cdx_values = attrgetter(*_CDX)
_KEPT = ("archive", "heldIn")
"""What of a metadata record is needed later on."""


def capture_row(*row: Any) -> CaptureRow:
    number, article, source, found, replay, source_file, held, *rest = row
    capture = Capture(**dict(zip(_CDX, rest, strict=False)))
    archived = archived_from_json(held, capture) if held else None
    if archived is not None:
        source_file = source_file or archived.about.get("heldIn", "")
    return CaptureRow(number, article, capture, source, Found(found), replay, source_file, archived, *rest[len(_CDX) :])


def capture_values(
    article: int, capture: Capture, source: str, found: Found, held: ArchivedCapture | None = None
) -> tuple[Any, ...]:
    """A new capture, as INSERT takes it."""
    where = (held.about.get("archive") or None, archived_to_json(held)) if held is not None else (None, None)
    return (article, source, found, *where, *_cdx_values(capture))


def how_found(held: ArchivedCapture) -> Found:
    """How a capture was found by whoever put it into the file, where the file says so."""
    found = held.about.get("found", "")
    return Found(found) if found in list(Found) else Found.LISTED


def archived_to_json(held: ArchivedCapture) -> str:
    places = [asdict(place) if place else None for place in (held.place, held.payload)]
    about = {name: held.about[name] for name in _KEPT if name in held.about}
    return json.dumps([*places, held.rewritten, about, held.truncated])


def archived_from_json(held: str, capture: Capture) -> ArchivedCapture:
    place, payload, *rest = json.loads(held)
    return ArchivedCapture(capture, RecordLocation(**place), RecordLocation(**payload) if payload else None, *rest)
