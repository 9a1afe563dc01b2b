"""The record of a run: its numbers come from ledger and politeness, its file is whole or not there, the documents
describe it; and what is read of records, where nothing that may lie there does harm."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler import __version__
from crawler import settings as ours
from crawler.ledger import ArticleRow, State
from crawler.recovery.case import Selection
from crawler.run import record as records
from crawler.run.health import Breach, RunNumbers
from crawler.run.record import (
    FIELDS,
    LedgerMark,
    RunRecord,
    gather_numbers,
    read_record,
    read_records,
    run_record,
    write_record,
)
from crawler.run.session import Session
from crawler.run.settings import RunSettings
from crawler.utils.exit_status import CommandError, ExitStatus, RunResult
from crawler.wayback.cdx import CdxPage
from tests.publish.report.trees import record
from tests.recovering import capture

DOCUMENT = Path(__file__).parents[2] / "docs" / "schedule.md"
OPEN = ("arguments", "verdicts", "answers", "digests")
"""Keys of the record whose own keys are values of something."""
TYPES = {
    "integer": (int,),
    "number": (int, float),
    "text": (str,),
    "number or null": (int, float, type(None)),
    "counts": (int,),
}


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A run with ten articles listed, two of them recovered before it: 1 from an older capture than 2."""
    defaults = {name: getattr(ours, name) for name in dir(ours) if name.isupper()}
    given = {**defaults, "ARCHIVE_URL": "http://127.0.0.1:9", "OUTPUT_DIR": str(tmp_path)}
    opened = Session(RunSettings(given), {})
    listed(opened, "20200101000000", range(1, 11))
    earlier = opened.run
    for article in (1, 2):
        opened.ledger.settle(
            ArticleRow(article, State.RECOVERED, capture=article, file=f"{article}.md"), earlier, {"title": "markup h1"}
        )
    opened.run = opened.ledger.begin_run({}, "1")
    yield opened
    opened.close()


def listed(session: Session, timestamp: str, articles: range) -> None:
    rows = [(number, capture(number, timestamp, digest="A" * 32)) for number in articles]
    listing, _ = session.ledger.open_listing("all")
    session.ledger.add_page(listing, "wayback", rows, 0, CdxPage())


def settled(session: Session) -> RunNumbers:
    """The numbers of a run that reopens 1 and 2, improves 1, recovers 3 and 4, gives up 5 and leaves the others."""
    session.renewing = True
    mark = LedgerMark.of(session)
    listed(session, "20210101000000", range(1, 4))
    session.reopened = {1, 2}
    session.ledger.reopen([1, 2])
    for article, row in ((1, 11), (2, 2), (3, 13), (4, 4)):
        session.ledger.attempt(session.run, row, "capture", "HTTP 200")
        session.ledger.note(row, verdict="article", digest_result="match")
        sources = {"title": "markup h1", "date": "info line"} if article == 3 else {"title": "markup h1"}
        session.ledger.settle(
            ArticleRow(article, State.RECOVERED, capture=row, file=f"{article}.md"), session.run, sources
        )
    session.ledger.attempt(session.run, 5, "capture", "HTTP 200")
    session.ledger.note(5, verdict="archived_redirect")
    session.ledger.settle(ArticleRow(5, State.UNRECOVERABLE, reason="farewell"), session.run)
    return gather_numbers(session, mark, Selection(), 1_234)


def test_the_numbers_are_of_this_run(session: Session) -> None:
    numbers = settled(session)
    assert numbers.listing == {"rows": 3, "new": 3}
    assert (numbers.due, numbers.recovered, numbers.improved, numbers.given_up) == (8, 2, 1, 1), (
        "what was reopened is not due"
    )
    assert numbers.verdicts == {"article": 4}, "a redirect is an answer, not a page that was judged"
    assert numbers.answers == {"capture": 5}
    assert numbers.digests == {"match": 4}
    assert sorted(numbers.fields) == sorted(FIELDS)
    assert numbers.fields["date"].missing == 3
    assert numbers.standing == {
        "listed": 10,
        "recovered": 4,
        "waiting": 0,
        "to_do": 5,
        "unrecoverable": 1,
        "adopted": 0,
    }
    assert numbers.missing == 6
    assert numbers.describe() == "2 of 8 articles due recovered, 1 unrecoverable, 1 improved, 1,234 rewritten"
    assert replace(numbers, rewritten=0).describe() == "2 of 8 articles due recovered, 1 unrecoverable, 1 improved"


