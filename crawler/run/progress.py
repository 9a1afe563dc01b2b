"""Where a run stands: as a value, as a line, and as a table on a terminal; and what it will come to, within the
limits."""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from crawler.ledger import Ledger
from crawler.politeness.rate_limiter import RAMP_MINUTES
from crawler.politeness.summary import RequestPace
from crawler.recovery.case import Selection
from crawler.recovery.image_recovery import estimate_images
from crawler.utils.text import counted, format_duration, format_size

if TYPE_CHECKING:
    from rich.table import Table

SCHEMA: Final = 1
PROGRESS_KEY: Final = "progress"
"""Where in the ledger's meta the latest snapshot is."""


class Phase(StrEnum):
    """What a run is doing."""

    LISTING = "listing"
    ARTICLES = "articles"
    GAPS = "gaps"
    IMAGES = "images"
    ENDED = "ended"


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
    paces: tuple[RequestPace, ...] = ()

    @property
    def settled(self) -> int:
        """What the phase had to do and has done."""
        return max(0, self.due - self.left)

    def to_json(self) -> str:
        return json.dumps({"schema": SCHEMA, **asdict(self)})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """ValueError when it is none, or one of another version."""
        try:
            given = json.loads(text)
            if given.pop("schema") != SCHEMA:
                raise ValueError("a snapshot of another version")
            hold, paces = given.pop("hold"), given.pop("paces")
            phase, hold = Phase(given.pop("phase")), None if hold is None else Hold(**hold)
            return cls(phase=phase, hold=hold, paces=tuple(RequestPace(**pace) for pace in paces), **given)
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"no snapshot of a run: {error}") from error


KINDS = {"playback": "captures", "cdx": "index"}
"""What the kinds of requests are for, in the order in which they are named."""
WITH_BAR = (Phase.ARTICLES, Phase.IMAGES)
"""Phases of which it is known how much there is to do."""
WIDEST = 80
"""Columns of a bar; it and its share stay together on a wide terminal."""


def describe_progress(snapshot: ProgressSnapshot, now: float | None = None) -> str:
    """Where a run stands, as one line; `now` in seconds since the epoch, the snapshot's own time if it is not given."""
    if snapshot.phase is Phase.ENDED:
        return f"{_subject(snapshot)}: {outcome(snapshot)}"
    now = snapshot.at if now is None else now
    parts = [f"{snapshot.phase}: {_subject(snapshot)}", outcome(snapshot) if snapshot.phase in WITH_BAR else ""]
    parts += [_held(snapshot, now) or _later(snapshot, now), *_requests(snapshot), _time(snapshot, now)]
    return "; ".join(filter(None, parts))


def progress_table(snapshot: ProgressSnapshot, now: float | None = None) -> Table:
    """The same for rich to draw, with a bar; `now` is for countdowns."""
    from rich.progress_bar import ProgressBar  # noqa: PLC0415 - a tenth of a second, for a terminal only
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    now = snapshot.at if now is None else now
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True, min_width=8)
    table.add_column(overflow="fold")
    phase, with_bar = snapshot.phase.capitalize(), snapshot.phase in WITH_BAR
    if with_bar:
        line = Table.grid(padding=(0, 1))
        line.add_column(ratio=1, max_width=WIDEST)
        line.add_column(no_wrap=True, justify="right", min_width=6)
        total, done = max(1, snapshot.due), snapshot.settled
        bar = ProgressBar(total=total, completed=done, complete_style="cyan", finished_style="green")
        # Down, not to the nearest: 100% is said when nothing is left.
        line.add_row(bar, Text(f"{int(done / total * 1000) / 10:.1f}%"))
        table.add_row(Text(phase, "bold"), line)
    for label, text, style in (
        ("" if with_bar else phase, _subject(snapshot), ""),
        ("", outcome(snapshot) if with_bar else "", "green"),
        ("", _later(snapshot, now), ""),
        ("Held", _held(snapshot, now), "bold yellow"),
        ("Requests", "\n".join(_requests(snapshot)), ""),
        ("Time", _time(snapshot, now), ""),
    ):
        if text:
            table.add_row(Text(label, "bold"), Text(text, style))
    return table


