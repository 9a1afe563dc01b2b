"""An output directory is held by one; what stands in the way is said with its status."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from crawler.ending import Fatal, Status
from crawler.offline import FromFiles, FromStore
from crawler.opening import hold
from crawler.session import ledger_path


def test_it_is_held_until_it_is_let_go(tmp_path: Path) -> None:
    lock = hold(tmp_path / "new" / "output", make=True)
    with pytest.raises(Fatal, match="another run holds") as found:
        hold(tmp_path / "new" / "output")
    assert found.value.ending.status is Status.LOCKED
    lock.release()
    hold(tmp_path / "new" / "output").release()


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
        with pytest.raises(Fatal, match="output") as found:
            hold(tmp_path / "output", make=make)
        assert found.value.ending.status is Status.STORAGE
    for source in (FromStore(tmp_path / "output", dry_run=False), FromFiles([], tmp_path / "output", "https://archive.example/web")):
        with pytest.raises(Fatal) as found, source:
            pytest.fail("it was opened")
        assert found.value.ending.status is Status.STORAGE
    assert not ledger_path(tmp_path / "output").exists()
