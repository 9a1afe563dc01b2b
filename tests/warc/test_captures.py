from dataclasses import replace
from itertools import permutations

from crawler.warc.captures import ArchivedCapture, Damage, RecordLinks, resolve_revisits
from crawler.warc.writer import RecordLocation
from crawler.wayback.capture import REVISIT, Capture

URL = "http://a.example/"
DIGEST = "A" * 32
ALONE = RecordLinks()


def holding(
    file: str = "a.warc",
    offset: int = 0,
    *,
    timestamp: str = "20210101000000",
    url: str = URL,
    links: RecordLinks = ALONE,
    **changes: str,
) -> ArchivedCapture:
    fields = {"mimetype": "text/html", "statuscode": "200", "digest": DIGEST, "length": "9", **changes}
    return ArchivedCapture(
        Capture(timestamp=timestamp, original=url, **fields), RecordLocation(file, offset, 9), links=links
    )


def revisit(links: RecordLinks = ALONE, **changes: str) -> ArchivedCapture:
    return holding(
        "r.warc", 5, timestamp="20220202000000", links=links, **{"mimetype": REVISIT, "statuscode": "-", **changes}
    )


def test_by_record_id() -> None:
    other = holding("b.warc", url="http://b.example/", links=RecordLinks("<2>"))
    wanted = holding(links=RecordLinks("<1>"), url="http://c.example/", mimetype="text/plain", statuscode="404")
    found = resolve_revisits([revisit(RecordLinks(refers_to="<1>")), other, wanted])[-1]
    assert isinstance(found, ArchivedCapture)
    assert (found.payload, found.capture.mimetype, found.capture.statuscode) == (wanted.place, "text/plain", "404")
    assert found.place.file == "r.warc"


def test_by_address_and_date() -> None:
    links = RecordLinks(refers_to="<absent>", refers_to_target=URL, refers_to_date="20210101000000")
    wanted = holding(links=RecordLinks("<1>", URL, "20210101000000"), digest="")
    other = holding("b.warc", timestamp="20210102000000", links=RecordLinks("<2>", URL, "20210102000000"), digest="")
    found = resolve_revisits([other, wanted, revisit(links, digest="")])[-1]
    assert isinstance(found, ArchivedCapture)
    assert found.payload == wanted.place


def test_by_digest_and_of_the_same_address_first() -> None:
    others = [holding(f"{n}.warc", url=f"http://{n}.example/") for n in range(3)]
    wanted = holding("z.warc")
    found = resolve_revisits([*others, wanted, revisit(statuscode="301")])[-1]
    assert isinstance(found, ArchivedCapture)
    assert (found.payload, found.capture.statuscode) == (wanted.place, "301")


def test_a_record_of_another_digest_is_not_what_is_referred_to() -> None:
    wrong = holding(links=RecordLinks("<1>"), digest="B" * 32)
    lost = resolve_revisits([wrong, revisit(RecordLinks(refers_to="<1>"))])[-1]
    assert isinstance(lost, Damage)
    assert (lost.file, lost.offset) == ("r.warc", 5)
    assert DIGEST in lost.why


def test_not_modified_has_the_status_of_what_was_not_modified() -> None:
    found = resolve_revisits(
        [holding(links=RecordLinks("<1>")), revisit(RecordLinks(refers_to="<1>"), statuscode="304", digest="")]
    )[-1]
    assert isinstance(found, ArchivedCapture)
    assert (found.capture.statuscode, found.capture.digest) == ("200", DIGEST)


def test_a_revisit_of_a_revisit_is_found_by_digest() -> None:
    first = holding(links=RecordLinks("<1>"))
    second = replace(revisit(RecordLinks("<2>", refers_to="<1>")), place=RecordLocation("s.warc", 0, 9))
    third = holding(
        "t.warc",
        timestamp="20230303000000",
        links=RecordLinks("<3>", refers_to="<2>"),
        mimetype=REVISIT,
        statuscode="-",
    )
    found = resolve_revisits([third, second, first])
    assert [thing.payload for thing in found if isinstance(thing, ArchivedCapture)] == [None, first.place, first.place]


def test_duplicates_leave_the_best_whatever_their_order() -> None:
    best = holding("b.warc", 7)
    things = [
        best,
        holding("b.warc", 8),
        holding("c.warc"),
        replace(holding("a.warc"), truncated="length"),
        replace(holding("a.warc", 1), rewritten=True),
    ]
    for order in permutations(things):
        assert resolve_revisits(order) == [best]


def test_captures_that_differ_in_one_thing_stay() -> None:
    things = [
        holding(),
        holding(digest="B" * 32),
        holding(url="http://b.example/"),
        holding(timestamp="20210101000001"),
    ]
    assert len(resolve_revisits(things)) == 4