def outcome(snapshot: ProgressSnapshot) -> str:
    """What came of the run so far."""
    images = f"{counted(snapshot.have, 'image')} fetched in this run, {snapshot.missing:,} missing"
    if snapshot.phase is Phase.IMAGES:
        return images
    articles = f"{counted(snapshot.recovered, 'article')} recovered in all, {snapshot.waiting:,} waiting"
    articles += f", {snapshot.given_up:,} unrecoverable"
    return f"{articles}; {images}" if snapshot.have or snapshot.missing else articles


def _subject(snapshot: ProgressSnapshot) -> str:
    """What the run is doing, with numbers."""
    match snapshot.phase:
        case Phase.LISTING:
            source = f"{_printable(snapshot.source)}: " if snapshot.source else ""
            return f"{source}{counted(snapshot.rows, 'row')} so far, {counted(snapshot.known, 'article')} listed"
        case Phase.GAPS:
            return f"asking for articles that no listing has, {counted(snapshot.known, 'article')} listed"
        case Phase.ENDED:
            return "the run has ended"
        case _:
            return f"{snapshot.settled:,} of {snapshot.due:,}, {snapshot.left:,} left"


def _later(snapshot: ProgressSnapshot, now: float) -> str:
    begins = format_duration(max(0.0, snapshot.later_at - now))
    return f"{snapshot.later:,} wait for a later pass, the next in {begins}" if snapshot.later else ""


def _held(snapshot: ProgressSnapshot, now: float) -> str:
    """Why nothing is sent, with its countdown; nothing when it is."""
    if snapshot.hold is None:
        return ""
    left, until = snapshot.hold.until - now, clock(snapshot.hold.until, now, seconds=True)
    when = f"{countdown(left)} left, until {until}" if left > 0 else "until a probe is answered"
    return f"{_printable(snapshot.hold.reason)}: {when}"


def _requests(snapshot: ProgressSnapshot) -> Iterator[str]:
    """Present rates against those that are permitted, an archive each."""
    hosts = list(dict.fromkeys(pace.host for pace in snapshot.paces))
    for host in hosts:
        parts = []
        for kind, what in KINDS.items():
            for pace in (pace for pace in snapshot.paces if (pace.host, pace.kind) == (host, kind)):
                grows = f" (at most {pace.most:,.0f})" if round(pace.permitted) < round(pace.most) else ""
                parts.append(f"{what} {pace.minute:,} of {pace.permitted:,.0f}{grows}")
        name = f"{_printable(host.rpartition('://')[2])}: " if len(hosts) > 1 else ""
        yield f"{name}{', '.join(parts)} a minute"


def _time(snapshot: ProgressSnapshot, now: float) -> str:
    """How long it has lasted, and about how long it will."""
    lasted = f"{format_duration(max(0.0, now - snapshot.started))} so far"
    if snapshot.eta is None or snapshot.phase is Phase.ENDED:
        return lasted
    left = max(0.0, snapshot.at + snapshot.eta - now)
    return f"{lasted}, about {format_duration(left)} left for the {snapshot.phase}, until {clock(now + left, now)}"


def countdown(seconds: float) -> str:
    """`0:45`, `14:05`, `1:02:03`."""
    minutes, seconds = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def clock(time: float, now: float, *, seconds: bool = False) -> str:
    """A time of day, with its date when that is another one than now's."""
    then = datetime.fromtimestamp(time, UTC)
    day = "" if then.date() == datetime.fromtimestamp(now, UTC).date() else f"{then:%Y-%m-%d} "
    return f"{day}{then:%H:%M:%S} UTC" if seconds else f"{day}{then:%H:%M} UTC"


def _printable(name: str) -> str:
    """Without what would move a terminal's cursor or break a line."""
    return "".join(char if char.isprintable() else "?" for char in name)


# What a long job will come to, and how long what is left will take

NEARLY: Final = 0.8
"""With this share of the permitted requests sent in a minute, it is the limit that holds a run up, and nothing else."""
WINDOW: Final = 300.0
"""Seconds over which speed is measured."""
LEAST: Final = 10.0
"""Seconds without which a speed tells nothing."""


def sending_seconds(requests: float, permitted: float, most: float) -> float:
    """How long so many requests take at least: at `permitted` a minute, which grows to `most` while the archive answers
    well (crawler/politeness/rate_limiter.py: by a tenth of `most` each minute)."""
    growth = most / RAMP_MINUTES
    ramp = max(0.0, (most - permitted) / growth)
    meanwhile = (permitted + most) / 2 * ramp
    if requests >= meanwhile:
        return 60 * (ramp + (requests - meanwhile) / most)
    return 60 * (math.sqrt(permitted**2 + 2 * growth * requests) - permitted) / growth


