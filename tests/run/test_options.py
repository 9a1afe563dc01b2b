"""Settings and spider arguments: what is understood, and that each mistake is named before anything is done.

Wrong values of settings are in `test_settings.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler import settings as ours
from crawler.recovery.recovery import Selection
from crawler.run.settings import (
    SpiderArguments,
    check_names,
    is_loopback,
    read_address,
    read_arguments,
    read_command,
    read_integer,
    read_seconds,
    read_share,
    read_waits,
)
from crawler.utils.exit_status import CommandError, ExitStatus

HERE, PUBLIC = "http://127.0.0.1:8080", "https://web.archive.org"
DEFAULTS = {name: getattr(ours, name) for name in dir(ours) if name.isupper()}
Given = tuple[tuple[str, str], ...]


def ids(*numbers: int) -> frozenset[int]:
    return frozenset(numbers)


UNDERSTOOD: dict[Given, SpiderArguments] = {
    (): SpiderArguments(Selection(), ids(), dry_run=False),
    (("ids", "1, 5-7 ,6"),): SpiderArguments(Selection(ids(1, 5, 6, 7)), ids(), dry_run=False),
    (("ids", "50000-99999,50000-99999,1"),): SpiderArguments(
        Selection(ids(1, *range(50000, 100000))), ids(), dry_run=False
    ),
    (("limit", "20"),): SpiderArguments(Selection(limit=20), ids(), dry_run=False),
    (("again", "5"),): SpiderArguments(Selection(ids(5)), ids(5), dry_run=False),
    (("again", "5"), ("ids", "6")): SpiderArguments(Selection(ids(5, 6)), ids(5), dry_run=False),
    (("dry_run", "1"),): SpiderArguments(Selection(), ids(), dry_run=True),
    (("dry_run", "Yes"),): SpiderArguments(Selection(), ids(), dry_run=True),
    (("dry_run", "0"),): SpiderArguments(Selection(), ids(), dry_run=False),
    (("since", "2021-07"), ("until", "2021-07-12 01:20")): SpiderArguments(
        Selection(since="202107", until="202107120120"), ids(), dry_run=False
    ),
    (("since", "2021"), ("until", "2021")): SpiderArguments(
        Selection(since="2021", until="2021"), ids(), dry_run=False
    ),
    (("repair", "."), ("in_place", "1")): SpiderArguments(
        Selection(), ids(), dry_run=False, repair=Path(), in_place=True
    ),
    (("until", "20210712013906"),): SpiderArguments(Selection(until="20210712013906"), ids(), dry_run=False),
}


def test_arguments() -> None:
    assert {given: read_arguments(dict(given)) for given in UNDERSTOOD} == UNDERSTOOD


MISTAKES: dict[Given, str] = {
    (("id", "5"),): "unknown spider argument id: did you mean ids?",
    (("zzz", "5"),): "unknown spider argument zzz; known are again, dry_run, ids",
    (("ids", ""),): "ids=: 'nothing' is not an article id",
    (("ids", "5,"),): "ids=5,: 'nothing' is not an article id",
    (("ids", "abc"),): "ids=abc: 'abc' is not an article id or a range of them (as in 33951,40000-40100)",
    (("ids", "7-5"),): "'7-5' is not",
    (("ids", "0"),): "'0' is not",
    (("ids", "-5"),): "'-5' is not",
    (("ids", "100000"),): "'100000' is not",
    (("ids", "٣"),): "is not an article id",
    (("again", "x"),): "again=x: 'x' is not an article id",
    (("limit", "0"),): "limit=0: a number of articles above zero is needed",
    (("limit", "-1"),): "limit=-1",
    (("limit", "ten"),): "limit=ten",
    (("since", "21"),): "since=21: a year, month, day or time of capture is needed",
    (("since", "2021-7"),): "since=2021-7",
    (("until", "2021-13"),): "until=2021-13",
    (("until", "2021-02-30"),): "until=2021-02-30",
    (("since", "2022"), ("until", "2021")): "since=2022 is after until=2021",
    (("since", "202108"), ("until", "202107")): "is after",
    (("dry_run", "maybe"),): "dry_run=maybe: 1 or 0 is needed",
    (("repair", "/no/such/tree"),): "repair=/no/such/tree: a directory with files of articles is needed",
    (("in_place", "1"),): "in_place=1: which directory is to be repaired is needed too",
}


def told(given: Given) -> str:
    """What is said of a mistake."""
    with pytest.raises(CommandError) as refused:
        read_arguments(dict(given))
    assert refused.value.status is ExitStatus.USAGE
    return str(refused.value)


def test_a_wrong_argument_is_named() -> None:
    said = {given: told(given) for given in MISTAKES}
    assert {given: message for given, message in said.items() if MISTAKES[given] not in message} == {}


def test_an_unknown_setting_gets_a_suggestion() -> None:
    check_names(["CDX_RATE"], ["CDX_RATE", "CONTACT"], "setting")
    with pytest.raises(CommandError, match=r"unknown setting CDX_RATES: did you mean CDX_RATE\?"):
        check_names(["CDX_RATES"], ["CDX_RATE", "CONTACT"], "setting")
    with pytest.raises(CommandError, match="unknown setting XXXXXXXX; known are CDX_RATE, CONTACT"):
        check_names(["XXXXXXXX"], ["CDX_RATE", "CONTACT"], "setting")


def test_what_is_loopback() -> None:
    here = {HERE: True, "http://localhost": True, "http://[::1]:80": True}
    elsewhere = {PUBLIC: False, "http://127.0.0.1.example": False, "http://localhost.example": False}
    assert {url: is_loopback(url) for url in here | elsewhere} == here | elsewhere


def test_an_archive_has_an_address() -> None:
    addresses = {f"{PUBLIC}/": PUBLIC, HERE: HERE, "http://proxy.example/wayback/": "http://proxy.example/wayback"}
    assert {given: read_address({"ARCHIVE_URL": given}, "ARCHIVE_URL") for given in addresses} == addresses
    with pytest.raises(CommandError, match=r"ARCHIVE_URL=ftp.*an address such as"):
        read_address({"ARCHIVE_URL": "ftp://web.archive.org"}, "ARCHIVE_URL")


def test_waits() -> None:
    for given, waits in (
        ("3,60,120,240", (3, 60, 120, 240)),
        (" 0, 0.5 ,1,2,3", (0, 0.5, 1, 2, 3)),
        ([1, 2, 3, 4], (1, 2, 3, 4)),
    ):
        assert read_waits({"X": given}, "X", fewest=4) == waits
    assert read_waits(DEFAULTS, "RETRY_SECONDS", fewest=4) == (3, 60, 120, 240)
    assert read_waits(DEFAULTS, "LISTING_RETRY_SECONDS") == (2, 5, 15, 30, 60, 120)


def test_whole_numbers_seconds_and_shares() -> None:
    assert read_integer({"X": "5000"}, "X") == 5000
    assert read_seconds({"X": "0"}, "X") == 0
    assert read_seconds({"X": 2.5}, "X") == 2.5
    assert [read_share({"X": given}, "X") for given in ("0", "0.25", "1", 1)] == [0, 0.25, 1, 1]


def test_a_command_is_split_as_a_shell_would_and_not_given_to_one() -> None:
    lines: dict[object, tuple[str, ...]] = {
        "": (),
        None: (),
        "  ": (),
        "tell": ("tell",),
        "'/srv/a b/tell' --to \"X Y\" $HOME;ls": ("/srv/a b/tell", "--to", "X Y", "$HOME;ls"),
    }
    assert {line: read_command({"X": line}, "X") for line in lines} == lines
    with pytest.raises(CommandError, match=r"X=.*a command with its quotes closed"):
        read_command({"X": "tell 'me"}, "X")
