"""The recovery, one article at a time: what follows from each answer of the archive and from each verdict."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from crawler.hkcnews.extract import Extraction
from crawler.hkcnews.verdict import Judgement, Verdict
from crawler.ledger import State
from crawler.markdown.style import Style
from crawler.recovery.case import SHARED_BY
from crawler.recovery.judge import read_page
from crawler.recovery.recovery import MOST_FOLLOWED
from crawler.wayback.capture import Capture, StoredCapture
from crawler.wayback.digest import DigestResult
from crawler.wayback.playback import ANSWERS, Action, Answer, Reply
from tests.pages import BLANK, FAREWELL, address, article, cut, unknown_layout
from tests.recovering import FIRST, SECOND, THIRD, WAITS, Bench, Told, capture, jump, memento, own, redirect

LAST_YEAR = "燈塔去年亮起。"
OLD, NEW = capture(5, FIRST, article(5, LAST_YEAR)), capture(5, SECOND)
PAGES: dict[Answer, tuple[int, str]] = {
    Answer.OUTAGE: (200, "<h1>Temporarily Offline</h1>"),
    Answer.SERVER_ERROR: (502, "<h1>502</h1>"),
    Answer.UNKNOWN_PAGE: (200, "<h1>Welcome</h1>"),
    Answer.NOT_ARCHIVED: (404, "The Wayback Machine has not archived that URL."),
    Answer.EXCLUDED: (200, "This URL has been excluded from the Wayback Machine."),
}
"""The answers that are pages of the archive's own."""
TROUBLES = (
    *(Answer.OUTAGE, Answer.RATE_LIMITED, Answer.SERVER_ERROR, Answer.UNKNOWN_PAGE, Answer.CUT_BODY, Answer.TIMEOUT),
    Answer.CONNECTION_LOST,
)
PASSED_OVER = (Answer.NOT_ARCHIVED, Answer.EXCLUDED, Answer.TOO_LARGE)


def told(answer: Answer, of: Capture) -> Told:
    return own(of, *PAGES[answer]) if answer in PAGES else answer


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.ledger.close()


def address_of(of: Capture) -> str:
    return of.original


def test_the_first_capture_is_good(bench: Bench) -> None:
    bench.lists(OLD, NEW).run()
    assert bench.requests == [NEW]
    write = bench.written[5]
    assert (write.article.timestamp, write.article.original, write.faults) == (SECOND, address(5), ())
    assert write.article.body == "第5日：燈塔今晚亮起。"
    row = bench.row(NEW)
    assert (row.answer, row.status, row.verdict, row.digest_result) == ("capture", 200, "article", "match")
    assert bench.article(5).state is State.RECOVERED
    assert bench.run().requests == []


def test_every_answer_has_its_test() -> None:
    followed = {Answer.CAPTURE, Answer.ARCHIVED_REDIRECT, Answer.CLOSEST_CAPTURE}
    ends_the_run = {Answer.REFUSED, Answer.CONNECTION_REFUSED}
    assert {*TROUBLES, *PASSED_OVER, *followed, *ends_the_run} == set(Answer)
    assert {answer for answer in Answer if ANSWERS[answer].action is Action.STOP} == ends_the_run


def test_what_the_archive_does_not_have_leads_to_the_next_capture_or_is_the_reason(bench: Bench) -> None:
    """For each such answer an article that has another capture, and one that has none."""
    with_another, alone = (
        {answer: capture(number, SECOND) for number, answer in enumerate(PASSED_OVER, first)} for first in (10, 20)
    )
    others = {
        answer: capture(number, FIRST, article(number, LAST_YEAR)) for number, answer in enumerate(PASSED_OVER, 10)
    }
    bench.lists(*with_another.values(), *alone.values(), *others.values())
    bench.serve(
        {of: told(answer, of) for captures in (with_another, alone) for answer, of in captures.items()}
        | {of: memento(of, article(number, LAST_YEAR)) for number, of in enumerate(others.values(), 10)}
    ).run(room=1)
    for number, answer in enumerate(PASSED_OVER, 10):
        assert [of for of in bench.requests if of.original == address(number)] == [with_another[answer], others[answer]]
        assert (bench.written[number].article.timestamp, bench.written[number].faults) == (FIRST, ())
        assert bench.row(with_another[answer]).answer == answer.value
    for number, answer in enumerate(PASSED_OVER, 20):
        assert bench.state(number) == (State.UNRECOVERABLE, answer.value)
        assert bench.article(number).faults[0].startswith(f"{SECOND} {address(number)}: {answer.value}")
    assert bench.run().requests == []


