"""The settings of a run and the spider's arguments, read and checked before anything is done."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from crawler.hkcnews.urls import HIGHEST_ID
from crawler.markdown.style import Video
from crawler.politeness.rate_limiter import PLAYBACK_RATE_CEILING, RequestBudget, cap_rates
from crawler.recovery.formats import Format, FormatName
from crawler.recovery.recovery import Selection
from crawler.recovery.sources import PYWB, WAYBACK, Source, WebArchiveFiles
from crawler.run.health import Thresholds
from crawler.utils.exit_status import UsageError
from crawler.utils.timestamps import read_moment
from crawler.wayback.archive import WebArchive, pywb_archive, wayback_archive

ARGUMENTS = ("ids", "limit", "since", "until", "dry_run", "again", "repair", "in_place")
LONGEST_WAIT = 7 * 86400.0
"""Seconds; whoever gives more has mistaken the unit."""
LONGEST_NAME = 500
LOOPBACK = ("127.0.0.1", "localhost", "::1")
FEWEST_RETRIES = 4
"""A capture is given at least five attempts before its article waits for the next run."""


@dataclass(frozen=True, slots=True)
class SpiderArguments:
    """The spider's arguments, read."""

    choice: Selection
    again: frozenset[int]
    dry_run: bool
    repair: Path | None = None
    in_place: bool = False

    @property
    def whole(self) -> bool:
        """Whether the run is about everything, and fetches."""
        choice = self.choice
        return choice.ids is None and choice.limit is None and not (choice.since or choice.until or self.dry_run)

    def narrowed(self, only: frozenset[int]) -> SpiderArguments:
        """The same, for these articles at most."""
        ids = only if self.choice.ids is None else only & frozenset(self.choice.ids)
        return replace(self, choice=replace(self.choice, ids=ids))


def read_arguments(given: Mapping[str, str]) -> SpiderArguments:
    """Read `-a name=value` pairs; raises UsageError naming the mistake."""
    check_names(given, ARGUMENTS, "spider argument")
    again = frozenset(read_ids(given["again"], "again")) if "again" in given else frozenset()
    ids = frozenset(read_ids(given["ids"], "ids")) if "ids" in given else None
    if again:
        ids = again if ids is None else ids | again
    limit = given.get("limit")
    if limit is not None and not (limit.isascii() and limit.isdigit() and int(limit) > 0):
        raise UsageError(f"limit={limit}: a number of articles above zero is needed")
    since, until = (_moment(given.get(name, ""), name) for name in ("since", "until"))
    if since and until and since[: len(until)] > until:
        raise UsageError(f"since={since} is after until={until}")
    repair, in_place = given.get("repair"), _flag(given, "in_place")
    if repair is not None and not Path(repair).is_dir():
        raise UsageError(f"repair={repair}: a directory with files of articles is needed")
    if in_place and repair is None:
        raise UsageError("in_place=1: which directory is to be repaired is needed too, as in repair=DIR")
    choice = Selection(ids, int(limit) if limit else None, since, until)
    return SpiderArguments(choice, again, _flag(given, "dry_run"), Path(repair) if repair else None, in_place)


def _flag(given: Mapping[str, str], name: str) -> bool:
    value = given.get(name, "0").lower()
    if value not in ("0", "1", "true", "false", "yes", "no"):
        raise UsageError(f"{name}={value}: 1 or 0 is needed")
    return value in ("1", "true", "yes")


def read_ids(text: str, name: str) -> list[int]:
    """`33951,40000-40100` as ids, each once, lowest first."""
    ids: set[int] = set()
    for part in text.split(","):
        found = re.fullmatch(r"\s*(\d{1,9})\s*(?:-\s*(\d{1,9})\s*)?", part, re.ASCII)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not 0 < first <= last <= HIGHEST_ID:
            raise UsageError(
                f"{name}={text}: {part.strip() or 'nothing'!r} is not an article id or a range of them (as in"
                " 33951,40000-40100)"
            )
        ids.update(range(first, last + 1))
    return sorted(ids)


def _moment(text: str, name: str) -> str:
    """A time of capture as the beginning of a timestamp: `2021`, `2021-07`, `20210712`, `2021-07-12 01:20`."""
    digits = re.sub(r"[-:T /]", "", text)
    if text and not (re.fullmatch(r"\d{4}(\d{2}){0,5}", digits, re.ASCII) and read_moment(digits)):
        raise UsageError(f"{name}={text}: a year, month, day or time of capture is needed (as in 2021-07 or 20210712)")
    return digits


