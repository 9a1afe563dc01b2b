"""The table of articles: its columns are those of the JSON lines and some more, and it is written in pieces, whole or
not at all."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from crawler.preserve.parquet import ADDED, columns, write_parquet
from crawler.utils.exit_status import UsageError
from crawler.utils.files import output_file

FULL: dict[str, Any] = {
    **dict.fromkeys(columns(), "燈塔"),
    "id": 5,
    "tags": ["燈塔", "Tsing Lo Bay"],
    "verified": True,
    "faults": [],
    "versions": 2,
    "state": "recovered",
}
BARE = {**dict.fromkeys(columns()), "id": 7, "state": "listed"}


def written(*rows: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    assert write_parquet(out, rows) == len(rows)
    return out.getvalue()


def test_rows_come_back_as_they_were_given_and_as_the_same_bytes() -> None:
    data = written(FULL, {"id": 7, "state": "listed"})
    assert parquet.read_table(io.BytesIO(data)).to_pylist() == [FULL, BARE]
    assert written(FULL, BARE) == data


def test_columns_have_the_types_and_words_of_the_json_lines() -> None:
    file = parquet.ParquetFile(io.BytesIO(written(FULL)))
    schema = file.schema_arrow
    types = {field.name: str(field.type).replace("element", "item") for field in schema}
    assert {name: kind for name, kind in types.items() if kind != "string"} == {
        "id": "int64",
        "tags": "list<item: string>",
        "verified": "bool",
        "faults": "list<item: string>",
        "versions": "int64",
    }
    assert [field.name for field in schema if not field.nullable] == ["id", "state"]
    assert list(types)[-len(ADDED) :] == list(ADDED)
    described = {field.name: field.metadata[b"description"].decode() for field in schema}
    assert described["id"] == "The article's number on hkcnews.com; lines are in this order."
    assert described.items() >= ADDED.items()
    assert {file.metadata.row_group(0).column(at).compression for at in range(len(types))} == {"ZSTD"}


def test_rows_are_written_some_at_a_time() -> None:
    out, sizes = io.BytesIO(), []

    def rows() -> Iterator[dict[str, Any]]:
        for number in range(1, 3501):
            sizes.append(out.tell())
            yield {**FULL, "id": number}

    write_parquet(out, rows())
    assert parquet.ParquetFile(out).metadata.num_row_groups == 4
    assert 0 < sizes[1500] < sizes[2500], "what came before is on its way to the disk"


def test_what_goes_wrong_leaves_nothing(tmp_path: Path) -> None:
    def rows() -> Iterator[dict[str, Any]]:
        yield from (FULL,) * 1500
        raise UsageError("enough")

    with pytest.raises(UsageError, match="enough"), output_file(tmp_path / "articles.parquet") as out:
        write_parquet(out, rows())
    assert list(tmp_path.iterdir()) == []


def test_without_the_library_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError) as caught:
        written()
    assert str(caught.value).startswith("writing Parquet needs pyarrow: `pip install pyarrow`")
