from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from crawler.utils.timestamps import is_timestamp, timestamp_of
from crawler.wayback.capture import EMPTY_DIGEST, Capture
from crawler.wayback.digest import payload_digest
from tests.walking import walked


@walked(
    ("timestamp", "moment"),
    [
        ("20211230123456", datetime(2021, 12, 30, 12, 34, 56, tzinfo=UTC)),
        ("20000800241623", datetime(2000, 8, 24, 16, 23, tzinfo=UTC)),  # an inserted "00" pushed the seconds out
        ("20000008241623", datetime(2000, 8, 24, 16, 23, tzinfo=UTC)),
        ("20210600123456", datetime(2021, 6, 1, 12, 34, 56, tzinfo=UTC)),  # leaving "00" out gives no hour
        ("20210000000000", datetime(2021, 1, 1, tzinfo=UTC)),
        ("20210600000000", datetime(2021, 6, 1, tzinfo=UTC)),
        ("2021", datetime(2021, 1, 1, tzinfo=UTC)),
        ("20216", datetime(2021, 1, 1, tzinfo=UTC)),
        ("202106", datetime(2021, 6, 1, tzinfo=UTC)),
        ("202106071234", datetime(2021, 6, 7, 12, 34, tzinfo=UTC)),
        ("20210230000000", None),
        ("20211331000000", None),
        ("00000101000000", None),
        ("", None),
        ("202", None),
        ("2021123012345678", None),
        ("２０２１１２３０１２３４５６", None),
        ("2021-12-30", None),
    ],
)
def test_moment(timestamp: str, moment: datetime | None) -> None:
    assert Capture(timestamp=timestamp, original="http://site.example/").moment == moment


@given(st.text("0123456789", max_size=16))
def test_any_digits_are_a_moment_or_none(timestamp: str) -> None:
    moment = Capture(timestamp=timestamp, original="x").moment
    assert moment is None or (moment.tzinfo is UTC and moment.year == int(timestamp[:4]))


@given(st.datetimes(min_value=datetime(1, 1, 1)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_a_moment_comes_back_from_its_timestamp(naive: datetime) -> None:
    moment = naive.replace(tzinfo=UTC, microsecond=0)
    timestamp = timestamp_of(moment)
    assert is_timestamp(timestamp)
    assert Capture(timestamp=timestamp, original="x").moment == moment


@walked(
    ("text", "wanted"),
    [
        ("20211230123456", True),
        ("2021123012345", False),
        ("2021123012345x", False),
        ("２０２１１２３０１２３４５６", False),
        ("", False),
    ],
)
def test_is_timestamp(text: str, wanted: bool) -> None:
    assert is_timestamp(text) is wanted


def test_defaults_and_revisit() -> None:
    assert not Capture(timestamp="20211230123456", original="x").is_revisit
    assert Capture(timestamp="20211230123456", original="x", mimetype="warc/revisit", statuscode="-").is_revisit
    assert payload_digest(b"") == EMPTY_DIGEST
