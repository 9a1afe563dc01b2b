"""The ledger's rows as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from crawler.archive.capture import Capture
from crawler.archive.holding import Holding


class LedgerError(Exception):
    """The ledger cannot be used; says why and what to do."""


class State(StrEnum):
    """Where an article stands. LISTED: not done yet; WAITING: the archive had troubles of its own, the next run tries again; ADOPTED: in a
    tree of files that the user has."""

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
    """A known capture and what was learnt of it. `verdict` is empty until it was judged; `warc` until it is in the store.

    `replay` is the public address under which its archive replays captures; `held_in` the name of the file of web archives that it
    comes from, if it comes from one, and `held` where in that file it is.
    """

    id: int
    article: int
    capture: Capture
    source: str = ""
    found: Found = Found.LISTED
    replay: str = ""
    held_in: str = ""
    held: Holding | None = None
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
