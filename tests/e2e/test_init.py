"""`citizen-news init`: asked on a terminal, told on a command line; it writes one file, which other commands obey."""

from __future__ import annotations

import os
import pty
import tomllib
from pathlib import Path

from crawler.run.config import FILE
from crawler.utils.exit_status import ExitStatus
from tests.e2e.crawling import Run, command, crawl, environment, run
from tests.e2e.processes import started
from tests.pages import address, article
from tests.standin import Archive, StandIn


def typed(output: Path, *answers: str) -> Run:
    """The command with somebody at the keyboard, who gives these answers."""
    ours, theirs = pty.openpty()
    os.write(ours, "".join(f"{answer}\n" for answer in answers).encode())
    with started(command("init"), environment(), stdin=theirs) as asked:
        os.close(theirs)
        out, err = asked.communicate()
        os.close(ours)
        return Run(asked.wait(), out, err, output)


def test_a_wrong_answer_is_asked_for_again_and_nothing_else_is_done(tmp_path: Path) -> None:
    folder = tmp_path / "my archive"
    done = typed(folder, str(folder), "nobody", "mailto:me@example.org", "", "maybe", "yes", "2:30")
    assert (done.status, done.err) == (0, "")
    assert "CONTACT=nobody: a line of ASCII with an e-mail or web address" in done.out
    assert "IMAGES=maybe" in done.out
    assert done.out.splitlines()[-1] == f"Next: citizen-news inspect 33951 -o '{folder}'"
    assert [path.name for path in folder.iterdir()] == [FILE]
    text = (folder / FILE).read_text("utf-8")
    assert tomllib.loads(text) == {"contact": "mailto:me@example.org", "format": "seed", "images": True}
    assert f" recover -o '{folder}'\n" in text
    assert "\n# 30 2 * * * " in text
    again = run(command("init", str(folder)), folder)
    assert (again.status, "is there already" in again.err) == (ExitStatus.USAGE, True)
    assert (folder / FILE).read_text("utf-8") == text


def test_without_a_terminal_nothing_is_asked_and_a_wrong_option_writes_nothing(tmp_path: Path) -> None:
    wrong = run(command("init", str(tmp_path / "a"), "--schedule", "25:00"), tmp_path)
    assert (wrong.status, "25:00: a time as 02:30, or no, is needed" in wrong.err) == (ExitStatus.USAGE, True)
    assert list(tmp_path.iterdir()) == []
    assert run(command("init", str(tmp_path), "--format", "reading"), tmp_path).status == 0
    archive = Archive()
    archive.add(address(5), "20210712013906", article(5))
    with StandIn(archive) as standin:
        done = crawl(standin, tmp_path)
    assert done.status == 0, done.err
    assert "verified: true" in done.file(5), "in the format of the file of settings"


def test_an_article_that_no_source_lists_is_nothing_to_be_content_with(tmp_path: Path) -> None:
    archive = Archive()
    archive.add(address(5), "20210712013906", article(5))
    with StandIn(archive) as standin:
        assert crawl(standin, tmp_path, {"ids": "5,6"}).status == 0
        for name in ("ids", "again"):
            done = crawl(standin, tmp_path, {name: "7"})
            assert done.status == ExitStatus.NOTHING, done.err
            assert done.out.splitlines()[-1] == "Unknown    1 article of those asked for: no source lists 7"
