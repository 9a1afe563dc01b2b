"""Settings and spider arguments: what is understood, and that each mistake is named before anything is done."""

from __future__ import annotations

import pytest

from crawler import settings as ours
from crawler.ending import Fatal, Status
from crawler.options import (
    Arguments,
    archive_address,
    check_names,
    is_loopback,
    read_arguments,
    read_command,
    read_seconds,
    read_share,
    read_waits,
    read_whole,
)
from crawler.recovery import Choice

HERE, PUBLIC = "http://127.0.0.1:8080", "https://web.archive.org"
DEFAULTS = {name: getattr(ours, name) for name in dir(ours) if name.isupper()}


def ids(*numbers: int) -> frozenset[int]:
    return frozenset(numbers)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, Arguments(Choice(), ids(), dry_run=False)),
        ({"ids": "33951"}, Arguments(Choice(ids(33951)), ids(), dry_run=False)),
        ({"ids": "1, 5-7 ,6"}, Arguments(Choice(ids(1, 5, 6, 7)), ids(), dry_run=False)),
        ({"ids": "50000-99999,50000-99999,1"}, Arguments(Choice(ids(1, *range(50000, 100000))), ids(), dry_run=False)),
        ({"limit": "20"}, Arguments(Choice(limit=20), ids(), dry_run=False)),
        ({"again": "5"}, Arguments(Choice(ids(5)), ids(5), dry_run=False)),
        ({"again": "5", "ids": "6"}, Arguments(Choice(ids(5, 6)), ids(5), dry_run=False)),
        ({"dry_run": "1"}, Arguments(Choice(), ids(), dry_run=True)),
        ({"dry_run": "Yes"}, Arguments(Choice(), ids(), dry_run=True)),
        ({"dry_run": "0"}, Arguments(Choice(), ids(), dry_run=False)),
        ({"since": "2021-07", "until": "2021-07-12 01:20"}, Arguments(Choice(since="202107", until="202107120120"), ids(), dry_run=False)),
        ({"since": "2021", "until": "2021"}, Arguments(Choice(since="2021", until="2021"), ids(), dry_run=False)),
        ({"until": "20210712013906"}, Arguments(Choice(until="20210712013906"), ids(), dry_run=False)),
    ],
)
def test_arguments(given: dict[str, str], wanted: Arguments) -> None:
    assert read_arguments(given) == wanted


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"id": "5"}, "unknown spider argument id: did you mean ids?"),
        ({"limits": "5"}, "unknown spider argument limits: did you mean limit?"),
        ({"zzz": "5"}, "unknown spider argument zzz; known are again, dry_run, ids"),
        ({"ids": ""}, "ids=: 'nothing' is not an article id"),
        ({"ids": "5,"}, "ids=5,: 'nothing' is not an article id"),
        ({"ids": "abc"}, "ids=abc: 'abc' is not an article id or a range of them (as in 33951,40000-40100)"),
        ({"ids": "7-5"}, "'7-5' is not"),
        ({"ids": "0"}, "'0' is not"),
        ({"ids": "-5"}, "'-5' is not"),
        ({"ids": "100000"}, "'100000' is not"),
        ({"ids": "٣"}, "is not an article id"),
        ({"again": "x"}, "again=x: 'x' is not an article id"),
        ({"limit": "0"}, "limit=0: a number of articles above zero is needed"),
        ({"limit": "-1"}, "limit=-1"),
        ({"limit": "ten"}, "limit=ten"),
        ({"since": "21"}, "since=21: a year, month, day or time of capture is needed"),
        ({"since": "2021-7"}, "since=2021-7"),
        ({"until": "2021-13"}, "until=2021-13"),
        ({"until": "2021-02-30"}, "until=2021-02-30"),
        ({"since": "2022", "until": "2021"}, "since=2022 is after until=2021"),
        ({"since": "202108", "until": "202107"}, "is after"),
        ({"dry_run": "maybe"}, "dry_run=maybe: 1 or 0 is needed"),
    ],
)
def test_a_wrong_argument_is_named(given: dict[str, str], message: str) -> None:
    with pytest.raises(Fatal) as refused:
        read_arguments(given)
    assert message in refused.value.ending.message
    assert refused.value.ending.status is Status.USAGE


