"""A large file: whole under its name, or not there."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import BinaryIO

import pytest

from crawler.utils.exit_status import CommandError, ExitStatus, Interrupted, StorageError, UsageError
from crawler.utils.files import atomic_file, new_file, output_file


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_name_appears_when_all_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.wacz"
    with atomic_file(path) as out:
        out.write(b"0123456789")
        out.seek(2)
        out.write(b"xx")
        out.flush()
        assert names(tmp_path) == ["a.wacz.part"]
    assert names(tmp_path) == ["a.wacz"]
    assert path.read_bytes() == b"01xx456789"


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_what_was_there_stays_when_it_fails(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "a.wacz"
    path.write_bytes(b"old")

    def write() -> None:
        with atomic_file(path) as out:
            out.write(b"half")
            raise error

    with pytest.raises(type(error)):
        write()
    assert names(tmp_path) == ["a.wacz"]
    assert path.read_bytes() == b"old"


def test_what_a_killed_one_left_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "a.wacz.part").write_bytes(b"much longer than what follows")
    with atomic_file(tmp_path / "a.wacz") as out:
        out.write(b"short")
    assert (tmp_path / "a.wacz").read_bytes() == b"short"
    assert names(tmp_path) == ["a.wacz"]


def test_two_do_not_write_one_file(tmp_path: Path) -> None:
    part = tmp_path / "a.wacz.part"
    with part.open("wb") as other:
        other.write(b"somebody's")
        other.flush()
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(CommandError) as refused, atomic_file(tmp_path / "a.wacz"):
            pass
    assert refused.value.status is ExitStatus.LOCKED
    assert part.read_bytes() == b"somebody's"


def test_one_that_was_renamed_meanwhile_is_not_harmed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, part = tmp_path / "a.wacz", tmp_path / "a.wacz.part"
    part.write_bytes(b"finished")
    monkeypatch.setattr(fcntl, "flock", lambda *_: part.rename(path))
    with pytest.raises(CommandError), atomic_file(path):
        pass
    assert path.read_bytes() == b"finished"


def test_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"mine")
    (tmp_path / "a.wacz.part").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic link"), atomic_file(tmp_path / "a.wacz"):
        pass
    assert (tmp_path / "elsewhere").read_bytes() == b"mine"


def test_what_would_be_lost_is_refused_unless_told(tmp_path: Path) -> None:
    path = tmp_path / "a.wacz"
    assert new_file(str(path), "--wacz", force=False) == path
    path.write_bytes(b"old")
    assert new_file(str(path), "--wacz", force=True) == path
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    for refused, force in ((path, False), (tmp_path, False), (tmp_path, True), (tmp_path / "link", False)):
        with pytest.raises(UsageError):
            new_file(str(refused), "--wacz", force=force)
    with pytest.raises(UsageError, match="--wacz: the name of a file is needed"):
        new_file(" ", "--wacz", force=True)


def raise_after(out: BinaryIO, error: BaseException) -> None:
    out.write(b"half")
    raise error


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (OSError(28, "No space left on device"), StorageError, "{0} was not written: No space left on device"),
        (OSError(2, "No such file", "x.warc.gz"), StorageError, "{0} was not written: No such file (x.warc.gz)"),
        (OSError("short read"), StorageError, "{0} was not written: short read"),
        (KeyboardInterrupt(), Interrupted, "interrupted; {0} was not written"),
        (BrokenPipeError(), BrokenPipeError, ""),
    ],
)
def test_what_goes_wrong_in_writing_a_file_is_said_of_it(
    tmp_path: Path, error: BaseException, kind: type[Exception], said: str
) -> None:
    path = tmp_path / "a.csv"
    with pytest.raises(kind) as raised, output_file(path) as out:
        raise_after(out, error)
    assert str(raised.value) == said.format(path)
    assert names(tmp_path) == []


def test_without_a_path_it_is_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with output_file(None) as out:
        out.write(b"line\n")
    assert capfdbinary.readouterr().out == b"line\n"