def check_names(given: Iterable[str], known: Iterable[str], what: str) -> None:
    """Refuse a name that nothing knows, and say which one may have been meant."""
    names = sorted(known)
    for name in given:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
            raise UsageError(
                f"unknown {what} {name}"
                + (f": did you mean {near[0]}?" if near else f"; known are {', '.join(names[:20])}")
            )


def is_loopback(url: str) -> bool:
    """Whether an archive runs on this machine, where any rate is allowed."""
    return urlsplit(url).hostname in LOOPBACK


def read_address(settings: Mapping[str, object], name: str) -> str:
    """An archive's address without a slash at its end; raises UsageError when it is none."""
    return check_address(str(settings.get(name) or ""), name)


def check_address(given: str, name: str) -> str:
    """An address of the setting `name` without a slash at its end; raises UsageError when it is none."""
    address = given.rstrip("/")
    shown = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in address)
    mistake = UsageError(f"{name}={shown}: an address such as https://web.archive.org is needed")
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError as error:
        raise mistake from error
    if not good or parts.query or parts.fragment or parts.username is not None or not re.fullmatch("[!-~]+", address):
        raise mistake
    return address


def read_user_agent(settings: Mapping[str, object]) -> str:
    """What every request says of who sends it: USER_AGENT, with CONTACT where it is set; raises UsageError where either
    could not stand in a header."""
    for name, needed in (("USER_AGENT", "[!-~]+( [!-~]+)*"), ("CONTACT", "([!-~]+( [!-~]+)*)?")):
        value = str(settings.get(name) or "")
        if not re.fullmatch(needed, value) or len(value) > LONGEST_NAME:
            raise UsageError(f"{name}={value!r}: one line of ASCII with at most {LONGEST_NAME} characters is needed")
    agent, contact = str(settings["USER_AGENT"]), str(settings.get("CONTACT") or "")
    return f"{agent} (+{contact})" if contact else agent


def read_output(settings: Mapping[str, object]) -> Path:
    """Where everything is written; raises UsageError when it is no path."""
    name = str(settings.get("OUTPUT_DIR") or "")
    if not name.strip() or "\0" in name:
        raise UsageError(f"OUTPUT_DIR={name!r}: the path of a directory is needed")
    return Path(name)


def read_boolean(settings: Mapping[str, object], name: str) -> bool:
    """Whether something is on: 1 or 0; raises UsageError for anything else."""
    value = str(settings.get(name))
    if value not in ("0", "1"):
        raise UsageError(f"{name}={value}: 1 or 0 is needed")
    return value == "1"


def read_format(settings: Mapping[str, object]) -> Format:
    """How files are to be written; raises UsageError."""
    names, videos = ([choice.value for choice in choices] for choices in (FormatName, Video))
    name, video = settings.get("FORMAT"), settings.get("VIDEO")
    if name not in names:
        raise UsageError(f"FORMAT={name}: {' or '.join(names)} is needed")
    if video not in videos:
        raise UsageError(f"VIDEO={video}: {' or '.join(videos)} is needed")
    wanted = Format(FormatName(name), Video(video))
    if video != Format().video and not wanted.for_reading:
        raise UsageError(f"VIDEO={video}: only FORMAT={FormatName.READING} has a choice of it")
    return wanted


def read_waits(settings: Mapping[str, object], name: str, fewest: int = 1) -> tuple[float, ...]:
    """Seconds before each further attempt, at least `fewest` of them; raises UsageError."""
    waits = read_numbers(settings, name)
    if len(waits) < fewest or not all(0 <= wait <= LONGEST_WAIT for wait in waits):
        raise UsageError(
            f"{name}={settings.get(name)}: at least {fewest} numbers of seconds, none below zero or above a week, are"
            " needed"
        )
    return waits


def read_integer(settings: Mapping[str, object], name: str, least: int = 1, most: int = 1_000_000) -> int:
    """A whole number within its bounds; raises UsageError."""
    number = read_number(settings, name)
    if not (number.is_integer() and least <= number <= most):
        raise UsageError(f"{name}={settings.get(name)}: a whole number from {least} to {most} is needed")
    return int(number)


def check_integer(text: str, name: str, least: int, most: int) -> int:
    """A whole number given on the command line; raises UsageError."""
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise UsageError(f"{name} {text}: a whole number from {least} to {most} is needed")
    return int(text)


