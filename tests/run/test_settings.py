"""Settings and arguments: each is looked at before anything is done; what makes no sense is refused, and named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scrapy.utils.project import get_project_settings

from crawler import settings as ours
from crawler.commands import extract
from crawler.politeness.rate_limiter import RequestBudget
from crawler.recovery.case import Selection
from crawler.run.session import HostPoliteness, Session
from crawler.run.settings import (
    ARGUMENTS,
    FOR_EVERYONE,
    SETTINGS,
    RunSettings,
    SpiderArguments,
    check_names,
    is_loopback,
    read_arguments,
    read_setting,
    read_value,
)
from crawler.settings import Kind, Setting
from crawler.utils.exit_status import CommandError, ExitStatus
from tests.clock import VirtualClock
from tests.test_docs import COMMANDS, command, parser_of

HERE, PUBLIC = "http://127.0.0.1:8080", "https://web.archive.org"
DEFAULTS = {name: row.default for name, row in SETTINGS.items()}

# Wrong values, by kind

NUMBER = ("many", "", None, "nan", "inf", "-inf", "-1", "1e300", "1,2", "0x10", True)
LINE = ("two\nlines", "x\r\nX-Evil: 1", "\r", "tab\there", "nul\0", "\u202e", "眾", " x", "x ")
HOSTS = ("", None, "web.archive.org", "ftp://a.example", "https://", "https://a.example?x=1", "https://a.example#x")
PORTS = ("https://a.example:99999", "https://a.example:0", "https://a.example:x", "http://[::1", 5)
PARTS = ("https://me:secret@a.example", "https://a.example\r\nX: y", "https://a .example", "https://a.example/\u202e")
WRONG: dict[Kind, tuple[object, ...]] = {
    Kind.ADDRESS: (*HOSTS, *PORTS, *PARTS, "javascript:alert(1)"),
    Kind.CHOICE: ("", None, "Seed", " seed", "reading,seed", "html", "links", "Link", 0, 5, True),
    Kind.COMMAND: ("tell 'me", 'tell "me', "tell\\", "''", "'' tell", "tell\0me"),
    Kind.LINE: LINE,
    Kind.CONTACT: (*LINE, "you", "@example.org", "mailto:", "https://"),
    Kind.NUMBER: (*NUMBER, "automatic"),
    Kind.NUMBERS: ("", None, "nan", "5;10", "5,-1,5,5", "5,inf,5,5", "5,,5,5,5", "x", True),
    Kind.PATH: ("", None, " ", "a\0b"),
    Kind.SOURCES: ("", None, "waybck", "wayback,", "wayback,wayback", "pywb+", "pywb+ftp://x/y", "/no/such/file.warc"),
    Kind.SWITCH: ("", None, "2", "maybe", "1.0", "-1"),
    Kind.WHOLE: (*NUMBER, "1.5", "automatic"),
}


def wrong_values(row: Setting) -> Iterator[object]:
    """What its kind and its row in the table exclude."""
    yield from WRONG[row.kind]
    if row.kind in (Kind.LINE, Kind.CONTACT):
        yield from ["x" * int(row.most + 1), *([""] if row.least else [])]
    if row.kind in (Kind.NUMBER, Kind.NUMBERS, Kind.WHOLE):
        for number in (row.least - 0.001, row.most + 0.001, row.least - 1, row.most + 1):
            yield ",".join([f"{number:.3f}"] * row.fewest)
        yield from [",".join(["5"] * (row.fewest - 1))] if row.kind is Kind.NUMBERS else []


def opened(output: Path, **given: object) -> Session:
    settings = {**DEFAULTS, "ARCHIVE_URL": "http://127.0.0.1:9", "OUTPUT_DIR": str(output), **given}
    return Session(RunSettings(settings), {})


def mistake(output: Path, name: str, value: object) -> str:
    """What was not right when a value was refused."""
    try:
        opened(output, **{name: value}).close()
    except CommandError as refused:
        status, said = refused.status, str(refused)
        right = status is ExitStatus.USAGE and said.startswith(f"{name}=") and "\n" not in said and not output.exists()
        return "" if right and said.endswith(("is needed", "twice")) else f"{status!r}: {said}"
    return "it was taken"


@pytest.mark.parametrize("name", SETTINGS)
def test_a_wrong_value_is_refused_and_named_before_anything_is_done(tmp_path: Path, name: str) -> None:
    values = list(wrong_values(SETTINGS[name]))
    said = {value: mistake(tmp_path / "output", name, value) for value in values}
    assert {value: what for value, what in said.items() if what} == {}


def test_bounds_and_defaults_are_taken() -> None:
    for row in SETTINGS.values():
        assert read_value(row, row.default) is not None
        if row.kind in (Kind.NUMBER, Kind.WHOLE):
            assert [read_value(row, str(bound)) for bound in (row.least, row.most)] == [row.least, row.most]


def test_a_message_says_what_is_needed() -> None:
    needed = {
        ("LISTING_PAGE_ROWS", "0"): "a whole number of rows from 1 to 150,000 is needed",
        ("GAP_REQUESTS", "x"): "auto or a whole number of requests from 0 to 1,000,000 is needed",
        ("PAGE_SECONDS", "0"): "a number of seconds from 0.001 to 604,800 (a week) is needed",
        ("HEALTH_RECOVERED", "20%"): "a number from 0 to 1 is needed",
        ("FORMAT", "html"): "seed or reading or hugo is needed",
        ("ARCHIVE_URL", "ftp://a\n"): "an address such as https://web.archive.org is needed",
        ("ON_VERDICT", "tell 'me"): "a command with its quotes closed, such as 'mail-it --quietly', is needed",
        ("SOURCES", "wayback,nowhere"): "a list of wayback, pywb+ADDRESS of a collection, or WARC or WACZ files or",
        ("VIDEO", "link"): "VIDEO=link: only FORMAT=reading has a choice of it",
    }
    for (name, value), what in needed.items():
        with pytest.raises(CommandError, match=re.escape(what)):
            RunSettings({**DEFAULTS, name: value})


def test_what_makes_sense_is_taken(tmp_path: Path) -> None:
    together: tuple[dict[str, object], ...] = (
        {"CONNECTION_RATE": "auto", "RETRY_SECONDS": "0,0,0,0", "PLAYBACK_RATE": "1e6", "HEALTH_LEAST": "1"},
        {
            "CONNECTION_RATE": "20",
            "ON_VERDICT": "tell --to 'X Y'",
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
    assert session.settings.user_agent == "my crawler/1 (of mine) (+Desk of X, mailto:x@example.org)"


READ: dict[tuple[str, object], object] = {
    ("ARCHIVE_URL", f"{PUBLIC}/"): PUBLIC,
    ("ARCHIVE_URL", "http://proxy.example/wayback/"): "http://proxy.example/wayback",
    ("RETRY_SECONDS", " 0, 0.5 ,1,2,3"): (0, 0.5, 1, 2, 3),
    ("RETRY_SECONDS", (1, 2, 3, 4)): (1, 2, 3, 4),
    ("LISTING_PAGE_ROWS", "5000"): 5000,
    ("PROGRESS_SECONDS", 2.5): 2.5,
    ("GAP_REQUESTS", "auto"): "auto",
    ("ON_VERDICT", None): (),
    ("ON_VERDICT", "  "): (),
    ("ON_VERDICT", "'/srv/a b/tell' --to \"X Y\" $HOME;ls"): ("/srv/a b/tell", "--to", "X Y", "$HOME;ls"),
}


def test_values_are_read_by_their_kind() -> None:
    """A command is split as a shell would, and not given to one."""
    assert {one: read_setting({one[0]: one[1]}, one[0]) for one in READ} == READ


def test_an_unknown_name_gets_a_suggestion() -> None:
    check_names(["CDX_RATE"], ["CDX_RATE", "CONTACT"], "setting")
    for given in ("CDX_RATES", "cdx_rate", "Cdx_Rat"):
        with pytest.raises(CommandError, match=rf"unknown setting {given}: did you mean CDX_RATE\?"):
            check_names([given], ["CDX_RATE", "CONTACT"], "setting")
    with pytest.raises(CommandError, match="unknown setting XXXXXXXX; known are CDX_RATE, CONTACT"):
        check_names(["XXXXXXXX"], ["CDX_RATE", "CONTACT"], "setting")


# The limits of a run


def budget(url: str, **given: Any) -> tuple[RequestBudget, list[str]]:
    return RunSettings({**DEFAULTS, **given}).budget(url)


def test_what_is_loopback() -> None:
    here = {HERE: True, "http://localhost": True, "http://[::1]:80": True}
    elsewhere = {PUBLIC: False, "http://127.0.0.1.example": False, "http://localhost.example": False}
    assert {url: is_loopback(url) for url in here | elsewhere} == here | elsewhere


def test_the_defaults_are_the_politest_and_need_no_warning() -> None:
    for url in (HERE, PUBLIC):
        found, warnings = budget(url)
        assert warnings == []
        assert replace(found, connections_per_minute=8) == RequestBudget()


def test_rates_above_what_the_archive_allows_are_lowered_with_a_warning() -> None:
    found, warnings = budget(PUBLIC, CDX_RATE="31", PLAYBACK_RATE="1000")
    assert (found.cdx_rate, found.playback_rate) == (30, 480)
    assert found.connections_per_minute == RequestBudget().connections_per_minute
    assert len(warnings) == 2
    assert all("above what the archive allows" in warning for warning in warnings)
    run = RunSettings({**DEFAULTS, "CDX_RATE": "31", "PLAYBACK_RATE": "1000"})
    assert HostPoliteness(run, VirtualClock(), lambda message, seconds: None).warnings == warnings


def test_an_archive_on_loopback_may_be_given_any_rate() -> None:
    found, warnings = budget(HERE, CDX_RATE="5000", PLAYBACK_RATE="100000")
    assert (found.cdx_rate, found.playback_rate, found.playback_rate_start) == (5000, 100000, 100000)
    assert found.connections_per_minute > 1000
    assert warnings == []


def test_the_start_is_never_above_the_rate_itself() -> None:
    assert budget(PUBLIC, PLAYBACK_RATE="30")[0].playback_rate_start == 30


def test_what_is_healthy_comes_from_the_settings() -> None:
    assert RunSettings(DEFAULTS).health == {
        "HEALTH_LEAST": 20,
        "HEALTH_RECOVERED": 0.01,
        "HEALTH_OTHER_PAGES": 0.9,
        "HEALTH_FIELD_LOSS": 0.2,
        "HEALTH_MISMATCHES": 0.1,
        "HEALTH_REFUSALS": 5,
    }


# The spider's arguments

Given = tuple[tuple[str, str], ...]
SPAN = Selection(since="202107", until="202107120120")
UNDERSTOOD: dict[Given, SpiderArguments] = {
    (): SpiderArguments(Selection()),
    (("ids", "1, 5-7 ,6"),): SpiderArguments(Selection(frozenset({1, 5, 6, 7}))),
    (("ids", "50000-99999,50000-99999,1"),): SpiderArguments(Selection(frozenset({1, *range(50000, 100000)}))),
    (("limit", "20"),): SpiderArguments(Selection(limit=20)),
    (("again", "5"),): SpiderArguments(Selection(frozenset({5})), frozenset({5})),
    (("again", "5"), ("ids", "6")): SpiderArguments(Selection(frozenset({5, 6})), frozenset({5})),
    (("dry_run", "1"),): SpiderArguments(Selection(), dry_run=True),
    (("dry_run", "Yes"),): SpiderArguments(Selection(), dry_run=True),
    (("dry_run", "0"),): SpiderArguments(Selection()),
    (("since", ""),): SpiderArguments(Selection()),
    (("since", "2021-07"), ("until", "2021-07-12 01:20")): SpiderArguments(SPAN),
    (("since", "2021"), ("until", "2021")): SpiderArguments(Selection(since="2021", until="2021")),
    (("repair", "."), ("in_place", "1")): SpiderArguments(Selection(), repair=Path(), in_place=True),
    (("until", "20210712013906"),): SpiderArguments(Selection(until="20210712013906")),
}


def test_arguments() -> None:
    assert {given: read_arguments(dict(given)) for given in UNDERSTOOD} == UNDERSTOOD


def test_a_run_about_everything_is_told_from_one_that_is_narrowed() -> None:
    assert {given for given in UNDERSTOOD if read_arguments(dict(given)).whole} == {
        (),
        (("dry_run", "0"),),
        (("since", ""),),
        (("repair", "."), ("in_place", "1")),
    }


MISTAKES: dict[Given, str] = {
    (("id", "5"),): "unknown spider argument id: did you mean ids?",
    (("zzz", "5"),): "unknown spider argument zzz; known are ids, limit, since",
    (("ids", ""),): "ids=: 'nothing' is not an article id",
    (("ids", "5,"),): "ids=5,: 'nothing' is not an article id",
    (("ids", "abc"),): "ids=abc: 'abc' is not an article id or a range of them (as in 33951,40000-40100)",
    (("ids", "7-5"),): "'7-5' is not",
    (("ids", "0"),): "'0' is not",
    (("ids", "-5"),): "'-5' is not",
    (("ids", "100000"),): "'100000' is not",
    (("ids", "٣"),): "is not an article id",
    (("again", "x"),): "again=x: 'x' is not an article id",
    (("limit", "0"),): "limit=0: a whole number of articles from 1 to 1,000,000 is needed",
    (("limit", "-1"),): "limit=-1",
    (("limit", "1.5"),): "limit=1.5",
    (("limit", "ten"),): "limit=ten",
    (("since", "21"),): "since=21: a year, month, day or time of capture (as in 2021-07 or 20210712) is needed",
    (("since", "2021-7"),): "since=2021-7",
    (("until", "2021-13"),): "until=2021-13",
    (("until", "2021-02-30"),): "until=2021-02-30",
    (("since", "2022"), ("until", "2021")): "since=2022 is after until=2021",
    (("since", "202108"), ("until", "202107")): "is after",
    (("dry_run", "maybe"),): "dry_run=maybe: 1 or 0 is needed",
    (("repair", "/no/such/tree"),): "repair=/no/such/tree: a directory with files of articles is needed",
    (("repair", ""),): "repair=: a directory with files of articles is needed",
    (("in_place", "1"),): "in_place=1: which directory is to be repaired is needed too",
}


def test_a_wrong_argument_is_named() -> None:
    said = {}
    for given in MISTAKES:
        with pytest.raises(CommandError) as refused:
            read_arguments(dict(given))
        assert refused.value.status is ExitStatus.USAGE
        said[given] = refused.value.result.message
    assert {given: message for given, message in said.items() if MISTAKES[given] not in message} == {}


# --help


def test_help_has_the_settings_that_a_command_uses_and_no_other() -> None:
    for name in COMMANDS:
        text = parser_of(name).format_help()
        shown = set(re.findall(r"^  ([A-Z_]+)=", text, re.MULTILINE))
        source = Path(ours.__file__).with_name("commands").joinpath(f"{name}.py").read_text("utf-8")
        read = set(re.findall(r"""setting\(["'](\w+)""", source))
        read |= {"FORMAT", "VIDEO"} if "read_format" in source else set()
        read |= {"OUTPUT_DIR"} if "self.output" in source else set()
        used = set(SETTINGS) if "Session(" in source or name in ("settings", "repair") else read
        used |= set(command(name).uses) if command(name).successor else set()
        assert set(command(name).uses) == used, name
        assert shown == used.intersection(FOR_EVERYONE), name
        assert ("docs/settings-expert.md" in text) == bool(used.difference(FOR_EVERYONE)), name


