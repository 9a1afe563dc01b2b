"""`inspect ID --versions` and `status --versions`: what captures of one article say, from the crawl to
the difference; and the articles as JSON lines."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from crawler.ledger import Ledger
from crawler.preserve.jsonl import SCHEMA
from crawler.utils.exit_status import ExitStatus
from crawler.utils.text import format_size
from tests.e2e.crawling import QUICK, Run, command, crawl, run
from tests.pages import FAREWELL, address, article
from tests.schemas import violations
from tests.standin import Archive, StandIn

EARLY, LATE = "20200801000000", "20210712013906"
PUBLIC = "https://archive.example"
CORRECTED, SAME, ALONE, NONE = 5, 6, 7, 8
BEFORE, AFTER = "燈塔今晚亮起，票價為兩元正。", "燈塔昨晚亮起，票價為三元正。\x9b31m"


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs: one up to 2020, one that fetches the same articles again, now from their later captures."""
    output = tmp_path_factory.mktemp("versions") / "output"
    archive = Archive()
    archive.add(address(CORRECTED), EARLY, article(CORRECTED, BEFORE))
    archive.add(address(CORRECTED), LATE, article(CORRECTED, AFTER))
    archive.add(address(SAME), EARLY, article(SAME, "一樣。"))
    archive.add(address(SAME), LATE, article(SAME, "<b>一樣</b>。"))
    archive.add(address(ALONE), LATE, article(ALONE))
    archive.add(address(NONE), LATE, FAREWELL)
    with StandIn(archive) as standin:
        first = crawl(standin, output, {"until": "2020"})
        assert first.status == 0, first.err
        second = crawl(standin, output, {"again": f"{CORRECTED},{SAME},{ALONE},{NONE}", "since": "2021"})
        assert second.status == 0, second.err
    return output


def versions(output: Path, *arguments: str) -> Run:
    one = any(not argument.startswith("-") for argument in arguments)
    return run(command("inspect" if one else "status", *arguments, "--versions", OUTPUT_DIR=str(output)), output)


def noted(output: Path) -> list[tuple[int, str, str]]:
    with Ledger(output / "ledger.sqlite") as ledger:
        return [(row.article, row.timestamp, row.sha256) for row in ledger.all_versions()]


def test_the_crawl_notes_what_each_capture_says(crawled: Path) -> None:
    rows = noted(crawled)
    assert [row[:2] for row in rows] == [
        (CORRECTED, EARLY),
        (CORRECTED, LATE),
        (SAME, EARLY),
        (SAME, LATE),
        (ALONE, LATE),
    ]
    digests = [row[2] for row in rows]
    assert digests[0] != digests[1]
    assert digests[2] == digests[3]


def test_articles_with_more_than_one_version(crawled: Path) -> None:
    done = versions(crawled)
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines() == [
        f"{CORRECTED:>7}  2 versions in 2 captures, 2020-08-01 00:00:00 UTC to 2021-07-12 01:39:06 UTC",
        "1 article with more than one version, of 3 of which a version is noted",
    ]
    assert json.loads(versions(crawled, "--json").out) == [
        {"article": CORRECTED, "versions": 2, "captures": 2, "first": EARLY, "last": LATE}
    ]


def test_the_difference_between_two_versions(crawled: Path) -> None:
    done = versions(crawled, str(CORRECTED))
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == f"Article {CORRECTED}: 2 versions in 2 captures"
    assert f"    2020-08-01 00:00:00 UTC  {PUBLIC}/web/{EARLY}/{address(CORRECTED)}" in lines
    assert f"  * 2021-07-12 01:39:06 UTC  {PUBLIC}/web/{LATE}/{address(CORRECTED)}" in lines
    assert sum("which the file is of" in line for line in lines) == 1
    changed = next(line for line in lines if line.startswith("~ "))
    assert changed.startswith("~ 第5日：燈塔[-今-]{+昨+}晚亮起，票價為[-兩-]{+三+}元正。")
    assert not any(ord(one) < 32 or 127 <= ord(one) < 160 for line in lines for one in line)
    same = versions(crawled, str(SAME))
    assert same.status == 0
    assert f"Article {SAME}: 1 version in 2 captures" in same.out
    assert "From version" not in same.out


