"""The settings of a run and the spider's arguments, read by the table of `crawler/settings.py` before anything is done.

What cannot be read raises UsageError, which names it, its value, and what is needed.
"""

import difflib
import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from crawler.hkcnews.urls import HIGHEST_ID
from crawler.markdown.style import Video
from crawler.politeness.rate_limiter import PLAYBACK_RATE_CEILING, RequestBudget, cap_rates
from crawler.recovery.case import Selection
from crawler.recovery.formats import Format, FormatName
from crawler.recovery.sources import PYWB, WAYBACK, Source, WebArchiveFiles
from crawler.settings import Kind, Setting, arguments, for_everyone, table
from crawler.utils.exit_status import UsageError
from crawler.utils.timestamps import read_moment
from crawler.warc.remote import location
from crawler.wayback.archive import WebArchive, pywb_archive, wayback_archive

SETTINGS: Mapping[str, Setting] = {row.name: row for rows in table.values() for row in rows}
FOR_EVERYONE = [row.name for row in table[for_everyone]]
"""The settings that most people set."""
ARGUMENTS: Mapping[str, Setting] = {row.name: row for row in arguments}


def read_setting(given: Mapping[str, object], name: str) -> Any:
    """A setting's value, of the type that its kind has."""
    return read_value(SETTINGS[name], given.get(name))


def read_value(row: Setting, value: object) -> Any:
    """A value as the row of the table wants it; None is taken for nothing."""
    value = "" if value is None else value
    try:
        return _READERS[row.kind](row, value)
    except ValueError as error:
        raise _mistake(row, value) from error


def _mistake(row: Setting, value: object) -> UsageError:
    shown = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in str(value))
    return UsageError(f"{row.name}={shown}: {row.needed} is needed")


def _parts(value: object) -> list[str]:
    return [str(part).strip() for part in (value if isinstance(value, (list, tuple)) else str(value).split(","))]


def _number(row: Setting, value: object) -> float | str:
    if value in row.choices:
        return str(value)
    number, whole = float(str(value)), row.kind is Kind.WHOLE
    if not row.least <= number <= row.most or (whole and not number.is_integer()):  # true of nan, too
        raise ValueError
    return int(number) if whole else number


def _numbers(row: Setting, value: object) -> tuple[float | str, ...]:
    numbers = tuple(_number(row, part) for part in _parts(value))
    if len(numbers) < row.fewest:
        raise ValueError
    return numbers


def _choice(row: Setting, value: object) -> str:
    if value not in row.choices:
        raise ValueError
    return str(value)


def _line(row: Setting, value: object) -> str:
    line = str(value)
    if not row.least <= len(line) <= row.most or not re.fullmatch("([!-~]+( [!-~]+)*)?", line):
        raise ValueError
    return line


def _address(_: Setting, value: object) -> str:
    """An archive's address without a slash at its end."""
    address = str(value).rstrip("/")
    parts = urlsplit(address)
    good = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
    if not good or parts.query or parts.fragment or parts.username is not None or not re.fullmatch("[!-~]+", address):
        raise ValueError
    return address


def _path(row: Setting, value: object) -> Path:
    name = str(value)
    if not name.strip() or "\0" in name or (row.kind is Kind.FOLDER and not Path(name).is_dir()):
        raise ValueError
    return Path(name)


def _command(_: Setting, value: object) -> tuple[str, ...]:
    """A command line as its words, split as a shell would and never given to one; none when it is empty."""
    line = str(value)
    words = tuple(shlex.split(line))
    if "\0" in line or (words and not words[0]):
        raise ValueError
    return words


def _articles(row: Setting, value: object) -> frozenset[int]:
    ids: set[int] = set()
    for part in str(value).split(","):
        found = re.fullmatch(r"\s*(\d{1,9})\s*(?:-\s*(\d{1,9})\s*)?", part, re.ASCII)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not 0 < first <= last <= HIGHEST_ID:
            needed = "an article id or a range of them (as in 33951,40000-40100)"
            raise UsageError(f"{row.name}={value}: {part.strip() or 'nothing'!r} is not {needed}")
        ids.update(range(first, last + 1))
    return frozenset(ids)


