"""A tree of files that the user has: adopted where it is sound, repaired where it is not, and never made worse."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.ledger import Ledger, State
from crawler.markdown.document import relative_path
from tests.e2e.crawling import Run, command, crawl, run
from tests.pages import FAREWELL, address, article
from tests.preserve.drafts import sound
from tests.standin import Archive, Endpoint, StandIn

SECOND = "20210712013906"
SOUND, FAREWELLS, LOST = (1, 2, 3), (4, 5), (6,)
"""Articles 4 and 6 can be had again; 5 is a farewell page in the archive too; nothing has 7."""


@pytest.fixture
def standin() -> Iterator[StandIn]:
    archive = Archive()
    for number in (*SOUND, 4, 6, 8):
        archive.add(address(number), SECOND, article(number))
    archive.add(address(5), SECOND, FAREWELL)
    with StandIn(archive) as served:
        yield served


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A backup: three sound files, two farewell pages, one that has lost an address, one that no archive has."""
    folder = tmp_path / "backup" / "articles"
    for number in (*SOUND, *FAREWELLS, *LOST, 7):
        draft = sound(number)
        if number in (*FAREWELLS, 7):
            draft.fields = {"title": "眾新聞告別 感謝讀者"} | {
                key: draft.fields[key] for key in ("url", "original_url")
            }
            draft.blocks, draft.note = ["各位讀者，再會。"], False
        if number in LOST:
            draft.blocks.append("請電郵至 [email protected] 查詢。")
        text = draft.text()
        path = folder / relative_path(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.md"))}


def audit(tree: Path) -> set[int]:
    done = run(command("audit", str(tree), "--json"), tree)
    assert done.status == 0, done.err
    return set(json.loads(done.out)["refetch"])


def adopt(tree: Path, output: Path) -> Run:
    return run(
        command("adopt", str(tree), OUTPUT_DIR=str(output), ARCHIVE_PUBLIC_URL="https://archive.example"), output
    )


def played(standin: StandIn) -> list[str]:
    return [request.original for request in standin.requests if request.endpoint is Endpoint.PLAYBACK]


@pytest.mark.heavy
def test_what_is_adopted_is_not_fetched_again(standin: StandIn, tree: Path, tmp_path: Path) -> None:
    before = files(tree)
    adopted = adopt(tree, tmp_path / "output")
    assert adopted.status == 0, adopted.err
    assert "Adopted 3 articles" in adopted.out
    done = crawl(standin, tmp_path / "output")
    assert done.status == 0, done.err
    assert sorted(played(standin)) == [address(number) for number in (4, 5, 6, 8)]
    assert [done.article(number).state for number in SOUND] == [State.ADOPTED] * 3
    assert "; 3 adopted, in a tree of files that you have" in done.out
    assert files(tree) == before
    assert "0 of them new" in adopt(tree, tmp_path / "output").out


@pytest.mark.heavy
def test_an_adopted_file_that_went_bad_is_due_again(standin: StandIn, tree: Path, tmp_path: Path) -> None:
    adopt(tree, tmp_path / "output")
    (tree / relative_path(1)).write_text("---\n---\n", "utf-8")
    adopt(tree, tmp_path / "output")
    with Ledger(tmp_path / "output" / "ledger.sqlite") as ledger:
        assert ledger.due() == [1]


def test_repair_fetches_what_the_audit_says_and_nothing_else(standin: StandIn, tree: Path, tmp_path: Path) -> None:
    before = files(tree)
    done = crawl(standin, tmp_path / "output", {"repair": str(tree)})
    assert done.status == 0, done.err
    assert sorted(played(standin)) == [address(number) for number in (4, 5, 6)]
    assert done.files == ["article_4.md", "article_6.md"]
    assert files(tree) == before
    assert "4 to refetch, 2 recovered and better" in done.out
    assert "unrecoverable: farewell: 5" in done.out
    assert "no source lists it: 7" in done.out
    again = crawl(standin, tmp_path / "output", {"repair": str(tree)})
    assert again.status == 0
    assert len(played(standin)) == 3


@pytest.mark.heavy
def test_in_place_only_what_is_better_is_replaced_and_the_old_file_is_kept(
    standin: StandIn, tree: Path, tmp_path: Path
) -> None:
    before = files(tree)
    done = crawl(standin, tmp_path / "output", {"repair": str(tree), "in_place": "1"})
    assert done.status == 0, done.err
    after = files(tree)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {relative_path(4), relative_path(6)}
    assert audit(tree) == {5, 7}
    (aside,) = tree.parent.glob("articles.replaced-*")
    assert files(aside) == {name: before[name] for name in changed}
    assert after[relative_path(4)] == (done.output / done.article(4).file).read_bytes()
    assert "Replaced 2 files" in done.out


@pytest.mark.heavy
def test_bytes_that_do_not_match_their_digest_do_not_replace_a_file(tree: Path, tmp_path: Path) -> None:
    archive = Archive()
    archive.add(address(4), SECOND, article(4), digest="A" * 32)
    before = files(tree)
    with StandIn(archive) as standin:
        done = crawl(standin, tmp_path / "output", {"repair": str(tree), "in_place": "1"})
    assert done.article(4).state is State.RECOVERED
    assert "not those of the archive's digest: 4" in done.out
    assert files(tree) == before


def test_a_tree_that_cannot_be_written_is_left_as_it_is_and_the_run_says_so(
    standin: StandIn, tree: Path, tmp_path: Path
) -> None:
    before = files(tree)
    (tree.parent / "elsewhere").mkdir()
    old = tree / Path(relative_path(4)).parent
    shutil.move(old, tree.parent / "elsewhere" / "1-1000")
    old.symlink_to(tree.parent / "elsewhere" / "1-1000")
    done = crawl(standin, tmp_path / "output", {"repair": str(tree), "in_place": "1"})
    assert done.status in (2, 7), done.err
    moved = {f"1-1000/{path.name}": path.read_bytes() for path in (tree.parent / "elsewhere" / "1-1000").iterdir()}
    assert moved == before


def test_what_cannot_be_repaired_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = crawl("http://127.0.0.1:9", tmp_path / "output", {"repair": str(tmp_path / "empty")})
    assert (done.status, "no files" in done.err) == (2, True), done.err
    assert not (tmp_path / "output" / "ledger.sqlite").exists()


def test_files_whose_links_would_not_fit_are_not_put_into_another_tree(tree: Path, tmp_path: Path) -> None:
    done = crawl("http://127.0.0.1:9", tmp_path / "output", {"repair": str(tree), "in_place": "1"}, FORMAT="reading")
    assert (done.status, "FORMAT=seed" in done.err) == (2, True), done.err
