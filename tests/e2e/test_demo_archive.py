"""The bundled demo archive, crawled as a user would: every article ends as its truth says, and a second run asks for
nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from crawler.ledger import Ledger, State
from crawler.recovery.listing import GapEvidence
from tests.demo.__main__ import SETTINGS, archive_of_the_demo
from tests.demo.build import ARCHIVE
from tests.demo.pictures import FETCHED, MISSING
from tests.e2e.crawling import Run, command, crawl, crawl_line, environment, run
from tests.e2e.processes import started
from tests.standin import Logged, StandIn, load_sample
from tests.walking import walked

TRUTH: dict[int, dict[str, Any]] = {
    line["id"]: line for line in map(json.loads, (ARCHIVE / "truth.jsonl").read_text("utf-8").splitlines())
}
REASONS = {"farewell": "farewell", "blank": "blank", "not_found": "not_found", "gone": "not_found"}


@dataclass(frozen=True)
class Story:
    """Two runs after each other, and what the archive was asked for in each."""

    first: Run
    second: Run
    asked_first: list[Logged]
    asked_second: list[Logged]
    connections: int


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    output = tmp_path_factory.mktemp("demo") / "output"
    with StandIn(load_sample(ARCHIVE)) as standin:
        first = run(crawl_line(standin, output), output)
        asked, connections = list(standin.requests), len(standin.connections)
        second = run(crawl_line(standin, output), output)
        yield Story(first, second, asked, standin.requests[len(asked) :], connections)


def test_the_run_is_done_and_says_so(story: Story) -> None:
    run = story.first
    assert run.status == 0, run.err
    recovered = sum(line["status"] == "ok" for line in TRUTH.values())
    assert run.out.splitlines() == [
        f"Recovered  {recovered} of {len(TRUTH)} articles, in {run.output}",
        f"Missing    {len(TRUTH) - recovered} unrecoverable (farewell and other reasons)",
        f"Next       citizen-news browse -o {run.output}",
    ]


def test_the_terminal_shows_what_concerns_the_user_only(story: Story) -> None:
    err = story.first.err
    assert "INFO listed at wayback: " in err
    for clutter in (
        "Scrapy 2",
        "Versions",
        "data loss",
        "DOWNLOAD_FAIL_ON_DATALOSS",
        "Traceback",
        "WARNING",
        "Enabled",
    ):
        assert clutter not in err


@walked("line", TRUTH.values(), ids=TRUTH)
def test_every_article_ends_as_the_truth_says(story: Story, line: dict[str, Any]) -> None:
    row = story.first.article(line["id"])
    if line["status"] != "ok":
        assert (row.state, row.reason.split(", ")[0]) == (State.UNRECOVERABLE, line["reason"])
        assert not row.file
        return
    assert row.state is State.RECOVERED
    assert row.faults == ()
    fields = story.first.fields(line["id"])
    for name in ("title", "date", "last_updated", "author", "category"):
        assert fields.get(name, "") == line[name], name
    assert fields.get("tags", []) == line["tags"]
    assert [fields["url"].split("/")[4], fields["original_url"]] in line["good"]
    assert fields["url"] == f"https://archive.example/web/{fields['url'].split('/')[4]}/{fields['original_url']}"


def test_there_are_files_of_recovered_articles_and_no_others(story: Story) -> None:
    assert story.first.files == sorted(
        f"article_{number}.md" for number, line in TRUTH.items() if line["status"] == "ok"
    )


def test_an_article_whose_first_capture_is_good_costs_one_request(story: Story) -> None:
    cases = {"plain", "english", "revisit", "updated", "enc_gzip", "enc_gzip_raw", "enc_br"}
    assert cases <= {line["case"] for line in TRUTH.values()}
    for number in (number for number, line in TRUTH.items() if line["case"] in cases):
        of_article = [r for r in story.asked_first if f"/article/{number}/" in f"{r.original}/"]
        assert len(of_article) == 1, [(r.target, r.trouble) for r in of_article]


def test_few_connections_are_made_and_kept(story: Story) -> None:
    cut = sum(r.trouble == "cut" for r in story.asked_first)
    assert story.connections <= 4 + cut


def test_a_second_run_asks_for_the_listing_and_for_no_capture(story: Story) -> None:
    assert story.second.status == 0, story.second.err
    assert {r.endpoint for r in story.asked_second} == {"cdx"}
    assert [r.target for r in story.asked_second] == [r.target for r in story.asked_first if r.endpoint == "cdx"]
    assert story.second.out == story.first.out


def test_what_was_fetched_is_in_the_store(story: Story) -> None:
    with Ledger(story.first.output / "ledger.sqlite") as ledger:
        rows = [row for number in TRUTH for row in ledger.captures(number)]
    served = {
        (r.original, r.timestamp)
        for r in story.asked_first
        if r.endpoint == "playback" and r.status == 200 and not r.trouble
    }
    stored = {(row.capture.original, row.capture.timestamp) for row in rows if row.warc}
    assert served <= stored
    assert all((story.first.output / "warc" / row.warc).exists() for row in rows if row.warc)


def test_status_tells_the_same_for_people_and_for_programs(story: Story) -> None:
    output = str(story.first.output)
    text = run(command("status", OUTPUT_DIR=output), story.first.output)
    assert text.status == 0
    assert f"Listed             {len(TRUTH)} articles of https://archive.example" in text.out
    assert "farewell (the farewell page that answered every address after the closing)" in text.out
    told = json.loads(run(command("status", "--json", OUTPUT_DIR=output), story.first.output).out)
    recovered = sum(line["status"] == "ok" for line in TRUTH.values())
    assert (told["listed"], told["recovered"], told["unrecoverable"]) == (len(TRUTH), recovered, len(TRUTH) - recovered)
    assert sum(told["reasons"]["unrecoverable"].values()) == len(TRUTH) - recovered
    assert f"Recovered          {recovered}\n" in text.out
    assert f"Unrecoverable       {len(TRUTH) - recovered}\n" in text.out


def test_images_are_fetched_afterwards_out_of_what_is_in_the_store(story: Story) -> None:
    output = story.first.output
    with StandIn(load_sample(ARCHIVE)) as standin:
        third = crawl(standin, output, IMAGES="1")
        assert {"im_/" in r.target for r in standin.playback_requests()} == {True}
    assert third.status == 0, third.err
    images = json.loads(run(command("status", "--json", OUTPUT_DIR=str(output)), output).out)["images"]
    assert (images["have"], images["reasons"]["missing"]) == (FETCHED, MISSING)
    files = [path for path in output.glob("images/*/*") if path.is_file()]
    assert len(files) == FETCHED
    assert len({path.stat().st_ino for path in files}) == FETCHED - 1, "two addresses have the same picture"


def test_what_the_listing_overlooks_is_found_by_the_site_s_own_lists_and_by_links(story: Story, tmp_path: Path) -> None:
    with StandIn(archive_of_the_demo()) as standin:
        run = crawl(standin, tmp_path / "output", GAP_REQUESTS=SETTINGS["GAP_REQUESTS"])
    assert run.status == 0, run.err
    assert run.files == story.first.files
    with Ledger(run.output / "ledger.sqlite") as ledger:
        found = {GapEvidence(why): number for why, (_, number) in ledger.gap_found().items()}
    assert found == {GapEvidence.ON_A_LIST: 2, GapEvidence.LINKED: 1, GapEvidence.BETWEEN: 0}


def test_a_reader_who_has_seen_enough_is_no_error(story: Story) -> None:
    line = command("status", "--json", OUTPUT_DIR=str(story.first.output))
    with started(line, environment()) as status:
        assert status.stdout is not None
        assert status.stderr is not None
        status.stdout.close()
        assert status.stderr.read() == ""
    assert status.returncode == 0
