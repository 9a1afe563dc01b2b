"""Images on the disk: whole, inside of the output directory, and the same bytes once where the file system can."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from crawler.recovery.image_files import write_image


def test_the_same_bytes_are_linked_and_each_address_has_its_file(tmp_path: Path) -> None:
    write_image(tmp_path, "images/aa/a.png", b"picture")
    write_image(tmp_path, "images/bb/b.png", b"picture", "images/aa/a.png")
    one, other = tmp_path / "images/aa/a.png", tmp_path / "images/bb/b.png"
    assert one.samefile(other)
    one.unlink()
    assert other.read_bytes() == b"picture"


def test_where_there_can_be_no_link_it_is_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_: object, **__: object) -> None:
        raise PermissionError("no hard links here")

    monkeypatch.setattr(os, "link", link)
    write_image(tmp_path, "images/aa/a.png", b"picture")
    write_image(tmp_path, "images/bb/b.png", b"picture", "images/aa/a.png")
    assert (tmp_path / "images/bb/b.png").read_bytes() == b"picture"
    assert not (tmp_path / "images/aa/a.png").samefile(tmp_path / "images/bb/b.png")
    assert sorted(path.name for path in tmp_path.glob("images/*/*")) == ["a.png", "b.png"]


def test_a_file_that_has_not_these_bytes_any_more_is_not_linked_to(tmp_path: Path) -> None:
    write_image(tmp_path, "images/aa/a.png", b"changed since")
    for other in ("images/aa/a.png", "images/aa/gone.png"):
        write_image(tmp_path, "images/bb/b.png", b"picture", other)
        assert (tmp_path / "images/bb/b.png").read_bytes() == b"picture"


def test_a_damaged_file_is_put_right_and_its_twin_left_alone(tmp_path: Path) -> None:
    write_image(tmp_path, "images/aa/a.png", b"pict")
    write_image(tmp_path, "images/aa/a.png", b"picture")
    assert (tmp_path / "images/aa/a.png").read_bytes() == b"picture"


def test_what_a_killed_run_left_is_taken_away(tmp_path: Path) -> None:
    folder = tmp_path / "images" / "aa"
    folder.mkdir(parents=True)
    for there in (None, b"picture", b"pict"):
        (folder / ".a.png.part").write_bytes(b"pic")
        if there is not None:
            (folder / "a.png").write_bytes(there)
        write_image(tmp_path, "images/aa/a.png", b"picture")
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"a.png": b"picture"}


def test_no_link_leads_out_of_the_directory(tmp_path: Path) -> None:
    output, outside = tmp_path / "output", tmp_path / "outside"
    (output / "images").mkdir(parents=True)
    outside.mkdir()
    (outside / "a.png").write_bytes(b"picture")
    (output / "images" / "aa").symlink_to(outside)
    write_image(output, "images/bb/b.png", b"picture", "images/aa/a.png")
    assert not (output / "images/bb/b.png").samefile(outside / "a.png")
    with pytest.raises(OSError, match="leads out"):
        write_image(output, "images/aa/c.png", b"picture", "images/bb/b.png")
    assert [path.name for path in outside.iterdir()] == ["a.png"]