def test_troubles_of_the_archive_are_tried_five_times_and_then_the_article_waits_for_the_next_run(bench: Bench) -> None:
    captures = {answer: capture(number) for number, answer in enumerate(TROUBLES, 1)}
    bench.lists(*captures.values()).serve({of: told(answer, of) for answer, of in captures.items()}).run(room=10)
    for number, (answer, of) in enumerate(captures.items(), 1):
        assert [moment - 1000 for moment, asked in bench.asked if asked == of] == [0, 3, 63, 183, 423], answer
        assert bench.state(number) == (State.WAITING, answer.value)
        assert bench.row(of).verdict == ""
    assert bench.ledger.due() == [*range(1, 8)]
    bench.serve({}).run()
    assert sorted(bench.requests, key=address_of) == [*captures.values()]
    assert bench.ledger.recovered_ids() == [*range(1, 8)]


def test_a_capture_that_comes_at_the_second_attempt_is_taken(bench: Bench) -> None:
    captures = {answer: capture(number) for number, answer in enumerate(TROUBLES, 1)}
    others = [capture(number, FIRST, article(number, LAST_YEAR)) for number in range(1, 8)]
    bench.lists(*others, *captures.values()).serve(
        {of: [told(answer, of), memento(of)] for answer, of in captures.items()}
    ).run(room=10)
    assert sorted(bench.requests, key=address_of) == [of for of in captures.values() for _ in range(2)]
    assert {number: write.faults for number, write in bench.written.items()} == dict.fromkeys(range(1, 8), ())


def test_other_articles_go_on_meanwhile(bench: Bench) -> None:
    late = capture(4)
    bench.lists(late, NEW).serve({late: [Answer.TIMEOUT, memento(late)]}).run()
    assert bench.asked == [(1000.0, late), (1000.0, NEW), (1003.0, late)]


def test_when_one_capture_stays_in_trouble_another_is_written_and_that_is_said(bench: Bench) -> None:
    bench.lists(OLD, NEW).serve({NEW: Answer.TIMEOUT, OLD: memento(OLD, article(5, LAST_YEAR))}).run()
    assert bench.requests == [NEW] * (1 + len(WAITS)) + [OLD]
    assert bench.written[5].article.timestamp == FIRST
    assert bench.written[5].faults == ("1 other captures could not be fetched in this run",)


def test_bad_captures_do_not_make_an_article_unrecoverable_while_another_is_in_trouble(bench: Bench) -> None:
    blank = capture(5, THIRD, BLANK)
    bench.lists(blank, NEW).serve({blank: memento(blank, BLANK), NEW: Answer.TIMEOUT}).run()
    assert bench.state(5) == (State.WAITING, "timeout")
    bench.serve({blank: memento(blank, BLANK)}).run()
    assert bench.requests == [NEW]
    assert bench.article(5).state is State.RECOVERED


def test_troubles_in_an_outage_are_not_counted(bench: Bench) -> None:
    bench.lists(NEW).run(most=0)
    recovery, (row,) = bench.recovery, bench.ledger.captures(5)
    assert recovery is not None
    for _ in range(20):
        recovery.troubled(row, Answer.OUTAGE, "an outage", counted=False)
        assert recovery.wait() == WAITS[0]
        bench.now += WAITS[0]
        assert len(list(recovery.steps(8))) == 1
    assert bench.row(NEW).answer == ""


# Verdicts


def _losing(served: StoredCapture, number: int, style: Style) -> Extraction:
    """A reader that loses something at the new capture, and cannot read what says so."""
    if CRASHING in served.payload:
        return Extraction(Judgement(Verdict.EXTRACTION_FAILED, "so it was"))
    found = read_page(served, number, style)
    return (
        replace(found, differences=("links: 2 on the page, 1 in the file",))
        if served.timestamp == SECOND and found.article
        else found
    )


