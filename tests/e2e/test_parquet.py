"""`citizen-news extract --parquet`: what a crawl recovered, and why the rest is missing, as one table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from crawler.ledger import Ledger, State
from crawler.preserve.parquet import ADDED
from tests.demo.build import ARCHIVE
from tests.e2e.crawling import Run, command, crawl, run
from tests.e2e.test_extract import extract, tree
from tests.standin import StandIn, load_sample

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A crawl of the demo's archive, in the format for reading, of which one article was not tried."""
    with StandIn(load_sample(ARCHIVE)) as standin:
        yield crawl(standin, tmp_path_factory.mktemp("parquet") / "output", FORMAT="reading")


def rows_of(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
    return rows


def test_the_table_has_the_json_lines_the_files_and_why_the_others_are_missing(crawled: Run, tmp_path: Path) -> None:
    output, table = crawled.output, tmp_path / "articles.parquet"
    before = tree(output), (output / "ledger.sqlite").read_bytes()
    done = extract(output, "--parquet", str(table))
    assert (done.status, done.err) == (0, "")
    assert f"{table}: 40 articles, " in done.out
    assert (tree(output), (output / "ledger.sqlite").read_bytes()) == before
    rows = rows_of(table)
    with Ledger(output / "ledger.sqlite") as ledger:
        listed = {row.id: row for row in ledger.articles()}
    assert [row["id"] for row in rows] == list(listed)
    assert {row["id"]: row["state"] for row in rows} == {number: row.state for number, row in listed.items()}
    missing = [row for row in rows if row["state"] != State.RECOVERED]
    assert {row["id"]: row["verdict"] for row in missing} == {
        number: row.reason for number, row in listed.items() if row.state is not State.RECOVERED
    }
    assert all(row["reason"].startswith(f"{row['verdict']} (") for row in missing)
    assert {row[name] for row in missing for name in ("title", "text", "markdown", "sha256")} == {None}
    there = [row for row in rows if row["state"] == State.RECOVERED]
    assert {(row["verdict"], row["reason"]) for row in there} == {("article", None)}

    assert extract(output, "--format", "seed").status == 0  # the format of the texts in the table
    assert run(command("export", "--jsonl", str(tmp_path / "a.jsonl"), OUTPUT_DIR=str(output)), output).status == 0
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text("utf-8").splitlines()]
    assert [{name: value for name, value in row.items() if name not in ADDED} for row in there] == lines
    assert {row["file"]: row["markdown"].encode() for row in there} == tree(output)


def test_the_table_of_a_file_needs_no_tree_and_says_which_file_it_is_from(tmp_path: Path) -> None:
    warc, table = ARCHIVE / "captures.warc.gz", tmp_path / "articles.parquet"
    assert extract(tmp_path / "output", str(warc)).status == 0
    written = tree(tmp_path / "output")
    done = extract(tmp_path / "none", str(warc), "--parquet", str(table), "--workers", "2")
    assert (done.status, tree(tmp_path / "none")) == (0, {}), done.err
    there = [row for row in rows_of(table) if row["state"] == State.RECOVERED]
    assert {row["file"]: row["markdown"].encode() for row in there} == written
    assert {(row["source"], row["verified"]) for row in there} == {("captures.warc.gz", True)}
    data = table.read_bytes()
    for arguments, words in (
        ((), "is there already"),
        (("--force", "--format", "reading"), "--parquet writes no files"),
        (("--force", "--ids", "1"), "there is no capture of an article"),
    ):
        refused = extract(tmp_path / "none", str(warc), "--parquet", str(table), *arguments)
        assert (refused.status in (2, 11), words in refused.err) == (True, True), refused.err
        assert table.read_bytes() == data
    one = rows_of(table)[0]
    done = extract(tmp_path / "none", str(warc), "--parquet", str(table), "--force", "--ids", str(one["id"]))
    assert (done.status, rows_of(table)) == (0, [one])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["articles.parquet", "none", "output"]
