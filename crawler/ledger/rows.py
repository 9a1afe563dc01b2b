"""The ledger's rows as plain values."""

from collections.abc import Sized
from dataclasses import dataclass
from enum import StrEnum

from crawler.utils.exit_status import StorageError
from crawler.warc.captures import ArchivedCapture
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


STORED = "coalesce(warc, '') != ''"
"""Of captures: that they are in the store."""


def placeholders(values: Sized) -> str:
    return ", ".join("?" * len(values))


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run. `ended` is empty and `status` None while it is under way, and for ever when it was killed; `arguments` as
    they were given, in one line."""

    id: int
    started: str
    ended: str = ""
    status: int | None = None
    verdict: str = ""
    arguments: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class FieldCount:
    """Of how many articles that a run recovered how many lack a field; and of those recovered before it."""

    of: int
    missing: int
    earlier: int
    earlier_missing: int
