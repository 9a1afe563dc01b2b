"""Which capture is taken first: a table of cases, each listed best first."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from crawler.recovery.case import capture_order, resolved_status
from crawler.wayback.capture import EMPTY_DIGEST, REVISIT, Capture
from tests.walking import walked

WELL = "https://www.hkcnews.com/article/5/%E7%94%B2"
BARE = "http://hkcnews.com/article/5"
QUERY = "https://www.hkcnews.com/article/5?fbclid=x"
PORT = "http://www.hkcnews.com:80/article/5"
TWICE = "https://www.hkcnews.com/article/5/%25E7%2594%25B2"
MOJIBAKE = "https://www.hkcnews.com/article/5/%EF%BF%BD"
BAD = frozenset({"FAREWELL"})


def capture(timestamp: str, digest: str = "A", original: str = WELL, status: str = "200") -> Capture:
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
    "one": [capture("20200101000000")],
    "none": [],
    "the newest first": [
        capture("20220101000000", "C"),
        capture("20210101000000", "A"),
        capture("20200101000000", "B"),
    ],
    "after the site's closing too": [capture("20221201000000", "B"), capture("20211231000000", "A")],
    "errors after the article": [
        capture("20200101000000"),
        capture("20230101000000", "R", status="301"),
        capture("20210101000000", "R2", status="302"),
        capture("20240101000000", "E", status="404"),
        capture("20220101000000", "E2", status="503"),
    ],
    "bad bytes last": [
        capture("20180101000000", "A"),
        capture("20190101000000", "R", status="301"),
        capture("20200101000000", "E", status="404"),
        capture("20230201000000", "FAREWELL"),
        capture("20230101000000", "FAREWELL"),
    ],
    "empty bytes are bad": [
        capture("20180101000000", "E", status="500"),
        capture("20230101000000", EMPTY_DIGEST),
        capture("20210101000000", EMPTY_DIGEST, status="-"),
    ],
    "a bad revisit is bad": [
        capture("20180101000000", "E", status="404"),
        capture("20230101000000", "FAREWELL", status="-"),
    ],
    "a revisit is what it repeats": [
        capture("20210101000000", "A", status="-"),
        capture("20190101000000", "A"),
        capture("20200101000000", "E", status="404"),
        capture("20180101000000", "E", status="-"),
    ],
    "a revisit of bytes that were an error once and the article once": [
        capture("20210101000000", "A", status="-"),
        capture("20200101000000", "A"),
        capture("20190101000000", "A", status="404"),
    ],
    "an unknown revisit after the article, before redirects": [
        capture("20190101000000", "A"),
        capture("20210101000000", "U", status="-"),
        capture("20220101000000", "R", status="301"),
    ],
    "well spelt first, for the same bytes": [
        capture("20180101000000", "A", WELL),
        capture("20210101000000", "A", QUERY),
        capture("20200101000000", "A", PORT),
        capture("20220101000000", "A", TWICE),
        capture("20230101000000", "A", MOJIBAKE),
    ],
    "newest first among the well spelt": [capture("20210101000000", "A", BARE), capture("20200101000000", "A", WELL)],
    "newer bytes first, however spelt": [
        capture("20230101000000", "B", MOJIBAKE),
        capture("20220101000000", "A", WELL),
    ],
    "the same bytes stay together": [
        capture("20200101000000", "A", WELL),
        capture("20230101000000", "A", MOJIBAKE),
        capture("20220101000000", "B", WELL),
        capture("20210101000000", "B", WELL),
    ],
    "a month that is no month": [
        capture("20200801000000", "B"),
        capture("20200800241623", "A"),
        capture("20200731000000", "C"),
    ],
    "a timestamp that is no time": [capture("20200101000000", "B"), capture("2020-junk", "A")],
    "without digests only time counts": [
        capture("20220101000000", "", MOJIBAKE),
        capture("20210101000000", "", WELL),
        capture("20200101000000", "", QUERY),
    ],
}


@walked("best_first", CASES.values(), ids=CASES.keys())
def test_the_order_of_captures(best_first: list[Capture]) -> None:
    for shuffled in (best_first, best_first[::-1], best_first[1::2] + best_first[::2]):
        assert ranked_captures(shuffled) == best_first


def test_what_a_revisit_repeats() -> None:
    known, revisit, unknown = capture("1", "A"), capture("2", "A", status="-"), capture("3", "B", status="-")
    assert resolved_status([revisit, known, unknown]) == {known: "200", revisit: "200", unknown: "-"}


@given(
    st.lists(
        st.builds(
            capture,
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