CRASHING = b"<!-- crash -->"
NOT_THE_ARTICLE: dict[Verdict, Callable[[int], tuple[bytes, int]]] = {
    Verdict.FAREWELL: lambda number: (FAREWELL + b"\n" * number, 200),
    Verdict.BLANK: lambda number: (BLANK + b"\n" * number, 200),
    Verdict.NOT_FOUND: lambda number: (article(number), 404),
    Verdict.CUT_OFF: lambda number: (cut(number), 200),
    Verdict.NOT_HTML: lambda number: (b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes([number]), 200),
    Verdict.OTHER_ARTICLE: lambda number: (article(number, canonical=address(6)), 200),
    Verdict.ARCHIVED_ERROR: lambda number: (b"<html>too many</html>" + b"\n" * number, 429),
    Verdict.UNDECODABLE: lambda number: (gzip.compress(article(number))[:-4] + b"\0\0\0\0", 200),
    Verdict.UNKNOWN_LAYOUT: lambda number: (unknown_layout(number), 200),
    Verdict.EXTRACTION_FAILED: lambda number: (article(number) + CRASHING, 200),
}
"""What an article's capture holds, and its archived status."""


def test_every_verdict_has_its_test() -> None:
    assert {*NOT_THE_ARTICLE, Verdict.ARTICLE, Verdict.UNFAITHFUL} == set(Verdict)


def test_what_is_not_the_article_leads_to_the_next_capture_or_is_the_reason(bench: Bench) -> None:
    """For each verdict an article that has another capture, and one that has none."""
    bodies = {
        number: NOT_THE_ARTICLE[verdict](number)
        for first in (10, 30)
        for number, verdict in enumerate(NOT_THE_ARTICLE, first)
    }
    bad = {number: capture(number, SECOND, body) for number, (body, _) in bodies.items()}
    good = {number: capture(number, FIRST, article(number, LAST_YEAR)) for number in bodies if number < 30}
    bench.lists(*bad.values(), *good.values())
    bench.serve(
        {bad[number]: memento(bad[number], body, status) for number, (body, status) in bodies.items()}
        | {of: memento(of, article(number, LAST_YEAR)) for number, of in good.items()}
    ).run(room=1, reader=_losing)
    for number, verdict in enumerate(NOT_THE_ARTICLE, 10):
        assert [of for of in bench.requests if of.original == address(number)] == [bad[number], good[number]]
        assert (bench.written[number].article.timestamp, bench.written[number].faults) == (FIRST, ())
        row = bench.row(bad[number])
        assert (row.answer, row.status, row.verdict, row.digest_result) == (
            "capture",
            bodies[number][1],
            verdict.value,
            "match",
        )
        assert row.because
    for number, verdict in enumerate(NOT_THE_ARTICLE, 30):
        assert bench.state(number) == (State.UNRECOVERABLE, verdict.value)
        (detail,) = bench.article(number).faults
        assert detail.startswith(f"{SECOND} {address(number)}: {verdict.value}: ")
    assert bench.run().requests == []


def test_the_reason_names_each_kind_the_most_frequent_first(bench: Bench) -> None:
    blank, bye, late = capture(5, FIRST, BLANK), capture(5, SECOND, FAREWELL), capture(5, THIRD, FAREWELL + b"\n")
    bench.lists(blank, bye, late)
    bench.serve(
        {blank: memento(blank, BLANK), bye: memento(bye, FAREWELL), late: memento(late, FAREWELL + b"\n")}
    ).run()
    assert bench.state(5) == (State.UNRECOVERABLE, "farewell, blank")
    assert len(bench.article(5).faults) == 3


def test_an_article_that_lost_something_leads_to_the_next_capture(bench: Bench) -> None:
    bench.lists(OLD, NEW).serve({OLD: memento(OLD, article(5, LAST_YEAR))}).run(reader=_losing)
    assert bench.requests == [NEW, OLD]
    assert (bench.written[5].article.timestamp, bench.written[5].faults) == (FIRST, ())
    assert bench.row(NEW).verdict == "unfaithful"


