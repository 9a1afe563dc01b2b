"""What the user asked for: settings and spider arguments, checked before anything is done."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from crawler.archive.capture import read_moment
from crawler.ending import Fatal, Status
from crawler.formats import Format, FormatName
from crawler.hkcnews.urls import HIGHEST_ID
from crawler.markdown.style import Video
from crawler.recovery import Choice

ARGUMENTS = ("ids", "limit", "since", "until", "dry_run", "again", "repair", "in_place")
LONGEST_WAIT = 7 * 86400.0
"""Seconds; whoever gives more has mistaken the unit."""
LONGEST_NAME = 500
LOOPBACK = ("127.0.0.1", "localhost", "::1")
FEWEST_RETRIES = 4
"""A capture is given at least five attempts before its article waits for the next run."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """The spider's arguments, read."""

    choice: Choice
    again: frozenset[int]
    dry_run: bool
    repair: Path | None = None
    in_place: bool = False

    @property
    def whole(self) -> bool:
        """Whether the run is about everything, and fetches."""
        choice = self.choice
        return choice.ids is None and choice.limit is None and not (choice.since or choice.until or self.dry_run)

    def narrowed(self, only: frozenset[int]) -> Arguments:
        """The same, for these articles at most."""
        ids = only if self.choice.ids is None else only & frozenset(self.choice.ids)
        return replace(self, choice=replace(self.choice, ids=ids))


def wrong(message: str) -> Fatal:
    """A mistake in what was asked for."""
    return Fatal(Status.USAGE, message)


def read_arguments(given: Mapping[str, str]) -> Arguments:
    """Read `-a name=value` pairs; raises Fatal naming the mistake."""
    check_names(given, ARGUMENTS, "spider argument")
    again = frozenset(read_ids(given["again"], "again")) if "again" in given else frozenset()
    ids = frozenset(read_ids(given["ids"], "ids")) if "ids" in given else None
    if again:
        ids = again if ids is None else ids | again
    limit = given.get("limit")
    if limit is not None and not (limit.isascii() and limit.isdigit() and int(limit) > 0):
        raise wrong(f"limit={limit}: a number of articles above zero is needed")
    since, until = (_moment(given.get(name, ""), name) for name in ("since", "until"))
    if since and until and since[: len(until)] > until:
        raise wrong(f"since={since} is after until={until}")
    repair, in_place = given.get("repair"), _flag(given, "in_place")
    if repair is not None and not Path(repair).is_dir():
        raise wrong(f"repair={repair}: a directory with files of articles is needed")
    if in_place and repair is None:
        raise wrong("in_place=1: which directory is to be repaired is needed too, as in repair=DIR")
    choice = Choice(ids, int(limit) if limit else None, since, until)
    return Arguments(choice, again, _flag(given, "dry_run"), Path(repair) if repair else None, in_place)


def _flag(given: Mapping[str, str], name: str) -> bool:
    value = given.get(name, "0").lower()
    if value not in ("0", "1", "true", "false", "yes", "no"):
        raise wrong(f"{name}={value}: 1 or 0 is needed")
    return value in ("1", "true", "yes")


def read_ids(text: str, name: str) -> list[int]:
    """`33951,40000-40100` as ids, each once, lowest first."""
    ids: set[int] = set()
    for part in text.split(","):
        found = re.fullmatch(r"\s*(\d{1,9})\s*(?:-\s*(\d{1,9})\s*)?", part, re.ASCII)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not 0 < first <= last <= HIGHEST_ID:
            raise wrong(f"{name}={text}: {part.strip() or 'nothing'!r} is not an article id or a range of them (as in 33951,40000-40100)")
        ids.update(range(first, last + 1))
    return sorted(ids)


def _moment(text: str, name: str) -> str:
    """A time of capture as the beginning of a timestamp: `2021`, `2021-07`, `20210712`, `2021-07-12 01:20`."""
    digits = re.sub(r"[-:T /]", "", text)
    if text and not (re.fullmatch(r"\d{4}(\d{2}){0,5}", digits, re.ASCII) and read_moment(digits)):
        raise wrong(f"{name}={text}: a year, month, day or time of capture is needed (as in 2021-07 or 20210712)")
    return digits


def check_names(given: Iterable[str], known: Iterable[str], what: str) -> None:
    """Refuse a name that nothing knows, and say which one may have been meant."""
    names = sorted(known)
    for name in given:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
            raise wrong(f"unknown {what} {name}" + (f": did you mean {near[0]}?" if near else f"; known are {', '.join(names[:20])}"))


def is_loopback(url: str) -> bool:
    """Whether an archive runs on this machine, where any rate is allowed."""
    return urlsplit(url).hostname in LOOPBACK


def archive_address(settings: Mapping[str, object], name: str) -> str:
    """An archive's address without a slash at its end; raises Fatal when it is none."""
    return check_address(str(settings.get(name) or ""), name)


def check_address(given: str, name: str) -> str:
    """An address of the setting `name` without a slash at its end; raises Fatal when it is none."""
    address = given.rstrip("/")
    shown = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in address)
    mistake = wrong(f"{name}={shown}: an address such as https://web.archive.org is needed")
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError as error:
        raise mistake from error
    if not good or parts.query or parts.fragment or parts.username is not None or not re.fullmatch("[!-~]+", address):
        raise mistake
    return address


