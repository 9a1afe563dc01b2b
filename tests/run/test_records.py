"""The runs' records: what is taken from them, and that nothing that may lie there does harm."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.run import record as records
from crawler.run.record import RunRecord, read_record, read_records
from tests.publish.report.trees import record

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