def _time(_: Setting, value: object) -> str:
    """A time of capture as the beginning of a timestamp: `2021`, `2021-07`, `20210712`, `2021-07-12 01:20`."""
    digits = re.sub(r"[-:T /]", "", str(value))
    if value and not (re.fullmatch(r"\d{4}(\d{2}){0,5}", digits, re.ASCII) and read_moment(digits)):
        raise ValueError
    return digits


def _contact(row: Setting, value: object) -> str:
    contact = _line(row, value)
    if contact and not re.search(r"[!-~]@\w+[.\w-]*|https?://\w", contact, re.ASCII):
        raise ValueError
    return contact


_READERS: Mapping[Kind, Callable[[Setting, object], Any]] = {
    Kind.ADDRESS: _address,
    Kind.ARTICLES: _articles,
    Kind.CHOICE: _choice,
    Kind.COMMAND: _command,
    Kind.CONTACT: _contact,
    Kind.FOLDER: _path,
    Kind.LINE: _line,
    Kind.NUMBER: _number,
    Kind.NUMBERS: _numbers,
    Kind.PATH: _path,
    Kind.SOURCES: lambda _, value: _parts(value),
    Kind.SWITCH: lambda row, value: _choice(row, str(value).lower()) in ("1", "true", "yes"),
    Kind.TIME: _time,
    Kind.WHOLE: _number,
}


def check_names(given: Iterable[str], known: Iterable[str], what: str) -> None:
    """Refuse a name that nothing knows, and say which one may have been meant; else the first that are known."""
    names = list(known)
    for name in given:
        if name not in names:
            meant = {one.upper(): one for one in names}
            near = difflib.get_close_matches(name.upper(), meant, n=1, cutoff=0.6)
            advice = f": did you mean {meant[near[0]]}?" if near else f"; known are {', '.join(names[:40])}"
            raise UsageError(f"unknown {what} {name}{advice}")


def check_integer(text: str, name: str, least: int, most: int) -> int:
    """A whole number given on the command line."""
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise UsageError(f"{name} {text}: a whole number from {least} to {most} is needed")
    return int(text)


@dataclass(frozen=True, slots=True)
class SpiderArguments:
    """The spider's arguments, read."""

    choice: Selection
    again: frozenset[int] = frozenset()
    dry_run: bool = False
    repair: Path | None = None
    in_place: bool = False

    @property
    def whole(self) -> bool:
        """Whether the run is about everything, and fetches."""
        return self.choice == Selection() and not self.dry_run

    def narrowed(self, only: frozenset[int]) -> Self:
        """The same, for these articles at most."""
        ids = only if self.choice.ids is None else only & frozenset(self.choice.ids)
        return replace(self, choice=replace(self.choice, ids=ids))


def read_arguments(given: Mapping[str, str]) -> SpiderArguments:
    """Read `-a name=value` pairs."""
    check_names(given, ARGUMENTS, "spider argument")
    values = {name: read_value(ARGUMENTS[name], value) for name, value in given.items()}
    ids, again = values.get("ids"), values.get("again", frozenset())
    since, until = values.get("since", ""), values.get("until", "")
    if since and until and since[: len(until)] > until:
        raise UsageError(f"since={since} is after until={until}")
    repair, in_place = values.get("repair"), values.get("in_place", False)
    if in_place and repair is None:
        raise UsageError("in_place=1: which directory is to be repaired is needed too, as in repair=DIR")
    chosen = (ids or frozenset()) | again if again else ids
    choice = Selection(chosen, values.get("limit"), since, until)
    return SpiderArguments(choice, again, values.get("dry_run", False), repair, in_place)


def is_loopback(url: str) -> bool:
    """Whether an archive runs on this machine, where any rate is allowed."""
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")


def read_format(given: Mapping[str, object]) -> Format:
    """How files are to be written."""
    form = Format(FormatName(read_setting(given, "FORMAT")), Video(read_setting(given, "VIDEO")))
    if form.video != Format().video and form.name is not FormatName.READING:
        raise UsageError(f"VIDEO={form.video}: only FORMAT={FormatName.READING} has a choice of it")
    return form


