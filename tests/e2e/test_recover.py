"""`citizen-news recover`: each exit status, the record that each run leaves, and the word given at its end."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from crawler.commands.recover import refuse_one_off
from crawler.ledger import Ledger
from crawler.run.crawl import COMMAND_SECONDS
from crawler.utils.exit_status import CommandError, ExitStatus
from tests.e2e.crawling import QUICK, Run, command, crawl, environment, run
from tests.e2e.processes import started
from tests.pages import FAREWELL, address, article, unknown_layout
from tests.standin import Archive, Endpoint, Kind, StandIn, Trouble

NOBODY = "http://127.0.0.1:9"
WHEN = "20210712013906"
EAGER = {"HEALTH_LEAST": "1"}
Page = Callable[[int], bytes]


def recover(archive: StandIn | str, output: Path, arguments: Mapping[str, str] | None = None, **settings: str) -> Run:
    """`citizen-news recover` against a stand-in, or an address."""
    url = archive if isinstance(archive, str) else archive.url
    given = [part for name, value in (arguments or {}).items() for part in ("-a", f"{name}={value}")]
    return run(
        command("recover", *given, **{"ARCHIVE_URL": url, "OUTPUT_DIR": str(output), **QUICK, **settings}), output
    )


def records(output: Path) -> list[dict[str, Any]]:
    """The records of all runs, oldest first."""
    return [json.loads(path.read_text("utf-8")) for path in sorted((output / "runs").glob("*"))]


def last(ended: Run) -> dict[str, Any]:
    """The record of the newest run; it says what the process said."""
    told = records(ended.output)[-1]
    assert told["status"] == ended.status
    assert told["verdict"].splitlines()[0] in ended.err
    return told


def archive_of(*pages: Page) -> Archive:
    archive = Archive()
    for number, page in enumerate(pages, 1):
        archive.add(address(number), WHEN, page(number))
    return archive


def farewell(number: int) -> bytes:
    return FAREWELL.replace(b"</body>", b"<!-- %d --></body>" % number)


def without_date(number: int) -> bytes:
    return article(number).replace("發佈日期: 12.07.20".encode(), b"")


# The statuses


def test_0_everything_is_there_and_a_second_run_asks_for_nothing_again(tmp_path: Path) -> None:
    with StandIn(archive_of(*[article] * 3)) as standin:
        first = recover(standin, tmp_path)
        assert first.status == ExitStatus.DONE, first.err
        standin.reset()
        second = recover(standin, tmp_path)
        assert standin.playback_requests() == []
    assert second.status == ExitStatus.DONE, second.err
    assert "good: 3 of 3 articles due recovered; all 3 listed articles are there" in first.err
    assert len(first.files) == 3
    before, after = records(tmp_path)
    assert (before["command"], before["run"], after["run"], after["status"], after["due"]) == ("recover", 1, 2, 0, 0)
    assert (before["listing"], after["listing"]["new"]) == ({"rows": 3, "new": 3}, 0)
    assert (before["due"], before["recovered"], before["verdicts"], before["answers"]) == (
        3,
        3,
        {"article": 3},
        {"capture": 3},
    )
    assert before["digests"] == {"match": 3}
    assert before["fields"]["date"] == {"of": 3, "missing": 0, "before": None}
    assert before["politeness"][standin.url]["playback"]["requests"] == 3
    assert before["standing"] == {
        "listed": 3,
        "recovered": 3,
        "waiting": 0,
        "to_do": 0,
        "unrecoverable": 0,
        "adopted": 0,
    }


def test_9_good_but_something_is_missing_and_only_what_is_due_is_asked_for_again(tmp_path: Path) -> None:
    trouble = Trouble(Kind.OUTAGE, Endpoint.PLAYBACK, original=address(2), times=5)
    with StandIn(archive_of(article, article, lambda _: FAREWELL), [trouble]) as standin:
        first = recover(standin, tmp_path)
        assert first.status == ExitStatus.INCOMPLETE, first.err
        assert (
            "good, but not all: 1 of 3 articles due recovered, 1 unrecoverable; 2 of 3 listed articles are still"
            " missing; 1 article waits" in first.err
        )
        told = last(first)
        assert (told["given_up"], told["answers"]["outage page"], told["standing"]["waiting"]) == (1, 5, 1)
        standin.reset()
        standin.script.troubles.clear()
        second = recover(standin, tmp_path)
        assert [request.original for request in standin.playback_requests()] == [address(2)]
    assert second.status == ExitStatus.INCOMPLETE, second.err
    told = last(second)
    assert (told["due"], told["recovered"], told["given_up"], told["standing"]["unrecoverable"]) == (1, 1, 0, 1)


@pytest.mark.heavy
def test_9_a_source_that_lists_nothing_is_not_good(tmp_path: Path) -> None:
    with StandIn(Archive()) as standin:
        ended = recover(standin, tmp_path)
    assert ended.status == ExitStatus.INCOMPLETE, ended.err
    assert "no source lists any article: look at SOURCES" in last(ended)["verdict"]


def test_3_an_archive_that_is_out_of_order(tmp_path: Path) -> None:
    with StandIn(archive_of(article, article), [Trouble(Kind.ERROR, Endpoint.CDX)]) as standin:
        ended = recover(standin, tmp_path)
    assert ended.status == ExitStatus.UNAVAILABLE, ended.err
    assert "stopped: nothing could be done: the listing could not be made whole" in ended.err
    told = last(ended)
    assert (told["due"], told["standing"]["listed"]) == (0, 0)


@pytest.mark.heavy
def test_3_an_archive_that_lists_and_plays_nothing_back(tmp_path: Path) -> None:
    with StandIn(archive_of(article, article), [Trouble(Kind.OUTAGE, Endpoint.PLAYBACK)]) as standin:
        again = recover(standin, tmp_path, OUTAGE_SECONDS="0.3", OUTAGE_PROBE_SECONDS="0.1")
    assert again.status == ExitStatus.UNAVAILABLE, again.err
    assert (last(again)["due"], last(again)["standing"]["listed"]) == (2, 2)


@pytest.mark.heavy
def test_4_an_archive_that_refuses_to_list(tmp_path: Path) -> None:
    with StandIn(archive_of(article), [Trouble(Kind.AUTHORIZATION)]) as standin:
        ended = recover(standin, tmp_path, HEALTH_REFUSALS="0")
    assert ended.status == ExitStatus.REFUSING, ended.err
    assert last(ended)["breaches"] == []


def test_4_an_archive_that_refuses_connections(tmp_path: Path) -> None:
    refused = recover(NOBODY, tmp_path, HEALTH_REFUSALS="0")
    assert refused.status == ExitStatus.REFUSING, refused.err
    told = last(refused)
    assert [breach["threshold"] for breach in told["breaches"]] == ["HEALTH_REFUSALS"]
    assert "refuses connections" in told["verdict"]
    assert "; HEALTH_REFUSALS: 1 pause after 429 answers and refused connections" in told["verdict"]
    assert told["politeness"][NOBODY]["refusals"] == 1


def test_10_every_threshold_that_was_not_kept_is_named(tmp_path: Path) -> None:
    """Each is measured in the run; fields against the tree's own history."""
    archive = archive_of(article, article)
    # The limit comes first: the fifth request may be that for the damaged one, and the first trouble that meets a
    # request acts.
    troubles = [Trouble(Kind.LIMIT, Endpoint.PLAYBACK, first=5, times=1), Trouble(Kind.DAMAGED, original=address(6))]
    with StandIn(archive, troubles) as standin:
        assert recover(standin, tmp_path, None, **EAGER).status == ExitStatus.DONE
        for number in (3, 4):
            archive.add(address(number), WHEN, without_date(number))
        for number in (5, 7, 8):
            archive.add(address(number), WHEN, farewell(number))
        archive.add(address(6), WHEN, article(6))
        limits = {"HEALTH_RECOVERED": "0.9", "HEALTH_OTHER_PAGES": "0.4", "HEALTH_REFUSALS": "0"}
        ended = recover(standin, tmp_path, None, **EAGER, **limits, LISTING_OVERLAP_DAYS="0", PAUSE_SECONDS="0.2")
    assert ended.status == ExitStatus.UNHEALTHY, ended.err
    told = last(ended)
    names = ("RECOVERED", "OTHER_PAGES", "FIELD_LOSS", "MISMATCHES", "REFUSALS")
    assert [breach["threshold"] for breach in told["breaches"]] == [f"HEALTH_{name}" for name in names]
    assert "unhealthy: HEALTH_RECOVERED: " in ended.err
    assert "2 of 2 articles have no date (100.0%, before 0.0%)" in told["verdict"]
    assert told["fields"]["date"] == {"of": 2, "missing": 2, "before": 0.0}
    assert len(ended.files) == 4, "what came is kept"


