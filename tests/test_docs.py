"""The documents say what the code does: every setting, command, argument, verdict, status and key is in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from scrapy.settings import default_settings

from crawler import settings
from crawler.archive.playback import WHAT_NEXT, Answer
from crawler.article import Article, Evidence
from crawler.audit.kinds import MEANING as MEANING_OF_KIND
from crawler.audit.kinds import Kind, class_of
from crawler.ending import Status
from crawler.hkcnews.verdict import MEANING, Verdict
from crawler.images.case import MEANING as MEANING_OF_LACK
from crawler.markdown.frontmatter import fields_of
from crawler.options import ARGUMENTS

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")

OURS = sorted(name for name in vars(settings) if name.isupper() and not hasattr(default_settings, name))


def _rows(text: str, heading: str) -> dict[str, list[str]]:
    """The table below a heading or line: first column to the others."""
    after = text[text.index(heading) :]
    table = re.search(r"(?:^\|.*\n)+", after, re.MULTILINE)
    assert table, heading
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table[0].splitlines()[2:]]
    return {row[0]: row[1:] for row in rows}


@pytest.mark.parametrize("name", OURS)
def test_every_setting_is_documented_with_its_default(name: str) -> None:
    row = _rows(README, "Settings, each given as")[f"`{name}`"]
    default = str(getattr(settings, name))
    shown = row[0].strip("`")
    assert shown == (default.removesuffix(".0") or "empty")


def test_no_setting_is_documented_that_is_none() -> None:
    assert sorted(name.strip("`") for name in _rows(README, "Settings, each given as")) == OURS


@pytest.mark.parametrize("name", ARGUMENTS)
def test_every_argument_is_documented(name: str) -> None:
    assert f"-a {name}=" in "\n".join(_rows(README, "Arguments of `crawl articles`"))


@pytest.mark.parametrize("path", sorted((ROOT / "crawler" / "commands").glob("[a-z]*.py")), ids=lambda path: path.stem)
def test_every_command_is_documented(path: Path) -> None:
    assert f"`scrapy {path.stem}" in "\n".join(_rows(README, "## The commands"))


@pytest.mark.parametrize("status", Status, ids=lambda status: status.name)
def test_every_exit_status_is_documented(status: Status) -> None:
    assert str(int(status)) in _rows(README, "Exit statuses:")


def test_findings_of_the_audit_are_documented_in_the_words_of_the_code() -> None:
    rows = _rows(README, "## You already have the backup")
    assert {name.strip("`"): (row[0], row[1].replace("\\|", "|")) for name, row in rows.items()} == {
        kind.value: (class_of(kind).value, MEANING_OF_KIND[kind]) for kind in Kind
    }


def test_reasons_for_missing_images_are_documented_in_the_words_of_the_code() -> None:
    rows = _rows(README, "An image that could not be had")
    assert {name.strip("`"): row[0].replace("\\|", "|") for name, row in rows.items()} == {
        str(lack): meaning for lack, meaning in MEANING_OF_LACK.items()
    }


def test_verdicts_are_documented_in_the_words_of_the_code() -> None:
    rows = _rows(README, "## How a capture is judged")
    assert sorted(rows) == sorted(f"`{verdict.value}`" for verdict in Verdict)
    for verdict, meaning in MEANING.items():
        assert rows[f"`{verdict.value}`"][0].startswith(meaning)


def test_front_matter_keys_are_documented_in_their_order() -> None:
    full = Article(1, "20210101000000", "https://www.hkcnews.com/article/1", "t", "d", "u", "a", "c", ("x",), source="mine.wacz")
    evidence = Evidence("2021-01-01T00:00:00Z", "sha1:A", False, ("x",))
    keys = list(fields_of(full, "https://archive.example/web", evidence))
    documented = [key.strip("`") for key in _rows(README, "An article's front matter:")]
    assert documented == keys


def test_the_table_of_answers_is_the_codes_table() -> None:
    rows = _rows(ARCHITECTURE, "## What follows from an answer")
    assert [name.strip("`") for name in rows if name.startswith("`")] == [answer.name for answer in Answer]
    for answer, follows in WHAT_NEXT.items():
        assert rows[f"`{answer.name}`"][0].startswith(f"{follows.value}"), answer


def test_settings_named_in_the_table_of_answers_exist() -> None:
    for row in _rows(ARCHITECTURE, "## What follows from an answer").values():
        for name in re.findall(r"`([A-Z_]+)`", row[-1]):
            assert hasattr(settings, name), name


def test_documents_name_no_path_of_a_machine() -> None:
    for path in (*ROOT.glob("*.md"), *ROOT.glob("crawler/**/*.py"), *ROOT.glob("tests/**/*.py")):
        text = path.read_text(encoding="utf-8")
        assert "/ho" + "me/" not in text, path
        assert "/wo" + "rk/" not in text, path
