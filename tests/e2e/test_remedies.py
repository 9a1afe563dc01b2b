"""What `verify` advises does what it says, and no more: each command is run as it is printed, in both formats."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from crawler.run.config import FILE
from tests.e2e.crawling import QUICK, command, crawl, run
from tests.pages import address, article
from tests.standin import Archive, StandIn

ONE, TWO, OTHER = 5, 6, 1001
WHEN = "20210712013906"


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    archive = Archive()
    for number in (ONE, TWO, OTHER):
        archive.add(address(number), WHEN, article(number))
    with StandIn(archive) as served:
        yield served


@pytest.fixture(scope="module", params=[pytest.param("seed", marks=pytest.mark.heavy), "reading"])
def sound(request: pytest.FixtureRequest, standin: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recovered tree that remembers its archive, in one of the formats."""
    output = tmp_path_factory.mktemp("remedies") / "a tree"
    done = crawl(standin, output, FORMAT=request.param)
    assert done.status == 0, done.err
    values = {"ARCHIVE_URL": standin.url, **QUICK}
    (output / FILE).write_text("".join(f'{name.lower()} = "{value}"\n' for name, value in values.items()), "utf-8")
    return output


def files(output: Path) -> Mapping[str, tuple[bytes, int]]:
    """The articles' files, and when each was written."""
    paths = sorted((output / "articles").rglob("*.md"))
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}


def path_of(output: Path, number: int) -> Path:
    (path,) = (output / "articles").rglob(f"article_{number}.md")
    return path


def _deleted(output: Path) -> None:
    path_of(output, ONE).unlink()


def _changed(output: Path) -> None:
    path_of(output, ONE).write_text("---\ntitle: [\n---\n", "utf-8")


def _store_damaged(output: Path) -> None:
    (path,) = (output / "warc").glob("*.warc.gz*")
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 64] = bytes(64)
    path.write_bytes(data)


def _store_gone(output: Path) -> None:
    shutil.rmtree(output / "warc")


DAMAGES: tuple[Callable[[Path], None], ...] = (_deleted, _changed, _store_damaged, _store_gone)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_remedy_mends_what_it_is_for_and_touches_nothing_else(
    damage: Callable[[Path], None], sound: Path, tmp_path: Path
) -> None:
    output = tmp_path / "a tree"
    shutil.copytree(sound, output)
    before = files(output)
    damage(output)
    verified = json.loads(run(command("verify", "--json", "-o", str(output)), output).out)
    assert not verified["sound"]
    advised = {
        line for finding in verified["findings"] for line in re.findall(r"`citizen-news ([^`]+)`", finding["advice"])
    }
    concerned = {number for finding in verified["findings"] for number in (finding["article"], *finding["articles"])}
    lines = sorted(line for line in advised if "--again" in line or "--ids" in line)
    assert lines, advised
    for line in lines:
        done = run(shlex.split(line), output)
        assert done.status == 0, (line, done.out, done.err)
    after = files(output)
    assert {name: data for name, (data, _) in after.items()} == {name: data for name, (data, _) in before.items()}
    touched = {name for name in before if after[name] != before[name]}
    assert touched <= {f"article_{number}.md" for number in concerned}, lines
    again = json.loads(run(command("verify", "--json", "-o", str(output)), output).out)
    left = [finding for finding in again["findings"] if finding["article"] or finding["articles"]]
    assert [finding for finding in left if finding["kind"] != "store_damaged"] == [], again["findings"]


def test_the_way_to_another_format_is_one_command_that_says_how_many_files(sound: Path, tmp_path: Path) -> None:
    output = tmp_path / "a tree"
    shutil.copytree(sound, output)
    there = run(command("settings", "FORMAT", "--json", "-o", str(output)), output)
    other = "seed" if json.loads(there.out)["FORMAT"]["value"] == "reading" else "reading"
    refused = run(command("crawl", "-o", str(output), FORMAT=other), output)
    assert (refused.status, files(output)) == (2, files(output))
    (line,) = re.findall(r"`citizen-news ([^`]+)` writes all 3 files anew", refused.err)
    done = run(shlex.split(line), output)
    assert (done.status, "is changed to FORMAT=" in done.out) == (0, True), done.err
    assert run(command("crawl", "-o", str(output), FORMAT=other), output).status == 0
