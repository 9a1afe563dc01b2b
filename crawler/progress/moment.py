"""A moment of a run: where it stands now. Written to the ledger every few seconds, so that another terminal can show it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Final, Self

SCHEMA: Final = 1
KEY: Final = "progress"
"""Where in the ledger's meta the latest moment stands."""


class Phase(StrEnum):
    """What a run is doing."""

    LISTING = "listing"
    ARTICLES = "articles"
    GAPS = "gaps"
    IMAGES = "images"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Pace:
    """Requests of one kind to one archive: sent in this run, sent in the last 60 seconds, and how many a minute are permitted now and
    at most. `kind` is the value of an Endpoint."""

    host: str
    kind: str
    sent: int
    minute: int
    permitted: float
    most: float


@dataclass(frozen=True, slots=True)
class Hold:
    """Why no request leaves, and until when (seconds since the epoch); a time that is over means until a probe is answered."""

    reason: str
    until: float


@dataclass(frozen=True, slots=True)
class Moment:
    """Where a run stands. Times are seconds since the epoch, `eta` is seconds from `at`, None while nobody can know.

    `source`, `rows`: what is being listed, and the rows of it in this run. `known`, `recovered`, `given_up`, `waiting`: articles in the
    whole ledger. `due`, `left`: of what the phase is about (articles, or images), what it had to do in this run and what of it is not
    settled yet; `later` of them wait for a later pass, which begins at `later_at`. `have`, `missing`: images of this run.
    """

    run: int
    at: float
    started: float
    phase: Phase
    source: str = ""
    rows: int = 0
    known: int = 0
    recovered: int = 0
    given_up: int = 0
    waiting: int = 0
    due: int = 0
    left: int = 0
    later: int = 0
    later_at: float = 0.0
    have: int = 0
    missing: int = 0
    eta: float | None = None
    hold: Hold | None = None
    paces: tuple[Pace, ...] = ()

    @property
    def settled(self) -> int:
        """What the phase had to do and has done."""
        return max(0, self.due - self.left)

    @property
    def share(self) -> float:
        """The same as a part of the whole, 0 to 1."""
        return min(1.0, self.settled / self.due) if self.due else 0.0

    def to_json(self) -> str:
        return json.dumps({"schema": SCHEMA, **asdict(self)})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """ValueError when it is none, or one of another version."""
        given = json.loads(text)
        if not isinstance(given, dict) or given.pop("schema", None) != SCHEMA:
            raise ValueError("no moment of a run that this version knows")
        hold, paces = given.pop("hold", None), given.pop("paces", [])
        if not isinstance(paces, list):
            raise ValueError(f"moment: paces is {paces!r}")
        return cls(
            **_checked(cls, given),
            hold=None if hold is None else Hold(**_checked(Hold, hold)),
            paces=tuple(Pace(**_checked(Pace, pace)) for pace in paces),
        )


_NEEDED: Final[Mapping[str, tuple[type, ...]]] = {
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "float | None": (int, float, type(None)),
    "Phase": (str,),
}
"""The types that JSON may have for a field, by the field's annotation."""


def _checked(kind: type[Any], given: object) -> dict[str, Any]:
    """The fields of a value as JSON has them, each of its type; ValueError else."""
    if not isinstance(given, dict):
        raise ValueError(f"moment: {given!r} is no object")
    known = {field.name: str(field.type) for field in fields(kind)}
    for name, value in given.items():
        if not isinstance(value, _NEEDED.get(known.get(name, ""), ())) or (isinstance(value, float) and not math.isfinite(value)):
            raise ValueError(f"moment: {name} is {value!r}")
    if lacking := [field.name for field in fields(kind) if field.name not in given and field.default is MISSING]:
        raise ValueError(f"moment: {', '.join(lacking)} lacking")
    return {name: Phase(value) if known[name] == "Phase" else value for name, value in given.items()}
