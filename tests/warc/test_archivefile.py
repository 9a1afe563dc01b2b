import gzip
import zipfile
from pathlib import Path

import pytest
import zstandard

from crawler.warc.captures import Damage, NotAWebArchive
from crawler.warc.files import find_files, scan_file
from tests.warc.foreign import packed, pages, split, wacz


def test_folders_are_searched_by_name_and_files_taken_as_they_are(tmp_path: Path) -> None:
    deep = tmp_path / "b" / "c"
    deep.mkdir(parents=True)
    names = ["z.warc", "b/c/a.warc.gz", "b/x.warc.zst", "b/y.wacz", "b/note.txt", "b/a.warc.gz.open"]
    for name in names:
        (tmp_path / name).write_bytes(packed(pages(1)))
    expected = [tmp_path / name for name in ("z.warc", "b/x.warc.zst", "b/y.wacz", "b/c/a.warc.gz")]
    assert find_files([tmp_path]) == expected
    odd = tmp_path / "b/a.warc.gz.open"
    assert find_files([odd, tmp_path, odd]) == [odd, *expected]
    assert find_files([]) == []


def test_links_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    (outside / "o.warc").write_bytes(pages(1)[0])
    (inside / "i.warc").write_bytes(pages(1)[0])
    (inside / "link.warc").symlink_to(outside / "o.warc")
    (inside / "folder").symlink_to(outside)
    assert find_files([inside]) == [inside / "i.warc"]
    assert find_files([inside / "link.warc"]) == [inside / "link.warc"]


@pytest.mark.parametrize(
    "content",
    [b"WARC/1.0\r\n", packed(pages(1)), gzip.compress(b"".join(pages(2)), mtime=0), zstandard.compress(pages(1)[0])],
)
def test_any_name_will_do_when_the_first_bytes_are_right(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "archive"
    path.write_bytes(content)
    assert find_files([path]) == [path]


def test_a_wacz_by_another_name(tmp_path: Path) -> None:
    path = tmp_path / "crawl.zip"
    wacz(path, {"a.warc.gz": packed(pages(2))})
    assert find_files([path]) == [path]
    assert len(split(path)[0]) == 2


@pytest.mark.parametrize(
    "content", [b"", b"<html>", gzip.compress(b"<html>", mtime=0), b"\x1f\x8b\x08", b"PK\x03\x04 and no more"]
)
def test_what_is_no_archive(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(content)
    with pytest.raises(NotAWebArchive, match=r"page\.html: "):
        find_files([path])


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotAWebArchive, match="does not exist"):
        find_files([tmp_path / "absent.warc.gz"])
    with pytest.raises(NotAWebArchive, match="no web archive in this folder"):
        find_files([tmp_path])


def test_a_damaged_directory_of_a_wacz(tmp_path: Path) -> None:
    path = tmp_path / "a.wacz"
    wacz(path, {"a.warc.gz": packed(pages(2))})
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(NotAWebArchive, match=r"a\.wacz: the directory of the zip cannot be read"):
        find_files([path])
    (damage,) = scan_file(path)  # found in a folder, it must not keep others from being read
    assert isinstance(damage, Damage)


def test_a_zip_without_warcs(tmp_path: Path) -> None:
    path = tmp_path / "a.wacz"
    wacz(path, {})
    with pytest.raises(NotAWebArchive, match="no WARC in this zip"):
        find_files([path])


def test_a_way_of_packing_that_is_not_known(tmp_path: Path) -> None:
    path = tmp_path / "a.wacz"
    wacz(path, {"a.warc.gz": packed(pages(2))}, compression=zipfile.ZIP_BZIP2)
    (damage,) = scan_file(path)
    assert isinstance(damage, Damage)
    assert "a.warc.gz is lost" in damage.why


def test_a_zip_that_would_fill_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "a.wacz"
    wacz(path, {"a.warc": bytes(30_000_000)}, compression=zipfile.ZIP_DEFLATED)
    (damage,) = scan_file(path)
    assert isinstance(damage, Damage)
    assert "would unpack to 30000000 bytes" in damage.why