def read_seconds(settings: Mapping[str, object], name: str, *, zero: bool = True) -> float:
    """A number of seconds, at most a week; raises UsageError. `zero`: whether none at all means something."""
    seconds = read_number(settings, name)
    if not (0 <= seconds <= LONGEST_WAIT and (zero or seconds)):
        raise UsageError(
            f"{name}={settings.get(name)}: a number of seconds, {'zero or more' if zero else 'above zero'} and at most"
            " a week, is needed"
        )
    return seconds


def read_share(settings: Mapping[str, object], name: str) -> float:
    """A share, from 0 to 1; raises UsageError."""
    share = read_number(settings, name)
    if not 0 <= share <= 1:
        raise UsageError(f"{name}={settings.get(name)}: a share from 0 to 1 is needed")
    return share


def read_command(settings: Mapping[str, object], name: str) -> tuple[str, ...]:
    """A command line as its words, split as a shell would and never given to one; none when it is empty. Raises
    UsageError."""
    line = str(settings.get(name) or "")
    mistake = UsageError(f"{name}={line!r}: a command with its quotes closed is needed, such as 'mail-it --quietly'")
    try:
        words = tuple(shlex.split(line))
    except ValueError as error:
        raise mistake from error
    if "\0" in line or (words and not words[0]):
        raise mistake
    return words


def read_number(settings: Mapping[str, object], name: str) -> float:
    """Any number; raises UsageError."""
    try:
        return float(str(settings.get(name)))
    except ValueError as error:
        raise UsageError(f"{name}={settings.get(name)}: a number is needed") from error


def read_numbers(settings: Mapping[str, object], name: str) -> tuple[float, ...]:
    """Numbers separated by commas, or a list of them; raises UsageError."""
    value = settings.get(name)
    parts = value if isinstance(value, (list, tuple)) else str(value).split(",")
    try:
        return tuple(float(str(part)) for part in parts)
    except ValueError as error:
        raise UsageError(f"{name}={value}: seconds separated by commas are needed") from error


CONNECTIONS = 8.0
"""New connections a minute by default: clients that opened one for each download were refused after 15 to 17
(2023-11)."""
UNLIMITED = 1_000_000.0
SLOWEST = 0.01
"""Requests a minute; a crawl that is slower than this never ends."""


def read_budget(settings: Mapping[str, object], archive_url: str) -> tuple[RequestBudget, list[str]]:
    """The limits of the run, and a warning for each that was lowered to what the archive allows; raises UsageError."""
    for name in ("CDX_RATE", "PLAYBACK_RATE", "PLAYBACK_RATE_START", "CONNECTION_RATE"):
        if settings.get(name) != "auto" and not SLOWEST <= read_number(settings, name) <= UNLIMITED:
            raise UsageError(
                f"{name}={settings.get(name)}: a number a minute from {SLOWEST:g} to {UNLIMITED:.0f} is needed"
            )
    for name in ("PAUSE_SECONDS", "BREAKER_SECONDS", "OUTAGE_PROBE_SECONDS"):
        if not all(0 < seconds <= LONGEST_WAIT for seconds in read_numbers(settings, name)):
            raise UsageError(f"{name}={settings.get(name)}: seconds above zero, at most a week, are needed")
    try:
        rate = read_number(settings, "PLAYBACK_RATE")
        lifted = is_loopback(archive_url) and rate > PLAYBACK_RATE_CEILING
        budget = RequestBudget(
            cdx_rate=read_number(settings, "CDX_RATE"),
            playback_rate=rate,
            playback_rate_start=rate if lifted else min(rate, read_number(settings, "PLAYBACK_RATE_START")),
            pause_seconds=read_number(settings, "PAUSE_SECONDS"),
            pause_max_seconds=max(900.0, read_number(settings, "PAUSE_SECONDS")),
            breaker_seconds=read_numbers(settings, "BREAKER_SECONDS"),
            connections_per_minute=_connections(settings, archive_url),
            breaker_trips=len(read_numbers(settings, "BREAKER_SECONDS")),
            outage_seconds=read_number(settings, "OUTAGE_PROBE_SECONDS"),
            outage_max_seconds=max(600.0, read_number(settings, "OUTAGE_PROBE_SECONDS")),
        )
    except ValueError as error:
        raise UsageError(str(error)) from error
    return cap_rates(budget, is_loopback(archive_url))