@pytest.mark.heavy
def test_the_same_as_json(crawled: Path) -> None:
    found = json.loads(versions(crawled, address(CORRECTED), "--json").out)
    assert (found["article"], found["state"]) == (CORRECTED, "recovered")
    first, second = found["versions"]
    assert (first["file"], second["file"]) == (False, True)
    assert first["text"] == f"第5日：{BEFORE}"
    assert first["captures"][0] == {
        "timestamp": EARLY,
        "original_url": address(CORRECTED),
        "url": f"{PUBLIC}/web/{EARLY}/{address(CORRECTED)}",
        "source": "wayback",
        "file": False,
        "comparable": True,
        "why": None,
        "fault": None,
    }
    assert [(one["from"], one["to"]) for one in found["differences"]] == [(1, 2)]
    assert [one["sha256"] for one in found["versions"]] == [
        sha256 for number, _, sha256 in noted(crawled) if number == CORRECTED
    ]


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ([str(NONE)], 0, f"Article {NONE}: no capture of it was extracted; it is listed"),
        (["4711"], ExitStatus.USAGE, "knows no article 4711"),
        (["letters"], ExitStatus.USAGE, "letters is not the id or address"),
        (["5", "6"], ExitStatus.USAGE, "inspect takes one argument (5 6): an id, an address or a file"),
    ],
)
def test_what_cannot_be_shown_is_said(crawled: Path, arguments: list[str], status: int, words: str) -> None:
    done = versions(crawled, *arguments)
    assert done.status == status
    assert words in done.out + done.err


@pytest.mark.heavy
def test_without_a_ledger_there_is_nothing_to_list(tmp_path: Path) -> None:
    done = versions(tmp_path)
    assert (done.status, "there is no ledger" in done.err) == (ExitStatus.NOTHING, True)


@pytest.fixture
def output(crawled: Path, tmp_path: Path) -> Path:
    """The same, to be changed."""
    return shutil.copytree(crawled, tmp_path / "output")


def extract(output: Path, *arguments: str) -> Run:
    return run(command("extract", *arguments, OUTPUT_DIR=str(output), ARCHIVE_PUBLIC_URL=PUBLIC), output)


@pytest.mark.heavy
def test_extraction_notes_every_capture_in_the_store_and_a_dry_run_none(output: Path, crawled: Path) -> None:
    connection = sqlite3.connect(output / "ledger.sqlite")
    with connection:
        connection.execute("DELETE FROM version")
    connection.close()
    assert "`citizen-news extract --changed` notes them" in versions(output).out
    assert extract(output, "--dry-run").status == 0
    assert noted(output) == []
    assert extract(output, "--changed").status == 0
    assert noted(output) == noted(crawled)


@pytest.mark.heavy
def test_every_format_says_the_same(output: Path, crawled: Path) -> None:
    done = run(command("extract", OUTPUT_DIR=str(output), ARCHIVE_PUBLIC_URL=PUBLIC, FORMAT="reading"), output)
    assert done.status == 0, done.err
    assert noted(output) == noted(crawled)


@pytest.mark.heavy
def test_captures_that_the_store_has_no_more_are_listed_and_not_compared(output: Path) -> None:
    with Ledger(output / "ledger.sqlite") as ledger:
        early = next(row for row in ledger.captures(CORRECTED) if row.capture.timestamp == EARLY)
    (output / "warc" / early.warc).unlink()
    done = versions(output, str(CORRECTED))
    assert (done.status, done.err) == (0, "")
    assert f"Article {CORRECTED}: 2 versions in 2 captures" in done.out
    assert "not comparable: no longer in the store" in done.out
    assert "From version" not in done.out