def read_agent(settings: Mapping[str, object]) -> str:
    """What every request says of who sends it: USER_AGENT, with CONTACT where it is set; raises Fatal where either could not
    stand in a header."""
    for name, needed in (("USER_AGENT", "[!-~]+( [!-~]+)*"), ("CONTACT", "([!-~]+( [!-~]+)*)?")):
        value = str(settings.get(name) or "")
        if not re.fullmatch(needed, value) or len(value) > LONGEST_NAME:
            raise wrong(f"{name}={value!r}: one line of ASCII with at most {LONGEST_NAME} characters is needed")
    agent, contact = str(settings["USER_AGENT"]), str(settings.get("CONTACT") or "")
    return f"{agent} (+{contact})" if contact else agent


def read_output(settings: Mapping[str, object]) -> Path:
    """Where everything is written; raises Fatal when it is no path."""
    name = str(settings.get("OUTPUT_DIR") or "")
    if not name.strip() or "\0" in name:
        raise wrong(f"OUTPUT_DIR={name!r}: the path of a directory is needed")
    return Path(name)


def read_switch(settings: Mapping[str, object], name: str) -> bool:
    """Whether something is on: 1 or 0; raises Fatal for anything else."""
    value = str(settings.get(name))
    if value not in ("0", "1"):
        raise wrong(f"{name}={value}: 1 or 0 is needed")
    return value == "1"


def read_format(settings: Mapping[str, object]) -> Format:
    """How files are to be written; raises Fatal."""
    names, videos = ([choice.value for choice in choices] for choices in (FormatName, Video))
    name, video = settings.get("FORMAT"), settings.get("VIDEO")
    if name not in names:
        raise wrong(f"FORMAT={name}: {' or '.join(names)} is needed")
    if video not in videos:
        raise wrong(f"VIDEO={video}: {' or '.join(videos)} is needed")
    wanted = Format(FormatName(name), Video(video))
    if video != Format().video and not wanted.for_reading:
        raise wrong(f"VIDEO={video}: only FORMAT={FormatName.READING} has a choice of it")
    return wanted


def read_waits(settings: Mapping[str, object], name: str, fewest: int = 1) -> tuple[float, ...]:
    """Seconds before each further attempt, at least `fewest` of them; raises Fatal."""
    waits = read_numbers(settings, name)
    if len(waits) < fewest or not all(0 <= wait <= LONGEST_WAIT for wait in waits):
        raise wrong(f"{name}={settings.get(name)}: at least {fewest} numbers of seconds, none below zero or above a week, are needed")
    return waits


def read_whole(settings: Mapping[str, object], name: str, least: int = 1, most: int = 1_000_000) -> int:
    """A whole number within its bounds; raises Fatal."""
    number = read_number(settings, name)
    if not (number.is_integer() and least <= number <= most):
        raise wrong(f"{name}={settings.get(name)}: a whole number from {least} to {most} is needed")
    return int(number)


def check_whole(text: str, name: str, least: int, most: int) -> int:
    """A whole number given on the command line; raises Fatal."""
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise wrong(f"{name} {text}: a whole number from {least} to {most} is needed")
    return int(text)


def read_seconds(settings: Mapping[str, object], name: str, *, zero: bool = True) -> float:
    """A number of seconds, at most a week; raises Fatal. `zero`: whether none at all means something."""
    seconds = read_number(settings, name)
    if not (0 <= seconds <= LONGEST_WAIT and (zero or seconds)):
        raise wrong(
            f"{name}={settings.get(name)}: a number of seconds, {'zero or more' if zero else 'above zero'} and at most a week, is needed"
        )
    return seconds


def read_share(settings: Mapping[str, object], name: str) -> float:
    """A share, from 0 to 1; raises Fatal."""
    share = read_number(settings, name)
    if not 0 <= share <= 1:
        raise wrong(f"{name}={settings.get(name)}: a share from 0 to 1 is needed")
    return share


def read_command(settings: Mapping[str, object], name: str) -> tuple[str, ...]:
    """A command line as its words, split as a shell would and never given to one; none when it is empty. Raises Fatal."""
    line = str(settings.get(name) or "")
    mistake = wrong(f"{name}={line!r}: a command with its quotes closed is needed, such as 'mail-it --quietly'")
    try:
        words = tuple(shlex.split(line))
    except ValueError as error:
        raise mistake from error
    if "\0" in line or (words and not words[0]):
        raise mistake
    return words


def read_number(settings: Mapping[str, object], name: str) -> float:
    """Any number; raises Fatal."""
    try:
        return float(str(settings.get(name)))
    except ValueError as error:
        raise wrong(f"{name}={settings.get(name)}: a number is needed") from error


def read_numbers(settings: Mapping[str, object], name: str) -> tuple[float, ...]:
    """Numbers separated by commas, or a list of them; raises Fatal."""
    value = settings.get(name)
    parts = value if isinstance(value, (list, tuple)) else str(value).split(",")
    try:
        return tuple(float(str(part)) for part in parts)
    except ValueError as error:
        raise wrong(f"{name}={value}: seconds separated by commas are needed") from error