def test_and_is_written_with_the_fault_when_it_is_the_best_there_is(bench: Bench) -> None:
    blank = capture(5, FIRST, BLANK)
    bench.lists(blank, NEW).serve({blank: memento(blank, BLANK)}).run(reader=_losing)
    assert bench.requests == [NEW, blank]
    assert bench.written[5].article.timestamp == SECOND
    assert bench.article(5).faults == ("links: 2 on the page, 1 in the file",)


@pytest.mark.parametrize("lacking", ["title", "body"])
def test_an_article_without_title_or_body_is_blank(bench: Bench, lacking: str) -> None:
    def reader(served: StoredCapture, number: int, style: Style) -> Extraction:
        found = read_page(served, number, style)
        assert found.article is not None
        return replace(found, article=replace(found.article, **{lacking: ""}))  # type: ignore[arg-type]

    bench.lists(NEW).run(reader=reader)
    assert bench.state(5) == (State.UNRECOVERABLE, "blank")
    assert not bench.written


# Digests


def test_the_farewell_page_is_known_under_other_articles_by_its_digest(bench: Bench) -> None:
    byes = [capture(number, THIRD, FAREWELL) for number in (4, 5, 6)]
    bench.lists(*byes, capture(5)).serve({bye: memento(bye, FAREWELL) for bye in byes}).run(room=1)
    assert bench.requests == [byes[0], capture(5)]
    assert bench.state(4) == bench.state(6) == (State.UNRECOVERABLE, "farewell")
    assert bench.article(5).state is State.RECOVERED
    assert bench.row(byes[2]).verdict == "farewell"
    later = capture(9, THIRD, FAREWELL)
    bench.lists(later).run()
    assert bench.requests == []
    assert bench.state(9) == (State.UNRECOVERABLE, "farewell")


@pytest.mark.parametrize("ids", [2, 3, 20])
def test_articles_with_the_same_bytes_are_recovered_from_them_under_each_id(bench: Bench, ids: int) -> None:
    page = article(1, "同一篇文章，出版了幾次。")
    numbers = range(1, ids + 1)
    newest = [capture(number, SECOND, page) for number in numbers]
    others = [
        of for n in numbers for of in (capture(n, FIRST, article(n)), capture(n, THIRD, b"", "/moved", status="301"))
    ]
    bench.lists(*newest, *others).serve({of: memento(of, page) for of in newest}).run()
    assert bench.requests == newest
    for number in numbers:
        write = bench.written[number]
        assert (write.article.id, write.article.timestamp, write.article.original) == (number, SECOND, address(number))
        assert "出版了幾次" in write.article.body
        assert write.faults == ()


def test_bytes_under_more_ids_than_an_article_has_come_last_before_anything_is_known_of_them(bench: Bench) -> None:
    everywhere = [capture(number, THIRD, article(1)) for number in range(2, 2 + SHARED_BY)]
    bench.lists(*everywhere, capture(2, SECOND)).run(ids={2})
    assert bench.requests == [capture(2, SECOND)]


def test_a_verdict_on_the_status_of_a_capture_says_nothing_of_its_bytes(bench: Bench) -> None:
    gone, again = capture(4, THIRD, article(4), status="404"), capture(4, FIRST, article(4), "/again", status="-")
    listed_so, there = capture(5, THIRD, article(4)), capture(5, SECOND, article(4), "/there")
    elsewhere = capture(6, THIRD, article(4))
    answers = {gone: memento(gone, article(4), 404), listed_so: memento(listed_so, article(4), 404)}
    for of in (there, elsewhere):
        answers[of] = memento(of, article(4))
    bench.lists(gone, again, listed_so, there, elsewhere).serve(answers).run(room=1)
    assert bench.requests == [gone, listed_so, there, elsewhere]
    assert bench.state(4) == (State.UNRECOVERABLE, "not_found")
    assert sorted(bench.written) == [5, 6]
    assert bench.run().requests == []


def test_a_verdict_on_one_article_is_not_carried_to_another(bench: Bench) -> None:
    first, second = capture(4, body=cut(4)), capture(5, body=cut(4))
    bench.lists(first, second).serve({first: memento(first, cut(4)), second: memento(second, cut(4))}).run(room=1)
    assert bench.requests == [first, second]


