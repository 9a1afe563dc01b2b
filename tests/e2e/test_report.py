"""`report` as it is used: after a crawl, beside one, into another place, and where there is nothing to report
on."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from crawler.utils.exit_status import ExitStatus
from crawler.utils.lock import lock_output
from tests.e2e.crawling import Run, command, crawl, run
from tests.pages import BLANK, address, article
from tests.publish.report.trees import Tree, one
from tests.standin import Archive, StandIn


def report(output: Path, *arguments: str) -> Run:
    return run(command("report", *arguments, OUTPUT_DIR=str(output)), output)


@pytest.mark.heavy
def test_the_report_on_a_crawl_while_another_run_holds_the_output(tmp_path: Path) -> None:
    archive = Archive()
    for number in (33951, 33952, 34001):
        archive.add(address(number), "20210712013906", article(number))
    archive.add(address(34002), "20210712013906", BLANK)
    output = tmp_path / "output"
    with StandIn(archive) as standin:
        assert crawl(standin, output).err
    lock = lock_output(output)
    done = report(output)
    lock.close()
    assert done.status == ExitStatus.DONE, done.err
    assert done.out.startswith(f"{output / 'report.html'}: ")
    page = LexborHTMLParser((output / "report.html").read_text("utf-8"))
    assert [node.text() for node in page.css(".tiles dd")] == ["4", "3 75%", "1 25%"]
    (missing,) = page.css(".absent tbody tr")
    assert "34002" in missing.text()
    assert (
        missing.css("a")[1].attributes["href"]
        == "https://archive.example/web/20210712013906/https://www.hkcnews.com/article/34002"
    )
    assert "playback" in one(page, "#runs").text(), "the crawl's record was not found, or is not as it is documented"
    assert report(output).status == ExitStatus.DONE, "its own file is replaced each time"
    assert [path.name for path in output.iterdir() if path.name.endswith(".part")] == []


@pytest.mark.heavy
def test_another_file_is_replaced_only_when_told_to(tmp_path: Path) -> None:
    (tmp_path / "output").mkdir()
    tree = Tree(tmp_path / "output").lists(1)
    tree.ledger.close()
    to = tmp_path / "mine.html"
    assert report(tree.root, "--to", str(to)).status == ExitStatus.DONE
    assert to.read_bytes().startswith(b"<!DOCTYPE html>")
    assert not (tree.root / "report.html").exists()
    to.write_text("mine")
    refused = report(tree.root, "--to", str(to))
    assert refused.status == ExitStatus.USAGE
    assert "--force" in refused.err
    assert to.read_text() == "mine"
    assert report(tree.root, "--to", str(to), "--force").status == ExitStatus.DONE
    assert to.read_bytes().startswith(b"<!DOCTYPE html>")


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["33951"], "report takes no arguments"),
        (["--to", ""], "the name of a file is needed"),
        (["--force"], "--force belongs to --to"),
    ],
)
def test_what_was_asked_for_is_wrong(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = report(tmp_path, *arguments)
    assert done.status == ExitStatus.USAGE
    assert said in done.err
    assert list(tmp_path.iterdir()) == []


def test_without_a_ledger_there_is_nothing_to_report_on(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    done = report(tmp_path)
    assert done.status == ExitStatus.NOTHING
    assert f"there is no ledger {tmp_path / 'ledger.sqlite'}" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["articles"]


def test_a_damaged_ledger_is_said(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"no ledger" * 1000)
    done = report(tmp_path)
    assert done.status == ExitStatus.STORAGE
    assert "Traceback" not in done.err
    assert "cannot be used" in done.err
    assert not (tmp_path / "report.html").exists()


@pytest.mark.heavy
def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    tree.ledger.close()
    done = report(tmp_path, "--to", str(tmp_path / "nowhere" / "report.html"))
    assert done.status == ExitStatus.STORAGE
    assert "was not written" in done.err


@pytest.mark.heavy
def test_a_link_in_place_of_the_report_is_replaced_and_not_followed(tmp_path: Path) -> None:
    output, elsewhere = tmp_path / "output", tmp_path / "elsewhere"
    output.mkdir()
    elsewhere.write_text("precious")
    Tree(output).ledger.close()
    (output / "report.html").symlink_to(elsewhere)
    assert report(output).status == ExitStatus.DONE
    assert elsewhere.read_text() == "precious"
    assert not (output / "report.html").is_symlink()


@pytest.mark.heavy
def test_the_ledger_stays_as_it_is(tmp_path: Path) -> None:
    tree = Tree(tmp_path).lists(1, 2).recovers(1)
    tree.ledger.close()
    with sqlite3.connect(tmp_path / "ledger.sqlite") as before:
        told = list(before.iterdump())
    before.close()
    assert report(tmp_path).status == ExitStatus.DONE
    with sqlite3.connect(tmp_path / "ledger.sqlite") as after:
        assert list(after.iterdump()) == told
    after.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["articles", "ledger.sqlite", "report.html"]
