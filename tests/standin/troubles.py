"""The script of what goes wrong: which trouble, on which request, how often."""

import json
import random
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any


class Endpoint(StrEnum):
    CDX = "cdx"
    PLAYBACK = "playback"


class Kind(StrEnum):
    """The troubles. `status`, `value` and `seconds` are the fields of `Trouble` that each one reads."""

    # Either endpoint.
    OUTAGE = "outage"  # the archive's "Temporarily Offline" page, with `status` (503; also 200, 429)
    ERROR = "error"  # a live error, with `status` (503)
    LIMIT = (
        "limit"  # a live 429; `value`: Retry-After, see `retry_after`; `quiet`: ends when the client was silent so long
    )
    RESET = "reset"  # the connection is reset instead of an answer
    CUT = "cut"  # Content-Length promised, half of it sent, connection closed
    CUT_CHUNKED = "cut_chunked"  # the same with chunks, the last one missing
    SLOW = "slow"  # hangs for `seconds`, then answers; with `status`, answers with that error
    HELD = "held"  # hangs until `StandIn.release`, then answers
    # Listing.
    AUTHORIZATION = "authorization"  # 403 on prefix, host and domain queries
    BLOCKED = "blocked"  # 403 Blocked Site
    HTML = "html"  # a page of HTML with status 200
    CUT_JSON = "cut_json"  # the text ends in the middle, the HTTP answer is whole
    REPEAT_KEY = "repeat_key"  # the resume key that was sent comes back; `value="cycle"`: the key after the first row
    EMPTY_PAGE = "empty_page"  # no rows, but a key (another spelling of the one that was sent)
    DUPLICATES = "duplicates"  # the page begins again with rows of the page before, and doubles its last row
    GARBAGE = "garbage"  # rows that are none, and rows with odd values, among the others
    WRONG_DIGEST = "wrong_digest"  # rows of the capture named by `original` and `timestamp` with another digest
    # Playback.
    EXCLUDED = "excluded"  # the page of an excluded site, with `status` (200)
    MISSING = "missing"  # 404 "has not archived that URL", though it is listed
    REDIRECT = "redirect"  # a live 302 to `value`
    JUMP = "jump"  # the jump to the closest other capture, though this one is listed
    LOOP = "loop"  # an archived redirect to itself
    ARCHIVED = "archived"  # the archived `status` (429), with Memento-Datetime
    DAMAGED = "damaged"  # bytes that do not match the digest
    TWIN = "twin"  # the other capture of the same key and second
    LOCATION = "location"  # how an archived redirect writes its Location: `value` is `path` or `host`
    DUAL_HEADER = "dual_header"  # gzip bytes under an empty Content-Encoding beside one that says gzip
    UNANNOUNCED = "unannounced"  # gzip bytes without Content-Encoding
    REENCODED = "reencoded"  # encoded unasked: `value` is `br`, `gzip` or `zstd`


_CDX_ONLY = {Kind.AUTHORIZATION, Kind.BLOCKED, Kind.HTML, Kind.CUT_JSON, Kind.REPEAT_KEY}
_CDX_ONLY |= {Kind.EMPTY_PAGE, Kind.DUPLICATES, Kind.GARBAGE, Kind.WRONG_DIGEST}
_EITHER = {Kind.OUTAGE, Kind.ERROR, Kind.LIMIT, Kind.RESET, Kind.CUT, Kind.CUT_CHUNKED, Kind.SLOW, Kind.HELD}
_NUMBERS = ("status", "first", "times", "share", "seconds", "quiet", "after", "until")


