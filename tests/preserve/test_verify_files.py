"""The manifest beside a tree, and its lines as BagIt has them."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.preserve.files import ManifestFault, is_portable, read_manifest, write_manifest
from crawler.preserve.findings import VerifyKind
from crawler.preserve.verify import MANIFEST
from tests.preserve.tree import ARTICLES, checked, file_of, found, one_byte_changed, recovered, warc_of

ONE, TWO, _ = ARTICLES
SUM = hashlib.sha256(b"").hexdigest()


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound tree with its manifest."""
    root = recovered(tmp_path_factory.mktemp("listed"))
    assert checked(root, write_manifest=True).written
    return root


@pytest.fixture
def root(listed: Path, tmp_path: Path) -> Path:
    """The same, to be damaged."""
    return shutil.copytree(listed, tmp_path / "output")


def test_it_has_every_file_but_the_ledger_and_sha256sum_agrees(root: Path) -> None:
    listed = read_manifest((root / MANIFEST).read_bytes())
    assert sorted(listed) == sorted([*map(file_of, ARTICLES), f"warc/{warc_of(root).name}"])
    assert (
        subprocess.run(["sha256sum", "--check", "--strict", "--quiet", MANIFEST], cwd=root, check=False).returncode == 0
    )
    verified = checked(root)
    assert (verified.findings, verified.manifest) == ([], 4)


def test_it_is_the_same_when_written_again(root: Path) -> None:
    before = (root / MANIFEST).read_bytes()
    assert checked(root, write_manifest=True).written
    assert (root / MANIFEST).read_bytes() == before


def test_a_tree_that_is_not_sound_gets_none(tmp_path: Path) -> None:
    root = recovered(tmp_path)
    (root / file_of(ONE)).unlink()
    verified = checked(root, write_manifest=True)
    assert ([one.kind for one in verified.findings], verified.written) == ([VerifyKind.FILE_MISSING], False)
    assert not (root / MANIFEST).exists()


def _lines(change: Callable[[list[str]], list[str]]) -> Callable[[Path], None]:
    def damage(root: Path) -> None:
        path = root / MANIFEST
        path.write_text("".join(change(path.read_text("utf-8").splitlines(keepends=True))), "utf-8")

    return damage


def _added(root: Path) -> None:
    (root / "warc" / "notes.txt").touch()


def _changed_and_listed(root: Path) -> None:
    (root / "warc" / "notes.txt").touch()
    _lines(lambda lines: [*lines, f"{SUM}  warc/notes.txt\n"])(root)
    (root / "warc" / "notes.txt").write_bytes(b"more")


def _link(root: Path) -> None:
    (root / MANIFEST).rename(root / "elsewhere.txt")
    (root / MANIFEST).symlink_to("elsewhere.txt")


DIFFERENCES: dict[str, tuple[Callable[[Path], None], tuple[VerifyKind, int, str]]] = {
    "added": (_added, (VerifyKind.MANIFEST_ADDED, 0, "warc/notes.txt")),
    "changed": (_changed_and_listed, (VerifyKind.MANIFEST_CHANGED, 0, "warc/notes.txt")),
    "missing": (
        _lines(lambda lines: [*lines, f"{SUM}  warc/gone.txt\n"]),
        (VerifyKind.MANIFEST_MISSING, 0, "warc/gone.txt"),
    ),
    "article added": (_lines(lambda lines: lines[1:]), (VerifyKind.MANIFEST_ADDED, ONE, file_of(ONE))),
    "article changed since": (
        _lines(lambda lines: [f"{SUM}  {file_of(ONE)}\n", *lines[1:]]),
        (VerifyKind.MANIFEST_CHANGED, ONE, file_of(ONE)),
    ),
    "twice": (_lines(lambda lines: [*lines, lines[0]]), (VerifyKind.MANIFEST, 0, MANIFEST)),
    "no digest": (_lines(lambda lines: [lines[0][10:], *lines[1:]]), (VerifyKind.MANIFEST, 0, MANIFEST)),
    "leads out": (_lines(lambda lines: [*lines, f"{SUM}  ../../etc/hosts\n"]), (VerifyKind.MANIFEST, 0, MANIFEST)),
    "link": (_link, (VerifyKind.MANIFEST, 0, MANIFEST)),
    "file gone": (lambda root: (root / file_of(TWO)).unlink(), (VerifyKind.FILE_MISSING, TWO, file_of(TWO))),
}


def test_what_differs_from_it_is_named_once(listed: Path, tmp_path: Path) -> None:
    told = {}
    for name, (damage, _) in DIFFERENCES.items():
        root = shutil.copytree(listed, tmp_path / name)
        damage(root)
        told[name] = found(root)
    assert told == {name: [(kind.value, *where)] for name, (_, (kind, *where)) in DIFFERENCES.items()}


def test_a_changed_store_is_named_by_the_manifest_too(root: Path) -> None:
    path = warc_of(root)
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    assert [kind for kind, _, _ in found(root)] == ["store_damaged", "manifest_changed"]


@given(data=st.data())
def test_any_byte_changed_anywhere_is_found(listed: Path, data: st.DataObject) -> None:
    paths = sorted(path for folder in ("articles", "warc") for path in (listed / folder).rglob("*.*"))
    path = data.draw(st.sampled_from(paths))
    with one_byte_changed(data, path):
        assert {one.file for one in checked(listed).findings} == {path.relative_to(listed).as_posix()}


def test_a_store_that_is_gone_is_named_once(root: Path) -> None:
    shutil.rmtree(root / "warc")
    assert [kind for kind, _, _ in found(root)] == ["warc_missing"]


def test_a_name_that_programs_read_differently_is_refused(root: Path) -> None:
    (root / "warc" / "100%.txt").touch()
    before = (root / MANIFEST).read_bytes()
    with pytest.raises(ManifestFault, match="100%"):
        checked(root, write_manifest=True)
    assert (root / MANIFEST).read_bytes() == before
    assert not list(root.glob("*.part"))


def test_manifests_of_others_are_read_as_the_rfc_has_them() -> None:
    paths = {
        f"{SUM}  data/a b.md": "data/a b.md",
        f"{SUM.upper()} *data/a.md": "data/a.md",
        f"{SUM}\tdata/a%0Ab%0dc%25.md": "data/a\nb\rc%.md",
        f"{SUM}  data/a%41.md": "data/a%41.md",
        f"{SUM}  ./data/燈塔.md": "data/燈塔.md",
    }
    assert {line: read_manifest(f"{line}\r\n".encode()) for line in paths} == {
        line: {path: SUM} for line, path in paths.items()
    }
    for data in (b"\xff", b"abc  x\n", f"{SUM}\n".encode(), f"{SUM}  /etc/hosts\n".encode()):
        with pytest.raises(ManifestFault):
            read_manifest(data)


@given(st.dictionaries(st.text(min_size=1), st.just(SUM)))
def test_what_is_written_reads_back_or_is_refused(entries: dict[str, str]) -> None:
    out = BytesIO()
    entries = {f"data/{path}": digest for path, digest in entries.items()}
    if all(map(is_portable, entries)) and not any(".." in path.split("/") for path in entries):
        assert write_manifest(out, entries.items()) == len(entries)
        assert read_manifest(out.getvalue()) == entries
    elif not all(map(is_portable, entries)):
        with pytest.raises(ManifestFault):
            write_manifest(out, entries.items())
