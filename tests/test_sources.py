"""Sources: how they are named, what files of web archives hold of articles, and how a capture out of one is answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.archive.digest import check
from crawler.archive.holdings import Damage
from crawler.archive.site import Site
from crawler.ending import Fatal, Status
from crawler.ledger import Ledger
from crawler.sources import Files, index, read_sources, reply_of, take_stock
from crawler.store import Origin, Store
from tests.pages import article
from tests.recovering import FIRST, SECOND, capture, memento, redirect

SETTINGS = {"ARCHIVE_URL": "http://127.0.0.1:9", "ARCHIVE_PUBLIC_URL": "https://archive.example"}


def sources(value: object) -> list[str]:
    return [source.name for source in read_sources({**SETTINGS, "SOURCES": value})]


def stored(folder: Path, *numbers: int) -> Path:
    """A folder of WARC files with captures of these articles."""
    store = Store(folder)
    for number in numbers:
        of = capture(number)
        reply = memento(of)
        store.add(reply, check(reply.body, None, of.digest), Origin("http://archive.test/x", of.digest))
    store.close()
    return folder


def test_sources_are_named_in_order(tmp_path: Path) -> None:
    mine = stored(tmp_path / "mine", 5)
    assert sources("wayback") == ["wayback"]
    assert sources(f"{mine}, pywb+http://127.0.0.1:8080/coll ,wayback") == ["mine", "pywb+http://127.0.0.1:8080/coll", "wayback"]
    site = read_sources({**SETTINGS, "SOURCES": ["pywb+http://127.0.0.1:8080/coll=https://pywb.example/coll"]})[0]
    assert isinstance(site, Site)
    assert (site.name, site.address, site.public) == (
        "pywb+https://pywb.example/coll",
        "http://127.0.0.1:8080/coll",
        "https://pywb.example/coll",
    )


@pytest.mark.parametrize("value", ["", "waybck", "pywb+", "pywb+ftp://x/y", "/no/such/file.warc.gz", "wayback,wayback", "wayback,", None])
def test_a_source_that_cannot_be_is_refused_and_named(value: object) -> None:
    with pytest.raises(Fatal) as refused:
        sources(value)
    assert refused.value.ending.status is Status.USAGE
    assert refused.value.ending.message.startswith("SOURCES=")


def test_stock_is_taken_once_and_again_when_a_file_has_changed(tmp_path: Path) -> None:
    folder = stored(tmp_path / "mine", 5)
    files = Files("mine", folder)
    with Ledger(tmp_path / "ledger.sqlite", "https://archive.example") as ledger:
        ledger.declare("mine", "https://archive.example/web", is_file=True)
        take_stock(files, ledger)
        (row,) = ledger.captures(5)
        assert (row.source, row.held_in, row.replay, row.capture) == ("mine", "mine", "https://archive.example/web", row.capture)
        reply = reply_of(row)
        assert (reply.body, reply.timestamp, reply.original) == (article(5), SECOND, capture(5).original)
        ledger.note(row.id, answer="not archived")
        take_stock(files, ledger)
        assert ledger.captures(5)[0].answer == "not archived"
        stored(folder, 6)
        take_stock(files, ledger)
        assert ledger.captures(5)[0].answer == ""
        assert [ledger.captures(6)[0].held is not None, ledger.at_hand()] == [True, [5, 6]]


def test_a_redirect_in_a_file_leads_on(tmp_path: Path) -> None:
    store = Store(tmp_path)
    here, there = capture(5, FIRST, status="302", body=b""), capture(5, slug="/x")
    moved = redirect(here, there)
    store.add(moved, check(moved.body, None, here.digest), Origin("http://archive.test/x", here.digest))
    store.close()
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        take_stock(Files("mine", tmp_path), ledger)
        reply = reply_of(ledger.captures(5)[0])
    assert reply.location == (FIRST, there.original)


def test_a_damaged_file_gives_what_is_whole(tmp_path: Path) -> None:
    folder = stored(tmp_path / "mine", 5, 6, 7)
    (path,) = folder.iterdir()
    path.write_bytes(path.read_bytes()[:-200])
    damages: list[Damage] = []
    held = [article for some in index([folder], damages.append) for article, _ in some]
    assert held == [5, 6, 7]
    assert len(damages) == 1
