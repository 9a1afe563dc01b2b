"""The ledger on images: wanted by articles, settled one by one, answers kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from crawler.ledger import ArticleRow, Found, Ledger, State
from crawler.ledger.images import ImageAnswer, ImageState
from crawler.warc.writer import RecordLocation
from crawler.wayback.capture import Capture
from crawler.wayback.cdx import CdxPage

AT = "20210712013906"
A, B = ("images/aa/a.png", "https://a.example/a.png"), ("images/bb/b.png", "https://a.example/b.png")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.sqlite") as opened:
        opened.add_source("wayback", "https://archive.example/web")
        yield opened


def recovered(ledger: Ledger, article: int, *images: tuple[str, str], timestamp: str = AT) -> int:
    """An article that was recovered from a new capture and has these images."""
    capture = Capture(timestamp=timestamp, original=f"https://www.hkcnews.com/article/{article}")
    listing, _ = ledger.open_listing(f"{article} {timestamp}")
    ledger.add_page(listing, "wayback", [(article, capture)], 0, CdxPage())
    row = next(row for row in ledger.captures(article) if row.capture.timestamp == timestamp)
    ledger.settle(ArticleRow(article, State.RECOVERED, capture=row.id, file="x", sha256="y"), 1)
    if images:
        ledger.want_images(article, row.id, images)
    return row.id


def have(ledger: Ledger, file: str, sha256: str = "5") -> None:
    row = ledger.image(file)
    assert row is not None
    ledger.settle_image(replace(row, state=ImageState.HAVE, size=10, sha256=sha256, place=RecordLocation("w", 1, 2)), 1)


def test_images_are_due_once_in_the_order_of_their_articles(ledger: Ledger) -> None:
    recovered(ledger, 7, B, A)
    recovered(ledger, 5, B)
    assert ledger.due_images() == [B[0], A[0]]
    assert ledger.due_images(ids={7}) == [A[0], B[0]]
    assert ledger.due_images(articles=1) == [B[0]]
    assert ledger.image_articles(B[0]) == [5, 7]
    assert ledger.image_use(B[0]) == ("wayback", AT)
    have(ledger, B[0])
    assert ledger.due_images() == [A[0]]
    assert ledger.image_counts()[ImageState.HAVE] == 1
    assert ledger.image_bytes() == (1, 10)


def test_the_time_is_that_of_the_capture_really_served(ledger: Ledger) -> None:
    ledger.note(recovered(ledger, 5, A), served_timestamp="20210801000000")
    assert ledger.image_use(A[0]) == ("wayback", "20210801000000")


def test_an_image_that_no_recovered_article_has_is_neither_due_nor_counted(ledger: Ledger) -> None:
    recovered(ledger, 5, A)
    ledger.reopen([5])
    assert ledger.due_images() == []
    assert sum(ledger.image_counts().values()) == 0
    assert list(ledger.images()) == []


def test_an_article_recovered_from_another_capture_has_the_images_of_that_one(ledger: Ledger) -> None:
    first = recovered(ledger, 5, A)
    assert ledger.without_images() == []
    second = recovered(ledger, 5, timestamp="20220101000000")
    assert first != second
    assert ledger.without_images() == [5]
    ledger.want_images(5, second, [B])
    assert (ledger.without_images(), ledger.due_images()) == ([], [B[0]])
    ledger.want_images(5, second, [])
    assert (ledger.without_images(), ledger.due_images()) == ([], [])


def test_what_is_wanted_again_keeps_where_it_stands(ledger: Ledger) -> None:
    capture = recovered(ledger, 5, A)
    have(ledger, A[0])
    ledger.want_images(5, capture, [(A[0], "http://a.example/A.png"), B])
    row = ledger.image(A[0])
    assert row is not None
    assert (row.state, row.url, row.place) == (ImageState.HAVE, A[1], RecordLocation("w", 1, 2))
    assert ledger.same_image("5") == A[0]
    assert ledger.same_image("6") == ""


def test_an_answer_reads_back(ledger: Ledger) -> None:
    for said in (
        ImageAnswer("capture", 200, AT, A[1], "gzip", None, RecordLocation("w.warc.gz", 10, 20)),
        ImageAnswer("closest capture", 302, AT, A[1], "", ("20220101000000", B[1])),
        ImageAnswer("not archived"),
    ):
        ledger.note_image_answer("wayback", AT, A[1], said, A[0])
        assert ledger.image_answer("wayback", AT, A[1]) == said
        assert ledger.image_answer("another", AT, A[1]) is None
        ledger.forget_image_answer("wayback", AT, A[1])
        assert ledger.image_answer("wayback", AT, A[1]) is None


def test_what_an_index_gave_reads_back_and_nothing_is_not_the_same_as_never_asked(ledger: Ledger) -> None:
    captures = [Capture(timestamp=AT, original="https://a.example/燈.png", digest="D")]
    assert ledger.image_index(A[0], "wayback") is None
    ledger.note_image_index(A[0], "wayback", captures)
    ledger.note_image_index(B[0], "wayback", [])
    assert (ledger.image_index(A[0], "wayback"), ledger.image_index(B[0], "wayback")) == (captures, [])


def test_again_makes_the_missing_due_and_forgets_answers_that_are_not_in_the_store(ledger: Ledger) -> None:
    recovered(ledger, 5, A, B)
    recovered(ledger, 6, ("images/cc/c.png", "https://a.example/c.png"))
    have(ledger, B[0])
    for file in (A[0], "images/cc/c.png"):
        row = ledger.image(file)
        assert row is not None
        ledger.settle_image(replace(row, state=ImageState.MISSING, reason="not_archived"), 1)
        ledger.note_image_answer("wayback", AT, file, ImageAnswer("not archived"), file)
        ledger.note_image_answer(
            "wayback", "2021", file, ImageAnswer("capture", 404, place=RecordLocation("w", 1, 2)), file
        )
        ledger.note_image_index(file, "wayback", [])
    assert ledger.image_reasons(ImageState.MISSING) == {"not_archived": 2}
    ledger.retry_images([5])
    assert ledger.due_images() == [A[0]]
    assert ledger.image_answer("wayback", AT, A[0]) is None
    assert ledger.image_answer("wayback", "2021", A[0]) is not None
    assert ledger.image_index(A[0], "wayback") is None
    assert ledger.image_index("images/cc/c.png", "wayback") == []


def test_a_capture_without_listing_is_no_hindrance(ledger: Ledger) -> None:
    recovered(ledger, 5, A)
    assert ledger.add_capture(5, Capture(timestamp="20200101000000", original="x"), "wayback", Found.JUMP) is not None
    assert ledger.due_images() == [A[0]]
