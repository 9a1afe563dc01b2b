"""Sources: how they are named, what files of web archives hold of articles, and how a capture out of one is answered.

Those that cannot be are in `tests/run/test_settings.py`.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from crawler.ledger import Ledger
from crawler.recovery.sources import WebArchiveFiles, describe_counts, index_captures, index_files, reply_from_file
from crawler.recovery.store import Store
from crawler.run.settings import read_sources
from crawler.warc.captures import Damage
from crawler.warc.writer import CaptureOrigin
from crawler.wayback.archive import WebArchive
from crawler.wayback.digest import DigestResult, compare_digest
from tests.pages import address, article
from tests.recovering import FIRST, SECOND, capture, memento, redirect
from tests.warc.foreign import digested, http, identity, packed, record, wacz

SETTINGS = {"ARCHIVE_URL": "http://127.0.0.1:9", "ARCHIVE_PUBLIC_URL": "https://archive.example"}


def sources(value: object) -> list[str]:
    return [source.name for source in read_sources({**SETTINGS, "SOURCES": value})]


def stored(folder: Path, *numbers: int) -> Path:
    """A folder of WARC files with captures of these articles."""
    store = Store(folder)
    for number in numbers:
        of = capture(number)
        reply = memento(of)
        store.add(reply, compare_digest(reply.payload, None, of.digest), CaptureOrigin("http://archive.test/x"))
    store.close()
    return folder


def test_sources_are_named_in_order(tmp_path: Path) -> None:
    mine = stored(tmp_path / "mine", 5)
    assert sources("wayback") == ["wayback"]
    assert sources(f"{mine}, pywb+http://127.0.0.1:8080/coll ,wayback") == [
        "mine",
        "pywb+http://127.0.0.1:8080/coll",
        "wayback",
    ]
    site = read_sources({**SETTINGS, "SOURCES": ["pywb+http://127.0.0.1:8080/coll=https://pywb.example/coll"]})[0]
    assert isinstance(site, WebArchive)
    assert (site.name, site.address, site.public) == (
        "pywb+https://pywb.example/coll",
        "http://127.0.0.1:8080/coll",
        "https://pywb.example/coll",
    )


def test_stock_is_taken_once_and_again_when_a_file_has_changed(tmp_path: Path) -> None:
    folder = stored(tmp_path / "mine", 5)
    files = WebArchiveFiles("mine", folder)
    with Ledger(tmp_path / "ledger.sqlite", "https://archive.example") as ledger:
        ledger.add_source("mine", "https://archive.example/web", is_file=True)
        index_files(files, ledger)
        (row,) = ledger.captures(5)
        assert (row.source, row.source_file, row.replay, row.capture) == (
            "mine",
            "mine",
            "https://archive.example/web",
            row.capture,
        )
        reply = reply_from_file(row)
        assert (reply.payload, reply.timestamp, reply.original) == (article(5), SECOND, capture(5).original)
        ledger.note(row.id, answer="not archived")
        index_files(files, ledger)
        assert ledger.captures(5)[0].answer == "not archived"
        stored(folder, 6)
        index_files(files, ledger)
        assert ledger.captures(5)[0].answer == ""
        assert [ledger.captures(6)[0].from_file is not None, ledger.articles_with_captures()] == [True, [5, 6]]


def test_a_redirect_in_a_file_leads_on(tmp_path: Path) -> None:
    store = Store(tmp_path)
    here, there = capture(5, FIRST, status="302", body=b""), capture(5, slug="/x")
    moved = redirect(here, there)
    store.add(moved, compare_digest(moved.payload, None, here.digest), CaptureOrigin("http://archive.test/x"))
    store.close()
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        index_files(WebArchiveFiles("mine", tmp_path), ledger)
        reply = reply_from_file(ledger.captures(5)[0])
    assert reply.location == (FIRST, there.original)


def test_a_damaged_file_gives_what_is_whole(tmp_path: Path) -> None:
    folder = stored(tmp_path / "mine", 5, 6, 7)
    (path,) = folder.iterdir()
    path.write_bytes(path.read_bytes()[:-200])
    damages: list[Damage] = []
    held = [article for some in index_captures([folder], damages.append, Counter()) for article, _ in some]
    assert held == [5, 6, 7]
    assert len(damages) == 1


def indexed(*paths: Path) -> tuple[list[int], list[Damage], Counter[str]]:
    damages: list[Damage] = []
    passed: Counter[str] = Counter()
    held = [article for some in index_captures(paths, damages.append, passed) for article, _ in some]
    return held, damages, passed


def test_every_record_that_is_passed_over_is_counted_and_damage_to_another_address_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    other = "http://a.example/x"
    records = [
        record(b"software: x\r\n", "warcinfo", fields={"Content-Type": "application/warc-fields"}),
        record(b"GET / HTTP/1.1\r\n\r\n", "request", url=address(5)),
        record(http(article(5)), url=address(5)),
        record(article(6), "resource", url=address(6), fields={"Content-Type": "text/html"}),
        record(b"HTTP/1.1 0 OK\r\nContent-Type: text/html\r\n\r\n" + article(7), url=address(7)),
        record(b"no HTTP head", url=other),
        record(http(b"too short"), url=other, fields={"Content-Length": "999"}),
        record(http(b"x"), url=other),
        record(b"20210102\n", url="dns:a.example", fields={"Content-Type": "text/dns"}),
        record(http(b"Temporarily Offline"), url=f"https://web.archive.org/web/2020id_/{other}"),
        record(b"in short", "conversion", url=address(5), fields={"Content-Type": "text/plain"}),
    ]
    path.write_bytes(packed(records))
    held, damages, passed = indexed(path)
    assert (held, damages) == ([5, 6, 7], [])
    assert (
        describe_counts(passed)
        == "2 damaged records of other addresses, 1 capture of other addresses, 1 conversion record, 1 page of an"
        " archive's own, 1 request record, 1 response record of another protocol, 1 warcinfo record"
    )
    path.write_bytes(packed([*records, record(b"no HTTP head", url=address(8))]))
    assert [damage.original for damage in indexed(path)[1]] == [address(8)]


def test_a_revisit_without_payload_is_told_once(tmp_path: Path) -> None:
    lost = record(b"", "revisit", url=address(5), number=1, fields=digested(b"elsewhere"))
    again = record(b"", "revisit", url=address(5), number=2, fields=digested(b"elsewhere"))
    for name in ("a.warc.gz", "b.warc.gz"):
        (tmp_path / name).write_bytes(packed([lost, again]))
    wacz(tmp_path / "c.wacz", {"a.warc.gz": packed([lost, lost])})
    held, damages, _ = indexed(tmp_path)
    assert (held, [address(5) in damage.why for damage in damages]) == ([], [True])
    whole = record(http(b"elsewhere"), url=address(6), number=3, fields=digested(b"elsewhere"))
    (tmp_path / "d.warc").write_bytes(whole)
    assert indexed(tmp_path)[:2] == ([6, 5], [])


def test_a_digest_over_the_whole_block_is_no_mismatch(tmp_path: Path) -> None:
    block = http(article(5))
    (tmp_path / "a.warc.gz").write_bytes(
        packed(
            [
                record(block, url=address(5), number=1, fields=digested(block)),
                record(
                    b"",
                    "revisit",
                    url=address(5),
                    number=2,
                    fields=digested(block, **{"WARC-Refers-To": identity(1), "WARC-Date": "2022-01-01T00:00:00Z"}),
                ),
            ]
        )
    )
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        index_files(WebArchiveFiles("a.warc.gz", tmp_path / "a.warc.gz"), ledger)
        rows = ledger.captures(5)
        assert len(rows) == 2
        for row in rows:
            assert compare_digest(reply_from_file(row).payload, None, row.capture.digest).result is DigestResult.MATCH