def _connections(settings: Mapping[str, object], archive_url: str) -> float:
    """New TCP connections a minute; on loopback nobody counts them, unless the user does."""
    if settings.get("CONNECTION_RATE") != "auto":
        return read_number(settings, "CONNECTION_RATE")
    return UNLIMITED if is_loopback(archive_url) else CONNECTIONS


def read_health(settings: Mapping[str, object]) -> Thresholds:
    """What a healthy run stays within; raises UsageError."""
    return Thresholds(
        least=read_integer(settings, "HEALTH_LEAST"),
        recovered=read_share(settings, "HEALTH_RECOVERED"),
        other_pages=read_share(settings, "HEALTH_OTHER_PAGES"),
        field_loss=read_share(settings, "HEALTH_FIELD_LOSS"),
        mismatches=read_share(settings, "HEALTH_MISMATCHES"),
        refusals=read_integer(settings, "HEALTH_REFUSALS", least=0),
    )


def read_sources(settings: Mapping[str, object]) -> tuple[Source, ...]:
    """SOURCES in order; raises UsageError naming the mistake."""
    value = settings.get("SOURCES")
    parts = value if isinstance(value, (list, tuple)) else str(value or "").split(",")
    sources = tuple(_source(str(part).strip(), settings) for part in parts)
    names = [source.name for source in sources]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"SOURCES={value}: {name} is named twice")
    return sources


def _source(text: str, settings: Mapping[str, object]) -> Source:
    if text == WAYBACK:
        return wayback_archive(
            read_address(settings, "ARCHIVE_URL"), f"{read_address(settings, 'ARCHIVE_PUBLIC_URL')}/web"
        )
    if text.startswith(PYWB):
        address, _, public = text.removeprefix(PYWB).partition("=")
        return pywb_archive(check_address(address, "SOURCES"), check_address(public, "SOURCES") if public else "")
    path = Path(text)
    if not text or not path.exists():
        raise UsageError(
            f"SOURCES={text}: {WAYBACK}, {PYWB}ADDRESS of a collection, or an existing WARC or WACZ file or folder is"
            " needed"
        )
    return WebArchiveFiles(path.resolve().name, path.resolve())


LEAST_MEMORY = 500
"""MiB; with less than this the process that reads pages cannot begin."""
MOST_OVERLAP = 36_500
"""Days; whoever gives more has mistaken the unit."""


class RunSettings:
    """The settings of a run. Raises UsageError for one that makes no sense."""

    def __init__(self, settings: Mapping[str, object]) -> None:
        self.archive_url = read_address(settings, "ARCHIVE_URL")
        self.public_url = read_address(settings, "ARCHIVE_PUBLIC_URL")
        self.output = read_output(settings)
        self.format = read_format(settings)
        self.contact = str(settings.get("CONTACT") or "")
        self.user_agent = read_user_agent(settings)
        self.images = read_boolean(settings, "IMAGES")
        auto = settings.get("GAP_REQUESTS") == "auto"
        self.given_gap_requests = None if auto else read_integer(settings, "GAP_REQUESTS", least=0)
        """None: as many as make sense."""
        budget, _ = read_budget(settings, self.archive_url)
        self.playback_rate = budget.playback_rate
        self.sources: tuple[Source, ...] = read_sources(settings)
        self.sites: tuple[WebArchive, ...] = tuple(source for source in self.sources if isinstance(source, WebArchive))
        self.retry_seconds = read_waits(settings, "RETRY_SECONDS", FEWEST_RETRIES)
        self.listing_retry_seconds = read_waits(settings, "LISTING_RETRY_SECONDS")
        self.page_rows = read_integer(settings, "LISTING_PAGE_ROWS", most=150_000)
        self.listing_overlap_days = read_integer(settings, "LISTING_OVERLAP_DAYS", least=0, most=MOST_OVERLAP)
        read_seconds(settings, "PROGRESS_SECONDS")
        self.page_seconds = read_seconds(settings, "PAGE_SECONDS", zero=False)
        self.page_memory = read_integer(settings, "PAGE_MEMORY_MB", LEAST_MEMORY)
        self.outage_seconds = read_seconds(settings, "OUTAGE_SECONDS")
        self.health = read_health(settings)
        self.on_verdict = read_command(settings, "ON_VERDICT")
        """The words of a command; none: nothing is run at the end."""
