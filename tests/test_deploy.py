"""The files for a schedule: what systemd and cron are told fits the software, and systemd understands it."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from crawler import settings
from crawler.commands import recover
from crawler.utils.exit_status import ExitStatus

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
SERVICE, TIMER = (DEPLOY / f"citizen-news-recovery.{kind}" for kind in ("service", "timer"))
CRONTAB = DEPLOY / "citizen-news-recovery.crontab"
ANALYZE = shutil.which("systemd-analyze")
UNIT = list[tuple[str, str]]


def unit(path: Path) -> UNIT:
    """The keys of a unit in their order."""
    lines = (line.strip() for line in path.read_text("utf-8").splitlines())
    return [
        (key, value)
        for key, mark, value in (line.partition("=") for line in lines if line[:1] not in ("#", "[", ""))
        if mark
    ]


def cron_line() -> str:
    return next(line for line in CRONTAB.read_text("utf-8").splitlines() if re.match(r"[\d*]", line))


def seconds(text: str) -> int:
    number, what = re.fullmatch(r"(\d+)(h|min|)", text).groups()  # type: ignore[union-attr]
    return int(number) * {"h": 3600, "min": 60, "": 1}[what]


def test_the_service_has() -> None:
    needed = {
        *(
            ("Type", "oneshot"),
            ("SuccessExitStatus", str(int(ExitStatus.INCOMPLETE))),
            ("KillSignal", "SIGTERM"),
            ("KillMode", "mixed"),
        ),
        *(("ProtectSystem", "strict"), ("ProtectHome", "yes"), ("PrivateTmp", "yes"), ("NoNewPrivileges", "yes")),
        *(("PrivateDevices", "yes"), ("CapabilityBoundingSet", ""), ("SystemCallFilter", "@system-service")),
        ("RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX"),
    }
    assert needed - {*unit(SERVICE)} == set()


def test_the_service_has_no_key_that_a_oneshot_ignores_and_bounds_the_run() -> None:
    keys = dict(unit(SERVICE))
    assert "RuntimeMaxSec" not in keys
    assert "Restart" not in keys
    assert seconds(keys["TimeoutStartSec"]) == 6 * 3600
    assert seconds(keys["TimeoutStopSec"]) > settings.DOWNLOAD_TIMEOUT + 60, (
        "what is under way is finished, and ON_VERDICT has its minute"
    )


def test_the_timer_makes_up_for_missed_runs_and_starts_this_service() -> None:
    keys = dict(unit(TIMER))
    assert keys["Persistent"] == "true"
    assert seconds(keys["RandomizedDelaySec"]) == 900
    assert keys["Unit"] == SERVICE.name
    assert keys["WantedBy"] == "timers.target"


def command_line(words: list[str]) -> tuple[str, str]:
    """The command and the output directory of a command line of ours, which needs nothing else."""
    start = next(number for number, word in enumerate(words) if word.endswith("/citizen-news"))
    name, option, directory = words[start + 1 : start + 4]
    assert option == "-o"
    return name, directory


def test_the_command_exists() -> None:
    for line in (dict(unit(SERVICE))["ExecStart"], cron_line().partition(" >>")[0]):
        assert command_line(shlex.split(line)) == ("recover", "/srv/citizen-news/data")
    assert recover.__name__ == "crawler.commands.recover"


def test_what_may_be_written_is_where_the_output_goes() -> None:
    keys = dict(unit(SERVICE))
    assert keys["ReadWritePaths"] == command_line(shlex.split(keys["ExecStart"]))[1]


def test_paths_are_of_an_invented_place() -> None:
    for path in DEPLOY.iterdir():
        places = re.findall(r"(?<![\w.$}*/])/\w[\w./-]*", path.read_text("utf-8"))
        assert {place for place in places if not place.startswith("/srv/citizen-news")} == set(), path.name


@pytest.mark.skipif(ANALYZE is None, reason="there is no systemd-analyze here that could verify the units")
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    assert ANALYZE is not None
    for path in (SERVICE, TIMER):
        text = path.read_text("utf-8")
        there = text.replace("/srv/citizen-news/app/.venv/bin/citizen-news", sys.executable).replace(
            "/srv/citizen-news/app", str(ROOT)
        )
        (tmp_path / path.name).write_text(re.sub("^(User|Group)=.*", r"\1=root", there, flags=re.MULTILINE), "utf-8")
    line = [ANALYZE, "verify", "--man=no", *(str(tmp_path / path.name) for path in (SERVICE, TIMER))]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    wrong = tmp_path / SERVICE.name
    wrong.write_text(wrong.read_text("utf-8").replace("SuccessExitStatus=", "SuccesExitStatus="), "utf-8")
    told = subprocess.run(line, capture_output=True, text=True, check=False)
    assert "SuccesExitStatus" in told.stderr, "it would say so"


@pytest.mark.skipif(
    shutil.which("flock") is None or shutil.which("timeout") is None, reason="there is no flock or timeout here"
)
def test_cron_starts_one_run_at_a_time(tmp_path: Path) -> None:
    program = tmp_path / "app" / ".venv" / "bin" / "citizen-news"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/ran\nexit 9\n', "utf-8")
    program.chmod(0o755)
    shell = cron_line().split(None, 5)[5].replace("/srv/citizen-news", str(tmp_path))
    (tmp_path / "data").mkdir()
    alone = ["sh", "-c", shell]
    assert subprocess.run(alone, env={"PATH": "/usr/bin:/bin"}, check=False).returncode == 9
    assert (tmp_path / "ran").read_text("utf-8") == f"recover -o {tmp_path}/data\n"
    beside = ["flock", str(tmp_path / "data" / "cron.lock"), *alone]
    assert subprocess.run(beside, env={"PATH": "/usr/bin:/bin"}, check=False).returncode == 75
    assert (tmp_path / "ran").read_text("utf-8").count("\n") == 1
    assert 75 not in set(ExitStatus)