def read_sources(given: Mapping[str, object]) -> tuple[Source, ...]:
    sources: dict[str, Source] = {}
    for source in (_source(part, given) for part in read_setting(given, "SOURCES")):
        if source.name in sources:
            raise UsageError(f"SOURCES={given.get('SOURCES')}: {source.name} is named twice")
        sources[source.name] = source
    return tuple(sources.values())


def _source(text: str, given: Mapping[str, object]) -> Source:
    if text == WAYBACK:
        public = read_setting(given, "ARCHIVE_PUBLIC_URL")
        return wayback_archive(read_setting(given, "ARCHIVE_URL"), f"{public}/web")
    if text.startswith(PYWB):
        address = Setting("SOURCES", kind=Kind.ADDRESS)
        collection, _, public = text.removeprefix(PYWB).partition("=")
        return pywb_archive(read_value(address, collection), read_value(address, public) if public else "")
    path = location(text)
    if isinstance(path, str):
        return WebArchiveFiles(path.rstrip("/").rpartition("/")[2], path)
    if not text or not path.exists():
        raise _mistake(SETTINGS["SOURCES"], text)
    return WebArchiveFiles(path.resolve().name, path.resolve())


class RunSettings:
    """The settings of a run, all of them looked at."""

    def __init__(self, given: Mapping[str, object]) -> None:
        self._values = values = {name: read_setting(given, name) for name in SETTINGS}
        self.archive_url: str = values["ARCHIVE_URL"]
        self.public_url: str = values["ARCHIVE_PUBLIC_URL"]
        self.output: Path = values["OUTPUT_DIR"]
        self.format = read_format(given)
        self.contact: str = values["CONTACT"]
        self.user_agent = " ".join(filter(None, (values["USER_AGENT"], self.contact and f"(+{self.contact})")))
        self.images: bool = values["IMAGES"]
        self.gap_requests: int | None = None if values["GAP_REQUESTS"] == "auto" else values["GAP_REQUESTS"]
        """None: as many as make sense."""
        self.playback_rate = self.budget(self.archive_url)[0].playback_rate
        self.sources = read_sources(given)
        self.sites = tuple(source for source in self.sources if isinstance(source, WebArchive))
        self.retry_seconds: tuple[float, ...] = values["RETRY_SECONDS"]
        self.listing_retry_seconds: tuple[float, ...] = values["LISTING_RETRY_SECONDS"]
        self.page_rows: int = values["LISTING_PAGE_ROWS"]
        self.listing_overlap_days: int = values["LISTING_OVERLAP_DAYS"]
        self.progress_seconds: float = values["PROGRESS_SECONDS"]
        self.page_seconds: float = values["PAGE_SECONDS"]
        self.page_memory: int = values["PAGE_MEMORY_MB"]
        self.outage_seconds: float = values["OUTAGE_SECONDS"]
        self.health: Mapping[str, float] = {name: values[name] for name in SETTINGS if name.startswith("HEALTH_")}
        self.on_verdict: tuple[str, ...] = values["ON_VERDICT"]
        """The words of a command; none: nothing is run at the end."""

    def budget(self, url: str) -> tuple[RequestBudget, list[str]]:
        """What the archive at an address may be asked for, and a warning for each rate that was lowered to what it
        allows."""
        values, loopback = self._values, is_loopback(url)
        rate, connections = values["PLAYBACK_RATE"], values["CONNECTION_RATE"]
        if connections == "auto":
            connections = 1_000_000.0 if loopback else RequestBudget().connections_per_minute
        at_once = loopback and rate > PLAYBACK_RATE_CEILING
        budget = RequestBudget(
            cdx_rate=values["CDX_RATE"],
            playback_rate=rate,
            playback_rate_start=rate if at_once else min(rate, values["PLAYBACK_RATE_START"]),
            pause_seconds=values["PAUSE_SECONDS"],
            pause_max_seconds=max(900.0, values["PAUSE_SECONDS"]),
            breaker_seconds=values["BREAKER_SECONDS"],
            breaker_trips=len(values["BREAKER_SECONDS"]),
            connections_per_minute=connections,
            outage_seconds=values["OUTAGE_PROBE_SECONDS"],
            outage_max_seconds=max(600.0, values["OUTAGE_PROBE_SECONDS"]),
        )
        return cap_rates(budget, loopback)
