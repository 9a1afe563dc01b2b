"""What a long job comes to: supposed at first, measured as soon as there is something to measure."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.ledger import Ledger, State
from crawler.ledger.images import ImageState
from crawler.run.estimate import ENOUGH, SUPPOSED_FILE, SUPPOSED_RECORD, estimate
from crawler.wayback.capture import Capture

COUNT = 49_122


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.sqlite", "https://archive.example")


def listed(ledger: Ledger, count: int) -> None:
    ledger.add_source("wayback", "https://archive.example/web")
    listing, _ = ledger.open_listing("x")
    captures = [
        (n, Capture(timestamp="20210712013906", original=f"https://www.hkcnews.com/article/{n}"))
        for n in range(1, count + 1)
    ]
    ledger.add_page(listing, captures, None, 0, 0, 0, "wayback")


def recovered(
    ledger: Ledger, output: Path, article: int, requests: int = 2, stored: int = 1_000, file: int = 500
) -> None:
    """An article that took so many requests, and has so many bytes in the store and as a file."""
    row = ledger.captures(article)[0]
    for _ in range(requests):
        ledger.attempt(1, row.id, "capture", "")
    ledger.note(row.id, verdict="article", warc="a.warc.gz", warc_offset=0, warc_length=stored)
    (output / f"{article}.md").write_bytes(b"x" * file)
    ledger.settle(article, State.RECOVERED, 1, capture=row.id, file=f"{article}.md", sha256="x")


def test_the_whole_site_before_anything_is_known(ledger: Ledger, tmp_path: Path) -> None:
    found = estimate(ledger, range(1, COUNT + 1), tmp_path, 240.0)
    assert (found.articles, found.stored, found.measured) == (COUNT, 0, False)
    assert found.each == SUPPOSED_RECORD + SUPPOSED_FILE
    (sentence,) = found.sentences()
    assert sentence == (
        "49,122 articles to recover. An estimate: 51,578 requests, 3.6 h at least at 240 a minute, 1.3 GB on the disk"
        " (26 kB each is supposed, in the store and as a file)"
    )


def test_images_are_counted_by_what_the_public_backup_has(ledger: Ledger, tmp_path: Path) -> None:
    found = estimate(ledger, range(1, COUNT + 1), tmp_path, 240.0, images=0)
    assert found.images is not None
    assert found.images.images == pytest.approx(119_000, rel=0.01)
    assert list(found.sentences())[1].startswith(
        "After the articles, by their number about 118,970 images to fetch. An estimate: 237,940 requests"
    )


def test_what_was_recovered_already_tells(ledger: Ledger, tmp_path: Path) -> None:
    listed(ledger, ENOUGH + 10)
    for article in range(1, ENOUGH):
        recovered(ledger, tmp_path, article)
    assert not estimate(ledger, ledger.due(), tmp_path, 60.0).measured
    recovered(ledger, tmp_path, ENOUGH)
    found = estimate(ledger, ledger.due(), tmp_path, 60.0)
    assert (found.articles, found.requests, found.seconds, found.each, found.size) == (10, 20, 20.0, 1_500, 15_000)
    assert "measured so far" in str(found)


def test_what_is_stored_is_not_asked_for(ledger: Ledger, tmp_path: Path) -> None:
    listed(ledger, 3)
    recovered(ledger, tmp_path, 1)
    recovered(ledger, tmp_path, 2)
    ledger.note(ledger.captures(2)[0].id, verdict="farewell")
    ledger.reopen([1, 2])
    found = estimate(ledger, ledger.due(), tmp_path, 240.0)
    assert (found.articles, found.stored, found.requests) == (3, 1, 2)
    assert "1 of them without a request" in str(found)
    assert (
        str(estimate(ledger, [1], tmp_path, 240.0))
        == "1 article to recover, 1 of them without a request from what is stored"
    )


def test_images_of_recovered_articles_tell_how_many_there_will_be(ledger: Ledger, tmp_path: Path) -> None:
    listed(ledger, ENOUGH + 10)
    for article in range(1, ENOUGH + 1):
        recovered(ledger, tmp_path, article)
        ledger.want_images(
            article, 1, [(f"images/{article}-{n}.jpg", f"https://x.example/{article}-{n}.jpg") for n in range(3)]
        )
    assert ledger.image_counts()[ImageState.WANTED] == 60
    found = estimate(ledger, ledger.due(), tmp_path, 240.0, images=60)
    assert found.images is not None
    assert found.images.images == 60 + 30
