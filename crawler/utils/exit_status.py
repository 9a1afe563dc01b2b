"""Exit statuses of the commands, and the errors that end a command, each kind with its status."""

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Self


class ExitStatus(IntEnum):
    """Number, meaning and what to do next; docs/commands.md has this table."""

    meaning: str
    next_step: str

    def __new__(cls, number: int, meaning: str = "", next_step: str = "") -> Self:
        status = int.__new__(cls, number)
        status._value_ = number
        status.meaning, status.next_step = meaning, next_step
        return status

    DONE = (0, "done; what could not be recovered has its reason in the ledger", "nothing")
    ERROR = (1, "an error of this software; the log has it", "report it with the log")
    USAGE = (2, "wrong settings or arguments", "mend what is named")
    UNAVAILABLE = (
        3,
        "the archive or a cluster was unavailable for some of it: articles or images wait, or the listing is not whole",
        "run again later",
    )
    REFUSING = (
        4,
        "the archive refuses: a pause of more than an hour, refused connections, or a listing that needs authorization",
        "wait before running again; if it happens again, lower `PLAYBACK_RATE`",
    )
    LOCKED = (5, "another run holds the output directory", "wait for it, or stop it first")
    LAYOUT = (6, "most of the first pages have a layout that is not known", "run `citizen-news inspect` on one")
    STORAGE = (
        7,
        "the output directory, the ledger or a file to be read cannot be used",
        "make room, or repair what is named",
    )
    DAMAGED = (
        8,
        "something is damaged, missing or not as written, or no article any more to the extractor; the rest was done",
        "run `citizen-news verify`, or `citizen-news inspect` on an article that is named",
    )
    INCOMPLETE = (
        9,
        "good, but something is still missing; the run's record says what",
        "nothing: the next run asks again; `citizen-news status` has the reasons",
    )
    UNHEALTHY = (
        10,
        "the run went, and what came is not healthy: the verdict names the threshold",
        "look before the next run",
    )
    NOTHING = (
        11,
        "there is nothing there yet, or nothing of what was asked for",
        "run `citizen-news crawl` first, or ask for something else",
    )
    INTERRUPTED = (130, "interrupted", "run again to go on")


def status_meaning(status: int | None) -> str:
    """What a number that was read means; empty where it is no exit status."""
    return next((known.meaning for known in ExitStatus if known == status), "")


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended: its status and what there is to say about it."""

    status: ExitStatus
    message: str = ""

    def describe(self) -> str:
        """The message; without one what the status means."""
        return self.message or self.status.meaning


class CommandError(Exception):
    """A command cannot begin or go on; the message says why, and what to do."""

    status: ClassVar[ExitStatus] = ExitStatus.ERROR

    @property
    def result(self) -> RunResult:
        """How the command ends."""
        return RunResult(self.status, str(self))


class UsageError(CommandError):
    """A mistake in what was asked for."""

    status = ExitStatus.USAGE


class UnavailableError(CommandError):
    """Another machine that is needed does not answer."""

    status = ExitStatus.UNAVAILABLE


class LockedError(CommandError):
    """Another process holds what is to be written."""

    status = ExitStatus.LOCKED


class StorageError(CommandError):
    """The output directory, or a file beside it, cannot be read or written."""

    status = ExitStatus.STORAGE


class NothingError(CommandError):
    """There is nothing to work with: nothing was recovered yet, or nothing is there of what was asked for."""

    status = ExitStatus.NOTHING


class DamagedError(CommandError):
    """What was to be read is damaged, or not as it was written."""

    status = ExitStatus.DAMAGED


class Interrupted(CommandError):
    """Ctrl-C, or SIGTERM."""

    status = ExitStatus.INTERRUPTED
