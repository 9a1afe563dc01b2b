"""An output directory is held by one; what stands in the way is said with its status."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from crawler.ledger.file import ledger_path
from crawler.recovery.extraction_input import FromFiles, FromStore
from crawler.utils.exit_status import CommandError, ExitStatus
from crawler.utils.lock import lock_output


def test_it_is_held_until_it_is_let_go(tmp_path: Path) -> None:
    lock = lock_output(tmp_path / "new" / "output", make=True)
    with pytest.raises(CommandError, match="another run holds") as found:
        lock_output(tmp_path / "new" / "output")
    assert found.value.status is ExitStatus.LOCKED
    lock.release()
    lock_output(tmp_path / "new" / "output").release()


def no_directory(path: Path) -> None:
    path.write_text("a file is where the directory should be", "utf-8")


def lock_is_a_directory(path: Path) -> None:
    (path / "run.lock").mkdir(parents=True)


def link_leads_out(path: Path) -> None:
    path.mkdir()
    (path / "articles").symlink_to(path.parent)


@pytest.mark.parametrize("spoil", [no_directory, lock_is_a_directory, link_leads_out])
def test_what_cannot_be_held_is_a_matter_of_storage(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    spoil(tmp_path / "output")
    for make in (True, False):
        with pytest.raises(CommandError, match="output") as found:
            lock_output(tmp_path / "output", make=make)
        assert found.value.status is ExitStatus.STORAGE
    for source in (
        FromStore(tmp_path / "output", dry_run=False),
        FromFiles([], tmp_path / "output", "https://archive.example/web"),
    ):
        with pytest.raises(CommandError) as found, source:
            pytest.fail("it was opened")
        assert found.value.status is ExitStatus.STORAGE
    assert not ledger_path(tmp_path / "output").exists()