@pytest.mark.heavy
def test_few_cases_prove_nothing(tmp_path: Path) -> None:
    with StandIn(archive_of(*[farewell] * 3)) as standin:
        ended = recover(standin, tmp_path)
    assert ended.status == ExitStatus.INCOMPLETE, ended.err
    assert last(ended)["breaches"] == []


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("arguments", "settings", "said"),
    [
        ({}, {"HEALTH_LEAST": "0"}, "HEALTH_LEAST=0: a whole number from 1"),
        ({}, {"HEALTH_FIELD_LOSSES": "1"}, "unknown setting HEALTH_FIELD_LOSSES: did you mean HEALTH_FIELD_LOSS?"),
        ({"dry_run": "1"}, {}, "dry_run=1: not for unattended runs, but for `citizen-news crawl` or `repair`"),
    ],
)
def test_2_what_was_asked_for_is_wrong(
    tmp_path: Path, arguments: dict[str, str], settings: dict[str, str], said: str
) -> None:
    ended = recover(NOBODY, tmp_path / "output", arguments, **settings)
    assert ended.status == ExitStatus.USAGE
    assert said in ended.err
    assert ended.err.count("\n") == 1, ended.err
    assert not (tmp_path / "output").exists()


def test_2_what_somebody_has_to_look_at_is_not_for_unattended_runs() -> None:
    cases: tuple[dict[str, str], ...] = (
        {"dry_run": "0"},
        {"again": "5"},
        {"repair": "."},
        {"in_place": "1"},
        {"ids": "5", "again": "5"},
    )
    for given in cases:
        with pytest.raises(CommandError, match="not for unattended runs") as refused:
            refuse_one_off(given)
        assert refused.value.status is ExitStatus.USAGE


