"""A bag of everything: valid to its own library and to sha256sum, whole or not there, and checked with every difference
named."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import bagit  # type: ignore[import-untyped]
import pytest

from crawler.ledger.queries import StoreQueries
from crawler.preserve.bag import BagSummary, check_bag, write_bag
from crawler.utils.exit_status import CommandError, ExitStatus
from tests.preserve.tree import ARTICLES, file_of, found, recovered, warc_of

ONE = ARTICLES[0]
NOW = datetime(2026, 11, 23, tzinfo=UTC)
MANIFEST = "manifest-sha256.txt"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a recovered tree and its bag, to be copied from."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "output").mkdir()
    bagged(recovered(folder / "output"), folder / "bag")
    return folder


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made / "output", tmp_path / "output")


@pytest.fixture
def bag(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made / "bag", tmp_path / "bag")


def bagged(root: Path, bag: Path) -> BagSummary:
    with StoreQueries(root / "ledger.sqlite") as ledger:
        return write_bag(root, ledger, bag, software="test/1", now=NOW)


def test_it_is_valid_to_the_library_and_to_sha256sum(root: Path, bag: Path) -> None:
    assert bagit.Bag(str(bag)).validate()
    line = ["sha256sum", "--check", "--strict", "--quiet", MANIFEST, f"tag{MANIFEST}"]
    assert subprocess.run(line, cwd=bag, check=False).returncode == 0
    assert check_bag(bag, 1).findings == []
    assert (bag / "bagit.txt").read_bytes() == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    about = bagit.Bag(str(bag)).info
    files = [path for path in (bag / "data").rglob("*") if path.is_file()]
    assert about["Payload-Oxum"] == f"{sum(path.stat().st_size for path in files)}.{len(files)}"
    assert (about["Bagging-Date"], about["Bag-Software-Agent"]) == ("2026-11-23", "test/1")


def test_its_files_are_copies_and_its_ledger_is_whole(root: Path, bag: Path) -> None:
    for path in (root / file_of(ONE), warc_of(root)):
        copy = bag / "data" / path.relative_to(root)
        assert (copy.read_bytes(), copy.stat().st_nlink) == (path.read_bytes(), 1)
    assert found(bag / "data") == []


def test_reading_its_ledger_leaves_nothing_beside_it(bag: Path) -> None:
    with closing(sqlite3.connect(bag / "data" / "ledger.sqlite")) as db:
        assert db.execute("SELECT count(*) FROM article WHERE state = 'recovered'").fetchone() == (3,)
        assert [path.name for path in (bag / "data").glob("ledger*")] == ["ledger.sqlite"]


def test_what_does_not_belong_is_left_out_and_named(root: Path, tmp_path: Path) -> None:
    (root / "articles" / "notes.txt").touch()
    warc_of(root).with_name("x.warc.gz.open").touch()
    (root / "more").mkdir()
    assert sorted(bagged(root, tmp_path / "bag").left_out) == ["articles/notes.txt", "warc/x.warc.gz.open"]
    assert bagit.Bag(str(tmp_path / "bag")).validate()


def _cannot_be_read(root: Path) -> None:
    (root / file_of(ONE)).unlink()


def _changed(root: Path) -> None:
    (root / file_of(ONE)).write_text("by hand", "utf-8")


def _odd_name(root: Path) -> None:
    (root / "warc" / "a\nb").touch()


@pytest.mark.parametrize("damage", [_cannot_be_read, _changed, _odd_name])
def test_what_cannot_be_bagged_leaves_nothing(root: Path, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    damage(root)
    with pytest.raises(CommandError) as fatal:
        bagged(root, tmp_path / "bag")
    assert fatal.value.status is ExitStatus.DAMAGED
    assert [path.name for path in tmp_path.iterdir()] == ["output"]


@pytest.mark.parametrize("taken", ["bag", "bag.part"])
def test_what_is_there_already_is_left_alone(root: Path, tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).mkdir()
    (tmp_path / taken / "mine").touch()
    with pytest.raises(CommandError, match=f"{taken} is there already"):
        bagged(root, tmp_path / "bag")
    assert sorted(path.name for path in tmp_path.rglob("*") if path.name in ("bag", "bag.part", "mine")) == sorted(
        [taken, "mine"]
    )


def test_it_is_not_put_into_what_it_is_made_of(root: Path) -> None:
    with pytest.raises(CommandError, match="outside"):
        bagged(root, root / "articles" / "bag")
    assert not list(root.rglob("bag*"))


def _replace(name: str, old: str, new: str) -> Callable[[Path], None]:
    def damage(bag: Path) -> None:
        path = bag / name
        path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")

    return damage


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (_replace(f"data/{file_of(ONE)}", "燈塔", "燈搭"), [("manifest_changed", f"data/{file_of(ONE)}")]),
        (lambda bag: (bag / "data" / file_of(ONE)).unlink(), [("manifest_missing", f"data/{file_of(ONE)}")]),
        (lambda bag: (bag / "data" / "more.txt").touch(), [("manifest_added", "data/more.txt")]),
        (lambda bag: (bag / "data" / "a\nb").touch(), [("manifest_added", "data/a\\nb")]),
        (_replace("bag-info.txt", "test/1", "test/2"), [("manifest_changed", "bag-info.txt")]),
        (lambda bag: (bag / f"tag{MANIFEST}").unlink(), []),
    ],
    ids=["changed", "missing", "added", "odd name", "tag file", "no tag manifest"],
)
def test_each_difference_is_named(bag: Path, damage: Callable[[Path], None], expected: list[tuple[str, str]]) -> None:
    damage(bag)
    assert [(one.kind.value, one.file) for one in check_bag(bag, 1).findings] == expected


def test_several_differences_are_all_named(bag: Path) -> None:
    (bag / "data" / file_of(ONE)).unlink()
    (bag / "data" / "ledger.sqlite").write_bytes(b"")
    assert sorted(one.kind.value for one in check_bag(bag, 1).findings) == ["manifest_changed", "manifest_missing"]


def test_a_wrong_sum_of_bytes_is_named(bag: Path) -> None:
    _replace("bag-info.txt", "Payload-Oxum: ", "Payload-Oxum: 1")(bag)
    (bag / f"tag{MANIFEST}").unlink()
    (finding,) = check_bag(bag, 1).findings
    assert (finding.kind.value, "Payload-Oxum" in finding.detail) == ("manifest", True)


@pytest.mark.parametrize(
    ("damage", "status"),
    [
        (lambda bag: (bag / "bagit.txt").unlink(), ExitStatus.DAMAGED),
        (lambda bag: (bag / MANIFEST).write_bytes(b"\xff\xfe\n"), ExitStatus.DAMAGED),
        (_replace(MANIFEST, "data/", "../../"), ExitStatus.DAMAGED),
        (lambda bag: (bag / MANIFEST).rename(bag / "manifest-md5.txt"), ExitStatus.USAGE),
    ],
    ids=["no bag", "not text", "leads out", "no sha256"],
)
def test_what_is_no_bag_is_refused(bag: Path, damage: Callable[[Path], None], status: ExitStatus) -> None:
    damage(bag)
    with pytest.raises(CommandError) as fatal:
        check_bag(bag, 1)
    assert fatal.value.status is status
