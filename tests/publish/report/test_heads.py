"""Front matter of the files: keys and months, and files that cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

from crawler.publish.report.figures import LARGEST, read_front_matters
from tests.publish.report.trees import front_matter


def test_keys_are_counted_and_months_read(tmp_path: Path) -> None:
    (tmp_path / "1.md").write_text(front_matter("2021-07-12", verified="true"), "utf-8")
    (tmp_path / "2.md").write_text(front_matter("").replace("\n", "\r\n"), "utf-8", newline="")
    found = read_front_matters(tmp_path, [(1, "1.md"), (2, "2.md")])
    assert (found.read, found.unread, found.months) == (2, [], {1: "2021-07"})
    assert dict(found.in_order()) == {
        "title": 2,
        "date": 1,
        "last_updated": 0,
        "author": 0,
        "category": 0,
        "tags": 0,
        "url": 2,
        "original_url": 0,
        "verified": 1,
    }


def test_what_is_no_date_gives_no_month(tmp_path: Path) -> None:
    for number, date in enumerate(("2021-13-01", "12.07.21", "2021-07-123", "１２３４-01-01", "soon")):
        (tmp_path / f"{number}.md").write_text(front_matter(date), "utf-8")
    found = read_front_matters(tmp_path, [(number, f"{number}.md") for number in range(5)])
    assert (found.read, found.months) == (5, {})


def test_what_has_no_front_matter_is_unread(tmp_path: Path) -> None:
    files = (
        b"",
        b"# no front matter\n",
        b"---\ntitle: x\n",
        b"---\n- a list\n---\n",
        b"---\na: &x\n  b: *x\n---\n",
        b"---\n" + b"x" * LARGEST + b"\n---\n",
    )
    for number, data in enumerate(files):
        (tmp_path / f"{number}.md").write_bytes(data)
    assert read_front_matters(tmp_path, [(number, f"{number}.md") for number in range(6)]).unread == [*range(6)]


def test_what_is_no_file_is_unread(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "folder").mkdir()
    names = ["gone", "pipe", "loop", "folder", "a\0b"]
    assert read_front_matters(tmp_path, enumerate(names)).unread == [0, 1, 2, 3, 4]