def test_what_was_due_is_what_was_asked_for(session: Session) -> None:
    for choice, due in ((Selection(ids={6, 7, 99}), 2), (Selection(limit=3), 3), (Selection(limit=100), 8)):
        assert gather_numbers(session, LedgerMark.of(session), choice).due == due


def test_a_file_written_anew_from_the_same_capture_is_not_improved(session: Session) -> None:
    mark = LedgerMark.of(session)
    session.reopened = {1}
    session.ledger.settle(ArticleRow(1, State.RECOVERED, capture=1, file="1.md"), session.run)
    numbers = gather_numbers(session, mark, Selection())
    assert (numbers.improved, numbers.recovered) == (0, 0)


def written(session: Session) -> dict[str, Any]:
    numbers, mark = settled(session), LedgerMark.of(session)
    session.conclude()
    found = [Breach("HEALTH_REFUSALS", 5, 6, "眾")]
    session.given = {"ids": "1-10", "x": "\udcff"}
    content = run_record(session, mark, "recover", numbers, found, RunResult(ExitStatus.INCOMPLETE, "good"))
    loaded: dict[str, Any] = json.loads(write_record(session.output, content).read_text("utf-8"))
    return loaded


def test_a_record_says_what_the_run_was(session: Session) -> None:
    found = written(session)
    assert (found["schema"], found["run"], found["command"], found["version"]) == (
        1,
        session.run,
        "recover",
        __version__,
    )
    assert (found["status"], found["verdict"], found["rewritten"]) == (9, "good", 1_234)
    assert found["arguments"] == {"ids": "1-10", "x": "\udcff"}
    assert found["breaches"] == [{"threshold": "HEALTH_REFUSALS", "limit": 5, "value": 6, "message": "眾"}]
    assert found["started"] <= found["ended"]
    assert found["fields"]["title"] == {"of": 4, "missing": 0, "before": None}, (
        "the earlier ones were all recovered anew"
    )
    assert found["politeness"]["http://127.0.0.1:9"]["cdx"] == {
        "requests": 0,
        "busiest_minute": 0,
        "rate": 24.0,
        "budget_used": None,
    }


def flat(value: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, Any]]:
    """Each value of a record under the name that the documents have for it."""
    for key, inner in value.items():
        name = f"{within}{'*' if within in ('fields.', 'politeness.') else key}"
        if isinstance(inner, list):
            for entry in inner:
                yield from flat(entry, f"{name}[].")
        elif isinstance(inner, dict) and name in OPEN:
            yield from ((f"{name}.*", entry) for entry in inner.values())
        elif isinstance(inner, dict):
            yield from flat(inner, f"{name}.")
        else:
            yield name, inner


def test_the_documents_have_every_key_with_its_type_and_no_other(session: Session) -> None:
    table = re.findall(
        r"^\| `([a-z_.*\[\]]+)` \| (integer|number|text|number or null) \| \S",
        DOCUMENT.read_text("utf-8"),
        re.MULTILINE,
    )
    types = dict(table)
    assert len(types) == len(table)
    entries = list(flat(written(session)))
    assert sorted({name for name, _ in entries}) == sorted(types)
    for name, value in entries:
        assert isinstance(value, TYPES[types[name]]), name
        assert not isinstance(value, bool), name


def test_runs_of_one_second_have_names_of_their_own_that_sort(tmp_path: Path) -> None:
    paths = [write_record(tmp_path, {"started": "2026-11-23T02:30:00Z", "number": number}) for number in range(3)]
    assert [path.name for path in paths] == [
        "20261123T023000Z.json",
        "20261123T023000Z_2.json",
        "20261123T023000Z_3.json",
    ]
    assert [json.loads(path.read_text("utf-8"))["number"] for path in paths] == [0, 1, 2]
    assert all(path.is_absolute() for path in paths)
    assert (
        sorted(path.name for path in paths)
        == sorted(path.name for path in (tmp_path / "runs").iterdir())
        == [p.name for p in paths]
    )


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    inside, outside = tmp_path / "output", tmp_path / "outside"
    (inside / "runs").mkdir(parents=True)
    outside.mkdir()
    (inside / "runs" / "20261123T023000Z.json").symlink_to(outside / "x.json")
    assert write_record(inside, {"started": "2026-11-23T02:30:00Z"}).name == "20261123T023000Z_2.json"
    assert list(outside.iterdir()) == []