@pytest.mark.parametrize("columns", ["60", "80", "99"])
def test_the_headings_of_help_are_no_lines_of_options(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    for name in COMMANDS:
        headings = re.findall(r"^(.*)\n(?:=+|-+)$", parser_of(name).format_help(), re.MULTILINE)
        assert {*headings} <= {"Usage", "Positional Arguments", "Options", "Global Options"}, name


def test_help_has_the_arguments_of_the_spider() -> None:
    options = {f"--{name.replace('_', '-')}" for name in ARGUMENTS} - {"--repair"}
    shown = {
        name: options.intersection(re.findall(r"^  (--[a-z-]+)", parser_of(name).format_help(), re.M))
        for name in COMMANDS
    }
    several = {"--ids", "--limit", "--since", "--until"}
    assert {name: found for name, found in shown.items() if found} == {
        "crawl": several | {"--dry-run", "--again"},
        "recover": several,
        "repair": several | {"--dry-run", "--in-place"},
        "extract": {"--dry-run", "--ids"},
    }


def test_a_setting_that_a_command_does_not_name_cannot_be_read() -> None:
    made = extract.Command()
    made.settings = get_project_settings()
    assert made.setting("PAGE_SECONDS") == 20
    with pytest.raises(AssertionError, match="CDX_RATE"):
        made.setting("CDX_RATE")
