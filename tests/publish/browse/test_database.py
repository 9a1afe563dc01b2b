"""archive.db from trees: what is in it, what follows a change, and what survives a kill."""

from __future__ import annotations

import sqlite3
import threading
import zlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crawler.ledger import ArticleRow, Found, Ledger, State
from crawler.ledger.ledger import VersionRow
from crawler.publish.browse import database as building
from crawler.publish.browse.database import BuildSummary, build, check_usable
from crawler.publish.browse.rows import match_of, unpacked
from crawler.utils.exit_status import CommandError, ExitStatus
from tests.e2e.processes import children_are_forked
from tests.publish.browse.tree import ARTICLES, PICTURE, REPLAY, Draft, build_archive, write_tree
from tests.recovering import capture

CAT = ARTICLES[1]


def follow(output: Path) -> BuildSummary:
    return build(output, lambda done, of: None)


def ask(output: Path, sql: str, *values: object) -> list[Any]:
    with closing(sqlite3.connect(output / "archive.db")) as db:
        return db.execute(sql, values).fetchall()


def found(output: Path, query: str) -> list[int]:
    return [n for (n,) in ask(output, "SELECT rowid FROM search WHERE search MATCH ? ORDER BY rowid", match_of(query))]


def kept(output: Path) -> dict[str, list[int]]:
    """What is kept of frequent words, as a search for them would find it."""
    packed = ask(output, "SELECT match, articles FROM common")
    return {match: [n for n, flag in enumerate(zlib.decompress(flags)) if flag] for match, flags in packed}


def healthy(output: Path) -> bool:
    """Whether the index agrees with itself, and has each article once."""
    with closing(sqlite3.connect(output / "archive.db", isolation_level=None)) as db:
        db.execute("INSERT INTO search (search) VALUES ('integrity-check')")
        (indexed,) = db.execute("SELECT count(*) FROM search_docsize").fetchone()
        (articles,) = db.execute("SELECT count(*) FROM article").fetchone()
        return bool(indexed == articles)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return write_tree(tmp_path)


def test_a_row_says_what_the_file_says(tree: Path) -> None:
    assert follow(tree) == BuildSummary(new=4)
    columns = "id, title, date, year, author, category, url, original_url, captured, file, chars, picture"
    (row,) = ask(tree, f"SELECT {columns} FROM article WHERE id = 102")
    url = f"{REPLAY}/{CAT.timestamp}/{CAT.original}"
    assert row[:9] == (102, "碼頭的貓", "2021-07-12", 2021, "編輯部", "社會", url, CAT.original, "2021-08-01T00:00:00Z")
    assert row[9:] == ("articles/1-1000/article_102.md", 24, f"{REPLAY}/20210801000000im_/{PICTURE}")
    (body,) = ask(tree, "SELECT body FROM text WHERE article = 102")[0]
    assert unpacked(body).startswith("# 碼頭的貓\n\n<figure>")
    assert ask(tree, "SELECT name FROM tag WHERE article = 103 ORDER BY name") == [("海港",), ("燈塔",)]
    assert ask(tree, "SELECT date, year, author, category FROM article WHERE id = 104") == [(None, None, None, None)]


@pytest.mark.parametrize("date", ["２０２１-０７-１２", "2021-7-12", "12 July"])
def test_what_is_no_date_is_none(tmp_path: Path, date: str) -> None:
    tree = write_tree(tmp_path, [Draft(1, "題", "文", date)], pictures=False)
    follow(tree)
    assert ask(tree, "SELECT date, year FROM article") == [(None, None)]


def test_title_byline_text_and_captions_are_searched(tree: Path) -> None:
    follow(tree)
    ids = {"香港": [101, 102], "碼頭": [101, 102], "陳小明": [101, 103], "燈塔的夜": [102], "港的": [101]}
    assert {query: found(tree, query) for query in ids} == ids


def test_neither_the_subscription_note_nor_the_bloggers_block_is_searched(tmp_path: Path) -> None:
    note = "\n\n---\n\n\n請加入成為眾新聞的月費訂戶，長期支持我們的工作。"
    blogger = "\n\n---\n\n**博客 | 榕樹頭**\n\n樹下閒話"
    write_tree(tmp_path, [Draft(1, "一", f"文一。\n{note}"), Draft(2, "二", f"文二。{blogger}")], pictures=False)
    follow(tmp_path)
    assert (found(tmp_path, "月費訂戶"), found(tmp_path, "樹下閒話")) == ([], [])