def test_an_empty_digest_carries_nothing(bench: Bench) -> None:
    byes = [capture(number, digest="-") for number in (4, 5)]
    bench.lists(*byes).serve({bye: memento(bye, FAREWELL) for bye in byes}).run(room=1)
    assert bench.requests == byes


@pytest.mark.parametrize("body", [BLANK, cut(5)], ids=["blank", "cut off"])
def test_a_twin_of_bytes_that_matched_and_were_bad_is_not_fetched(bench: Bench, body: bytes) -> None:
    bad, twin = capture(5, THIRD, body), capture(5, SECOND, body, "/twin")
    bench.lists(bad, twin, OLD).serve({bad: memento(bad, body), OLD: memento(OLD, article(5, LAST_YEAR))}).run()
    assert bench.requests == [bad, OLD]
    assert bench.row(twin).verdict == bench.row(bad).verdict


def test_after_a_mismatch_twins_come_first_and_then_the_others(bench: Bench) -> None:
    twin, newer = capture(5, FIRST, slug="/twin"), capture(5, THIRD)
    other = capture(5, SECOND, article(5, LAST_YEAR), "/other")
    damaged = article(5).replace("今晚".encode(), b"\xe4\xbb\x8a\xe6\x99")
    bench.lists(other, twin, newer)
    bench.serve(
        {newer: memento(newer, damaged), twin: memento(twin, damaged), other: memento(other, article(5, LAST_YEAR))}
    ).run()
    assert bench.requests == [newer, twin, other]
    assert (bench.written[5].article.original, bench.written[5].faults) == (address(5, "/other"), ())
    assert bench.row(newer).digest_result == "mismatch"


def test_when_none_matches_the_best_is_written_with_the_mismatch_named(bench: Bench) -> None:
    twin, blank = capture(5, FIRST, slug="/twin"), capture(5, FIRST, BLANK, "/blank")
    damaged = article(5).replace("今晚".encode(), "昨晚".encode())
    bench.lists(NEW, twin, blank)
    bench.serve({NEW: memento(NEW, damaged), twin: memento(twin, damaged), blank: memento(blank, BLANK)}).run()
    assert bench.requests == [NEW, twin, blank]
    assert bench.written[5].article.timestamp == SECOND
    (fault,) = bench.article(5).faults
    assert fault == "the bytes do not match the digest of the archive's index: unexplained"


def test_bytes_that_match_after_decoding_match(bench: Bench) -> None:
    bench.lists(NEW).serve({NEW: memento(NEW, gzip.compress(article(5)))}).run()
    assert bench.row(NEW).digest_result == DigestResult.MATCH_DECODED.value
    assert bench.written[5].faults == ()


def test_a_capture_without_a_digest_is_taken(bench: Bench) -> None:
    bare = capture(5, digest="-")
    bench.lists(bare).run()
    assert (bench.row(bare).digest_result, bench.written[5].faults) == ("unknown", ())


def test_an_answer_without_a_known_end_counts_only_when_its_digest_matches(bench: Bench) -> None:
    bench.lists(NEW).serve({NEW: [memento(NEW, cut(5)), memento(NEW)]}).run(whole=False)
    assert bench.asked == [(1000.0, NEW), (1003.0, NEW)]
    assert bench.written[5].faults == ()


# Another capture than the one asked for


def test_a_twin_served_instead_is_compared_with_its_own_digest_and_named(bench: Bench) -> None:
    asked, served = capture(5, THIRD, b"other bytes"), capture(5, SECOND, slug="/twin")
    bench.lists(asked, served).serve({asked: memento(served)}).run()
    assert bench.requests == [asked]
    write = bench.written[5]
    assert (write.article.original, write.faults) == (address(5, "/twin"), ())


