"""Which capture is taken first; and better captures of recovered articles: what takes a file's place, and nothing is
lost over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.ledger import State
from crawler.recovery.case import Selection, capture_order, improvable_articles, resolved_status
from crawler.wayback.capture import EMPTY_DIGEST, REVISIT, Capture
from crawler.wayback.playback import Answer, Reply
from tests.pages import FAREWELL, article, cut
from tests.recovering import FIRST, SECOND, THIRD, Bench, capture, memento, own, redirect
from tests.walking import walked

# The order of choice: a table of cases, each listed best first


WELL = "https://www.hkcnews.com/article/5/%E7%94%B2"
BARE = "http://hkcnews.com/article/5"
QUERY = "https://www.hkcnews.com/article/5?fbclid=x"
PORT = "http://www.hkcnews.com:80/article/5"
TWICE = "https://www.hkcnews.com/article/5/%25E7%2594%25B2"
MOJIBAKE = "https://www.hkcnews.com/article/5/%EF%BF%BD"
BAD = frozenset({"FAREWELL"})


def listed(timestamp: str, digest: str = "A", original: str = WELL, status: str = "200") -> Capture:
    return Capture(
        timestamp=timestamp,
        original=original,
        statuscode=status,
        digest=digest,
        mimetype=REVISIT if status == "-" else "text/html",
    )


def ranked_captures(captures: Sequence[Capture]) -> list[Capture]:
    return [captures[place] for place in capture_order(captures, BAD)]


CASES: dict[str, list[Capture]] = {
    "one": [listed("20200101000000")],
    "none": [],
    "the newest first": [
        listed("20220101000000", "C"),
        listed("20210101000000", "A"),
        listed("20200101000000", "B"),
    ],
    "after the site's closing too": [listed("20221201000000", "B"), listed("20211231000000", "A")],
    "errors after the article": [
        listed("20200101000000"),
        listed("20230101000000", "R", status="301"),
        listed("20210101000000", "R2", status="302"),
        listed("20240101000000", "E", status="404"),
        listed("20220101000000", "E2", status="503"),
    ],
    "bad bytes last": [
        listed("20180101000000", "A"),
        listed("20190101000000", "R", status="301"),
        listed("20200101000000", "E", status="404"),
        listed("20230201000000", "FAREWELL"),
        listed("20230101000000", "FAREWELL"),
    ],
    "empty bytes are bad": [
        listed("20180101000000", "E", status="500"),
        listed("20230101000000", EMPTY_DIGEST),
        listed("20210101000000", EMPTY_DIGEST, status="-"),
    ],
    "a bad revisit is bad": [
        listed("20180101000000", "E", status="404"),
        listed("20230101000000", "FAREWELL", status="-"),
    ],
    "a revisit is what it repeats": [
        listed("20210101000000", "A", status="-"),
        listed("20190101000000", "A"),
        listed("20200101000000", "E", status="404"),
        listed("20180101000000", "E", status="-"),
    ],
    "a revisit of bytes that were an error once and the article once": [
        listed("20210101000000", "A", status="-"),
        listed("20200101000000", "A"),
        listed("20190101000000", "A", status="404"),
    ],
    "an unknown revisit after the article, before redirects": [
        listed("20190101000000", "A"),
        listed("20210101000000", "U", status="-"),
        listed("20220101000000", "R", status="301"),
    ],
    "well spelt first, for the same bytes": [
        listed("20180101000000", "A", WELL),
        listed("20210101000000", "A", QUERY),
        listed("20200101000000", "A", PORT),
        listed("20220101000000", "A", TWICE),
        listed("20230101000000", "A", MOJIBAKE),
    ],
    "newest first among the well spelt": [listed("20210101000000", "A", BARE), listed("20200101000000", "A", WELL)],
    "newer bytes first, however spelt": [
        listed("20230101000000", "B", MOJIBAKE),
        listed("20220101000000", "A", WELL),
    ],
    "the same bytes stay together": [
        listed("20200101000000", "A", WELL),
        listed("20230101000000", "A", MOJIBAKE),
        listed("20220101000000", "B", WELL),
        listed("20210101000000", "B", WELL),
    ],
    "a month that is no month": [
        listed("20200801000000", "B"),
        listed("20200800241623", "A"),
        listed("20200731000000", "C"),
    ],
    "a timestamp that is no time": [listed("20200101000000", "B"), listed("2020-junk", "A")],
    "without digests only time counts": [
        listed("20220101000000", "", MOJIBAKE),
        listed("20210101000000", "", WELL),
        listed("20200101000000", "", QUERY),
    ],
}


@walked("best_first", CASES.values(), ids=CASES.keys())
def test_the_order_of_captures(best_first: list[Capture]) -> None:
    for shuffled in (best_first, best_first[::-1], best_first[1::2] + best_first[::2]):
        assert ranked_captures(shuffled) == best_first


def test_what_a_revisit_repeats() -> None:
    known, revisit, unknown = listed("1", "A"), listed("2", "A", status="-"), listed("3", "B", status="-")
    assert resolved_status([revisit, known, unknown]) == {known: "200", revisit: "200", unknown: "-"}


@given(
    st.lists(
        st.builds(
            listed,
            st.sampled_from(["20200101000000", "20210101000000", "20220100000000", ""]),
            st.sampled_from(["A", "B", "FAREWELL", "", EMPTY_DIGEST]),
            st.sampled_from([WELL, QUERY, MOJIBAKE]),
            st.sampled_from(["200", "-", "301", "404", ""]),
        ),
        unique=True,
    )
)
def test_nothing_is_left_out_and_the_order_is_the_same_however_they_come(captures: list[Capture]) -> None:
    order = ranked_captures(captures)
    assert sorted(order, key=repr) == sorted(captures, key=repr)
    assert ranked_captures(captures[::-1]) == order


# Better captures


PRESENT = capture(5, SECOND)
NEWER_PAGE = article(5, "燈塔改正了昨晚的時間。")
NEWER = capture(5, THIRD, NEWER_PAGE)
OLDER = capture(5, FIRST, article(5, "燈塔去年亮起。"))
SPOILT = capture(5, SECOND, b"bytes that the index knows and nobody gets")
"""Its digest is not that of what is played back."""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.ledger.close()


def recovered(bench: Bench) -> Bench:
    """The article is recovered from its only capture."""
    bench.lists(PRESENT).run()
    assert bench.article(5).capture == bench.row(PRESENT).id
    return bench


def test_a_capture_that_comes_before_the_present_one_takes_its_place(bench: Bench) -> None:
    recovered(bench).lists(NEWER).serve({NEWER: memento(NEWER, NEWER_PAGE)}).run(renewing=True)
    assert (bench.reopened, bench.requests) == ([5], [NEWER])
    assert bench.article(5).capture == bench.row(NEWER).id
    assert "改正" in bench.written[5].article.body
    bench.run(renewing=True)
    assert (bench.reopened, bench.requests) == ([], [])


def test_without_renewing_nothing_is_looked_for(bench: Bench) -> None:
    recovered(bench).lists(NEWER).run()
    assert bench.requests == []


def test_what_would_not_be_preferred_is_not_asked_for(bench: Bench) -> None:
    others = {
        "an older one": capture(1, FIRST, article(1, "燈塔去年亮起。")),
        "the same bytes": capture(2, THIRD),
        "an error": capture(3, THIRD, NEWER_PAGE, status="404"),
        "a redirect": capture(4, THIRD, NEWER_PAGE, status="302"),
        "unresolved": capture(5, THIRD, digest="-", status="-"),
    }
    bench.lists(*(capture(number) for number in range(1, 6))).run()
    assert len(bench.written) == 5
    bench.lists(*others.values()).run(renewing=True)
    assert (bench.reopened, bench.requests, bench.written) == ([], [], {})


def test_bytes_known_to_be_no_article_are_not_asked_for_under_another_one(bench: Bench) -> None:
    farewell = capture(6, THIRD, FAREWELL)
    recovered(bench).lists(farewell).serve({farewell: memento(farewell, FAREWELL)}).run()
    bench.lists(capture(5, THIRD, FAREWELL)).run(renewing=True)
    assert (bench.reopened, bench.requests) == ([], [])


@pytest.mark.parametrize("before", ["the same bytes under other ids", "the same bytes, archived as an error"])
def test_bytes_that_say_nothing_against_a_capture_are_asked_for(bench: Bench, before: str) -> None:
    recovered(bench)
    if before.endswith("error"):
        gone = capture(5, SECOND, NEWER_PAGE, "/gone", status="404")
        bench.lists(gone).serve({gone: memento(gone, NEWER_PAGE, 404)}).run()
        bench.ledger.note(bench.row(gone).id, verdict="not_found")
    else:
        bench.lists(*(capture(number, THIRD, NEWER_PAGE) for number in range(6, 26)))
    bench.lists(NEWER).serve({NEWER: memento(NEWER, NEWER_PAGE)}).run(renewing=True, ids={5})
    assert (bench.reopened, bench.requests) == ([5], [NEWER])
    assert bench.article(5).capture == bench.row(NEWER).id


NOTHING_BETTER: Sequence[tuple[str, Capture, Reply | Answer]] = [
    ("farewell", capture(5, THIRD, FAREWELL), memento(capture(5, THIRD, FAREWELL), FAREWELL)),
    ("mismatch", NEWER, memento(NEWER, article(5, "別的。"))),
    ("redirect", NEWER, redirect(NEWER, PRESENT)),
    ("gone", NEWER, own(NEWER, 404, "has not archived that URL")),
    ("outage", NEWER, Answer.OUTAGE),
]


@pytest.mark.parametrize(
    ("other", "answer"), [row[1:] for row in NOTHING_BETTER], ids=[row[0] for row in NOTHING_BETTER]
)
def test_when_nothing_better_comes_the_file_stays(bench: Bench, other: Capture, answer: Reply | Answer) -> None:
    before = recovered(bench).article(5)
    bench.lists(other).serve({other: answer}).run(renewing=True)
    assert bench.reopened == [5]
    assert set(bench.requests) == {other}
    assert bench.written == {}
    assert bench.article(5) == before
    if answer is not Answer.OUTAGE:
        bench.run(renewing=True)
        assert (bench.reopened, bench.requests) == ([], []), "what was tried is not tried every night"


def test_after_an_outage_the_next_run_takes_it(bench: Bench) -> None:
    recovered(bench).lists(NEWER).serve({NEWER: Answer.OUTAGE}).run(renewing=True)
    bench.serve({NEWER: memento(NEWER, NEWER_PAGE)}).run(renewing=True)
    assert bench.article(5).capture == bench.row(NEWER).id


def test_a_run_that_is_killed_leaves_the_article_recovered(bench: Bench) -> None:
    before = recovered(bench).article(5)
    bench.lists(NEWER).run(renewing=True, most=0)
    assert bench.article(5) == before
    bench.serve({NEWER: memento(NEWER, NEWER_PAGE)}).run(renewing=True)
    assert bench.article(5).capture == bench.row(NEWER).id


def test_for_a_file_with_a_fault_any_capture_may_be_better(bench: Bench) -> None:
    bench.lists(SPOILT).serve({SPOILT: memento(SPOILT)}).run()
    assert bench.article(5).faults
    bench.lists(OLDER).serve({OLDER: memento(OLDER, article(5, "燈塔去年亮起。"))}).run(renewing=True)
    assert bench.requests == [OLDER]
    assert (bench.article(5).capture, bench.article(5).faults) == (bench.row(OLDER).id, ())


@pytest.mark.parametrize("harm", [Bench.tear_store, Bench.lose_store])
def test_a_worse_one_does_not_win_because_the_present_one_cannot_be_compared(
    bench: Bench, harm: Callable[[Bench], None]
) -> None:
    before = recovered(bench).article(5)
    harm(bench)
    spoilt = memento(NEWER, article(5, "別的。"))
    bench.lists(NEWER).serve({NEWER: spoilt, PRESENT: Answer.OUTAGE}).run(renewing=True)
    assert bench.article(5) == before
    assert bench.article(5).state is State.RECOVERED


LONG = "".join(f"<p>第{number}晚，燈塔按時亮起，港口一切如常，渡輪照開。</p>" for number in range(9))
LESS: dict[str, bytes] = {
    "a field is lost": article(5, LONG).replace("撰文: 記者甄小帆".encode(), b""),
    "a barrier instead of the text": article(5, "<p>請登入閱讀全文。</p>"),
    "somebody else's text": article(
        5, "".join(f"<p>賭場優惠{number}，立即註冊領取獎金，機會難逢，不容錯過。</p>" for number in range(9))
    ),
}


@pytest.mark.parametrize("page", LESS.values(), ids=LESS.keys())
def test_a_page_that_says_less_or_something_else_does_not_win(bench: Bench, page: bytes) -> None:
    rich = capture(5, SECOND, article(5, LONG))
    other = capture(5, THIRD, page)
    before = bench.lists(rich).serve({rich: memento(rich, article(5, LONG))}).run().article(5)
    bench.lists(other).serve({other: memento(other, page)}).run(renewing=True)
    assert (bench.requests, bench.written, bench.article(5)) == ([other], {}, before)
    assert bench.recovery is not None
    assert bench.recovery.not_improved == [5]
    bench.run(renewing=True)
    assert bench.requests == []


def test_a_text_that_went_on_wins(bench: Bench) -> None:
    rich, longer = capture(5, SECOND, article(5, LONG)), capture(5, THIRD, article(5, LONG * 3))
    bench.lists(rich).serve({rich: memento(rich, article(5, LONG))}).run()
    bench.lists(longer).serve({longer: memento(longer, article(5, LONG * 3))}).run(renewing=True)
    assert bench.article(5).capture == bench.row(longer).id


def test_a_page_that_was_cut_does_not_win(bench: Bench) -> None:
    before = recovered(bench).article(5)
    bench.lists(NEWER).serve({NEWER: memento(NEWER, cut(5))}).run(renewing=True)
    assert bench.article(5) == before


def test_only_chosen_articles_and_asked_sources_count_and_a_window_with_the_present_capture(bench: Bench) -> None:
    recovered(bench).lists(NEWER)
    assert improvable_articles(bench.ledger, Selection(), ["wayback"]) == [5]
    assert improvable_articles(bench.ledger, Selection({6}), ()) == []
    assert improvable_articles(bench.ledger, Selection(), ["another"]) == []
    assert improvable_articles(bench.ledger, Selection(since="2022"), ()) == []
