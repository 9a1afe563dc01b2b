"""How a run ends, and the exit status that tells it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Status(IntEnum):
    """Exit statuses of the commands; the README has them in a table."""

    DONE = 0
    ERROR = 1
    USAGE = 2
    UNAVAILABLE = 3
    REFUSING = 4
    LOCKED = 5
    LAYOUT = 6
    STORAGE = 7
    DAMAGED = 8
    INCOMPLETE = 9
    UNHEALTHY = 10
    INTERRUPTED = 130


MEANING = {
    Status.DONE: "done; what could not be recovered has its reason in the ledger",
    Status.ERROR: "an error of this software; the log has it",
    Status.USAGE: "wrong settings or arguments",
    Status.UNAVAILABLE: "the archive was unavailable for some of it; run again later",
    Status.REFUSING: "the archive refuses: wait before running again",
    Status.LOCKED: "another run holds the output directory",
    Status.LAYOUT: "most pages have a layout that is not known; run `scrapy inspect` on one",
    Status.STORAGE: "the output directory or the ledger cannot be used",
    Status.DAMAGED: "something is damaged, missing or not as it was written; the rest was done",
    Status.INCOMPLETE: "good, but something is still missing; the run's record says what",
    Status.UNHEALTHY: "the run went, and what came is not healthy: the verdict names the threshold",
    Status.INTERRUPTED: "interrupted; run again to go on",
}
"""Each status in words."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended: its status and what there is to say about it."""

    status: Status
    message: str = ""


class Fatal(Exception):
    """A command cannot begin or go on; carries the ending."""

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.ending = Ending(status, message)