def test_2_mistakes_in_arguments_are_named_and_what_fits_is_taken() -> None:
    refuse_one_off({"ids": "1-5", "limit": "20", "since": "2020", "until": "2021"})
    with pytest.raises(CommandError, match="unknown spider argument idz: did you mean ids"):
        refuse_one_off({"idz": "5"})


@pytest.mark.heavy
def test_2_it_takes_no_names(tmp_path: Path) -> None:
    ended = run(command("recover", "articles", OUTPUT_DIR=str(tmp_path)), tmp_path)
    assert ended.status == ExitStatus.USAGE
    assert "recover takes no arguments" in ended.err


@pytest.mark.heavy
def test_2_a_schedule_with_another_format_changes_no_file(tmp_path: Path) -> None:
    with StandIn(archive_of(article)) as standin:
        assert recover(standin, tmp_path).status == ExitStatus.DONE
        before = {path: path.read_bytes() for path in tmp_path.glob("articles/*/*")}
        ended = recover(standin, tmp_path, FORMAT="reading")
    assert ended.status == ExitStatus.USAGE, ended.err
    assert f"`citizen-news extract --format reading -o {tmp_path}` writes all 1 file anew" in ended.err
    assert {path: path.read_bytes() for path in tmp_path.glob("articles/*/*")} == before


@pytest.mark.heavy
def test_6_an_unknown_layout(tmp_path: Path) -> None:
    with StandIn(archive_of(*[unknown_layout] * 40)) as standin:
        ended = recover(standin, tmp_path)
    assert ended.status == ExitStatus.LAYOUT, ended.err
    assert "have a layout that is not the one known here" in last(ended)["verdict"]


