"""A check of a recovered tree: each kind of damage is found and named, nothing else is, and no changed byte escapes."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.ledger.images import ImageRow, ImageState
from crawler.ledger.queries import StoreQueries
from crawler.preserve import checks as stretches
from crawler.preserve.findings import Finding, VerifyKind
from crawler.recovery.store import Store
from crawler.warc.record import WarcDamaged
from crawler.warc.writer import RecordLocation
from crawler.wayback.capture import StoredCapture
from tests.e2e.processes import children_are_forked
from tests.preserve.tree import (
    ARTICLES,
    capture_of,
    checked,
    file_of,
    found,
    one_byte_changed,
    overwrite,
    recovered,
    warc_of,
)

ONE, TWO, THREE = ARTICLES


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recovered(tmp_path_factory.mktemp("sound"))


@pytest.fixture
def root(sound: Path, tmp_path: Path) -> Path:
    """A sound tree, to be damaged."""
    return shutil.copytree(sound, tmp_path / "output")


def rewrite(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


def tell(root: Path, statement: str, *values: object) -> None:
    """Change the ledger behind everybody's back."""
    with closing(sqlite3.connect(root / "ledger.sqlite", isolation_level=None)) as db:
        assert db.execute(statement, values).rowcount


def test_a_sound_tree_has_no_finding(root: Path) -> None:
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and path.suffix != ".sqlite"}
    verified = checked(root)
    assert (verified.findings, verified.articles, verified.files, verified.manifest) == ([], 3, 1, None)
    assert verified.counts == {"records": 13, "captures": 6, "digest: match": 6}
    assert {path: path.read_bytes() for path in before} == before


def test_several_processes_find_the_same(root: Path) -> None:
    (root / file_of(ONE)).unlink()
    with children_are_forked():
        one, two = checked(root), checked(root, 2)
    assert (one.findings, one.counts) == (two.findings, two.counts)


# One damage after another


def _file_gone(root: Path) -> Path:
    (root / file_of(ONE)).unlink()
    return root / file_of(ONE)


def _byte_changed(root: Path) -> Path:
    rewrite(root / file_of(ONE), lambda old: old[:-1] + b" ")
    return root / file_of(ONE)


def _yaml_broken(root: Path) -> Path:
    rewrite(root / file_of(ONE), lambda old: old.replace(b'title: "', b"title: '", 1))
    return root / file_of(ONE)


def _key_twice(root: Path) -> Path:
    rewrite(root / file_of(ONE), lambda old: old.replace(b"---\n", b'---\ntitle: "another"\n', 1))
    return root / file_of(ONE)


def _other_capture_named(root: Path) -> Path:
    rewrite(root / file_of(ONE), lambda old: old.replace(b"/20200801000000/", b"/20200801000001/", 1))
    return root / file_of(ONE)


def _foreign_file(root: Path) -> Path:
    (root / "articles" / "notes.txt").write_text("mine", "utf-8")
    return root / "articles" / "notes.txt"


def _odd_name(root: Path) -> Path:
    (root / "articles" / "a\nb\udcff%0A").touch()
    return root / "articles" / "a\\nb\\udcff%0A"


def _leftover(root: Path) -> Path:
    part = (root / file_of(ONE)).with_name(".article_33951.md.part")
    part.write_bytes(b"---\n")
    return part


def _leftover_beside(root: Path) -> Path:
    (root / "manifest-sha256.txt.part").touch()
    return root / "manifest-sha256.txt.part"


def _link(root: Path) -> Path:
    (root / "articles" / "more").symlink_to(root / "warc")
    return root / "articles" / "more"


def _file_is_link(root: Path) -> Path:
    path = root / file_of(ONE)
    path.rename(root / "elsewhere")
    path.symlink_to(root / "elsewhere")
    return path


def _pipe(root: Path) -> Path:
    (root / file_of(ONE)).unlink()
    os.mkfifo(root / file_of(ONE))
    return root / file_of(ONE)


def _pipe_in_store(root: Path) -> Path:
    os.mkfifo(root / "warc" / "more.warc.gz")
    return root / "warc" / "more.warc.gz"