def test_a_summary_is_one_line_without_spaces_in_chinese(tmp_path: Path) -> None:
    text = "## 早上\n\n「船開了。」\n\n第二段  \n有換行，\n\nThe end\n\nof it\n\n完"
    body = f"{text}\n\n---\n\n**博客 | 榕樹頭**\n\n樹下閒話"
    write_tree(tmp_path, [Draft(1, "一", body)], pictures=False)
    follow(tmp_path)
    assert ask(tmp_path, "SELECT summary FROM article") == [("早上「船開了。」第二段有換行，The end of it 完",)]


def test_what_is_new_changed_and_gone_is_followed(tree: Path) -> None:
    follow(tree)
    assert follow(tree) == BuildSummary(same=4)
    write_tree(tree, [replace(CAT, body="狗。"), Draft(105, "新的", "新文。")])
    (tree / "articles" / "1-1000" / "article_101.md").unlink()
    assert follow(tree) == BuildSummary(new=1, changed=1, removed=1, same=2)
    assert (found(tree, "三隻貓"), found(tree, "狗"), found(tree, "新文"), found(tree, "立法會")) == (
        [],
        [102],
        [105],
        [],
    )
    assert ask(tree, "SELECT count(*) FROM tag WHERE article = 101") == [(0,)]
    assert healthy(tree)


