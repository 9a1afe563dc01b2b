"""Articles that no listing has: found on archived lists, in recovered articles and between known ids, within a budget,
once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.ledger import State
from tests.e2e.crawling import Run, command, crawl, run
from tests.pages import FAREWELL, address, article
from tests.standin import Archive, Endpoint, Kind, StandIn, Trouble
from tests.standin.archive import Row, sha1

WHEN, LATER = "20210712013906", "20210801000000"
LISTED, BETWEEN, LINKED, ON_A_LIST, NOWHERE = (40001, 40003, 40010), 40002, 41000, 42000, 43000
NEWS = "https://www.hkcnews.com/data/newsposts?page=1"


@pytest.fixture
def archive() -> Archive:
    archive = Archive()
    text = f'見<a href="https://www.hkcnews.com/article/{LINKED}/x">另一篇</a>，又見<a href="/article/{NOWHERE}">這篇</a>。'  # noqa: E501
    for number in LISTED:
        archive.add(address(number), WHEN, article(number, text if number == LISTED[0] else "燈塔今晚亮起。"))
    for number in (BETWEEN, LINKED, ON_A_LIST):
        archive.add(address(number), WHEN, article(number))
        archive.overlooked.add(address(number))
    block = f'<div class="article-block"><a href="/article/{ON_A_LIST}/%E7%87%88">燈塔</a></div>'
    archive.add(NEWS, WHEN, json.dumps({"items": []}).encode(), mimetype="application/json")
    archive.add(NEWS, LATER, json.dumps({"items": [block]}).encode(), mimetype="application/json")
    archive.add("https://www.hkcnews.com/", LATER, FAREWELL)
    return archive


@pytest.fixture
def standin(archive: Archive) -> Iterator[StandIn]:
    with StandIn(archive) as served:
        yield served


def known(done: Run) -> dict[int, State]:
    return {number: done.article(number).state for number in (*LISTED, BETWEEN, LINKED, ON_A_LIST)}


def test_all_that_there_is_evidence_of_is_found_and_recovered(standin: StandIn, tmp_path: Path) -> None:
    done = crawl(standin, tmp_path / "output", GAP_REQUESTS="100")
    assert done.status == 0, done.err
    assert set(known(done).values()) == {State.RECOVERED}
    assert "no listing has" in done.err
    asked = len(standin.requests)
    again = crawl(standin, tmp_path / "output", GAP_REQUESTS="100")
    assert again.status == 0, again.err
    repeated = [one for one in standin.requests[asked:] if one.endpoint is Endpoint.PLAYBACK]
    assert repeated == []
    assert sum(str(NOWHERE) in one.target for one in standin.requests) == 1


CARD = (
    '<div class="grid-item"><div class="article-block"><div class="article-block-heading"><h3'
    ' class="article-block-title"><a href="{0}">守塔人</a></h3></div><div class="article-block-body"><a href="{0}"><p'
    ' class="text-lg newline">燈塔今晚…</p></a></div></div></div>'
)
EACH_LIST = (
    *(
        "/data/allposts?page=3",
        "/data/newsposts?page=2",
        "/data/newsposts/5?page=1",
        "/",
        "/?page=2",
        "/editorial",
        "/news",
        "/news?page=2",
    ),
    *(
        "/news/12/社區",
        "/news/21/x?page=2",
        "/bloggers",
        "/bloggers?page=2",
        "/blogger/守塔人-58",
        "/event/47",
        "/event/61/x",
    ),
    *("/datanews", "/videos", "/triangles", "/srs"),
)


def test_every_list_of_the_sites_is_asked_for_and_older_captures_after_the_newest(tmp_path: Path) -> None:
    archive = Archive()
    archive.add(address(LISTED[0]), WHEN, article(LISTED[0]))
    wanted = range(42_000, 42_000 + len(EACH_LIST) + 1)
    for number, path in zip(wanted, (*EACH_LIST, "/"), strict=True):
        archive.add(address(number), WHEN, article(number))
        archive.overlooked.add(address(number))
        card = CARD.format(f"/article/{number}/x-{number}/y")
        is_json = path.startswith("/data/")
        body = json.dumps({"items": [card]}).replace("/", r"\/") if is_json else f"<html><body>{card}</body></html>"
        kind = "application/json" if is_json else "text/html"
        archive.add(
            f"https://www.hkcnews.com{path}", LATER if number < wanted[-1] else WHEN, body.encode(), mimetype=kind
        )
    picture = "https://www.hkcnews.com/news_新聞/hk-discuss/2021/07/a_large.jpg"
    archive.add(picture, LATER, b"\xff\xd8\xff", mimetype="image/jpeg")
    gone = "https://www.hkcnews.com/event/48"
    archive.list(Row("com,hkcnews)/event/48", LATER, gone, "text/html", "200", sha1(b"gone"), "100"))
    with StandIn(archive) as standin:
        done = crawl(standin, tmp_path / "output", GAP_REQUESTS="100")
        assert done.status == 0, done.err
        assert {number: done.article(number).state for number in wanted} == dict.fromkeys(wanted, State.RECOVERED)
        asked = [one.original for one in standin.requests if one.endpoint is Endpoint.PLAYBACK]
        assert (asked.count(picture), asked.count(gone)) == (0, 1)
        again = crawl(standin, tmp_path / "output", GAP_REQUESTS="100")
        assert again.status == 0, again.err
        assert [one.original for one in standin.requests if one.endpoint is Endpoint.PLAYBACK] == asked


@pytest.mark.heavy
def test_the_budget_is_kept_and_the_next_run_goes_on(standin: StandIn, tmp_path: Path) -> None:
    listing_only = crawl(standin, tmp_path / "a", GAP_REQUESTS="0")
    assert listing_only.status == 0
    without = len(standin.requests)
    crawl(standin, tmp_path / "b", GAP_REQUESTS="6")
    assert len(standin.requests) - without <= without + 6 + 2
    for _ in range(6):
        done = crawl(standin, tmp_path / "b", GAP_REQUESTS="6")
    assert set(known(done).values()) == {State.RECOVERED}


@pytest.mark.heavy
@pytest.mark.parametrize("arguments", [{"ids": "40001"}, {"limit": "2"}, {"since": "2021"}, {"dry_run": "1"}])
def test_a_run_that_is_not_about_everything_asks_for_no_gaps(
    standin: StandIn, tmp_path: Path, arguments: dict[str, str]
) -> None:
    crawl(standin, tmp_path / "output", arguments, GAP_REQUESTS="100")
    assert not [one for one in standin.requests if "newsposts" in one.target or str(LINKED) in one.target]


@pytest.mark.heavy
def test_a_refusal_in_between_ends_the_run(archive: Archive, tmp_path: Path) -> None:
    trouble = Trouble(Kind.LIMIT, on=Endpoint.CDX, pattern=f"article/{ON_A_LIST}", value="7200")
    with StandIn(archive, (trouble,)) as standin:
        done = crawl(standin, tmp_path / "output", GAP_REQUESTS="100")
        assert done.status == 4, done.err
    assert len(done.files) == 3


@pytest.mark.heavy
def test_an_index_that_fails_for_one_article_leaves_it_for_the_next_run(archive: Archive, tmp_path: Path) -> None:
    trouble = Trouble(Kind.ERROR, on=Endpoint.CDX, pattern=f"article/{LINKED}", times=3)
    with StandIn(archive, (trouble,)) as standin:
        first = crawl(standin, tmp_path / "output", GAP_REQUESTS="100")
        assert first.article(BETWEEN).state is State.RECOVERED
        second = crawl(standin, tmp_path / "output", GAP_REQUESTS="100")
    assert set(known(second).values()) == {State.RECOVERED}


@pytest.mark.heavy
def test_status_shows_what_lacks_by_range(standin: StandIn, tmp_path: Path) -> None:
    done = crawl(standin, tmp_path / "output", GAP_REQUESTS="100")
    shown = run(command("status", "--gaps", OUTPUT_DIR=str(done.output)), done.output)
    assert "Known 6 of the 49,122 articles" in shown.out
    assert " 40001-41000       5    995" in shown.out
    told = json.loads(run(command("status", "--json", OUTPUT_DIR=str(done.output)), done.output).out)["gap"]
    assert told["published"] == 49122
    assert told["asked"]["linked from a recovered article"] == {"asked": 2, "found": 1}
