"""What every command makes of what ends it early: one exit status and one line for each kind."""

from __future__ import annotations

import argparse
import sqlite3

import pytest
from scrapy.settings import Settings

from crawler.ledger import LedgerError
from crawler.preserve.files import ManifestFault
from crawler.run.command import ProjectCommand
from crawler.utils.exit_status import (
    DamagedError,
    ExitStatus,
    Interrupted,
    LockedError,
    StorageError,
    UsageError,
    status_meaning,
)


class Raising(ProjectCommand):
    """A command that does nothing but fail."""

    uses = ()

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.settings = Settings({"OUTPUT_DIR": "output"})
        self._error = error

    def short_desc(self) -> str:
        return ""

    def act(self, args: list[str], opts: argparse.Namespace) -> int:
        raise self._error


ENDS: list[tuple[BaseException, ExitStatus, str]] = [
    (UsageError("no such page"), ExitStatus.USAGE, "no such page"),
    (LockedError("held by 5"), ExitStatus.LOCKED, "held by 5"),
    (StorageError("no room"), ExitStatus.STORAGE, "no room"),
    (LedgerError("of a newer version"), ExitStatus.STORAGE, "of a newer version"),
    (ManifestFault("line 3"), ExitStatus.DAMAGED, "line 3"),
    (DamagedError(""), ExitStatus.DAMAGED, f"{ExitStatus.DAMAGED.meaning}; {ExitStatus.DAMAGED.next_step}"),
    (Interrupted("a.csv was not written"), ExitStatus.INTERRUPTED, "a.csv was not written"),
    (KeyboardInterrupt(), ExitStatus.INTERRUPTED, "interrupted; nothing was changed"),
    (sqlite3.DatabaseError("malformed"), ExitStatus.STORAGE, "the ledger cannot be read: malformed"),
    (PermissionError(13, "Permission denied", "tree"), ExitStatus.STORAGE, "tree: Permission denied"),
    (OSError("short"), ExitStatus.STORAGE, "short"),
]


@pytest.mark.parametrize(("error", "status", "message"), ENDS)
def test_what_ends_a_command_early_has_a_status_and_a_line(
    error: BaseException, status: ExitStatus, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = Raising(error)
    command.run([], argparse.Namespace(set=[]))
    assert command.exitcode == status
    said = capsys.readouterr()
    prefix = "stopped" if status is ExitStatus.INTERRUPTED else "error"
    assert (said.out, said.err.startswith(f"{prefix}: {message}"), said.err.count("\n")) == ("", True, 1)


def test_an_error_of_this_software_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        Raising(ZeroDivisionError()).run([], argparse.Namespace(set=[]))


def test_a_status_that_was_read_has_its_meaning_and_an_unknown_one_none() -> None:
    assert [status_meaning(int(status)) for status in ExitStatus] == [status.meaning for status in ExitStatus]
    assert (status_meaning(99), status_meaning(None)) == ("", "")
    assert all(status.meaning and status.next_step for status in ExitStatus)