@dataclass(frozen=True, slots=True)
class Trouble:
    """One line of the script: a kind, the requests it is for, and which of these it meets.

    A request is meant when all that is set here fits it: `on`; `original` (exact: the URL asked for, or captured; for a
    listing its `url`); `pattern` (a regular expression found in that URL); `timestamp`. Of the requests meant, those
    from number `first` on, `times` of them (None: all), are met, counted over all, or for each URL and timestamp by
    itself (`each`); of these a `share` drawn from the seed; and only from `after` to `until` seconds past the first
    request of all.
    """

    kind: Kind
    on: Endpoint | None = None
    original: str = ""
    pattern: str = ""
    timestamp: str = ""
    first: int = 1
    times: int | None = None
    each: bool = False
    share: float = 1.0
    after: float = 0.0
    until: float = float("inf")
    status: int = 0
    value: str = ""
    seconds: float = 0.0
    quiet: float = 0.0

    def __post_init__(self) -> None:
        if self.pattern:
            re.compile(self.pattern)
        only = Endpoint.CDX if self.kind in _CDX_ONLY else Endpoint.PLAYBACK
        if self.kind not in _EITHER and self.on not in (None, only):
            raise ValueError(f"{self.kind}: only for {only}")

    def endpoints(self) -> set[Endpoint]:
        if self.on is not None:
            return {self.on}
        if self.kind in _EITHER:
            return {Endpoint.CDX, Endpoint.PLAYBACK}
        return {Endpoint.CDX if self.kind in _CDX_ONLY else Endpoint.PLAYBACK}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for, as far as the script looks: `spellings` of the URL, and for a listing whether it is a
    bulk one."""

    endpoint: Endpoint
    spellings: tuple[str, ...]
    timestamp: str = ""
    bulk: bool = False


class Script:
    """The troubles and what has been counted of them. The first one that meets a request acts; all that mean it count
    it."""

    def __init__(self, troubles: Iterable[Trouble], seed: int = 0) -> None:
        self.troubles = list(troubles)
        self._seed = seed
        self.reset()

    def reset(self) -> None:
        """Count from the beginning again."""
        self._counts: Counter[tuple[int, str]] = Counter()
        self._acted: set[int] = set()
        self._over: set[int] = set()
        self._start: float | None = None
        self._last: float | None = None

    def pick(self, asked: Asked, now: float) -> Trouble | None:
        """The trouble that meets this request, arriving at `now` (seconds on any clock), if one does."""
        start = self._start = now if self._start is None else self._start
        silent = 0.0 if self._last is None else now - self._last
        self._last = now
        met = [index for index in range(len(self.troubles)) if self._meets(index, asked, now - start, silent)]
        if not met:
            return None
        self._acted.add(met[0])
        return self.troubles[met[0]]

    def _meets(self, index: int, asked: Asked, age: float, silent: float) -> bool:
        trouble = self.troubles[index]
        if not _means(trouble, asked):
            return False
        target = f"{asked.spellings[0]} {asked.timestamp}"
        counter = (index, target if trouble.each else "")
        self._counts[counter] += 1
        number = self._counts[counter]
        if trouble.quiet and index in self._acted and silent >= trouble.quiet:
            self._over.add(index)
        if index in self._over or not trouble.after <= age < trouble.until:
            return False
        if number < trouble.first or (trouble.times is not None and number >= trouble.first + trouble.times):
            return False
        return trouble.share >= 1 or random.Random(f"{self._seed} {index} {target} {number}").random() < trouble.share


def _means(trouble: Trouble, asked: Asked) -> bool:
    if asked.endpoint not in trouble.endpoints():
        return False
    if trouble.kind is Kind.WRONG_DIGEST:  # names a capture in the answer, not what was asked
        return True
    if trouble.kind is Kind.AUTHORIZATION and not asked.bulk:
        return False
    if trouble.original and trouble.original not in asked.spellings:
        return False
    if trouble.pattern and not any(re.search(trouble.pattern, url) for url in asked.spellings):
        return False
    return trouble.timestamp in ("", asked.timestamp)


def read_troubles(path: Path) -> list[Trouble]:
    """The troubles in a JSON file: a list of objects with the fields of `Trouble`. ValueError names what is wrong, and
    where."""
    listed: Any = json.loads(path.read_text("utf-8"))
    if not isinstance(listed, list):
        raise ValueError(f"{path.name}: a list of troubles is wanted")
    return [_trouble(entry, f"{path.name}, trouble {number}") for number, entry in enumerate(listed, 1)]


def _trouble(entry: Any, where: str) -> Trouble:
    if not isinstance(entry, dict) or "kind" not in entry:
        raise ValueError(f"{where}: an object with a kind is wanted")
    unknown = sorted(set(entry) - {field.name for field in fields(Trouble)})
    if unknown:
        raise ValueError(f"{where}: unknown {', '.join(unknown)}")
    wrong = [name for name, value in entry.items() if name in _NUMBERS and not isinstance(value, int | float)]
    if wrong:
        raise ValueError(f"{where}: a number is wanted for {', '.join(wrong)}")
    try:
        on = Endpoint(entry["on"]) if entry.get("on") else None
        return Trouble(**{**entry, "kind": Kind(entry["kind"]), "on": on})
    except (ValueError, TypeError, re.error) as error:
        raise ValueError(f"{where}: {error}") from error
