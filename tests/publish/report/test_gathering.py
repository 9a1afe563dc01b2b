"""The figures: what a small ledger with its files gives."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from crawler.ledger import State
from crawler.ledger.figures import RunRow
from crawler.ledger.images import ImageState
from crawler.ledger.queries import MOST_CAPTURES, ReportQueries
from crawler.publish.report.figures import Month
from tests.publish.report.trees import NEW, OLD, PUBLIC, Tree, record


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
    assert (found.captures, found.stored) == (8, 5)
    assert [(span.first, span.last, span.counts[State.RECOVERED], span.unknown) for span in found.ranges] == [
        (1, 1000, 2, 997),
        (1001, 2000, 1, 998),
        (2001, 3000, 0, 1000),
        (3001, 4000, 0, 999),
    ]
    assert found.months.months == [Month("2021-05", 1, 0), Month("2021-06", 0, 0), Month("2021-07", 1, 0)]
    assert (found.months.undated, found.months.unplaced) == (1, 3)
    assert found.reasons == [(State.WAITING, "outage page", 1), (State.UNRECOVERABLE, "farewell", 1)]
    assert found.heads.read == 3
    assert found.field_sources == [("date", "markup info line", 3), ("title", "markup h1", 3)]
    assert found.digests == [("", "", 1), ("match", "", 3), ("mismatch", "unexplained", 1)]
    assert found.digests_recovered == [("", "", 1), ("match", "", 1), ("mismatch", "unexplained", 1)]
    assert found.years == [("2020", "wayback", 2), ("2021", "wayback", 6)]
    assert found.runs == [RunRow(1, "2026-11-23T08:30:00Z", "2026-11-23T08:30:00Z", 0, "well", "ids=1-9", "0.1.0")]
    assert [one.run for one in found.records] == [1]
    assert [(row.id, row.state, [capture.timestamp for capture in row.captures]) for row in found.missing] == [
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
    assert (images.articles, images.whole, images.bare, images.size) == (3, 1, 1, 1_000_000)


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
    with ReportQueries(tmp_path / "ledger.sqlite") as ledger, ledger.at_one_moment():
        assert len(ledger.states()) == 2
        tree.lists(3)
        assert len(ledger.states()) == 2
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            ledger.set_meta("a", "b")
    assert len(tree.ledger.known_ids()) == 3
    tree.ledger.close()
