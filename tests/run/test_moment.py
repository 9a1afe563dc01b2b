"""A moment comes back from the ledger as it was, or not at all."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from crawler.run.progress import Hold, ProgressSnapshot
from tests.run.moments import ANY, NOW, moment


@given(ANY)
def test_every_moment_comes_back_as_it_was(any_moment: ProgressSnapshot) -> None:
    assert ProgressSnapshot.from_json(any_moment.to_json()) == any_moment


def test_what_is_none_is_refused() -> None:
    written = json.loads(moment(hold=Hold("a pause", NOW)).to_json())
    changes: tuple[dict[str, object], ...] = (
        {"schema": 2},
        {"phase": "sleeping"},
        {"colour": "red"},
        {"hold": {"reason": "x"}},
        {"hold": 3},
        {"paces": 3},
        {"paces": [{"host": "x"}]},
    )
    for text in (*(json.dumps(written | change) for change in changes), "", "null", "[]", '{"run": 1}', "{"):
        with pytest.raises(ValueError, match=r"."):
            ProgressSnapshot.from_json(text)


def test_what_is_settled_is_what_is_no_longer_left() -> None:
    settled = {(0, 0): 0, (4, 4): 0, (4, 1): 3, (4, 0): 4, (4, 6): 0}
    assert {(due, left): moment(due=due, left=left).settled for due, left in settled} == settled
