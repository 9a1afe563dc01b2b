"""`citizen-news audit`: the real command over trees of files, without network."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
from pathlib import Path

import pytest

from crawler.preserve.findings import AuditKind
from tests.demo.build import ARCHIVE
from tests.e2e.crawling import Run, command, environment, run
from tests.e2e.processes import started
from tests.preserve.drafts import PLANTS, place, sound
from tests.shared import shared

pytestmark = pytest.mark.heavy


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Five articles: one to refetch, one untidy, one both."""
    folder = tmp_path / "tree"
    for number, kinds in {
        1: [],
        2: [AuditKind.FAREWELL],
        3: [AuditKind.RELATIVE_LINKS],
        4: [AuditKind.NO_DATE, AuditKind.STRAY_ASTERISKS],
        5: [],
    }.items():
        draft = sound(number)
        for kind in kinds:
            PLANTS[kind][0](draft)
        place(folder, draft)
    (folder / "README.md").write_text("# About\n", "utf-8")
    return folder


def audit(*arguments: object, **settings: str) -> Run:
    return run(command("audit", *map(str, arguments), **settings), Path())


def test_the_table(tree: Path) -> None:
    done = audit(tree)
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines()[0] == "6 files: 3 articles sound, 2 to refetch"
    assert "      1  farewell             the site's farewell page: 2\n" in done.out
    assert "      1  no_date              no date: 4\n" in done.out
    assert "README.md: neither its name nor an address in it tells an article's id" in done.out
    assert (
        done.out.index("no_date")
        < done.out.index("Cosmetic")
        < done.out.index("relative_links")
        < done.out.index("stray_asterisks")
    )


def test_json_is_one_object(tree: Path) -> None:
    done = audit(tree, "--json")
    shown = json.loads(done.out)
    assert done.out.count("\n") == 1
    assert list(shown)[:5] == ["directory", "files", "articles", "sound", "kinds"]
    assert (shown["directory"], shown["files"], shown["articles"], shown["refetch"]) == (str(tree), 6, 5, [2, 4])
    assert list(shown["kinds"]) == [kind.value for kind in AuditKind]
    assert shown["kinds"]["farewell"] == {"class": "refetch", "count": 1, "ids": [2]}


def test_csv_has_a_row_for_each_finding(tree: Path, tmp_path: Path) -> None:
    table = tmp_path / "findings.csv"
    assert audit(tree, "--csv", table).status == 0
    with table.open(encoding="utf-8", newline="") as file:
        rows = [(row["id"], row["file"], row["kind"], row["class"]) for row in csv.DictReader(file)]
    assert rows == [
        ("2", "1-1000/article_2.md", "farewell", "refetch"),
        ("3", "1-1000/article_3.md", "relative_links", "cosmetic"),
        ("4", "1-1000/article_4.md", "no_date", "refetch"),
        ("4", "1-1000/article_4.md", "stray_asterisks", "cosmetic"),
    ]
    assert audit(tree, "--csv", table).status == 0, "written anew"


@pytest.mark.parametrize("place_of_table", ["nowhere/findings.csv", "tree"])
def test_a_table_that_cannot_be_written(tree: Path, tmp_path: Path, place_of_table: str) -> None:
    before = sorted(tmp_path.rglob("*"))
    done = audit(tree, "--csv", tmp_path / place_of_table)
    assert (done.status, done.out) == (7, "")
    assert "was not written" in done.err
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "audit takes one argument"),
        (("{0}", "{0}"), "audit takes one argument"),
        (("{0}/nowhere",), "is not a directory"),
        (("{0}/README.md",), "is a file, not a directory"),
        (("{0}/empty",), "there are no files of articles"),
        (("{0}", "--csv", "-"), "the name of a file is needed"),
        (("{0}", "--workers", "0"), "--workers"),
        (("{0}", "-s", "NOBODY_KNOWS=1"), "NOBODY_KNOWS"),
    ],
)
def test_what_was_asked_for_cannot_be_done(tree: Path, arguments: tuple[str, ...], said: str) -> None:
    (tree / "empty").mkdir()
    done = audit(*(argument.format(tree) for argument in arguments))
    assert (done.status, done.out) == (2, "")
    assert said in done.err
    assert "Traceback" not in done.err


def test_many_files_on_several_processes_with_progress(tree: Path) -> None:
    for number in range(100, 1700):
        place(tree, sound(number))
    done = audit(tree, "--workers", 2, PROGRESS_SECONDS="0.01")
    assert done.status == 0
    assert done.out.startswith("1,606 files: 1,603 articles sound, 2 to refetch\n")
    assert re.search("^audited [0-9,]+ of 1,606 files, [0-9,]+ a second$", done.err, re.MULTILINE)


@pytest.mark.heavy
@pytest.mark.parametrize("workers", ["1", "2"])
def test_interrupted_it_leaves_nothing(tree: Path, tmp_path: Path, workers: str) -> None:
    """After the first file that is audited, with the worker processes under way."""
    line = command("audit", str(tree), "--csv", str(tmp_path / "findings.csv"), "--workers", workers)
    waits = "(print('audited one', file=sys.stderr) or signal.pause() for one in real(*given, **named))"
    run_jobs = f"lambda *given, real=t.run_jobs, signal=signal, sys=sys, **named: {waits}"
    fault = f"import crawler.preserve.audit as t, signal, sys; t.ENOUGH_FOR_ONE = 1; t.run_jobs = {run_jobs}"
    with started(line, environment(), new_session=True, fault=fault) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "audited one\n"
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does it
        out, err = process.communicate()
        status = process.wait()
    assert (status, out) == (130, "")
    assert "interrupted" in err
    assert "Traceback" not in err
    assert not list(tmp_path.glob("findings*"))


def test_what_this_software_writes_has_nothing_to_refetch(tmp_path: Path) -> None:
    output = tmp_path / "output"
    extracted = run(command("extract", str(ARCHIVE / "captures.warc.gz"), OUTPUT_DIR=str(output)), output)
    assert extracted.status == 0, extracted.err
    shown = json.loads(audit(output, "--json").out)
    assert shown["files"] > 30
    assert shown["refetch"] == []
    assert {kind for kind, found in shown["kinds"].items() if found["count"]} <= {"relative_links", "mojibake_address"}


def test_the_wanted_file_of_the_seed_has_only_what_its_format_implies() -> None:
    shown = json.loads(audit(shared("sample", "seed"), "--json").out)
    assert {kind for kind, found in shown["kinds"].items() if found["count"]} == {"relative_links"}