def test_a_bad_twin_served_instead_spoils_its_own_digest_only(bench: Bench) -> None:
    asked, served = capture(5, THIRD), capture(5, SECOND, FAREWELL, "/twin")
    elsewhere = capture(6, THIRD, article(5))
    bench.lists(asked, served, elsewhere).serve({asked: memento(served, FAREWELL)}).run(room=1)
    assert bench.requests == [asked, elsewhere]
    assert bench.state(5) == (State.UNRECOVERABLE, "farewell")
    assert bench.row(served).verdict == "farewell"
    later = capture(7, THIRD, article(5))
    bench.lists(later).run()
    assert bench.requests == [later]


def test_nor_does_it_spoil_what_the_listing_has_for_the_capture_asked_for(bench: Bench) -> None:
    asked, served, same = capture(5, THIRD), capture(5, SECOND, cut(5), "/twin"), capture(5, FIRST, slug="/same")
    bench.lists(asked, served, same).serve({asked: memento(served, cut(5))}).run()
    assert bench.requests == [asked, same]
    assert bench.written[5].faults == ()


def test_a_jump_to_a_capture_that_is_listed_leads_there(bench: Bench) -> None:
    bench.lists(OLD, NEW).serve({NEW: jump(NEW, OLD), OLD: memento(OLD, article(5, LAST_YEAR))}).run()
    assert bench.requests == [NEW, OLD]
    assert bench.row(NEW).verdict == "closest_capture"
    assert bench.row(NEW).warc == ""
    assert bench.written[5].article.timestamp == FIRST
    assert len(bench.ledger.captures(5)) == 2


def test_a_jump_to_a_capture_that_no_listing_has_adds_it_as_the_last_choice(bench: Bench) -> None:
    unlisted = capture(5, THIRD, slug="/new")
    blank = capture(5, FIRST, BLANK)
    bench.lists(NEW, blank).serve(
        {NEW: jump(NEW, unlisted), blank: memento(blank, BLANK), unlisted: memento(unlisted)}
    ).run()
    assert bench.requests == [NEW, blank, unlisted]
    assert bench.written[5].article.original == address(5, "/new")
    assert bench.row(unlisted).found == "closest_capture"


def test_an_archived_redirect_is_followed_to_a_capture_of_the_same_article(bench: Bench) -> None:
    unlisted = capture(5, SECOND, slug="/%E7%87%88")
    bench.lists(capture(5, status="302")).serve({capture(5, status="302"): redirect(NEW, unlisted)}).run()
    assert [of.original for of in bench.requests] == [address(5), address(5, "/%E7%87%88")]
    assert bench.written[5].article.original == address(5, "/%E7%87%88")
    row = bench.row(NEW)
    assert (row.verdict, row.because) == ("archived_redirect", f"leads to {SECOND} {address(5, '/%E7%87%88')}")
    assert row.warc


def test_a_redirect_to_anything_else_is_not_followed(bench: Bench) -> None:
    targets = {1: address(6), 2: "https://www.hkcnews.com/", 3: "https://elsewhere.example/article/3"}
    moved = {capture(number): target for number, target in targets.items()}
    bench.lists(*moved).serve({of: redirect(of, replace(of, original=target)) for of, target in moved.items()}).run()
    assert bench.requests == [*moved]
    assert {bench.state(number) for number in targets} == {(State.UNRECOVERABLE, "archived_redirect")}


@pytest.mark.parametrize("how", [jump, redirect])
@pytest.mark.parametrize("slugs", [("",), ("", "/a", "/b")])
def test_loops_end(bench: Bench, how: Callable[[Capture, Capture], Reply], slugs: Sequence[str]) -> None:
    ring = [capture(5, slug=slug) for slug in slugs]
    bench.lists(*ring[:2]).serve({here: how(here, there) for here, there in pairwise([*ring, ring[0]])}).run()
    assert sorted(bench.requests, key=address_of) == ring
    assert bench.article(5).state is State.UNRECOVERABLE


def test_an_archive_that_leads_on_and_on_is_left(bench: Bench) -> None:
    chain = [NEW, *[capture(5, FIRST, slug=f"/{n}") for n in range(100)]]
    bench.lists(NEW).serve({here: jump(here, there) for here, there in pairwise(chain)}).run()
    assert bench.requests == chain[: 1 + MOST_FOLLOWED]
    assert bench.article(5).state is State.UNRECOVERABLE
