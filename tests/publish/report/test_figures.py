"""The figures: what a small ledger with its files gives; months as they are estimated; front matter as it is read."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import pytest

from crawler.ledger import State
from crawler.ledger.images import ImageState
from crawler.ledger.queries import MOST_CAPTURES, StoreQueries
from crawler.ledger.rows import RunRow
from crawler.publish.report.figures import ENOUGH, LARGEST, ByMonth, Month, by_month, read_front_matters
from tests.publish.report.trees import NEW, OLD, PUBLIC, Tree, front_matter, record


def test_the_figures_of_a_small_tree(tmp_path: Path) -> None:
    tree = Tree(tmp_path).lists(1, 2, 3, 1001, 1002, 3001).lists(1, 3, timestamp=OLD)
    tree.recovers(1, faults=("no date",)).recovers(2, date="2021-05-01", digest="mismatch").recovers(
        1001, date="", digest=""
    )
    tree.gives_up(3, "farewell").gives_up(1002, "outage page", State.WAITING)
    tree.record(json.dumps(record())).ends(0, "well")
    found = tree.gathered()
    assert found.archive == PUBLIC
    assert found.listed == 6
    assert {state: count for state, count in found.counts.items() if count} == {
        State.RECOVERED: 3,
        State.UNRECOVERABLE: 1,
        State.WAITING: 1,
        State.LISTED: 1,
    }
    assert [(span.first, span.last, span.counts[State.RECOVERED], span.unknown) for span in found.ranges] == [
        (1, 1000, 2, 997),
        (1001, 2000, 1, 998),
        (2001, 3000, 0, 1000),
        (3001, 4000, 0, 999),
    ]
    assert found.months.months == [Month("2021-05", 1, 0), Month("2021-06", 0, 0), Month("2021-07", 1, 0)]
    assert (found.months.undated, found.months.unplaced) == (1, 3)
    assert found.reasons == [(State.WAITING, "outage page", 1), (State.UNRECOVERABLE, "farewell", 1)]
    assert found.front_matter.read == 3
    assert found.field_sources == [("date", "markup info line", 3), ("title", "markup h1", 3)]
    assert found.digests == [("", "", 1), ("match", "", 3), ("mismatch", "unexplained", 1)]
    assert found.digests_recovered == [("", "", 1), ("match", "", 1), ("mismatch", "unexplained", 1)]
    assert found.years == [("2020", "wayback", 2), ("2021", "wayback", 6)]
    assert found.runs == [RunRow(1, "2026-11-23T08:30:00Z", "2026-11-23T08:30:00Z", 0, "well", "ids=1-9", "0.1.0")]
    assert [one.run for one in found.records] == [1]
    assert [(row.id, row.state, [one.capture.timestamp for one in row.captures]) for row in found.missing] == [
        (3, State.UNRECOVERABLE, [OLD, NEW]),
        (1002, State.WAITING, [NEW]),
    ]
    assert found.to_do == [3001]
    assert [(row.id, row.faults) for row in found.faulty] == [(1, ("no date",))]


def test_images_are_counted_by_image_and_by_article(tmp_path: Path) -> None:
    tree = Tree(tmp_path).lists(1, 2, 3, 4).recovers(1, 2, 3, 4)
    tree.has_images(1, {"a": ImageState.HAVE, "b": ImageState.HAVE}).has_images(
        2, {"a": ImageState.HAVE, "c": ImageState.MISSING}
    )
    images = tree.has_images(3, {"d": ImageState.MISSING}).gathered().images
    assert images.counts == {ImageState.HAVE: 2, ImageState.MISSING: 2, ImageState.WANTED: 0, ImageState.WAITING: 0}
    assert images.reasons == [(ImageState.MISSING, "not_archived", 2)]
    assert (images.articles, images.complete, images.without, images.size) == (3, 1, 1, 1_000_000)


def test_of_many_captures_some_are_shown_and_the_rest_is_counted(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    for number in range(MOST_CAPTURES + 3):
        tree.lists(5, timestamp=f"{20210101000000 + number}")
    (row,) = tree.gives_up(5, "blank").gathered().missing
    assert (len(row.captures), row.more) == (MOST_CAPTURES, 3)


def test_a_missing_article_without_captures_is_there_too(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    tree.ledger.adopt([7], "elsewhere")
    tree.ledger.unadopt([7])
    (row,) = tree.gives_up(7, "no capture").gathered().missing
    assert (row.id, row.captures, row.reason) == (7, [], "no capture")


def test_it_is_read_at_one_moment_while_a_run_writes_and_never_written(tmp_path: Path) -> None:
    tree = Tree(tmp_path).lists(1, 2)
    with StoreQueries(tmp_path / "ledger.sqlite") as ledger, ledger.at_one_moment():
        assert len(list(ledger.articles())) == 2
        tree.lists(3)
        assert len(list(ledger.articles())) == 2
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            ledger.set_meta("a", "b")
    assert len(tree.ledger.known_ids()) == 3
    tree.ledger.close()


def estimated(dates: dict[int, str], missing: list[int]) -> ByMonth:
    return by_month(dates, missing, dates)


def test_months_without_an_article_stand_between_others() -> None:
    found = estimated({1: "2017-11", 2: "2017-11", 9: "2018-02"}, [])
    assert found.months == [
        Month("2017-11", 2, 0),
        Month("2017-12", 0, 0),
        Month("2018-01", 0, 0),
        Month("2018-02", 1, 0),
    ]
    assert (found.undated, found.unplaced) == (0, 0)


def test_a_wrong_year_does_not_make_a_thousand_months() -> None:
    assert [month.name for month in estimated({1: "0207-01", 2: "2017-11"}, []).months] == ["0207-01", "2017-11"]


def test_nothing_recovered_has_no_months() -> None:
    assert estimated({}, [4, 5]) == ByMonth([], 0, 2, 0, 0, False)


def test_recovered_articles_without_a_date_are_counted_apart() -> None:
    assert by_month([1, 2, 3], [], {2: "2018-01"}).undated == 2


def test_too_few_trials_prove_nothing() -> None:
    found = estimated({2 * i: "2018-01" for i in range(1, ENOUGH)}, [5])
    assert (found.tested, found.right, found.trusted, found.unplaced) == (ENOUGH - 3, ENOUGH - 3, False, 1)
    assert found.months == [Month("2018-01", ENOUGH - 1, 0)]


def test_a_missing_article_is_of_the_month_of_both_its_neighbours() -> None:
    """401 is between two of one month; 301 is not, and 1 and 9999 are before and after all."""
    for missing, in_first, in_second, unplaced in (
        ([5], 1, 0, 0),
        ([401], 0, 1, 0),
        ([301], 0, 0, 1),
        ([1, 9999], 0, 0, 2),
    ):
        found = estimated({2 * i: "2018-01" if i <= 150 else "2018-02" for i in range(1, 301)}, missing)
        assert found.trusted
        assert [(month.name, month.missing) for month in found.months] == [
            ("2018-01", in_first),
            ("2018-02", in_second),
        ]
        assert found.unplaced == unplaced


def test_ids_that_do_not_rise_with_time_are_not_trusted() -> None:
    found = estimated({i: f"2018-{i % 2 + 1:02d}" for i in range(1, 400)}, [500])
    assert (found.tested, found.right, found.trusted) == (397, 0, False)


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