@pytest.mark.heavy
@pytest.mark.parametrize("place", ["articles", "warc"])
def test_7_storage_that_cannot_be_used_is_recorded_where_it_can_be(tmp_path: Path, place: str) -> None:
    (tmp_path / place).write_text("a file stands where the folder should be", "utf-8")
    with StandIn(archive_of(*[article] * 5)) as standin:
        ended = recover(standin, tmp_path)
    assert ended.status == ExitStatus.STORAGE, ended.err
    assert str(tmp_path) in last(ended)["verdict"]
    assert "Traceback" not in ended.err


@pytest.mark.heavy
def test_130_interrupted(tmp_path: Path) -> None:
    with StandIn(archive_of(*[article] * 60), [Trouble(Kind.HELD, Endpoint.PLAYBACK, first=5)]) as standin:
        line = command("recover", **{**QUICK, "OUTPUT_DIR": str(tmp_path), "ARCHIVE_URL": standin.url})
        with started(line, environment()) as process:
            process.until(lambda: len(standin.playback_requests()) >= 5)
            process.send_signal(signal.SIGTERM)
            assert process.stderr is not None
            assert any("shutting down gracefully" in line for line in process.stderr)
            standin.release()
            out, err = process.communicate()
    told = last(Run(process.wait(), out, err, tmp_path))
    assert process.returncode == ExitStatus.INTERRUPTED, err
    assert 4 <= told["recovered"] < 60
    assert told["due"] == 60
    assert told["standing"]["to_do"] == 60 - told["recovered"]


# What is due


@pytest.mark.heavy
def test_a_limit_makes_portions(tmp_path: Path) -> None:
    with StandIn(archive_of(*[article] * 5)) as standin:
        ends = [recover(standin, tmp_path, {"limit": "2"}) for _ in range(3)]
    assert [ended.status for ended in ends] == [ExitStatus.INCOMPLETE, ExitStatus.INCOMPLETE, ExitStatus.DONE], ends[
        -1
    ].err
    assert [(told["due"], told["recovered"], told["arguments"]) for told in records(tmp_path)] == [
        (2, 2, {"limit": "2"}),
        (2, 2, {"limit": "2"}),
        (1, 1, {"limit": "2"}),
    ]


# The crawl


@pytest.mark.heavy
def test_a_crawl_leaves_a_record_too_and_keeps_its_statuses(tmp_path: Path) -> None:
    with StandIn(archive_of(article, farewell)) as standin:
        assert crawl(standin, tmp_path, {"dry_run": "1"}).status == 0
        assert not (tmp_path / "runs").exists(), "nothing was done"
        ended = crawl(standin, tmp_path, {"ids": "1-2"}, **EAGER, HEALTH_OTHER_PAGES="0.3")
    assert ended.status == ExitStatus.DONE, ended.err
    assert "note:" not in ended.err
    (told,) = records(tmp_path)
    assert (told["command"], told["status"], told["arguments"], told["run"]) == ("crawl", 0, {"ids": "1-2"}, 2)
    assert told["verdict"] == "done; what could not be recovered has its reason in the ledger"
    assert [breach["threshold"] for breach in told["breaches"]] == ["HEALTH_OTHER_PAGES"]
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        assert ledger.run_times(2) == (told["started"], told["ended"])


@pytest.mark.heavy
def test_a_crawl_that_is_refused_its_format_leaves_a_record(tmp_path: Path) -> None:
    with StandIn(archive_of(article)) as standin:
        assert crawl(standin, tmp_path).status == 0
        ended = crawl(standin, tmp_path, FORMAT="reading")
    assert ended.status == ExitStatus.USAGE
    assert ended.err.count("stopped: ") == 1
    assert "`citizen-news extract --format reading -o " in last(ended)["verdict"]


# Being told

