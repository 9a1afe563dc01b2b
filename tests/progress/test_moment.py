"""A moment comes back from the ledger as it was, or not at all."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from crawler.progress.moment import Hold, Moment
from tests.progress.moments import ANY, NOW, moment


@given(ANY)
def test_every_moment_comes_back_as_it_was(any_moment: Moment) -> None:
    assert Moment.from_json(any_moment.to_json()) == any_moment


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"schema": 2}, "no moment"),
        ({"run": "7"}, "run is '7'"),
        ({"phase": "sleeping"}, "sleeping"),
        ({"eta": float("nan")}, "eta is nan"),
        ({"known": 1.5}, "known is 1.5"),
        ({"colour": "red"}, "colour is 'red'"),
        ({"hold": {"reason": "x"}}, "until lacking"),
        ({"hold": 3}, "no object"),
        ({"paces": {}}, "paces"),
        ({"paces": [{"host": "x"}]}, "lacking"),
    ],
)
def test_what_is_none_is_refused(change: dict[str, object], why: str) -> None:
    written = json.loads(moment(hold=Hold("a pause", NOW)).to_json())
    with pytest.raises(ValueError, match=why):
        Moment.from_json(json.dumps(written | change))


@pytest.mark.parametrize("text", ["", "null", "[]", '{"run": 1}', "{"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Moment.from_json(text)


@pytest.mark.parametrize(
    ("due", "left", "settled", "share"), [(0, 0, 0, 0.0), (4, 4, 0, 0.0), (4, 1, 3, 0.75), (4, 0, 4, 1.0), (4, 6, 0, 0.0)]
)
def test_what_is_settled_is_what_is_no_longer_left(due: int, left: int, settled: int, share: float) -> None:
    now = moment(due=due, left=left)
    assert (now.settled, now.share) == (settled, share)
