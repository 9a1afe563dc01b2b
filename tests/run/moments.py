"""Moments for the tests: some that mean something, and any that there may be."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from crawler.politeness.summary import RequestPace as Pace
from crawler.run.progress import Hold, Phase, ProgressSnapshot

NOW = 1_800_000_000.0
"""2027-01-15 08:00:00 UTC."""
HOST = "https://archive.example"
PLAYBACK = Pace(HOST, "playback", 13_020, 231, 240.0, 240.0)
INDEX = Pace(HOST, "cdx", 13, 2, 24.0, 24.0)


def moment(phase: Phase = Phase.ARTICLES, **more: Any) -> ProgressSnapshot:
    """The middle of a long run."""
    values: dict[str, Any] = {
        "known": 49_122,
        "recovered": 12_300,
        "given_up": 40,
        "waiting": 5,
        "due": 49_122,
        "left": 36_777,
        "eta": 9_660.0,
        "paces": (INDEX, PLAYBACK),
        **more,
    }
    return ProgressSnapshot(7, NOW, NOW - 3_060, phase, **values)


_NUMBERS = st.integers(0, 10**9)
_SECONDS = st.floats(0, 4e9)
_NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
_PACES = st.builds(Pace, _NAMES, st.sampled_from(["playback", "cdx"]), _NUMBERS, _NUMBERS, _SECONDS, _SECONDS)
ANY = st.builds(
    ProgressSnapshot,
    run=_NUMBERS,
    at=_SECONDS,
    started=_SECONDS,
    phase=st.sampled_from(Phase),
    source=_NAMES,
    **dict.fromkeys(
        ("rows", "known", "recovered", "given_up", "waiting", "due", "left", "later", "have", "missing"), _NUMBERS
    ),
    later_at=_SECONDS,
    eta=st.none() | _SECONDS,
    hold=st.none() | st.builds(Hold, _NAMES, _SECONDS),
    paces=st.lists(_PACES, max_size=3).map(tuple),
)
"""Any moment, sensible or not."""
