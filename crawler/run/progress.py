"""Where a run stands at a moment: as a value, as a line, and as lines on a terminal."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Self

from crawler.utils.text import format_duration

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table


SCHEMA: Final = 1
PROGRESS_KEY: Final = "progress"
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
    """Requests of one kind to one archive: sent in this run, sent in the last 60 seconds, and how many a minute are
    permitted now and at most. `kind` is the value of an Endpoint."""

    host: str
    kind: str
    sent: int
    minute: int
    permitted: float
    most: float


@dataclass(frozen=True, slots=True)
class Hold:
    """Why no request leaves, and until when (seconds since the epoch); a time that is over means until a probe is
    answered."""

    reason: str
    until: float


@dataclass(frozen=True, slots=True)
class ProgressSnapshot:
    """Where a run stands. Times are seconds since the epoch, `eta` is seconds from `at`, None while nobody can know.

    `source`, `rows`: what is being listed, and the rows of it in this run. `known`, `recovered`, `given_up`, `waiting`:
    articles in the whole ledger. `due`, `left`: of what the phase is about (articles, or images), what it had to do in
    this run and what of it is not settled yet; `later` of them wait for a later pass, which begins at `later_at`.
    `have`, `missing`: images of this run.
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
        if not isinstance(value, _NEEDED.get(known.get(name, ""), ())) or (
            isinstance(value, float) and not math.isfinite(value)
        ):
            raise ValueError(f"moment: {name} is {value!r}")
    if lacking := [field.name for field in fields(kind) if field.name not in given and field.default is MISSING]:
        raise ValueError(f"moment: {', '.join(lacking)} lacking")
    return {name: Phase(value) if known[name] == "Phase" else value for name, value in given.items()}


KINDS = {"playback": "captures", "cdx": "index"}
"""What the kinds of requests are for, as they are told one after the other."""


def subject(moment: ProgressSnapshot) -> str:
    """What the run is doing, with numbers."""
    if moment.phase is Phase.LISTING:
        at = f"{_plain(moment.source)}: " if moment.source else ""
        return f"{at}{moment.rows:,} rows so far, {moment.known:,} articles known"
    if moment.phase is Phase.GAPS:
        return f"asking for articles that no listing has, {moment.known:,} articles known"
    if moment.phase is Phase.ENDED:
        return "the run has ended"
    return f"{moment.settled:,} of {moment.due:,}, {moment.left:,} left"


def outcome(moment: ProgressSnapshot) -> str:
    """What came of it."""
    images = f"{moment.have:,} images fetched in this run, {moment.missing:,} missing"
    if moment.phase is Phase.IMAGES:
        return images
    articles = (
        f"{moment.recovered:,} articles recovered in all, {moment.given_up:,} given up, {moment.waiting:,} waiting"
    )
    return f"{articles}; {images}" if moment.have or moment.missing else articles


def later(moment: ProgressSnapshot, now: float) -> str:
    """What waits for a later pass; nothing when nothing does."""
    if not moment.later:
        return ""
    return f"{moment.later:,} wait for a later pass, the next in {format_duration(max(0.0, moment.later_at - now))}"


def held(moment: ProgressSnapshot, now: float) -> str:
    """Why nothing is sent, with its countdown; nothing when it is."""
    if moment.hold is None:
        return ""
    left = moment.hold.until - now
    until = (
        f"{countdown(left)} left, until {clock(moment.hold.until, now, seconds=True)}"
        if left > 0
        else "until a probe is answered"
    )
    return f"{_plain(moment.hold.reason)}: {until}"


def requests(moment: ProgressSnapshot) -> Iterator[str]:
    """Present rates against those that are permitted, an archive each."""
    hosts = list(dict.fromkeys(pace.host for pace in moment.paces))
    for host in hosts:
        parts = [_pace(pace) for kind in KINDS for pace in moment.paces if (pace.host, pace.kind) == (host, kind)]
        name = f"{_plain(host.rpartition('://')[2])}: " if len(hosts) > 1 else ""
        yield f"{name}{', '.join(parts)} a minute"


def _pace(pace: Pace) -> str:
    grows = f" (at most {pace.most:,.0f})" if round(pace.permitted) < round(pace.most) else ""
    return f"{KINDS[pace.kind]} {pace.minute:,} of {pace.permitted:,.0f}{grows}"


def elapsed(moment: ProgressSnapshot, now: float) -> str:
    """How long it has lasted, and about how long it will."""
    lasted = f"{format_duration(max(0.0, now - moment.started))} so far"
    if moment.eta is None or moment.phase is Phase.ENDED:
        return lasted
    left = max(0.0, moment.at + moment.eta - now)
    return f"{lasted}, about {format_duration(left)} left for the {moment.phase}, until {clock(now + left, now)}"


def countdown(seconds: float) -> str:
    """`0:45`, `14:05`, `1:02:03`."""
    whole = max(0, round(seconds))
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def clock(moment: float, now: float, *, seconds: bool = False) -> str:
    """A time of day, with its date when that is another one than now's."""
    then = datetime.fromtimestamp(moment, UTC)
    day = "" if then.date() == datetime.fromtimestamp(now, UTC).date() else f"{then:%Y-%m-%d} "
    return f"{day}{then:%H:%M:%S} UTC" if seconds else f"{day}{then:%H:%M} UTC"


def _plain(name: str) -> str:
    """Without what would move a terminal's cursor or break a line."""
    return "".join(char if char.isprintable() else "?" for char in name)


def progress_line(moment: ProgressSnapshot, now: float | None = None) -> str:
    """Where a run stands, without a line break; `now` in seconds since the epoch, the moment's own time if it is not
    given."""
    now = moment.at if now is None else now
    if moment.phase is Phase.ENDED:
        return f"{subject(moment)}: {outcome(moment)}"
    parts = [f"{moment.phase}: {subject(moment)}"]
    if moment.phase in (Phase.ARTICLES, Phase.IMAGES):
        parts.append(outcome(moment))
    parts += [held(moment, now) or later(moment, now), *requests(moment), elapsed(moment, now)]
    return "; ".join(part for part in parts if part)


WIDEST = 100
"""Columns; on a wider terminal a line would be hard to follow."""


def progress_table(moment: ProgressSnapshot, now: float | None = None) -> Table:
    """What rich renders; `now` in seconds since the epoch, for countdowns."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    now = moment.at if now is None else now
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True, min_width=8)
    grid.add_column(overflow="fold")

    def row(label: str, text: str, style: str = "") -> None:
        if text:
            grid.add_row(Text(label, "bold"), Text(text, style))

    if moment.phase in (Phase.ARTICLES, Phase.IMAGES):
        grid.add_row(Text(moment.phase.capitalize(), "bold"), _bar(moment))
        row("", subject(moment))
        row("", outcome(moment), "green")
    else:
        row(moment.phase.capitalize(), subject(moment))
    row("", later(moment, now))
    row("Held", held(moment, now), "bold yellow")
    row("Requests", "\n".join(requests(moment)))
    row("Time", elapsed(moment, now))
    return grid


def _bar(moment: ProgressSnapshot) -> RenderableType:
    from rich.progress_bar import ProgressBar  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    bar = Table.grid(padding=(0, 1))
    bar.add_column(ratio=1, max_width=WIDEST - 20)
    bar.add_column(no_wrap=True, justify="right", min_width=6)
    # Down, not to the nearest: 100% is said when nothing is left.
    share = f"{int(moment.share * 1000) / 10:.1f}%"
    bar.add_row(
        ProgressBar(total=max(1, moment.due), completed=moment.settled, complete_style="cyan", finished_style="green"),
        Text(share),
    )
    return bar
