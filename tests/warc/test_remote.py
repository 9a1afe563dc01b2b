"""WARC and WACZ files by an address with a protocol: found, read and refused as files of this machine are."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import fsspec
import pytest

from crawler.utils.exit_status import UsageError
from crawler.warc import remote
from crawler.warc.captures import ArchivedCapture, Damage, NotAWebArchive
from crawler.warc.files import find_files, read_archived, scan_file
from crawler.warc.remote import RemoteError, location
from crawler.warc.streams import state_of
from tests.warc.foreign import packed, pages, wacz


@pytest.fixture
def memory() -> Iterator[Any]:
    """fsspec's file system in memory, empty."""
    files = fsspec.filesystem("memory")
    files.store.clear()
    files.pseudo_dirs[:] = [""]
    yield files
    files.store.clear()


def everything(path: Path | str, name: str) -> list[object]:
    """All that a file gives, with what is read back of it; under another name than its own."""
    found: list[object] = []
    for thing in scan_file(path):
        if isinstance(thing, Damage):
            found.append((thing.file.replace(str(path), name), thing.offset, thing.why.replace(str(path), name)))
        else:
            place = replace(thing.place, file=thing.place.file.replace(str(path), name))
            found += [replace(thing, place=place), read_archived(thing)]
    return found


def files_of_every_kind(folder: Path) -> Iterator[Path]:
    whole = packed(pages(5))
    for name, data in {
        "plain.warc": b"".join(pages(5)),
        "members.warc.gz": whole,
        "torn.warc.gz": whole[:-90],
        "damaged.warc.gz": whole[:400] + b"\0" * 40 + whole[440:],
        "together.warc.gz": packed([b"".join(pages(5))]),
    }.items():
        (folder / name).write_bytes(data)
        yield folder / name
    for name, compression in (("stored.wacz", zipfile.ZIP_STORED), ("deflated.wacz", zipfile.ZIP_DEFLATED)):
        wacz(folder / name, {"archive/a.warc.gz": whole, "archive/b.warc": pages(1)[0]}, compression=compression)
        yield folder / name


@pytest.mark.parametrize("protocol", ["file", "memory"])
def test_a_file_gives_the_same_by_its_address(tmp_path: Path, memory: Any, protocol: str) -> None:
    for path in files_of_every_kind(tmp_path):
        address = f"{protocol}://{path}"
        memory.pipe_file(str(path), path.read_bytes())
        assert find_files([location(address)]) == [address]
        here = everything(path, path.name)
        assert any(isinstance(thing, ArchivedCapture) for thing in here)
        assert everything(address, path.name) == here


def test_folders_and_patterns_mean_what_lies_there(memory: Any) -> None:
    for name in ("z.warc", "b/c/a.warc.gz", "b/x.warc.zst", "b/y.wacz", "b/note.txt", "b/a.warc.gz.open", "b/[1].warc"):
        memory.pipe_file(f"/news/{name}", packed(pages(1)))
    every = [f"memory://news/{name}" for name in ("b/[1].warc", "b/c/a.warc.gz", "b/x.warc.zst", "b/y.wacz", "z.warc")]
    for wanted, given in (
        (every, "memory://news"),
        (every, "memory://news/"),
        (every[:4], "memory://news/b"),
        ([every[1], every[2]], "memory://news/**/[ax].warc.*"),
        ([every[4]], "memory://news/*.warc"),
        ([every[0]], "memory://news/b/[1].warc"),
        (["memory://news/b/a.warc.gz.open"], "memory://news/b/a.warc.gz.open"),
    ):
        assert find_files([location(given)]) == wanted, given
    assert find_files([every[4], "memory://news", every[4]]) == [every[4], *every[:4]]
    memory.pipe_file("/letters/a.txt", b"Dear editor")
    for given, why in (
        ("memory://news/absent.warc.gz", "it does not exist"),
        ("memory://news/*.gz", "there is no web archive there"),
        ("memory://letters", "there is no web archive there"),
        ("memory://letters/a.txt", "it begins neither as a WARC nor as a WACZ"),
    ):
        with pytest.raises(NotAWebArchive) as caught:
            find_files([location(given)])
        assert str(caught.value) == f"{given}: {why}"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("s3://AKIA:hush@newsroom/a.warc.gz", "s3://newsroom/a.warc.gz: a password has no place in an address"),
        ("sftp://me:hush@host/a.warc.gz", "sftp://host/a.warc.gz: a password has no place in an address"),
        ("https://archive.example/a.warc.gz?sig=hush", "https://archive.example/a.warc.gz: not read from there"),
        ("HTTP://archive.example/a.warc.gz", "a web server may be an archive's"),
        ("simplecache::https://archive.example/a.warc.gz", "simplecache::https"),
        ("zip://a.warc::s3://newsroom/a.zip", "one protocol and one file"),
        ("s3://newsroom/a#12", "one protocol and one file"),
        ("nope://newsroom/a.warc.gz", "nope://newsroom/a.warc.gz: Protocol not known: nope"),
    ],
)
def test_what_is_no_address_to_be_used_is_refused_without_what_is_secret_in_it(given: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_files([location(given)])
    assert why in str(caught.value)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(("absent", "given"), [("fsspec", "memory://a.warc.gz"), ("s3fs", "s3://newsroom/a.warc.gz")])
def test_without_the_libraries_it_is_said_what_to_install(
    monkeypatch: pytest.MonkeyPatch, absent: str, given: str
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == absent]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(UsageError) as caught:
        find_files([location(given)])
    assert str(caught.value).startswith(f"{given}: ")
    assert absent in str(caught.value).partition(";")[0]
    assert "pip install fsspec s3fs" in str(caught.value)


def test_a_file_that_was_written_anew_is_noticed(memory: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    now = 0.0
    monkeypatch.setattr(remote, "time", SimpleNamespace(monotonic=lambda: now))
    address = "memory://news/a.warc.gz"
    memory.pipe_file("/news/a.warc.gz", packed(pages(2)))
    before = state_of(address)
    *_, second = scan_file(address)
    assert isinstance(second, ArchivedCapture)
    assert read_archived(second).payload
    memory.pipe_file("/news/a.warc.gz", packed([*pages(1), *pages(3)[1:]]))
    now += remote.FRESH
    assert state_of(address) != before
    *_, last = scan_file(address)
    assert isinstance(last, ArchivedCapture)
    assert read_archived(last).payload


def test_what_a_library_raises_is_said_without_what_is_secret_in_it(
    memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.pipe_file("/news/told.warc.gz", packed(pages(2)))
    (first, _) = scan_file("memory://news/told.warc.gz")
    assert isinstance(first, ArchivedCapture)

    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("cannot reach\nhttp://me:hush@store.example/a?X-Amz-Signature=hush now")

    monkeypatch.setattr(type(memory), "_open", refuse)
    for read in (lambda: list(scan_file("memory://news/told.warc.gz")), lambda: read_archived(first)):
        with pytest.raises(RemoteError) as caught:
            read()
        told = (
            "memory://news/told.warc.gz: it cannot be read (cannot reach http://store.example/a now). Run again later"
        )
        assert str(caught.value).startswith(told)
