"""After a crash: what reached the store and not the ledger is read from the store, and a file is looked through once
only."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crawler.ledger import State
from crawler.recovery.store import Store, mark_known, reconcile
from crawler.warc.captures import ArchivedCapture, Damage
from crawler.warc.writer import CaptureOrigin
from crawler.wayback.capture import Capture
from crawler.wayback.digest import compare_digest
from crawler.wayback.playback import Reply
from tests.pages import FAREWELL, article
from tests.recovering import FIRST, Bench, capture, memento, redirect

FOUR = [capture(number) for number in (5, 6, 7, 8)]


class Watched(Store):
    """A store that remembers which of its files were looked through."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.looked: list[str] = []

    def records(self, name: str) -> Iterator[ArchivedCapture | Damage]:
        self.looked.append(name)
        return super().records(name)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def left(bench: Bench, *replies: tuple[Capture, Reply]) -> Path:
    """A file of the store as a run left it that died before its ledger's rows were committed."""
    store = Store(bench.folder / "warc")
    before = set(store.files())
    for of, reply in replies:
        store.add(
            reply,
            compare_digest(reply.payload, None, of.digest),
            CaptureOrigin("http://archive.test/x", "wayback"),
        )
    store.close()
    (name,) = set(store.files()) - before
    return bench.folder / "warc" / name


def whole(*captures: Capture) -> list[tuple[Capture, Reply]]:
    return [(of, memento(of)) for of in captures]


def told(bench: Bench) -> int:
    return reconcile(bench.ledger, Store(bench.folder / "warc"))


def ends(bench: Bench) -> list[int]:
    """Where each record of a response ends in the only file."""
    store = Store(bench.folder / "warc")
    (name,) = store.files()
    held = [thing for thing in store.records(name) if isinstance(thing, ArchivedCapture)]
    return [thing.place.offset + thing.place.length for thing in held]


def test_an_article_is_written_from_the_store_without_a_request(bench: Bench) -> None:
    bench.lists(capture(5))
    left(bench, *whole(capture(5)))
    assert told(bench) == 1
    bench.run()
    assert (bench.requests, bench.state(5)) == ([], (State.RECOVERED, ""))
    assert bench.written[5].faults == ()
    assert bench.row(capture(5)).digest_result == "match"


def test_a_farewell_page_is_known_for_what_it_is_under_every_article(bench: Bench) -> None:
    bye = [capture(number, body=FAREWELL) for number in (5, 6)]
    bench.lists(*bye)
    left(bench, (bye[0], memento(bye[0], FAREWELL)))
    assert told(bench) == 1
    bench.run()
    assert bench.requests == []
    assert [bench.state(number) for number in (5, 6)] == [(State.UNRECOVERABLE, "farewell")] * 2


@pytest.mark.parametrize("where", ["listed", "not listed"])
def test_an_archived_redirect_leads_on_from_the_store(bench: Bench, where: str) -> None:
    here, there = capture(5, slug="/old", status="302", body=b""), capture(5, slug="/%E7%87%88")
    bench.lists(here, *([there] if where == "listed" else []))
    left(bench, (here, redirect(here, there)))
    assert told(bench) == 1
    bench.serve({there: memento(there)}).run()
    assert bench.requests == [there]
    assert bench.row(here).answer == "archived redirect"
    assert bench.state(5) == (State.RECOVERED, "")
    assert bench.written[5].row.capture.original == there.original


def test_bytes_that_do_not_match_their_digest_are_told_so_and_asked_for_again(bench: Bench) -> None:
    of = capture(5)
    bench.lists(of)
    left(bench, (of, memento(of, article(5, "別的字。"))))
    assert told(bench) == 1
    assert bench.row(of).digest_result == "mismatch"
    bench.run()
    assert bench.requests == [of]
    assert bench.written[5].faults == ()


def test_a_torn_last_record_costs_that_record_only(bench: Bench) -> None:
    bench.lists(*FOUR)
    path = left(bench, *whole(*FOUR))
    path.write_bytes(path.read_bytes()[: ends(bench)[3] - 20])
    assert told(bench) == 3
    bench.run()
    assert bench.requests == [FOUR[3]]
    assert sorted(bench.written) == [5, 6, 7, 8]