def test_what_is_kept_of_frequent_words_is_what_a_search_finds(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    follow(tree)
    assert kept(tree)['"碼 頭"'] == [101, 102]
    write_tree(tree, [replace(CAT, body="狗。"), Draft(105, "新的", "碼頭。")])
    with monkeypatch.context() as killed:
        killed.setattr(building, "_look_up_common", lambda db: _interrupt())
        with pytest.raises(KeyboardInterrupt):
            follow(tree)
    assert kept(tree) == {}
    assert follow(tree) == BuildSummary(same=5)
    assert kept(tree)['"碼 頭"'] == [101, 102, 105]
    assert all(articles == found(tree, match) for match, articles in kept(tree).items())


def _interrupt() -> None:
    raise KeyboardInterrupt


def test_a_file_that_was_only_touched_is_the_same(tree: Path) -> None:
    follow(tree)
    file = tree / "articles" / "1-1000" / "article_101.md"
    file.write_bytes(file.read_bytes())
    assert follow(tree) == BuildSummary(same=4)
    assert healthy(tree)


def test_a_file_that_cannot_be_read_is_named_and_left_out(tree: Path) -> None:
    follow(tree)
    (tree / "articles" / "1-1000" / "article_101.md").write_bytes(b"\xff\xfe")
    (tree / "articles" / "1-1000" / "article_106.md").write_text("no front matter", "utf-8")
    built = follow(tree)
    assert (built.new, built.changed, built.removed, built.same) == (0, 0, 1, 3)
    assert built.unreadable == (
        "articles/1-1000/article_101.md: not UTF-8 at byte 0",
        "articles/1-1000/article_106.md: its front matter cannot be read",
    )
    assert found(tree, "立法會") == []


def test_many_files_are_read_by_several_processes_with_the_same_result(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow(tree)
    here = ask(tree, "SELECT * FROM article ORDER BY id")
    (tree / "archive.db").unlink()
    monkeypatch.setattr(building, "FEW", 1)
    told: list[tuple[int, int]] = []
    with children_are_forked():
        build(tree, lambda done, of: told.append((done, of)))
    assert ask(tree, "SELECT * FROM article ORDER BY id") == here
    assert told == [(4, 4)]


def test_after_a_kill_in_the_middle_the_next_build_completes(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "BATCH", 1)
    put, calls = building._put, 0

    def dies(*given: Any) -> str:
        nonlocal calls
        calls += 1
        result = put(*given)
        if calls == 3:
            raise KeyboardInterrupt
        return result

    monkeypatch.setattr(building, "_put", dies)
    with pytest.raises(KeyboardInterrupt):
        follow(tree)
    monkeypatch.setattr(building, "_put", put)
    assert follow(tree) == BuildSummary(new=2, same=2)
    assert healthy(tree)
    assert found(tree, "燈塔重開") == [103]


def test_two_builds_at_once_leave_each_article_once(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tree(tree, [Draft(number, f"題{number}", "很多文章。") for number in range(200, 260)])
    monkeypatch.setattr(building, "BATCH", 7)
    threads = [threading.Thread(target=follow, args=(tree,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    follow(tree)
    assert len(found(tree, "很多文章")) == 60
    assert healthy(tree)


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[100:4000] = b"\xff" * 3900
    path.write_bytes(data)


def age(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")


def otherwise_made(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE meta SET value = 'another' WHERE key = 'maker'")


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (damage, "damaged"),
        (age, "of another version"),
        (otherwise_made, "of another version"),
        (lambda path: _with(path, "DROP TABLE meta"), "of another version"),
    ],
)
def test_one_that_is_old_or_damaged_is_made_anew_and_that_is_said(
    tree: Path, harm: Callable[[Path], None], why: str
) -> None:
    follow(tree)
    harm(tree / "archive.db")
    assert follow(tree) == BuildSummary(new=4, anew=why)
    assert healthy(tree)


def somebodys(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE diary (day TEXT)")


@pytest.mark.parametrize("make", [somebodys, lambda path: path.write_bytes(b"not a database, but somebody's work")])
def test_what_is_not_ours_is_left_alone(tree: Path, make: Callable[[Path], object]) -> None:
    make(tree / "archive.db")
    before = (tree / "archive.db").read_bytes()
    with pytest.raises(CommandError, match="not a database of this software") as caught:
        follow(tree)
    assert caught.value.status is ExitStatus.STORAGE
    assert (tree / "archive.db").read_bytes() == before


def test_a_link_that_leads_out_is_not_followed(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "archive.db"
    (tree / "archive.db").symlink_to(elsewhere)
    with pytest.raises(CommandError, match="leads out of"):
        follow(tree)
    assert not elsewhere.exists()


def test_the_ledger_says_which_files_count_and_where_they_are_from(tree: Path) -> None:
    with Ledger(tree / "ledger.sqlite", "https://archive.example") as ledger:
        ledger.add_source("wayback", REPLAY)
        for number in (101, 102):
            of = capture(number, "20210801000000")
            row = ledger.add_capture(number, of, "wayback", Found.LISTED)
            assert row is not None
            ledger.note(row.id, digest_result="match" if number == 101 else "mismatch")
            ledger.adopt([number], "")
            ledger.settle(
                ArticleRow(
                    number,
                    State.RECOVERED,
                    capture=row.id,
                    file=f"articles/1-1000/article_{number}.md",
                    faults=("一處",) * (number == 102),
                ),
                1,
            )
        ledger.note_version(VersionRow(101, "20210801000000", ARTICLES[0].original, "a" * 64, 1))
    assert follow(tree) == BuildSummary(new=2)
    rows = ask(tree, "SELECT id, source, verified, faults FROM article ORDER BY id")
    assert rows == [(101, "wayback", 1, "[]"), (102, "wayback", 0, '["一處"]')]
    assert ask(tree, "SELECT digest FROM article WHERE id = 101")[0][0].startswith("sha1:")
    assert ask(tree, "SELECT * FROM version") == [(101, "20210801000000", ARTICLES[0].original, "a" * 64, REPLAY)]
    with Ledger(tree / "ledger.sqlite") as ledger:
        ledger.note(1, digest_result="unknown")
    assert follow(tree) == BuildSummary(same=2)
    assert ask(tree, "SELECT verified FROM article WHERE id = 101") == [(None,)]


def test_what_cannot_be_served_as_it_is_is_refused(tree: Path) -> None:
    refused: dict[str, tuple[Callable[[Path], object], str]] = {
        "gone": (Path.unlink, "there is no"),
        "empty": (lambda path: path.write_bytes(b""), "there is no"),
        "no database": (lambda path: path.write_bytes(b"letters" * 1000), "cannot be used"),
        "somebody's": (lambda path: _with(path, "PRAGMA application_id = 5"), "is not a database of this software"),
        "old": (lambda path: _with(path, "PRAGMA user_version = 99"), "is of another version"),
        "incomplete": (lambda path: _with(path, "ALTER TABLE article DROP COLUMN chars"), "cannot be used"),
    }
    whole = build_archive(tree).read_bytes()
    check_usable(tree)
    for name, (change_it, words) in refused.items():
        (tree / "archive.db").write_bytes(whole)
        change_it(tree / "archive.db")
        with pytest.raises(CommandError, match=words) as caught:
            check_usable(tree)
        assert caught.value.status is ExitStatus.STORAGE, name
        assert "--no-update" in str(caught.value), name


def _with(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute(sql)
        db.commit()
