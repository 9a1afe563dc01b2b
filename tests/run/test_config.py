"""The output directory that is meant, and which of command line, environment, file and tree has the last word."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from scrapy.settings import Settings

from crawler.ledger import ArticleRow, Ledger, State
from crawler.ledger.file import ledger_path
from crawler.recovery.formats import Format, FormatName, written_in
from crawler.run.config import FILE, load_config, origin
from crawler.run.settings import SETTINGS
from crawler.utils.exit_status import UsageError
from crawler.wayback.cdx import CdxPage
from tests.recovering import capture


def loaded(folder: Path, line: Mapping[str, str] = {}, environment: Mapping[str, str] = {}) -> Settings:
    """The settings of a command that was called in a folder, with this on its line and in the environment."""
    settings = Settings({name: row.default for name, row in SETTINGS.items()}, priority="project")
    settings.setdict(dict(line or {}), priority="cmdline")
    load_config(settings, environment or {}, folder, format_of_files=True)
    return settings


def remember(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(text, "utf-8")
    return folder


def test_the_nearest_directory_upwards_with_a_file_is_meant(tmp_path: Path) -> None:
    archive = remember(tmp_path / "archive", "")
    below = archive / "articles" / "1-1000"
    below.mkdir(parents=True)
    assert loaded(below)["OUTPUT_DIR"] == str(archive)
    assert loaded(Path("/"))["OUTPUT_DIR"] == "/output"
    other = tmp_path / "other"
    assert loaded(below, environment={"CITIZEN_NEWS_OUTPUT_DIR": str(other)})["OUTPUT_DIR"] == str(other)
    named = loaded(below, {"OUTPUT_DIR": "mine"}, {"CITIZEN_NEWS_OUTPUT_DIR": str(other)})
    assert named["OUTPUT_DIR"] == str(below / "mine")


def test_the_line_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    remember(tmp_path, 'contact = "mailto:file@example.org"\nimages = true\nplayback_rate = 30\nhealth_least = 3\n')
    environment = {"CITIZEN_NEWS_IMAGES": "no", "CITIZEN_NEWS_PLAYBACK_RATE": "20"}
    settings = loaded(tmp_path, {"PLAYBACK_RATE": "10"}, environment)
    found = {name: (str(settings[name]), origin(settings, name)) for name in ("CONTACT", "IMAGES", "PLAYBACK_RATE")}
    assert found == {
        "CONTACT": ("mailto:file@example.org", FILE),
        "IMAGES": ("no", "environment"),
        "PLAYBACK_RATE": ("10", "command line"),
    }
    assert (settings["HEALTH_LEAST"], origin(settings, "CDX_RATE")) == (3, "default")


@pytest.mark.parametrize("by", ["file", "environment"])
def test_files_that_are_there_keep_their_format(tmp_path: Path, by: str) -> None:
    remember(tmp_path, 'format = "seed"\n' if by == "file" else "")
    environment = {"CITIZEN_NEWS_FORMAT": "seed"} if by == "environment" else {}
    assert loaded(tmp_path, environment=environment)["FORMAT"] == "seed"
    with Ledger(ledger_path(tmp_path)) as ledger:
        ledger.add_page(ledger.open_listing("all")[0], "wayback", [(7, capture(7))], 0, CdxPage())
        ledger.settle(ArticleRow(7, State.RECOVERED, file="articles/1-1000/article_7.md"), ledger.begin_run({}, "1"))
        written_in(ledger, Format(FormatName.READING))
    assert loaded(tmp_path, environment=environment)["FORMAT"] == "reading"
    assert loaded(tmp_path, {"FORMAT": "seed"}, environment)["FORMAT"] == "seed"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("contact = 'you'", "CONTACT=you: a line of ASCII with an e-mail or web address"),
        ("contcat = 'x@example.org'", "unknown setting CONTCAT: did you mean CONTACT?"),
        ("output_dir = '/elsewhere'", "unknown setting OUTPUT_DIR"),
        ("playback_rate = 'fast'", "PLAYBACK_RATE=fast: a number of requests a minute"),
        ("contact =", "is not TOML"),
        ("[rates]\ncdx = 1", "unknown setting RATES"),
    ],
)
def test_what_is_wrong_in_the_file_is_named_with_its_path(tmp_path: Path, text: str, said: str) -> None:
    remember(tmp_path, text)
    with pytest.raises(UsageError) as raised:
        loaded(tmp_path)
    assert str(raised.value).startswith(str(tmp_path / FILE))
    assert said in str(raised.value)


def test_a_ledger_that_cannot_be_read_is_left_to_the_command(tmp_path: Path) -> None:
    ledger_path(remember(tmp_path, "")).write_bytes(b"no ledger" * 1000)
    assert loaded(tmp_path)["FORMAT"] == "seed"
