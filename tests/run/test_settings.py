"""Each setting of ours is looked at before anything is done: a value that makes no sense is refused, and named."""

from __future__ import annotations

from pathlib import Path

from scrapy.settings import default_settings

from crawler import settings as ours
from crawler.run.session import Session
from crawler.utils.exit_status import CommandError, ExitStatus

OURS = sorted(name for name in vars(ours) if name.isupper() and not hasattr(default_settings, name))
NUMBER = ("many", "", None, "nan", "inf", "-inf", "-1", "1e300", "1,2", "0x10", True)
ABOVE_ZERO = (*NUMBER, "0")
ADDRESS = (
    *(
        "",
        None,
        "web.archive.org",
        "ftp://a.example",
        "https://",
        "https://a.example?x=1",
        "https://a.example#x",
        "http://[::1",
    ),
    *(
        "https://a.example:99999",
        "https://a.example:0",
        "https://a.example:x",
        "https://me:secret@a.example",
        "https://a.example\r\nX: y",
    ),
    *("https://a .example", "https://a.example/\u202e", "javascript:alert(1)", 5),
)
SHARE = (*NUMBER[:7], "1e300", "1,2", "0x10", True, "1.01", "20%")
LINE = ("two\nlines", "x\r\nX-Evil: 1", "\r", "tab\there", "nul\0", "\u202e", "眾", " x", "x ", "x" * 501)
WRONG: dict[str, tuple[object, ...]] = {
    "ARCHIVE_URL": ADDRESS,
    "ARCHIVE_PUBLIC_URL": ADDRESS,
    "OUTPUT_DIR": ("", None, " ", "a\0b"),
    "CONTACT": LINE,
    "USER_AGENT": (*LINE, "", None),
    "SOURCES": ("", None, "waybck", "wayback,", "wayback,wayback", "pywb+", "pywb+ftp://x/y", "/no/such/file.warc.gz"),
    "FORMAT": ("", None, "Seed", " seed", "reading,seed", "html", 5, True),
    "VIDEO": ("", None, "links", "Link", 0, True, "link"),
    "GAP_REQUESTS": (*NUMBER, "1.5", "1000001", "automatic"),
    "IMAGES": ("", None, "2", "yes", "1.0", "-1", True),
    "LISTING_PAGE_ROWS": (*ABOVE_ZERO, "1.5", "150001"),
    "CDX_RATE": (*ABOVE_ZERO, "1000001", "1e-300"),
    "PLAYBACK_RATE": (*ABOVE_ZERO, "1000001", "1e-300"),
    "PLAYBACK_RATE_START": (*ABOVE_ZERO, "1000001", "1e-300"),
    "CONNECTION_RATE": (*ABOVE_ZERO, "1000001", "automatic"),
    "PAUSE_SECONDS": (*ABOVE_ZERO, "604801"),
    "BREAKER_SECONDS": ("", None, "nan", "5;10", "5,0", "5,-1", "5,inf", "5,,5", "604801", True),
    "RETRY_SECONDS": ("", None, "1,2,3", "1,2,3,nan", "1,2,3,-1", "1,2,3,inf", "1,2,3,x", "1,2,3,604801", True),
    "LISTING_RETRY_SECONDS": ("", None, "nan", "-1", "inf", "x", "604801", True),
    "OUTAGE_SECONDS": (*NUMBER, "604801"),
    "OUTAGE_PROBE_SECONDS": (*ABOVE_ZERO, "604801"),
    "PAGE_SECONDS": (*ABOVE_ZERO, "604801"),
    "PAGE_MEMORY_MB": (*ABOVE_ZERO, "499", "1.5", "1000001"),
    "PROGRESS_SECONDS": (*NUMBER, "604801"),
    "LISTING_OVERLAP_DAYS": (*NUMBER, "1.5", "36501"),
    "ON_VERDICT": ("tell 'me", 'tell "me', "tell\\", "''", "'' tell", "tell\0me"),
    "HEALTH_LEAST": (*ABOVE_ZERO, "1.5", "1000001"),
    "HEALTH_RECOVERED": SHARE,
    "HEALTH_OTHER_PAGES": SHARE,
    "HEALTH_FIELD_LOSS": SHARE,
    "HEALTH_MISMATCHES": SHARE,
    "HEALTH_REFUSALS": (*NUMBER, "1.5", "1000001"),
}


def opened(output: Path, **given: object) -> Session:
    defaults = {name: getattr(ours, name) for name in dir(ours) if name.isupper()}
    return Session({**defaults, "ARCHIVE_URL": "http://127.0.0.1:9", "OUTPUT_DIR": str(output), **given}, {})


def test_every_setting_of_ours_has_its_wrong_values() -> None:
    assert sorted(set(WRONG) - {"USER_AGENT"}) == OURS


def mistake(output: Path, name: str, value: object) -> str:
    """What was not right when a value was refused."""
    try:
        opened(output, **{name: value}).close()
    except CommandError as refused:
        status, said = refused.status, str(refused)
        right = status is ExitStatus.USAGE and said.startswith(f"{name}=") and "\n" not in said and not output.exists()
        return "" if right else f"{status!r}: {said}"
    return "it was taken"


def test_a_wrong_value_is_refused_and_named_before_anything_is_done(tmp_path: Path) -> None:
    tried = [(name, value) for name, values in WRONG.items() for value in values]
    told = {one: mistake(tmp_path / str(number), *one) for number, one in enumerate(tried)}
    assert {one: what for one, what in told.items() if what} == {}


def test_what_makes_sense_is_taken(tmp_path: Path) -> None:
    together: tuple[dict[str, object], ...] = (
        {
            "OUTAGE_SECONDS": "0",
            "PROGRESS_SECONDS": "0",
            "CONNECTION_RATE": "auto",
            "CONTACT": "",
            "RETRY_SECONDS": "0,0,0,0",
            "LISTING_RETRY_SECONDS": "5",
            "PLAYBACK_RATE": "1e6",
            "PAGE_MEMORY_MB": "500",
            "LISTING_OVERLAP_DAYS": "0",
            "ON_VERDICT": "",
            "HEALTH_LEAST": "1",
            "HEALTH_RECOVERED": "0",
            "HEALTH_FIELD_LOSS": "1",
            "HEALTH_REFUSALS": "0",
        },
        {
            "CONNECTION_RATE": "20",
            "ON_VERDICT": "tell --to 'X Y'",
            "HEALTH_OTHER_PAGES": "1",
            "HEALTH_MISMATCHES": "0.5",
            "HEALTH_REFUSALS": 100,
            "CONTACT": "Desk of X, mailto:x@example.org",
            "USER_AGENT": "my crawler/1 (of mine)",
            "BREAKER_SECONDS": [1, 2.5],
        },
    )
    for given in together:
        session = opened(tmp_path, **given)
        session.close()
        assert session.ending is None
