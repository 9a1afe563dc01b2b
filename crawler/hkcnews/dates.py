"""Days and moments as the site and its metadata write them."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, timezone

HONG_KONG = timezone(timedelta(hours=8))
MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})[ T](\d{2}):(\d{2}):(\d{2})", re.ASCII)
"""A moment as the site prints when an article was last updated."""
_DAY_FIRST = re.compile(r"(?<!\d)(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})(?!\d)")
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})[./年-](\d{1,2})[./月-](\d{1,2})(?!\d)")


def read_date(text: str) -> str:
    """`YYYY-MM-DD` from `dd.mm.yy`, `dd.mm.yyyy`, `YYYY-MM-DD` or a full ISO moment (in Hong Kong time); empty if none."""
    if zoned := re.search(r"\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:?\d{2})", text):
        try:
            return datetime.fromisoformat(zoned[0]).astimezone(HONG_KONG).date().isoformat()
        except ValueError:
            return ""
    year_first, day_first = _YEAR_FIRST.search(text), _DAY_FIRST.search(text)
    if year_first and not (day_first and day_first.start() < year_first.start()):
        year, month, day = year_first.groups()
    elif day_first:
        day, month, year = day_first.groups()
    else:
        return ""
    try:
        return date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day)).isoformat()
    except ValueError:
        return ""


def read_moment(text: str) -> str:
    """`YYYY-MM-DD hh:mm:ss` where the text has such a moment that exists; empty otherwise."""
    found = MOMENT.search(text)
    if not found:
        return ""
    day, hour, minute, second = found.groups()
    try:
        date.fromisoformat(day)
        time(int(hour), int(minute), int(second))
    except ValueError:
        return ""
    return f"{day} {hour}:{minute}:{second}"
