"""What a long job comes to: supposed at first, measured as soon as there is something to measure."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.ledger import Ledger, State
from crawler.ledger.images import ImageState
from crawler.run.estimate import ENOUGH, describe_estimate
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


def recovered(ledger: Ledger, output: Path, article: int) -> None:
    """An article that took two requests, and has 1,000 bytes in the store and 500 as a file."""
    row = ledger.captures(article)[0]
    for _ in range(2):
        ledger.attempt(1, row.id, "capture", "")
    ledger.note(row.id, verdict="article", warc="a.warc.gz", warc_offset=0, warc_length=1_000)
    (output / f"{article}.md").write_bytes(b"x" * 500)
    ledger.settle(article, State.RECOVERED, 1, capture=row.id, file=f"{article}.md", sha256="x")


def test_the_whole_site_before_anything_is_known(ledger: Ledger, tmp_path: Path) -> None:
    everything = range(1, COUNT + 1)
    articles, images = describe_estimate(ledger, everything, tmp_path, 240.0, images=0)
    assert articles == (
        "49,122 articles to recover. An estimate: 51,578 requests, 3.6 h at least at 240 a minute, 1.3 GB on the disk"
        " (26 kB each is supposed, in the store and as a file)"
    )
    assert images.startswith("After the articles, by their number about 118,970 images to fetch. An estimate: 237,940 ")
    assert list(describe_estimate(ledger, everything, tmp_path, 240.0)) == [articles]
    assert list(describe_estimate(ledger, [], tmp_path, 240.0, images=0)) == ["0 articles to recover"]


def test_what_was_recovered_already_tells(ledger: Ledger, tmp_path: Path) -> None:
    listed(ledger, ENOUGH + 10)
    for article in range(1, ENOUGH):
        recovered(ledger, tmp_path, article)
    assert "(26 kB each is supposed" in next(describe_estimate(ledger, ledger.due(), tmp_path, 60.0))
    recovered(ledger, tmp_path, ENOUGH)
    (found,) = describe_estimate(ledger, ledger.due(), tmp_path, 60.0)
    assert found == (
        "10 articles to recover. An estimate: 20 requests, 20 s at least at 60 a minute, 15 kB on the disk"
        " (1.5 kB each is measured so far, in the store and as a file)"
    )


def test_what_is_stored_is_not_asked_for(ledger: Ledger, tmp_path: Path) -> None:
    listed(ledger, 3)
    recovered(ledger, tmp_path, 1)
    recovered(ledger, tmp_path, 2)
    ledger.note(ledger.captures(2)[0].id, verdict="farewell")
    ledger.reopen([1, 2])
    without = "1 of them without a request from what is stored"
    (found,) = describe_estimate(ledger, ledger.due(), tmp_path, 240.0)
    assert found.startswith(f"3 articles to recover, {without}. An estimate: 2 requests, 0 s at least")
    assert list(describe_estimate(ledger, [1], tmp_path, 240.0)) == [f"1 article to recover, {without}"]


def test_images_of_recovered_articles_tell_how_many_there_will_be(ledger: Ledger, tmp_path: Path) -> None:
    listed(ledger, ENOUGH + 10)
    for article in range(1, ENOUGH + 1):
        recovered(ledger, tmp_path, article)
        shown = [(f"images/{article}-{n}.jpg", f"https://x.example/{article}-{n}.jpg") for n in range(3)]
        ledger.want_images(article, 1, shown)
    assert ledger.image_counts()[ImageState.WANTED] == 60
    _, images = describe_estimate(ledger, ledger.due(), tmp_path, 240.0, images=60)
    assert images.startswith("After the articles, by their number about 90 images to fetch")
