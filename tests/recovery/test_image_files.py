"""Where images lie: safe on every file system, one path for every spelling of an address; and what is on the disk."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path, PureWindowsPath
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawler.recovery.image_files import identity, image_file, write_image

SITE = "https://www.hkcnews.com"
PICTURE = "/news_新聞/hk-discuss/2021/07/燈塔 日誌(一)-20210712013906_a1b2_large.jpg"
ENDS = ("", ".png", ".", " ")
RESERVED = {"con", "prn", "aux", "nul", *(f"{name}{digit}" for name in ("com", "lpt") for digit in "0123456789¹²³")}
URLS = st.one_of(
    st.text(max_size=300),
    st.builds(lambda host, path: f"https://{host}/{path}", st.text(max_size=20), st.text(max_size=400)),
    st.builds(
        lambda name, end: f"{SITE}/uploads/{name}{end}", st.sampled_from(sorted(RESERVED)), st.sampled_from(ENDS)
    ),
)


def folded(path: object) -> str:
    """As a file system sees a name that ignores case and normalises: macOS and Windows together."""
    return unicodedata.normalize("NFKC", str(path)).casefold()


@given(URLS)
@example(f"{SITE}/x/CON")
@example(f"{SITE}/../../etc/passwd")
@example(f"{SITE}/%2e%2e%2f%2e%2e%2fpasswd.png")
@example(f"{SITE}/a\x00b\r\n.png")
@example(f"{SITE}/\u202egnp.exe")
@example(f"{SITE}/{'燈' * 2000}.jpg")
@example("")
def test_every_path_can_be_written_everywhere(url: str) -> None:
    path = image_file(url)
    assert path.parts[0] == "images"
    assert len(path.parts) == 3
    assert len(str(path)) <= 120
    for part in path.parts:
        assert len(part.encode()) <= 100
        assert re.fullmatch("[0-9A-Za-z_\u4e00-\u9fff-]+([.][a-z]+)?", part), part
        assert part.partition(".")[0].lower() not in RESERVED
        for form in ("NFC", "NFD", "NFKC", "NFKD"):
            assert unicodedata.normalize(form, part) == part
    assert not PureWindowsPath(path).is_reserved()


@given(URLS, URLS)
def test_different_addresses_have_different_paths_even_where_case_is_ignored(one: str, other: str) -> None:
    assert (folded(image_file(one)) == folded(image_file(other))) == (identity(one) == identity(other))


def test_what_differs_stays_different() -> None:
    pairs = [
        ("/a.jpg", "/A.jpg"),
        ("/a.jpg", "/a.JPG"),
        ("/a.jpg", "/b/a.jpg"),
        ("/u/1.png?1", "/u/1.png?2"),
        ("/u/1.png?1", "/u/1.png"),
        ("/a%2Fb.jpg", "/a/b.jpg"),
        ("/a%25b.jpg", "/a%b.jpg%"),
        ("/a+b.jpg", "/a%20b.jpg"),
        ("/caf\u00e9.jpg", "/cafe\u0301.jpg"),
        ("/燈.jpg", "/燈 .jpg"),
        ("/x?a=1&b=2", "/x?a=1%26b=2"),
    ]
    assert [pair for pair in pairs if len({folded(image_file(SITE + path)) for path in pair}) < 2] == []
    hosts = ("//hkcnews.com", "//example.org", "//hkcnews.com.example.org", "//img.hkcnews.com", "//hkcnews.com:8080")
    assert len({image_file(f"https:{host}/a.jpg") for host in hosts}) == len(hosts)


SPELLINGS = [
    f"http://www.hkcnews.com{PICTURE}",
    f"https://hkcnews.com{PICTURE}",
    f"http://www.hkcnews.com:80{PICTURE}",
    f"https://WWW.HKCNEWS.COM:443{PICTURE}",
    f"https://hkcnews.com.{PICTURE}",
    f"//www.hkcnews.com{PICTURE}",
    f"{SITE}{PICTURE}#top",
    f"{SITE}{PICTURE}?",
    f"{SITE}{quote(PICTURE)}",
    f"{SITE}{quote(PICTURE).lower()}",
    f"{SITE}{quote(PICTURE, safe='/()')}",
    f"{SITE}{PICTURE.replace(' ', '%20')}",
    f"{SITE}{PICTURE.replace('h', '%68')}",
]


def test_every_spelling_of_an_address_has_one_path() -> None:
    expected = image_file(SITE + PICTURE)
    assert [spelling for spelling in SPELLINGS if image_file(spelling) != expected] == []


@given(st.text(alphabet=st.characters(blacklist_characters="#?%", blacklist_categories=["Cs"]), max_size=80))
def test_encoded_and_raw_spellings_are_one(path: str) -> None:
    assert image_file(f"{SITE}/{path}") == image_file(f"{SITE}/{quote(path, safe='/&=+;')}")


def test_a_path_is_readable_and_does_not_change_from_version_to_version() -> None:
    """Written down: what lies in somebody's folder must be found again."""
    assert str(image_file(SITE + PICTURE)) == "images/91/燈塔-日誌-一-20210712013906_a1b2_large-91cd975bf3171c4f.jpg"
    assert (
        str(image_file(f"{SITE}/uploads/avatars/11aa22bb-0001.png?1288"))
        == "images/9a/11aa22bb-0001-9a9c7cc005947f25.png"
    )
    assert str(image_file("https://cdn.example/i?id=5")) == "images/ca/i-ca4f4cd0fd043468"


# On the disk


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
    write_image(tmp_path, "images/bb/b.png", b"pict", "images/aa/a.png")
    write_image(tmp_path, "images/aa/a.png", b"picture")
    assert [(tmp_path / file).read_bytes() for file in ("images/aa/a.png", "images/bb/b.png")] == [b"picture", b"pict"]


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