def test_damage_in_the_middle_costs_that_record_only(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.lists(*FOUR)
    path = left(bench, *whole(*FOUR))
    data, at = bytearray(path.read_bytes()), ends(bench)[1] - 200
    data[at : at + 60] = b"\x00" * 60
    path.write_bytes(data)
    assert told(bench) == 3
    assert f"{path.name} is damaged at byte" in caplog.text
    bench.run()
    assert bench.requests == [FOUR[1]]
    assert sorted(bench.written) == [5, 6, 7, 8]


def _one_member_for_all(path: Path) -> None:
    """As some tools write it: the whole file is one gzip member."""
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())))


def _no_gzip(path: Path) -> None:
    path.write_bytes(gzip.decompress(path.read_bytes()))


def _no_warc(path: Path) -> None:
    path.write_bytes(gzip.compress(b"somebody's letters\r\n" * 100))


def _nothing(path: Path) -> None:
    path.write_bytes(b"")


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _dangling_link(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.parent / "gone")


@pytest.mark.parametrize(
    ("make", "known"),
    [(_one_member_for_all, 1), (_no_gzip, 4), (_no_warc, 1), (_nothing, 1), (_folder, 1), (_dangling_link, 1)],
)
def test_a_file_that_is_not_ours_harms_nothing(bench: Bench, make: Callable[[Path], None], known: int) -> None:
    bench.lists(*FOUR)
    left(bench, *whole(FOUR[0]))
    make(left(bench, *whole(*FOUR[1:])).rename(bench.folder / "warc" / "another.warc.gz"))
    assert told(bench) == known
    bench.run()
    assert bench.requests == FOUR[known:]


def test_a_warc_of_somebody_elses_is_used_where_it_fits_and_else_passed_over(bench: Bench) -> None:
    """Captures that no listing has stay out of the ledger; one that is listed is as good as fetched."""
    bench.lists(capture(5))
    left(bench, *whole(capture(5), capture(5, FIRST), capture(9))).rename(bench.folder / "warc" / "theirs.warc.gz")
    assert told(bench) == 1
    assert bench.row(capture(5)).warc == "theirs.warc.gz"
    assert len(bench.ledger.captures(5)) == 1
    assert bench.ledger.article(9) is None


def test_what_the_ledger_knows_already_is_left_as_it_is(bench: Bench) -> None:
    bench.lists(capture(5)).run()
    known = bench.row(capture(5))
    left(bench, *whole(capture(5)))
    assert told(bench) == 0
    assert bench.row(capture(5)) == known


def test_a_file_is_looked_through_once_and_again_when_its_size_has_changed(bench: Bench) -> None:
    bench.lists(*FOUR)
    first = left(bench, *whole(*FOUR[:2]))
    later = left(bench, *whole(FOUR[2]))
    store = Watched(bench.folder / "warc")
    assert reconcile(bench.ledger, store) == 3
    assert sorted(store.looked) == sorted([first.name, later.name])
    store.looked.clear()
    assert reconcile(bench.ledger, store) == 0
    assert store.looked == []
    first.write_bytes(first.read_bytes() + left(bench, *whole(FOUR[3])).rename(bench.folder / "aside").read_bytes())
    assert reconcile(bench.ledger, store) == 1
    assert store.looked == [first.name]
    assert bench.row(FOUR[3]).warc == first.name


def test_a_run_that_ended_well_leaves_nothing_to_look_through(bench: Bench) -> None:
    bench.lists(capture(5)).run()
    wrote = Store(bench.folder / "warc")
    wrote.made += wrote.files()
    mark_known(bench.ledger, wrote)
    store = Watched(bench.folder / "warc")
    assert reconcile(bench.ledger, store) == 0
    assert store.looked == []


def test_captures_of_a_file_are_told_together_or_not_at_all(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.lists(*FOUR)
    left(bench, *whole(*FOUR))
    real, count = bench.ledger.note, iter(range(10))

    def note(number: int, **values: str | int) -> None:
        if next(count) == 2:
            raise OSError("the disk is full")
        real(number, **values)

    monkeypatch.setattr(bench.ledger, "note", note)
    with pytest.raises(OSError, match="full"):
        told(bench)
    monkeypatch.undo()
    assert [bench.row(of).warc for of in FOUR] == [""] * 4
    assert told(bench) == 4
