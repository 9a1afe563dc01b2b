"""Days and moments as the site and its metadata write them, and whether the site can have printed them by the time of a
capture."""

import re
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache

from crawler.utils import timestamps

HONG_KONG = timezone(timedelta(hours=8))
FIRST_DAY = date(2016, 12, 30)
LAST_DAY = date(2022, 1, 3)
"""Of publication (FACTS section 1)."""
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}", re.ASCII)
"""A moment as the site prints when an article was last updated."""
DAY = re.compile(r"\d{1,4}[./．／年-]\d{1,2}")
"""What looks like a day, whether there is one or not."""
_DAY_FIRST = re.compile(r"(?<!\d)(\d{1,2})[./．／-](\d{1,2})[./．／-](?:(\d{2})(?=\d?\d:\d\d)|(\d{4}|\d{2})(?!\d))")
"""A time may stand right behind a year of two digits."""
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})[./．／年-](\d{1,2})[./．／月-](\d{1,2})(?!\d)")
_ZONED = re.compile(r"\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:?\d{2})")
_QUOTED = 40


Stated = tuple[str, str]
"""A day or moment that a page states, in the form of its field; empty where there is none, or none that can be right:
then a fault says what is wrong with it."""


@lru_cache(maxsize=4)
def latest_day(timestamp: str) -> date:
    """The day of a capture in Hong Kong; the last day of all when its time is not known, or is none of a capture of the
    site."""
    is_whole = timestamps.is_timestamp(timestamp) and "00" not in (timestamp[4:6], timestamp[6:8])
    moment = timestamps.read_moment(timestamp) if is_whole else None
    if moment is None or not FIRST_DAY.year <= moment.year < date.max.year:
        return date.max
    day = moment.astimezone(HONG_KONG).date()
    return day if day > FIRST_DAY else date.max


def published(text: str, latest: date) -> Stated:
    """The day of publication in what stands behind its label, where text may follow it. `latest`: see `latest_day`."""
    return _possible("the date", text, read_date(text), min(latest, LAST_DAY)) if text else ("", "")


def updated(text: str, latest: date) -> Stated:
    """The moment of the last update, likewise; where only words stand behind the label there is none."""
    has_digit = any(map(str.isdecimal, text))
    return _possible("the last update", text, read_moment(text), latest) if has_digit else ("", "")


def _possible(what: str, text: str, value: str, latest: date) -> Stated:
    """A day or moment, if the site can have printed something then, by the latest day."""
    day = value[:10]
    if not day:
        why = "no day or moment that there is"
    elif day < FIRST_DAY.isoformat():
        why = f"{day} is before the site's first day, {FIRST_DAY}"
    elif day > latest.isoformat():
        why = f"{day} is after the {'end of the site' if latest == LAST_DAY else 'capture'}, {latest}"
    else:
        return value, ""
    quoted = text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…"
    return "", f"{what} “{quoted}” is left out: {why}"


def read_date(text: str) -> str:
    """`YYYY-MM-DD` from `dd.mm.yy`, `dd.mm.yyyy`, `YYYY-MM-DD` or a full ISO moment (in Hong Kong time); empty if
    none."""
    try:
        if zoned := _ZONED.search(text):
            return datetime.fromisoformat(zoned[0]).astimezone(HONG_KONG).date().isoformat()
        year_first, day_first = _YEAR_FIRST.search(text), _DAY_FIRST.search(text)
        if year_first and not (day_first and day_first.start() < year_first.start()):
            year, month, day = year_first.groups()
        elif day_first:
            day, month, year = day_first[1], day_first[2], day_first[3] or day_first[4]
        else:
            return ""
        return date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day)).isoformat()
    except (ValueError, OverflowError):
        return ""


def read_moment(text: str) -> str:
    """`YYYY-MM-DD hh:mm:ss` where the text has such a moment that exists; empty otherwise."""
    found = MOMENT.search(text)
    try:
        return str(datetime.fromisoformat(found[0])) if found else ""
    except ValueError:
        return ""