@pytest.mark.heavy
def test_damage_is_told_and_has_its_status(output: Path) -> None:
    with Ledger(output / "ledger.sqlite") as ledger:
        early = next(row for row in ledger.captures(CORRECTED) if row.capture.timestamp == EARLY)
    path = output / "warc" / early.warc
    data = bytearray(path.read_bytes())
    data[early.warc_offset + 30 : early.warc_offset + early.warc_length] = bytes(early.warc_length - 30)
    path.write_bytes(data)
    done = versions(output, str(CORRECTED))
    assert done.status == ExitStatus.DAMAGED
    assert "not comparable: it cannot be read" in done.out
    assert done.err.startswith("stopped: 1 capture in the store cannot be read")


def test_articles_as_json_lines(crawled: Path, tmp_path: Path) -> None:
    path = tmp_path / "all.jsonl"
    done = run(command("export", "--jsonl", str(path), OUTPUT_DIR=str(crawled)), crawled)
    assert (done.status, done.err) == (0, "")
    assert done.out == f"{path}: 3 articles, {format_size(path.stat().st_size)}\n"
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [(one["id"], one["versions"], one["verified"]) for one in lines] == [
        (5, 2, True),
        (6, 1, True),
        (7, 1, True),
    ]
    assert [problem for one in lines for problem in violations(one, json.loads(SCHEMA.read_text("utf-8")))] == []
    again = run(command("export", "--jsonl", "-", OUTPUT_DIR=str(crawled)), crawled)
    assert (again.status, again.out) == (0, path.read_text("utf-8"))
    refused = run(command("export", "--jsonl", str(path), OUTPUT_DIR=str(crawled)), crawled)
    assert (refused.status, "--force" in refused.err) == (ExitStatus.USAGE, True)


@pytest.mark.heavy
def test_a_reader_of_the_lines_may_go(crawled: Path) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    line = command("export", "--jsonl", "-", OUTPUT_DIR=str(crawled))
    done = run(line, crawled, stdout=write_end)
    os.close(write_end)
    assert (done.status, done.err) == (0, "")


@pytest.mark.heavy
def test_a_tree_without_a_ledger_and_one_with_files_gone(output: Path, tmp_path: Path) -> None:
    next((output / "articles").rglob("article_7.md")).unlink()
    done = run(command("export", "--jsonl", str(tmp_path / "a.jsonl"), OUTPUT_DIR=str(output)), output)
    assert done.status == ExitStatus.DAMAGED
    assert "1 file without a line, since unreadable: article 7" in done.err
    (output / "ledger.sqlite").unlink()
    bare = run(command("export", "--jsonl", "-", OUTPUT_DIR=str(output)), output)
    assert bare.status == 0
    assert [json.loads(line)["versions"] for line in bare.out.splitlines()] == [None, None]
    assert "there is no ledger" in bare.err
    nothing = run(command("export", "--jsonl", "-", OUTPUT_DIR=str(tmp_path / "empty")), output)
    assert (nothing.status, "nothing to export" in nothing.err) == (ExitStatus.NOTHING, True)


def test_a_capture_that_inspect_fetched_by_its_address_is_a_version(tmp_path: Path) -> None:
    archive = Archive()
    archive.add(address(CORRECTED), EARLY, article(CORRECTED, BEFORE))
    archive.add(address(CORRECTED), LATE, article(CORRECTED, AFTER))
    with StandIn(archive) as standin:
        assert crawl(standin, tmp_path).status == 0
        what = f"{standin.url}/web/{EARLY}/{address(CORRECTED)}"
        given = {**QUICK, "ARCHIVE_URL": standin.url, "OUTPUT_DIR": str(tmp_path)}
        seen = run(command("inspect", what, "--fetch", **given), tmp_path)
        assert seen.status == 0, seen.err
    assert versions(tmp_path, str(CORRECTED)).out.startswith(f"Article {CORRECTED}: 2 versions in 2 captures\n")