LOOKS = """
import fcntl, json, sys
record = sys.argv[-1]
status = json.load(open(record))["status"]
lock = open(record.rsplit("/runs/", 1)[0] + "/run.lock", "a")
fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
print("told of", status, sys.argv[1:-1], repr(sys.stdin.read()))
"""


def test_the_command_is_run_with_the_record_after_the_lock_is_released(tmp_path: Path) -> None:
    script = tmp_path / "a script.py"
    script.write_text(LOOKS, "utf-8")
    with StandIn(archive_of(article, farewell)) as standin:
        ended = recover(standin, tmp_path / "output", ON_VERDICT=f"{sys.executable} '{script}' --to 'X Y; ls'")
    assert ended.status == ExitStatus.INCOMPLETE, ended.err
    assert "told of 9 ['--to', 'X Y; ls'] ''" in ended.err
    assert "told of" not in ended.out
    assert "warning: ON_VERDICT" not in ended.err


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("/no/such/command", "could not be started"),
        (f"{sys.executable} -c 'raise SystemExit(3)'", "ended with status 3"),
    ],
)
def test_a_command_that_fails_changes_nothing(tmp_path: Path, words: str, why: str) -> None:
    with StandIn(archive_of(article)) as standin:
        ended = recover(standin, tmp_path, ON_VERDICT=words)
    assert ended.status == ExitStatus.DONE, ended.err
    (warning,) = [line for line in ended.err.splitlines() if "ON_VERDICT" in line]
    assert f"warning: ON_VERDICT: {words.split(maxsplit=1)[0]} {why}" in warning
    assert str(next((tmp_path / "runs").iterdir())) in warning
    assert len(ended.files) == 1


@pytest.mark.heavy
def test_a_command_that_hangs_is_stopped_and_changes_nothing(tmp_path: Path) -> None:
    assert COMMAND_SECONDS == 60, "as the documents say; here it is given less"
    with StandIn(archive_of(article)) as standin:
        line = command(
            "recover",
            **{"ARCHIVE_URL": standin.url, "OUTPUT_DIR": str(tmp_path), **QUICK, "ON_VERDICT": "sh -c 'sleep 10000'"},
        )
        ended = run(
            line, tmp_path, fault="import crawler.run.crawl; crawler.run.crawl.run_command.__defaults__ = (0.5,)"
        )
    assert ended.status == ExitStatus.DONE, ended.err
    assert "ON_VERDICT: sh did not end within 0.5 s and was stopped" in ended.err
    assert last(ended)["recovered"] == 1


@pytest.mark.heavy
def test_7_a_run_whose_record_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file stands where the folder should be", "utf-8")
    with StandIn(archive_of(article)) as standin:
        ended = recover(standin, tmp_path)
    assert ended.status == ExitStatus.STORAGE, ended.err
    assert "the run's record could not be written" in ended.err
    assert len(ended.files) == 1


@pytest.mark.heavy
def test_130_stopped_while_files_are_written_anew(tmp_path: Path) -> None:
    with StandIn(archive_of(*[article] * 3)) as standin:
        assert recover(standin, tmp_path).status == ExitStatus.DONE
        with Ledger(tmp_path / "ledger.sqlite") as ledger:
            ledger.set_meta("extractor", "another")
        line = command("recover", **{"ARCHIVE_URL": standin.url, "OUTPUT_DIR": str(tmp_path), **QUICK})
        asked = "time.sleep(0.01) or signal.getsignal(15) is signal.default_int_handler"
        waits = f"lambda *_: (done for done in iter(lambda: {asked}, True) if done)"
        with started(
            line,
            environment(),
            fault=f"import crawler.recovery.extraction_job as w, signal, time; w.LocalWorkers.extract = {waits}",
        ) as process:
            assert process.stderr is not None
            assert any("the extractor has changed" in line for line in process.stderr)
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate()
        assert process.returncode == ExitStatus.INTERRUPTED, err
        assert "Traceback" not in err
        assert [record["status"] for record in records(tmp_path)] == [ExitStatus.DONE, ExitStatus.INTERRUPTED]
        assert recover(standin, tmp_path).status == ExitStatus.DONE