def seconds_left(
    left: int, each: float, *, permitted: float, most: float, minute: int, speed: float | None, held: float = 0.0
) -> float | None:
    """How long `left` articles or images will take, with `each` of so many requests. The longer of what the limits
    allow and of what the `speed` so far (a minute) makes of it; after a hold of so many seconds. None when neither is
    known.

    `minute`: requests sent in the last one. As long as these are about all that was permitted, the speed says nothing
    of its own, and would be behind a limit that grows.
    """
    if left <= 0:
        return held
    by_limit = sending_seconds(left * each, permitted, most) if permitted > 0 else None
    if speed is None or (by_limit is not None and each > 0 and minute >= NEARLY * permitted):
        return None if by_limit is None else held + by_limit
    return held + max(by_limit or 0.0, 60 * left / speed)


class Speed:
    """How many a minute were settled over the last minutes in which the archive let us send."""

    def __init__(self) -> None:
        self._noted: deque[tuple[float, int]] = deque()
        self._last: float | None = None
        self._active = 0.0

    def note(self, now: float, settled: int, held: bool) -> None:
        """At `now` (seconds that only go forward) so many were settled; `held`: the time since the last note was a
        pause."""
        if self._last is not None and not held:
            self._active += now - self._last
        self._last = now
        self._noted.append((self._active, settled))
        while self._noted[0][0] < self._active - WINDOW:
            self._noted.popleft()

    @property
    def a_minute(self) -> float | None:
        """None while it is too early to tell, and when nothing was settled."""
        if not self._noted:
            return None
        (then, before), (now, settled) = self._noted[0], self._noted[-1]
        return 60 * (settled - before) / (now - then) if now - then >= LEAST and settled > before else None


ENOUGH: Final = 20
"""So many articles tell what an article comes to."""
SUPPOSED_REQUESTS: Final = 1.05
"""An article: 1.8% of the public backup's are of captures that are no article (FACTS section 2), and need another one
at least."""
SUPPOSED_RECORD: Final = 20_000
"""Bytes in the store: pages of 84 kB, compressed at 4.5 to one (measured on synthetic pages), and the record's own
headers."""
SUPPOSED_FILE: Final = 6_000
"""Bytes of a Markdown file: that of the format's description has 5,001, and it is a short article."""
SUPPOSED_IMAGES: Final = 118_960 / 49_118
"""An article (FACTS section 2, counted in the public backup)."""
_FILES: Final = 500
"""So many files tell what a file has in bytes."""


def describe_estimate(
    ledger: Ledger, due: Collection[int], choice: Selection, output: Path, rate: float, images: int | None = None
) -> Iterator[str]:
    """What recovering the articles `due` may come to, at `rate` requests a minute, by captures of the time that is
    chosen; then what their images may. `images`: so many images are due already and those of these articles will be;
    None when no images are wanted. Changes nothing."""
    stored = len(ledger.readable_articles(choice.since, choice.until) & set(due))
    fetched = len(due) - stored
    about = f"{counted(len(due), 'article')} to recover"
    if stored:
        about += f", {stored:,} of them without a request from what is stored"
    if fetched:
        asked_articles, asked = ledger.requests_so_far()
        each_requests = asked / asked_articles if asked_articles >= ENOUGH else SUPPOSED_REQUESTS
        requests = max(fetched, round(fetched * each_requests))
        stored_articles, size = ledger.stored()
        measured = stored_articles >= ENOUGH
        files = (output / file for _, file in islice(ledger.files(), _FILES))
        sizes = [path.stat().st_size for path in files if path.is_file()]
        each = sum(sizes) // len(sizes) if len(sizes) >= ENOUGH else SUPPOSED_FILE
        each += size // stored_articles if measured else SUPPOSED_RECORD
        about += (
            f". An estimate: {counted(requests, 'request')}, {format_duration(60 * requests / rate)} at least at"
            f" {rate:,.0f} a minute, {format_size(fetched * each)} on the disk ({format_size(each)} each is"
            f" {'measured so far' if measured else 'supposed'}, in the store and as a file)"
        )
    yield about
    if images is not None:
        known, shown = ledger.shown_images()
        images += round(len(due) * (shown / known if known >= ENOUGH else SUPPOSED_IMAGES))
        if images:
            yield f"After the articles, by their number about {estimate_images(ledger, images, rate)}"