def _record_corrupted(root: Path) -> Path:
    row = capture_of(root, ONE)
    overwrite(warc_of(root), row.warc_offset + row.warc_length // 2, bytes(8))
    return warc_of(root)


def _warc_gone(root: Path) -> Path:
    path = warc_of(root)
    path.unlink()
    return path


def _warc_cut(root: Path) -> Path:
    path = warc_of(root)
    os.truncate(path, capture_of(root, THREE).warc_offset + 50)
    return path


def _place_wrong(root: Path) -> Path:
    tell(root, "UPDATE capture SET warc_offset = warc_offset + 1 WHERE id = ?", capture_of(root, ONE).id)
    return warc_of(root)


def _place_of_another(root: Path) -> Path:
    mine, other = capture_of(root, ONE), capture_of(root, TWO)
    tell(
        root,
        "UPDATE capture SET warc_offset = ?, warc_length = ? WHERE id = ?",
        other.warc_offset,
        other.warc_length,
        mine.id,
    )
    return warc_of(root)


def _place_forgotten(root: Path) -> Path:
    tell(root, "UPDATE capture SET warc = NULL WHERE id = ?", capture_of(root, ONE).id)
    return root / file_of(ONE)


def _capture_of_another(root: Path) -> Path:
    tell(root, "UPDATE article SET capture = ? WHERE id = ?", capture_of(root, TWO).id, ONE)
    return root / file_of(ONE)


def _digest_wrong(root: Path) -> Path:
    tell(root, "UPDATE capture SET digest = ? WHERE id = ?", "A" * 32, capture_of(root, ONE).id)
    return warc_of(root)


def _sha256_wrong(root: Path) -> Path:
    tell(root, "UPDATE article SET sha256 = ? WHERE id = ?", "0" * 64, ONE)
    return root / file_of(ONE)


def _left_open(root: Path) -> Path:
    path = warc_of(root)
    return path.rename(path.with_name(path.name + ".open"))


def _torn_open(root: Path) -> Path:
    torn = warc_of(root).with_name("hkcnews-20261122T103005-00000000.warc.gz.open")
    shutil.copy(warc_of(root), torn)
    os.truncate(torn, torn.stat().st_size - 20)
    return torn


DAMAGES: dict[Callable[[Path], Path], tuple[VerifyKind, int]] = {
    _file_gone: (VerifyKind.FILE_MISSING, ONE),
    _byte_changed: (VerifyKind.FILE_CHANGED, ONE),
    _yaml_broken: (VerifyKind.FRONT_MATTER, ONE),
    _key_twice: (VerifyKind.FRONT_MATTER, ONE),
    _other_capture_named: (VerifyKind.OTHER_CAPTURE_NAMED, ONE),
    _foreign_file: (VerifyKind.UNKNOWN_FILE, 0),
    _odd_name: (VerifyKind.UNKNOWN_FILE, 0),
    _leftover: (VerifyKind.LEFTOVER, 0),
    _leftover_beside: (VerifyKind.LEFTOVER, 0),
    _link: (VerifyKind.LINK, 0),
    _file_is_link: (VerifyKind.LINK, ONE),
    _pipe: (VerifyKind.FILE_MISSING, ONE),
    _pipe_in_store: (VerifyKind.UNREADABLE, 0),
    _record_corrupted: (VerifyKind.STORE_DAMAGED, ONE),
    _warc_gone: (VerifyKind.WARC_MISSING, 0),
    _warc_cut: (VerifyKind.STORE_DAMAGED, THREE),
    _place_wrong: (VerifyKind.CAPTURE_MISSING, ONE),
    _place_of_another: (VerifyKind.OTHER_CAPTURE_STORED, ONE),
    _place_forgotten: (VerifyKind.CAPTURE_MISSING, ONE),
    _capture_of_another: (VerifyKind.CAPTURE_MISSING, ONE),
    _digest_wrong: (VerifyKind.DIGEST, ONE),
    _sha256_wrong: (VerifyKind.FILE_CHANGED, ONE),
    _left_open: (VerifyKind.UNFINISHED, 0),
    _torn_open: (VerifyKind.UNFINISHED, 0),
}


@pytest.mark.parametrize("stretch", [stretches.STRETCH, 1], ids=["whole", "in stretches"])
def test_each_damage_is_found_and_nothing_else(
    sound: Path, tmp_path: Path, stretch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where files of the store are read in stretches."""
    counts = checked(sound).counts
    monkeypatch.setattr(stretches, "STRETCH", stretch)
    assert checked(sound).counts == counts
    told, expected = {}, {}
    for damage, (kind, article) in DAMAGES.items():
        root = shutil.copytree(sound, tmp_path / damage.__name__)
        where = damage(root).relative_to(root).as_posix()
        told[damage.__name__], expected[damage.__name__] = found(root), [(kind.value, article, where)]
    assert told == expected


IMAGE = "images/www.hkcnews.com/a.jpg"


@pytest.fixture
def pictured(root: Path) -> Path:
    """The tree with an image; its bytes are in the store where an article's are, which is all the same to a check."""
    data, row = b"a picture", capture_of(root, TWO)
    (root / IMAGE).parent.mkdir(parents=True)
    (root / IMAGE).write_bytes(data)
    with StoreQueries(root / "ledger.sqlite") as ledger:
        ledger.want_images(TWO, row.id, [(IMAGE, "https://www.hkcnews.com/a.jpg")])
        place = RecordLocation(row.warc, row.warc_offset, row.warc_length)
        served, sha256 = (row.served_timestamp, row.served_original), hashlib.sha256(data).hexdigest()
        ledger.settle_image(ImageRow(IMAGE, "", ImageState.HAVE, "", 0, *served, sha256=sha256, place=place), 1)
    return root


def _image_gone(root: Path) -> tuple[VerifyKind, str]:
    (root / IMAGE).unlink()
    return VerifyKind.IMAGE_MISSING, IMAGE


def _image_changed(root: Path) -> tuple[VerifyKind, str]:
    (root / IMAGE).write_bytes(b"another picture")
    return VerifyKind.IMAGE_CHANGED, IMAGE


def _image_unknown(root: Path) -> tuple[VerifyKind, str]:
    (root / "images" / "b.jpg").touch()
    return VerifyKind.UNKNOWN_FILE, "images/b.jpg"


def _image_elsewhere(root: Path) -> tuple[VerifyKind, str]:
    tell(root, "UPDATE image SET warc_offset = warc_offset + 1")
    return VerifyKind.CAPTURE_MISSING, f"warc/{warc_of(root).name}"


def test_images_are_checked_as_articles_are(pictured: Path) -> None:
    verified = checked(pictured)
    assert (verified.findings, verified.images, verified.counts["unknown"]) == ([], 1, 0)
    assert verified.counts["digest: not compared (image)"] == 1
    assert checked(pictured, write_manifest=True).manifest == 5
    assert checked(pictured).findings == []


def test_each_damage_of_images_is_found(pictured: Path, tmp_path: Path) -> None:
    for name in ("without", "with"):
        for damage in (_image_gone, _image_changed, _image_unknown, _image_elsewhere):
            root = shutil.copytree(pictured, tmp_path / f"{name}{damage.__name__}")
            kind, file = damage(root)
            assert found(root) == [(kind.value, 0, file)], f"{damage.__name__} {name} a manifest"
        assert checked(pictured, write_manifest=True).written


def test_a_ledger_that_points_to_another_capture_of_the_article_is_found(root: Path) -> None:
    newer = "SELECT id FROM capture WHERE article = ? AND timestamp = '20210712013906'"
    tell(root, f"UPDATE article SET capture = ({newer}) WHERE id = ?", ONE, ONE)
    assert found(root) == [(VerifyKind.OTHER_CAPTURE_NAMED.value, ONE, file_of(ONE))]


def test_what_is_told_names_the_place_and_what_to_do(root: Path) -> None:
    row = capture_of(root, ONE)
    _record_corrupted(root)
    (finding,) = checked(root).findings
    assert finding.detail.startswith(f"bytes {row.warc_offset} to {row.warc_offset + row.warc_length}: ")
    assert f"--again {ONE}`" in finding.advice


def test_a_store_that_is_gone_names_its_articles_once(root: Path) -> None:
    _warc_gone(root)
    (finding,) = checked(root).findings
    assert (finding.articles, finding.detail) == (ARTICLES, "6 captures, of which 3 are those of recovered articles")
    assert f"--again {ONE},{TWO},{THREE}`" in finding.advice


def test_captures_that_the_ledger_does_not_know_are_counted_only(root: Path) -> None:
    tell(root, "DELETE FROM capture WHERE timestamp = '20210712013906'")
    verified = checked(root)
    assert (verified.findings, verified.counts["unknown"]) == ([], 3)


def test_a_mismatch_that_the_ledger_names_is_no_finding(root: Path) -> None:
    row = capture_of(root, ONE)
    tell(
        root,
        "UPDATE capture SET digest = ?, digest_result = 'mismatch', digest_reason = 'truncated' WHERE id = ?",
        "A" * 32,
        row.id,
    )
    verified = checked(root)
    assert (verified.findings, verified.counts["digest: mismatch (truncated)"]) == ([], 1)


def test_a_file_without_its_permissions_is_not_called_changed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = str(root / file_of(ONE))
    real = os.open

    def no(path: object, *rest: int) -> int:
        if str(path) == refused:
            raise PermissionError(13, "Permission denied")
        return real(path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", no)
    assert found(root) == [(VerifyKind.UNREADABLE.value, ONE, file_of(ONE))]


def test_a_file_that_changes_while_it_is_read_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, real = root / file_of(ONE), os.read
    inode = path.stat().st_ino

    def meanwhile(descriptor: int, size: int) -> bytes:
        data = real(descriptor, size)
        if not data and os.fstat(descriptor).st_ino == inode:
            with path.open("ab") as file:
                file.write(b"more")
        return data

    monkeypatch.setattr(os, "read", meanwhile)
    (finding,) = checked(root).findings
    assert (finding.kind, finding.detail) == (VerifyKind.UNREADABLE, "it changed while it was read")


def test_every_kind_says_what_to_do() -> None:
    for kind in VerifyKind:
        assert kind.meaning
        assert Finding(kind, article=5).advice


# No changed byte escapes


@given(data=st.data())
def test_any_byte_changed_in_any_article_is_found(sound: Path, data: st.DataObject) -> None:
    number = data.draw(st.sampled_from(ARTICLES))
    with one_byte_changed(data, sound / file_of(number)):
        assert {(one.article, one.file) for one in checked(sound).findings} == {(number, file_of(number))}


def _captures(root: Path) -> list[StoredCapture | None]:
    """Every capture that the ledger has, as it reads back."""
    store, name = Store(root / "warc"), warc_of(root).name
    with closing(sqlite3.connect(root / "ledger.sqlite")) as db:
        places = db.execute("SELECT warc_offset, warc_length FROM capture ORDER BY id").fetchall()
    read: list[StoredCapture | None] = []
    for offset, length in places:
        try:
            read.append(store.read(RecordLocation(name, offset, length)))
        except WarcDamaged:
            read.append(None)
    return read


@given(data=st.data())
def test_any_byte_changed_in_the_store_is_found_or_changes_nothing_that_can_be_read(
    sound: Path, data: st.DataObject
) -> None:
    """Some bits of a compressed stream mean nothing (the time in a gzip head, padding): only a manifest sees those."""
    before = _captures(sound)
    with one_byte_changed(data, warc_of(sound)):
        assert checked(sound).findings or _captures(sound) == before


def test_the_time_in_a_gzip_head_is_what_only_the_manifest_sees(root: Path) -> None:
    overwrite(warc_of(root), 4, b"\x01")
    assert gzip.decompress(warc_of(root).read_bytes())
    assert checked(root).findings == []