def test_an_unknown_setting_gets_a_suggestion() -> None:
    check_names(["CDX_RATE"], ["CDX_RATE", "CONTACT"], "setting")
    with pytest.raises(Fatal, match=r"unknown setting CDX_RATES: did you mean CDX_RATE\?"):
        check_names(["CDX_RATES"], ["CDX_RATE", "CONTACT"], "setting")
    with pytest.raises(Fatal, match="unknown setting XXXXXXXX; known are CDX_RATE, CONTACT"):
        check_names(["XXXXXXXX"], ["CDX_RATE", "CONTACT"], "setting")


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        (HERE, True),
        ("http://localhost", True),
        ("http://[::1]:80", True),
        (PUBLIC, False),
        ("http://127.0.0.1.example", False),
        ("http://localhost.example", False),
    ],
)
def test_what_is_loopback(url: str, loopback: bool) -> None:
    assert is_loopback(url) is loopback


@pytest.mark.parametrize(
    ("given", "wanted"), [(f"{PUBLIC}/", PUBLIC), (HERE, HERE), ("http://proxy.example/wayback/", "http://proxy.example/wayback")]
)
def test_an_archive_has_an_address(given: str, wanted: str) -> None:
    assert archive_address({"ARCHIVE_URL": given}, "ARCHIVE_URL") == wanted


@pytest.mark.parametrize(
    "given", ["", None, "web.archive.org", "ftp://web.archive.org", "https://", "https://a.example?x=1", "https://a.example#x"]
)
def test_anything_else_is_none(given: str | None) -> None:
    with pytest.raises(Fatal, match=r"ARCHIVE_URL=.*an address such as"):
        archive_address({"ARCHIVE_URL": given}, "ARCHIVE_URL")


# Other numbers


@pytest.mark.parametrize(
    ("value", "wanted"), [("3,60,120,240", (3, 60, 120, 240)), (" 0, 0.5 ,1,2,3", (0, 0.5, 1, 2, 3)), ([1, 2, 3, 4], (1, 2, 3, 4))]
)
def test_waits(value: object, wanted: tuple[float, ...]) -> None:
    assert read_waits({"X": value}, "X", fewest=4) == wanted


@pytest.mark.parametrize("value", ["1,2,3", "", "1,2,3,x", "1,2,3,-1", "1,2,3,inf", "1,2,3,nan", None])
def test_wrong_waits(value: object) -> None:
    with pytest.raises(Fatal, match="X="):
        read_waits({"X": value}, "X", fewest=4)


def test_the_settings_own_waits_give_five_attempts_and_more() -> None:
    assert read_waits(DEFAULTS, "RETRY_SECONDS", fewest=4) == (3, 60, 120, 240)
    assert read_waits(DEFAULTS, "LISTING_RETRY_SECONDS") == (2, 5, 15, 30, 60, 120)


def test_whole_numbers_and_seconds() -> None:
    assert read_whole({"X": "5000"}, "X") == 5000
    assert read_seconds({"X": "0"}, "X") == 0
    assert read_seconds({"X": 2.5}, "X") == 2.5


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "many", "", "inf", "nan", None])
def test_no_whole_number(value: object) -> None:
    with pytest.raises(Fatal, match="X="):
        read_whole({"X": value}, "X")


@pytest.mark.parametrize("value", ["-1", "soon", "", "inf", "nan", None])
def test_no_seconds(value: object) -> None:
    with pytest.raises(Fatal, match="X="):
        read_seconds({"X": value}, "X")


@pytest.mark.parametrize("value", ["0", "0.25", "1", 1])
def test_shares(value: object) -> None:
    assert read_share({"X": value}, "X") == float(str(value))


@pytest.mark.parametrize("value", ["-0.1", "1.1", "20%", "", "inf", "nan", None])
def test_no_share(value: object) -> None:
    with pytest.raises(Fatal, match="X="):
        read_share({"X": value}, "X")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", ()),
        (None, ()),
        ("  ", ()),
        ("tell", ("tell",)),
        ("'/srv/a b/tell' --to \"X Y\" $HOME;ls", ("/srv/a b/tell", "--to", "X Y", "$HOME;ls")),
    ],
)
def test_a_command_is_split_as_a_shell_would_and_not_given_to_one(line: object, words: tuple[str, ...]) -> None:
    assert read_command({"X": line}, "X") == words


@pytest.mark.parametrize("line", ["tell 'me", 'tell "me', "tell\\", "''", "'' tell", "tell\0me"])
def test_no_command(line: str) -> None:
    with pytest.raises(Fatal, match=r"X=.*a command with its quotes closed"):
        read_command({"X": line}, "X")
