"""Exit statuses, what they mean, and the error that ends a command with one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class ExitStatus(IntEnum):
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


STATUS_MEANING = {
    ExitStatus.DONE: "done; what could not be recovered has its reason in the ledger",
    ExitStatus.ERROR: "an error of this software; the log has it",
    ExitStatus.USAGE: "wrong settings or arguments",
    ExitStatus.UNAVAILABLE: "the archive was unavailable for some of it; run again later",
    ExitStatus.REFUSING: "the archive refuses: wait before running again",
    ExitStatus.LOCKED: "another run holds the output directory",
    ExitStatus.LAYOUT: "most pages have a layout that is not known; run `scrapy inspect` on one",
    ExitStatus.STORAGE: "the output directory or the ledger cannot be used",
    ExitStatus.DAMAGED: "something is damaged, missing or not as it was written; the rest was done",
    ExitStatus.INCOMPLETE: "good, but something is still missing; the run's record says what",
    ExitStatus.UNHEALTHY: "the run went, and what came is not healthy: the verdict names the threshold",
    ExitStatus.INTERRUPTED: "interrupted; run again to go on",
}
"""Each status in words."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended: its status and what there is to say about it."""

    status: ExitStatus
    message: str = ""


class CommandError(Exception):
    """A command cannot begin or go on; carries the ending."""

    def __init__(self, status: ExitStatus, message: str) -> None:
        super().__init__(message)
        self.ending = RunResult(status, message)


def usage_error(message: str) -> CommandError:
    """A mistake in what was asked for."""
    return CommandError(ExitStatus.USAGE, message)