def test_a_folder_of_records_that_leads_elsewhere_is_refused_before_the_run(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    output = tmp_path / "output"
    output.mkdir()
    (output / "runs").symlink_to(outside)
    defaults = {name: getattr(ours, name) for name in dir(ours) if name.isupper()}
    with pytest.raises(CommandError, match="runs is a symbolic link that leads out"):
        Session(RunSettings({**defaults, "ARCHIVE_URL": "http://127.0.0.1:9", "OUTPUT_DIR": str(output)}), {})


# Reading

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*record(), "playback", "requests", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


def read(folder: Path, content: object) -> RunRecord:
    path = folder / "r.json"
    path.write_text(json.dumps(content), "utf-8")
    return read_record(path)


def test_a_record_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, record())
    assert (found.fault, found.run, found.command, found.seconds, found.recovered) == ("", 1, "recover", 12.3, 2)
    assert found.breaches == ("HEALTH_FIELD_LOSS date is missing",)
    assert list(found.politeness) == ["https://web.archive.org"]
    archive = found.politeness["https://web.archive.org"]
    assert {endpoint: (one["requests"], one["budget_used"]) for endpoint, one in archive.endpoints.items()} == {
        "cdx": (3, None),
        "playback": (103, 0.41),
    }
    assert archive.whole == {
        "pauses": 1,
        "pause_seconds": None,
        "refusals": 0,
        "breaker_trips": None,
        "outages": None,
        "held_seconds": 60.0,
        "connections": 2,
    }


def test_records_come_by_name_and_other_files_are_passed_over(tmp_path: Path) -> None:
    for name in (
        "20261124T000000Z.json",
        "20261123T000000Z.json",
        "notes.txt",
        ".20261123T000000Z.json.part",
        ".x.json",
    ):
        (tmp_path / name).write_text(json.dumps(record()), "utf-8")
    assert [found.file for found in read_records(tmp_path)] == ["20261123T000000Z.json", "20261124T000000Z.json"]


def test_no_folder_has_no_records(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert read_records(tmp_path / "runs") == read_records(tmp_path / "file") == []


def test_a_damaged_or_foreign_record_says_so(tmp_path: Path) -> None:
    cut, foreign = "not JSON, or cut off", "no record of schema 1"
    texts = {
        '{"schema": 1, "run"': cut,
        "[" * 100_000: cut,
        "\x00": cut,
        "[1]": foreign,
        "{}": foreign,
        '{"schema": 2}': foreign,
    }
    for text, fault in (texts | {'{"schema": true}': foreign}).items():
        (tmp_path / "r.json").write_text(text, "utf-8")
        assert read_record(tmp_path / "r.json") == RunRecord("r.json", fault)


def test_what_is_no_file_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "a.json")
    (tmp_path / "b.json").symlink_to("gone")
    (tmp_path / "c.json").write_text("{}")
    monkeypatch.setattr(records, "LARGEST", 1)
    assert [found.fault for found in read_records(tmp_path)] == [
        "not a file",
        "not a file",
        "too large for a run's record",
    ]


@given(loaded=st.dictionaries(st.sampled_from([*record(), "x"]), JSON, max_size=8))
def test_any_values_are_read_as_what_they_should_be_or_left_out(
    tmp_path_factory: pytest.TempPathFactory, loaded: dict[str, Any]
) -> None:
    found = read(tmp_path_factory.getbasetemp(), {**loaded, "schema": 1})
    assert found.fault == ""
    assert isinstance(found.run, int)
    assert isinstance(found.verdict, str)
    numbers = [found.seconds, found.recovered]
    for archive in found.politeness.values():
        numbers += [*archive.whole.values(), *(value for one in archive.endpoints.values() for value in one.values())]
    assert all(value is None or abs(value) < 1e15 for value in numbers)
