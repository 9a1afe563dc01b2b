"""The recovery over several articles and several runs: what is due, what comes from the store, narrowed choices, the
layout stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crawler.hkcnews.extract import Extraction
from crawler.ledger import State
from crawler.markdown.style import Style
from crawler.recovery.judge import LAYOUT_PAGES, read_page
from crawler.recovery.store import Store
from crawler.wayback.capture import Capture, StoredCapture
from crawler.wayback.playback import Answer
from tests.pages import BLANK, FAREWELL, address, article, unknown_layout
from tests.recovering import FIRST, SECOND, THIRD, Bench, capture, memento, own, redirect

OLD, NEW = capture(5, FIRST, article(5, "燈塔去年亮起。")), capture(5, SECOND)
OLD_PAGE = memento(OLD, article(5, "燈塔去年亮起。"))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.ledger.close()


# The store


def test_again_reads_the_store_and_asks_for_nothing(bench: Bench) -> None:
    blank = capture(5, THIRD, BLANK)
    bench.lists(blank, NEW, capture(6)).serve({blank: memento(blank, BLANK)}).run()
    first = bench.written[5]
    bench.run(again={5}, ids={5})
    assert bench.requests == []
    assert (bench.written[5].article, bench.written[5].faults) == (first.article, first.faults)
    assert bench.row(blank).verdict == "blank"
    assert bench.article(6).state is State.RECOVERED


def test_again_follows_stored_redirects_and_twins_without_a_request(bench: Bench) -> None:
    moved, served, asked = capture(5, FIRST), capture(5, SECOND, slug="/twin"), capture(5, THIRD, b"other bytes")
    bench.lists(moved, capture(6, THIRD)).serve({moved: redirect(moved, served), asked: memento(served)}).run()
    bench.lists(asked, served).run(again={5})
    assert bench.requests == [asked]
    bench.run(again={5})
    assert bench.requests == []
    assert (bench.written[5].article.original, bench.written[5].faults) == (address(5, "/twin"), ())


def test_again_without_a_capture_that_fits_leaves_the_article_as_it_is(bench: Bench) -> None:
    before = bench.lists(NEW).run().article(5)
    for since, until in (("", "2012"), ("2030", "")):
        bench.run(again={5}, since=since, until=until)
        assert (bench.requests, bench.written, bench.article(5)) == ([], {}, before)
        assert bench.recovery is not None
        assert bench.recovery.left_unchanged == [5]


def test_again_while_the_archive_has_troubles_leaves_the_article_as_it_is(bench: Bench) -> None:
    before = bench.lists(NEW).run().article(5)
    bench.lose_store()
    bench.serve({NEW: own(NEW, 503)}).run(again={5})
    assert bench.article(5) == before


def test_again_takes_an_older_version_where_one_fits(bench: Bench) -> None:
    bench.lists(NEW, OLD).run()
    bench.serve({OLD: OLD_PAGE}).run(again={5}, until="2020")
    assert bench.requests == [OLD]
    assert bench.article(5).capture == bench.row(OLD).id


@pytest.mark.parametrize("harm", [Bench.tear_store, Bench.lose_store])
def test_what_cannot_be_read_from_the_store_is_fetched_again(bench: Bench, harm: Callable[[Bench], None]) -> None:
    bench.lists(NEW).run()
    harm(bench)
    bench.run(again={5})
    assert bench.requests == [NEW]
    assert bench.written[5].faults == ()
    bench.run(again={5})
    assert bench.requests == []


def test_a_mismatch_in_the_store_is_asked_for_again_but_its_candidate_is_kept(bench: Bench) -> None:
    damaged = article(5).replace("今晚".encode(), "昨晚".encode())
    bench.lists(NEW, OLD).serve({NEW: memento(NEW, damaged), OLD: Answer.TIMEOUT}).run()
    assert bench.article(5).faults[0].startswith("the bytes do not match")
    bench.serve({NEW: memento(NEW)}).run(again={5})
    assert bench.requests == [NEW]
    assert bench.written[5].faults == ()


def test_after_a_kill_only_what_was_not_settled_is_asked_for(bench: Bench) -> None:
    captures = [capture(number) for number in range(1, 7)]
    bench.lists(*captures).run(most=4, room=2)
    assert bench.requests == captures[:4]
    settled = {row.id for row in bench.ledger.articles(State.RECOVERED)}
    bench.run()
    assert not settled & {int(of.original.split("/")[4]) for of in bench.requests}
    assert bench.ledger.due() == []


def test_a_capture_that_was_judged_before_a_kill_is_not_asked_for_again(bench: Bench) -> None:
    blank = capture(5, THIRD, BLANK)
    bench.lists(blank, NEW).serve({blank: memento(blank, BLANK)}).run(most=1)
    assert bench.requests == [blank]
    bench.run()
    assert bench.requests == [NEW]


def test_an_article_given_up_is_due_when_a_capture_comes_and_only_that_is_asked_for(bench: Bench) -> None:
    bye = capture(5, THIRD, FAREWELL)
    bench.lists(bye).serve({bye: memento(bye, FAREWELL)}).run()
    assert bench.article(5).state is State.UNRECOVERABLE
    bench.lists(bye).run()
    assert bench.requests == []
    bench.lists(bye, NEW).run()
    assert bench.requests == [NEW]
    assert bench.state(5) == (State.RECOVERED, "")


# What is asked for


def test_ids_narrow_to_these_articles(bench: Bench) -> None:
    bench.lists(capture(4), capture(5), capture(6)).run(ids={5, 77})
    assert list(bench.written) == [5]
    assert bench.ledger.due() == [4, 6]


def test_limit_counts_articles_that_had_to_be_fetched(bench: Bench) -> None:
    byes = [capture(number, SECOND, FAREWELL) for number in (1, 2)]
    blank = capture(3, THIRD, BLANK)
    bench.lists(*byes, blank, capture(3, FIRST), capture(4), capture(5))
    bench.serve({**{bye: memento(bye, FAREWELL) for bye in byes}, blank: memento(blank, BLANK)})
    bench.run(limit=3, room=1)
    assert [int(of.original.split("/")[4]) for of in bench.requests] == [1, 3, 3, 4]
    assert bench.article(2).state is State.UNRECOVERABLE
    assert bench.ledger.due() == [5]


@pytest.mark.parametrize(
    ("window", "wanted"),
    [
        ({"since": "20210712013906"}, NEW),
        ({"until": "202008"}, OLD),
        ({"since": "2020", "until": "2020"}, OLD),
        ({"since": "2022"}, None),
        ({"until": "2019"}, None),
    ],
)
def test_only_captures_of_the_window_are_fetched(bench: Bench, window: dict[str, Any], wanted: Capture | None) -> None:
    bench.lists(OLD, NEW).serve({OLD: OLD_PAGE}).run(**window)
    assert bench.requests == ([] if wanted is None else [wanted])
    assert bench.article(5).state is (State.LISTED if wanted is None else State.RECOVERED)


def test_a_narrowed_choice_does_not_give_an_article_up(bench: Bench) -> None:
    blank = capture(5, SECOND, BLANK)
    bench.lists(OLD, blank).serve({blank: memento(blank, BLANK), OLD: OLD_PAGE}).run(since="2021")
    assert bench.requests == [blank]
    assert bench.state(5) == (State.LISTED, "")
    bench.run()
    assert bench.requests == [OLD]
    assert bench.article(5).state is State.RECOVERED


def test_a_redirect_met_in_a_window_is_followed_in_the_next_run_without_one(bench: Bench) -> None:
    unlisted = capture(5, FIRST, slug="/new")
    bench.lists(NEW).serve({NEW: redirect(NEW, unlisted), unlisted: memento(unlisted)}).run(since="2021")
    assert bench.requests == [NEW]
    bench.run()
    assert bench.requests == [unlisted]
    assert bench.article(5).state is State.RECOVERED


def test_choices_tell_what_would_be_fetched_and_change_nothing(bench: Bench) -> None:
    bye, large, last = capture(1, SECOND, FAREWELL), capture(2), capture(7)
    bench.lists(bye, large).serve({bye: memento(bye, FAREWELL), large: Answer.TOO_LARGE}).run()
    other, same = capture(1, FIRST), capture(3, THIRD, FAREWELL)
    bench.lists(other, capture(2, FIRST, slug="/x"), same, NEW, OLD, capture(6), last)
    before = [*bench.ledger.articles()]
    store = Store(bench.folder / "warc")
    choices = dict(bench.open(1, store).choices())
    assert choices == {1: other, 2: capture(2, FIRST, slug="/x"), 3: None, 5: NEW, 6: capture(6), 7: last}
    assert dict(bench.open(1, store, ids={5, 6}, until="2020").choices()) == {5: OLD, 6: None}
    assert list(dict(bench.open(1, store, limit=2).choices())) == [1, 2]
    assert [*bench.ledger.articles()] == before


# The layout


def _pages(count: int, unread: int) -> dict[Capture, bytes]:
    """Captures of as many articles; the last `unread` of them in a layout that is not known."""
    pages = [unknown_layout(number) if number > count - unread else article(number) for number in range(1, count + 1)]
    return {capture(number, body=page): page for number, page in enumerate(pages, 1)}


@pytest.mark.parametrize(
    ("count", "unread", "unknown", "at_end"),
    [
        (LAYOUT_PAGES, 15, False, False),
        (LAYOUT_PAGES, 16, True, True),
        (LAYOUT_PAGES - 1, LAYOUT_PAGES - 1, False, True),
        (5, 3, False, True),
        (5, 2, False, False),
        (4, 4, False, False),
    ],
)
def test_most_of_the_first_pages_tell_whether_the_layout_is_known(
    bench: Bench, count: int, unread: int, unknown: bool, at_end: bool
) -> None:
    pages = _pages(count, unread)
    recovery = bench.holds(pages).run().recovery
    assert recovery is not None
    assert (recovery.judge.layout_unknown(), recovery.judge.layout_unknown(at_end=True)) == (unknown, at_end)


@pytest.mark.parametrize("room", [1, 8])
def test_the_run_stops_soon_after_the_thirtieth_page(bench: Bench, room: int) -> None:
    pages = _pages(LAYOUT_PAGES + 20, LAYOUT_PAGES + 20)
    bench.holds(pages).run(room=room)
    assert LAYOUT_PAGES <= len(bench.requests) < LAYOUT_PAGES + room


def test_later_pages_do_not_stop_a_run_that_began_well(bench: Bench) -> None:
    pages = _pages(2 * LAYOUT_PAGES + 10, LAYOUT_PAGES + 10)
    bench.holds(pages).run()
    assert len(bench.requests) == len(pages)


def test_pages_that_are_no_articles_say_nothing_of_the_layout(bench: Bench) -> None:
    byes = [capture(number, SECOND, FAREWELL + b"\n" * number) for number in range(1, 41)]
    bench.lists(*byes).serve({bye: memento(bye, FAREWELL + b"\n" * n) for n, bye in enumerate(byes, 1)}).run()
    assert bench.recovery is not None
    assert (bench.recovery.judge.pages, bench.recovery.judge.layout_unknown(at_end=True)) == (0, False)


def test_with_a_new_layout_learnt_the_next_run_reads_the_store(bench: Bench) -> None:
    pages = _pages(40, 40)
    bench.holds(pages).run()
    fetched = len(bench.requests)
    bench.ledger.reopen_unread(1)
    assert bench.ledger.counts()[State.UNRECOVERABLE] == 0

    def learnt(served: StoredCapture, number: int, style: Style) -> Extraction:
        return read_page(replace(served, payload=article(number)), number, style)

    bench.run(reader=learnt)
    assert len(bench.requests) == 40 - fetched
    assert len(bench.written) == 40


def test_what_is_due_and_left_keeps_to_the_limit(bench: Bench) -> None:
    bench.lists(*(capture(number) for number in range(1, 6)))
    store = Store(bench.folder / "unused")
    assert (bench.open(1, store).due, bench.open(1, store, limit=3).due, bench.open(1, store, limit=9).due) == (5, 3, 5)
    bench.run(limit=3)
    assert bench.recovery is not None
    assert (bench.recovery.due, bench.recovery.left) == (3, 0)
    assert bench.ledger.due() == [4, 5]
