"""Writing a file: whole or not at all, in the place its number gives it."""

from __future__ import annotations

import hashlib
from contextlib import nullcontext
from pathlib import Path

import pytest
from scrapy.exceptions import DropItem

from crawler.utils.exit_status import ExitStatus
from crawler.utils.files import write_file
from pipelines.article import MarkdownPipeline
from tests.pipelines.things import ARTICLE, Desk, item


def test_the_file_lies_in_its_range_with_the_text_as_it_is(desk: Desk) -> None:
    written = item(ARTICLE)
    written.text = "燈塔\n𨋢\n"
    written = MarkdownPipeline.from_crawler(desk.crawler).process_item(written)
    path = desk.session.output / "articles/1-1000/article_5.md"
    assert path.read_bytes() == "燈塔\n𨋢\n".encode()
    assert written.file == "articles/1-1000/article_5.md"
    assert written.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert [found.name for found in path.parent.iterdir()] == ["article_5.md"]


def test_a_folder_that_cannot_be_used_ends_the_run(desk: Desk) -> None:
    desk.session.output.mkdir()
    (desk.session.output / "articles").write_text("a file stands here", "utf-8")
    with pytest.raises(DropItem):
        MarkdownPipeline.from_crawler(desk.crawler).process_item(item(ARTICLE))
    assert desk.session.ending is not None
    assert desk.session.ending.status is ExitStatus.STORAGE
    assert "article 5 cannot be written" in desk.session.ending.message


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    for data in (b"a long first version", b"short"):
        write_file(tmp_path, Path("a/b.md"), data)
        assert (tmp_path / "a/b.md").read_bytes() == data
    assert [found.name for found in (tmp_path / "a").iterdir()] == ["b.md"]


def test_a_failed_write_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_file(tmp_path, Path("b.md"), b"before")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_file(tmp_path, Path("b.md"), b"after")
    assert (tmp_path / "b.md").read_bytes() == b"before"
    assert [found.name for found in tmp_path.iterdir()] == ["b.md"]


def test_what_a_killed_run_left_beside_the_file_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / ".b.md.part").write_bytes(b"half")
    write_file(tmp_path, Path("b.md"), b"whole")
    assert [(found.name, found.read_bytes()) for found in tmp_path.iterdir()] == [("b.md", b"whole")]


def test_a_link_that_stays_inside_is_followed(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "articles").symlink_to("kept", target_is_directory=True)
    write_file(tmp_path, Path("articles/1-1000/article_5.md"), b"new")
    assert (tmp_path / "kept/1-1000/article_5.md").read_bytes() == b"new"


def test_the_directory_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "output").symlink_to("disk", target_is_directory=True)
    for data in (b"first", b"second"):
        write_file(tmp_path / "output", Path("articles/article_5.md"), data)
        assert (tmp_path / "disk/articles/article_5.md").read_bytes() == data


def test_an_error_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "b.md").mkdir()
    with pytest.raises(IsADirectoryError) as failure:
        write_file(tmp_path, Path("b.md"), b"data")
    assert failure.value.filename == str(tmp_path / "b.md")
    assert [found.name for found in tmp_path.iterdir()] == ["b.md"]


@pytest.mark.parametrize(
    "link", ["articles", "articles/1-1000", "articles/1-1000/article_5.md", "articles/1-1000/.article_5.md.part"]
)
def test_nothing_is_written_outside_whatever_links_lie_there(tmp_path: Path, link: str) -> None:
    root, outside = tmp_path / "output", tmp_path / "outside"
    outside.mkdir()
    (outside / "somebody's").write_bytes(b"untouched")
    place = root / link
    place.parent.mkdir(parents=True)
    leaf = link.endswith((".md", ".part"))
    place.symlink_to(outside / "somebody's" if leaf else outside)
    with nullcontext() if leaf else pytest.raises(PermissionError, match="a symbolic link leads out of"):
        write_file(root, Path("articles/1-1000/article_5.md"), b"new")
    assert [(found.name, found.read_bytes()) for found in outside.iterdir()] == [("somebody's", b"untouched")]
