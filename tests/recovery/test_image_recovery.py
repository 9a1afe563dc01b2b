"""Which request follows which answer, without any network: the archive is a table, the clock a number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from crawler.ledger import ArticleRow, Ledger, State
from crawler.ledger.images import ImageRow, ImageState
from crawler.recovery.image_case import MOST_FOLLOWED, MOST_LISTED, ImageLookup, ImageRequest, nearest
from crawler.recovery.image_files import image_file, image_places
from crawler.recovery.image_recovery import ENOUGH, ImageRecovery, estimate_images
from crawler.recovery.store import Store, reconcile
from crawler.wayback.capture import Capture
from crawler.wayback.cdx import CdxPage
from crawler.wayback.digest import payload_digest
from crawler.wayback.playback import Answer, Reply
from tests.recovery.image_samples import png

AT, LATER = "20210712013906", "20220101000000"
URL = "https://www.hkcnews.com/p/{}.png"
WAITS = (1.0, 10.0, 100.0, 1000.0)
Key = tuple[str, str, str]


class Bench:
    """A ledger with articles, each with one image, and an archive that is a table of answers by (source, time,
    address)."""

    def __init__(self, folder: Path, count: int = 1, sources: tuple[str, ...] = ("wayback",)) -> None:
        self.folder, self.sources, self.now = folder, sources, 0.0
        self.ledger = Ledger(folder / "ledger.sqlite")
        self.store = Store(folder / "warc")
        self.answers: dict[Key, Reply | Answer] = {}
        self.index: dict[tuple[str, str], list[Capture] | Answer] = {}
        self.asked: list[Key | tuple[str, str]] = []
        for name in sources:
            self.ledger.add_source(name, f"https://{name}.example/web")
        for number in range(1, count + 1):
            self._recovered(number)
        self.images = self.begun()

    def _recovered(self, number: int) -> None:
        listing, _ = self.ledger.open_listing(str(number))
        capture = Capture(timestamp=AT, original=f"https://www.hkcnews.com/article/{number}")
        self.ledger.add_page(listing, self.sources[-1], [(number, capture)], 0, CdxPage())
        (row,) = self.ledger.captures(number)
        self.ledger.settle(ArticleRow(number, State.RECOVERED, capture=row.id, file="x", sha256="y"), 1)
        self.ledger.want_images(number, row.id, image_places([URL.format(number)]))

    def begun(self) -> ImageRecovery:
        """As a new run would begin."""
        due = self.ledger.due_images()
        return ImageRecovery(self.ledger, self.store, self.folder, 1, due, lambda: self.now, WAITS, self.sources)

    def answer(self, step: ImageRequest | ImageLookup) -> None:
        if isinstance(step, ImageLookup):
            self.asked.append((step.source, step.url))
            listed = self.index.get((step.source, step.url), [])
            if isinstance(listed, Answer):
                self.images.troubled(step, listed)
            else:
                self.images.listed(step, listed)
            return
        key = (step.source, step.capture.timestamp, step.capture.original)
        self.asked.append(key)
        reply = self.answers.get(key, missing(step.capture))
        if isinstance(reply, Answer):
            self.images.troubled(step, reply)
        else:
            self.images.received(
                step, reply, f"https://x.example/web/{step.capture.timestamp}im_/{step.capture.original}"
            )

    def run(self) -> None:
        """Until nothing is left, with the clock put forward whenever all wait."""
        while self.images.left:
            for step in list(self.images.steps(8)):
                self.answer(step)
            self.now += self.images.wait() or 0.0

    def close(self) -> None:
        self.store.close()
        self.ledger.close()

    def row(self, number: int = 1) -> ImageRow:
        found = self.ledger.image(str(image_file(URL.format(number))))
        assert found is not None
        return found


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    with ExitStack() as stack:

        def made(count: int = 1, sources: tuple[str, ...] = ("wayback",)) -> Bench:
            bench = Bench(tmp_path, count, sources)
            stack.callback(bench.close)
            return bench

        yield made


@pytest.fixture
def bench(make: Callable[..., Bench]) -> Bench:
    return make()


def missing(of: Capture) -> Reply:
    return Reply(of.original, of.timestamp, 404, (), b"", answer=Answer.NOT_ARCHIVED)


def memento(body: bytes, timestamp: str = AT, original: str = URL.format(1), status: int = 200) -> Reply:
    return Reply(original, timestamp, status, (("Content-Type", "image/png"),), body, answer=Answer.CAPTURE)


def leads(to: str, original: str, answer: Answer = Answer.CLOSEST_CAPTURE) -> Reply:
    return Reply(URL.format(1), AT, 302, (), b"", answer=answer, location=(to, original))


def listed(timestamp: str, body: bytes = b"", **other: str) -> Capture:
    fields: Mapping[str, str] = {
        "statuscode": "200",
        "mimetype": "image/png",
        "digest": payload_digest(body),
        "original": URL.format(1),
    }
    return Capture(timestamp=timestamp, **{**fields, **other})


def key(timestamp: str = AT, original: str = URL.format(1), source: str = "wayback") -> Key:
    return source, timestamp, original


def test_troubles_are_waited_out_later_and_later_and_then_the_next_run_has_it(bench: Bench) -> None:
    bench.answers[key()] = Answer.OUTAGE
    times = []
    while bench.images.left:
        for step in list(bench.images.steps(8)):
            times.append(bench.now)
            bench.answer(step)
        bench.now += bench.images.wait() or 0.0
    assert times == [0.0, 1.0, 11.0, 111.0, 1111.0]
    row = bench.row()
    assert (row.state, row.reason, row.attempts) == (ImageState.WAITING, "outage page", 5)
    assert bench.ledger.due_images() == [row.file]


def test_in_an_outage_of_the_whole_archive_attempts_are_not_counted(bench: Bench) -> None:
    (step,) = bench.images.steps(8)
    for _ in range(20):
        bench.images.troubled(step, Answer.SERVER_ERROR, counted=False)
        bench.now += bench.images.wait() or 0.0
        (step,) = bench.images.steps(8)
    bench.answers[key()] = memento(png(1))
    bench.answer(step)
    bench.run()
    assert bench.row().state is ImageState.HAVE


def test_no_more_than_there_is_room_for_is_under_way_and_one_question_to_the_index(make: Callable[..., Bench]) -> None:
    bench = make(count=20)
    for number in range(1, 21):
        bench.answers[key(original=URL.format(number))] = memento(b"<html>", original=URL.format(number))
    first = list(bench.images.steps(5))
    assert (len(first), list(bench.images.steps(5))) == (5, [])
    for step in first:
        bench.answer(step)
    then = list(bench.images.steps(5))
    assert [isinstance(step, ImageLookup) for step in then] == [True, False, False, False, False]
    for step in then:
        bench.answer(step)
    bench.run()
    assert len(bench.asked) == 40
    assert bench.images.done == {ImageState.MISSING: 20}


def test_an_archive_that_leads_on_and_on_is_not_followed_for_ever(bench: Bench) -> None:
    for number in range(30):
        bench.answers[key(f"20210{number:02d}")] = leads(f"20210{number + 1:02d}", URL.format(1))
    bench.answers[key()] = leads("2021000", URL.format(1))
    bench.run()
    assert len(bench.asked) == 1 + MOST_FOLLOWED + 1
    assert bench.row().reason == "redirects"


def test_captures_of_the_index_are_tried_up_to_a_few_and_the_same_bytes_once(bench: Bench) -> None:
    bench.answers[key()] = memento(b"<html>")
    bodies = [b"<html>1", b"<html>1", b"<html>2", b"<html>3", b"<html>4"]
    times = [f"2021080{number}000000" for number in range(1, 6)]
    bench.index["wayback", URL.format(1)] = [listed(at, body) for at, body in zip(times, bodies, strict=True)]
    for at, body in zip(times, bodies, strict=True):
        bench.answers[key(at)] = memento(body, at)
    bench.run()
    assert bench.asked == [key(), ("wayback", URL.format(1)), *(key(times[at]) for at in (0, 2, 3))]
    assert len(bench.asked) == 2 + MOST_LISTED
    assert bench.row().reason == "html_page"


def test_the_capture_that_was_no_good_is_not_asked_for_again_because_the_index_has_it(bench: Bench) -> None:
    bench.answers[key()] = leads(LATER, URL.format(1))
    bench.answers[key(LATER)] = memento(png(1)[:40], LATER)
    bench.index["wayback", URL.format(1)] = [listed(LATER, png(1)), listed("20230101000000", png(2))]
    bench.answers[key("20230101000000")] = memento(png(2), "20230101000000")
    bench.run()
    assert [asked for asked in bench.asked if asked == key(LATER)] == [key(LATER)]
    assert (bench.row().state, bench.row().timestamp) == (ImageState.HAVE, "20230101000000")


def test_an_archive_that_serves_another_time_at_once_says_so_in_the_ledger(bench: Bench) -> None:
    bench.answers[key()] = memento(png(1), LATER)
    bench.run()
    assert (bench.row().timestamp, bench.row().fault) == (LATER, "")


def test_a_capture_that_was_served_for_another_time_is_not_asked_for_by_its_own(bench: Bench) -> None:
    bench.answers[key()] = memento(b"<html>", LATER)
    bench.index["wayback", URL.format(1)] = [listed(LATER, png(1))]
    bench.run()
    assert bench.asked == [key(), ("wayback", URL.format(1))]
    assert bench.row().reason == "html_page"


def test_an_image_is_taken_only_from_a_capture_that_was_answered_with_200(make: Callable[..., Bench]) -> None:
    bench = make(count=4)
    for number, status in enumerate((404, 410, 503, 206), 1):
        bench.answers[key(original=URL.format(number))] = memento(
            png(number), original=URL.format(number), status=status
        )
    bench.run()
    assert {bench.row(number).state for number in range(1, 5)} == {ImageState.MISSING}
    assert [bench.row(number).reason for number in range(1, 5)] == ["not_found"] * 2 + ["archived_error"] * 2


def test_bytes_that_match_their_digest_are_preferred_to_nearer_ones_that_do_not(bench: Bench) -> None:
    bench.answers[key()] = memento(b"<html>")
    bench.index["wayback", URL.format(1)] = [listed("20210801000000", png(9)), listed(LATER, png(2))]
    bench.answers[key("20210801000000")] = memento(png(1), "20210801000000")
    bench.answers[key(LATER)] = memento(png(2), LATER)
    bench.run()
    assert (bench.row().timestamp, bench.row().fault) == (LATER, "")


def test_the_archive_of_the_article_comes_first_and_then_the_others(make: Callable[..., Bench]) -> None:
    bench = make(sources=("wayback", "pywb+other"))
    bench.answers[key()] = memento(png(1))
    bench.run()
    assert bench.asked == [key(source="pywb+other"), key()]
    assert bench.row().state is ImageState.HAVE


def test_an_index_that_is_out_of_order_makes_the_image_wait(bench: Bench) -> None:
    bench.answers[key()] = memento(b"<html>")
    bench.index["wayback", URL.format(1)] = Answer.SERVER_ERROR
    bench.run()
    assert (bench.row().state, bench.row().reason) == (ImageState.WAITING, "server error")
    assert bench.asked == [key(), *[("wayback", URL.format(1))] * 5]
    bench.index["wayback", URL.format(1)] = [listed(LATER, png(2))]
    bench.answers[key(LATER)] = memento(png(2), LATER)
    bench.asked.clear()
    bench.images = bench.begun()
    bench.run()
    assert bench.asked == [("wayback", URL.format(1)), key(LATER)], "what was answered before is known"
    assert bench.row().state is ImageState.HAVE


def test_a_body_without_its_end_is_asked_for_again(bench: Bench) -> None:
    (step,) = bench.images.steps(8)
    assert isinstance(step, ImageRequest)
    bench.images.received(step, memento(png(1)[:-30]), "x", whole=False)
    assert bench.images.wait() == WAITS[0]
    bench.now += WAITS[0]
    (step,) = bench.images.steps(8)
    assert isinstance(step, ImageRequest)
    bench.images.received(step, memento(png(1)), "x", whole=False)
    assert bench.row().state is ImageState.HAVE


def test_what_reached_the_store_and_not_the_ledger_is_found_again(bench: Bench) -> None:
    bench.answers[key()] = Reply(
        URL.format(1),
        AT,
        301,
        (),
        b"",
        answer=Answer.ARCHIVED_REDIRECT,
        location=(AT, "https://cdn.example/燈.png"),
    )
    bench.answers[key(original="https://cdn.example/燈.png")] = memento(png(1), original="https://cdn.example/燈.png")
    bench.run()
    bench.store.close()
    assert len(bench.asked) == 2
    with bench.ledger.batch():
        bench.ledger._db.execute("DELETE FROM image_answer")
        bench.ledger._db.execute("UPDATE image SET state = 'wanted'")
    (bench.folder / bench.row().file).unlink()
    assert reconcile(bench.ledger, Store(bench.folder / "warc")) == 2
    bench.images = bench.begun()
    bench.run()
    assert len(bench.asked) == 2, "no request more"
    assert bench.row().state is ImageState.HAVE
    assert (bench.folder / bench.row().file).read_bytes() == png(1)


def test_bytes_that_are_gone_from_the_store_are_asked_for_again(bench: Bench) -> None:
    bench.answers[key()] = memento(png(1))
    bench.run()
    bench.store.close()
    for path in (bench.folder / "warc").iterdir():
        path.write_bytes(b"damaged")
    bench.ledger.reopen_images([bench.row().file])
    bench.images = bench.begun()
    bench.run()
    assert bench.asked == [key(), key()]
    assert bench.row().state is ImageState.HAVE


def test_what_an_index_lists_as_no_image_is_not_asked_for() -> None:
    worthless = [
        listed(LATER, statuscode="404"),
        listed(LATER, statuscode="-", mimetype="warc/revisit"),
        listed(LATER, mimetype="text/html"),
        listed(LATER, digest="3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ"),
    ]
    assert nearest(worthless, AT) == []


def test_the_nearest_capture_is_the_first() -> None:
    rows = [listed(at, at.encode()) for at in ("20200101000000", "20210713000000", "20210710000000", "20300101000000")]
    assert [capture.timestamp for capture in nearest(rows, AT)] == [
        "20210713000000",
        "20210710000000",
        "20200101000000",
    ]
    assert len(nearest(rows, "nonsense")) == MOST_LISTED


def test_the_estimate_says_what_it_rests_on(make: Callable[..., Bench]) -> None:
    bench = make(count=ENOUGH)
    supposed = estimate_images(bench.ledger, 119_000, 240)
    assert supposed == (
        "119,000 images to fetch. An estimate: 238,000 requests, 16.5 h at least, 36 GB on the disk "
        "(150 kB each is supposed, in the store and as a file)"
    )
    for number in range(1, ENOUGH + 1):
        bench.answers[key(original=URL.format(number))] = memento(png(number), original=URL.format(number))
    bench.run()
    mean = sum(len(png(number)) for number in range(1, ENOUGH + 1)) // ENOUGH
    assert f"({mean} bytes each is measured so far, in the store and as a file)" in estimate_images(
        bench.ledger, 10, 240
    )
