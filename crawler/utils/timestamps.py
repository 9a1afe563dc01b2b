"""Timestamps of web archives: 14 digits, yyyymmddhhmmss, UTC."""

import re
from datetime import UTC, datetime
from functools import lru_cache

_DIGITS = re.compile(r"[0-9]{4,14}")
_EARLIEST = "00000101000000"


def is_timestamp(s: str) -> bool:
    """Whether this is a whole archive timestamp: 14 ASCII digits, yyyymmddhhmmss."""
    return len(s) == 14 and s.isascii() and s.isdigit()


def timestamp_of(moment: datetime) -> str:
    """The 14-digit timestamp of an aware moment."""
    at = moment.astimezone(UTC)
    return (  # strftime takes five times longer
        f"{at.year:04d}{at.month:02d}{at.day:02d}{at.hour:02d}{at.minute:02d}{at.second:02d}"
    )


@lru_cache(maxsize=16)  # a capture's is asked for by its record, its dates and its evidence
def read_moment(timestamp: str) -> datetime | None:
    """The aware UTC moment of 4 to 14 digits; missing parts count as their earliest value.

    Some rows hold a superfluous "00" where the month or day should be, which pushes the rest out of the 14 digits:
    20000800241623 is 2000-08-24 16:23 (EDGI wayback, recorded rows). Where leaving it out gives no date, the "00"
    stands for the first.
    """
    if not _DIGITS.fullmatch(timestamp):
        return None
    whole = timestamp[: len(timestamp) // 2 * 2]
    for start in (4, 6):
        if whole[start : start + 2] == "00":
            return _strict(whole[:start] + whole[start + 2 :]) or _strict(
                whole[:start] + whole[start:].replace("00", "01", 1)
            )
    return _strict(whole)


def _strict(digits: str) -> datetime | None:
    padded = digits + _EARLIEST[len(digits) :]
    try:
        date = int(padded[:4]), int(padded[4:6]), int(padded[6:8]) or 1
        return datetime(*date, int(padded[8:10]), int(padded[10:12]), int(padded[12:]), tzinfo=UTC)
    except ValueError:
        return None
