"""The documents say what the code does: every setting, command, option, status, verdict, state and key is in them, and
none that is not.

A list in the documents is a table; what it lists is in its first column, and what that is stands at the column's head.
So a page may be split or moved as its writer likes.
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
import shlex
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from scrapy.commands import BaseRunSpiderCommand, ScrapyCommand
from scrapy.commands.crawl import Command as ScrapysCrawl
from scrapy.utils.project import get_project_settings

from crawler import settings
from crawler.hkcnews.verdict import Verdict
from crawler.ledger import State
from crawler.ledger.images import ImageState
from crawler.markdown.article import Article, Evidence
from crawler.markdown.front_matter import fields_of
from crawler.preserve.audit import Audit
from crawler.preserve.findings import AuditKind, VerifyKind
from crawler.preserve.jsonl import SCHEMA
from crawler.preserve.parquet import ADDED
from crawler.recovery.image_content import ImageFault
from crawler.run.command import ProjectCommand, check_settings
from crawler.run.settings import ARGUMENTS, SETTINGS
from crawler.utils.exit_status import CommandError, ExitStatus
from crawler.wayback.digest import DigestResult, MismatchReason
from crawler.wayback.playback import ANSWERS, Answer
from tests.generated import PARTS, generated

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = {
    str(path.relative_to(ROOT)): path.read_text("utf-8")
    for path in (*(ROOT / f"README{name}.md" for name in ("", ".zh-Hant")), *sorted((ROOT / "docs").glob("*.md")))
}
"""What users read, by name."""
OTHERS = {name: (ROOT / name).read_text("utf-8") for name in ("ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md")}
EVERY = {**DOCUMENTS, **OTHERS}

Row = dict[str, str]


def tables(text: str) -> Iterator[list[Row]]:
    """The tables of a document: each row by the heads of its columns."""
    for found in re.finditer(r"(?:^\|.*\n)+", text + "\n", re.MULTILINE):
        lines = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in found[0].splitlines()]
        yield [dict(zip(lines[0], line, strict=True)) for line in lines[2:]]


def listed(documents: Mapping[str, str], head: str) -> list[tuple[str, Row]]:
    """The rows of all tables whose first column has this head, each with what it lists."""
    rows = [row for text in documents.values() for table in tables(text) for row in table if next(iter(row)) == head]
    return [(plain(row[head]), row) for row in rows]


def plain(cell: str) -> str:
    """What a first cell lists: `` `-a ids=33951` `` is about `ids`, `` [`crawl`](#…) `` about `crawl`."""
    text = re.sub(r"\[(.*?)\]\(.*?\)", r"\1", cell).strip("`")
    return re.sub(r"^-a (\w+)=.*", r"\1", text)


# What the code has


@cache
def command(name: str) -> ProjectCommand:
    """One of this project's commands."""
    made = importlib.import_module(f"crawler.commands.{name}").Command()
    assert isinstance(made, ProjectCommand)
    made.settings = get_project_settings()
    return made


COMMANDS = sorted(path.stem for path in (ROOT / "crawler" / "commands").glob("[a-z]*.py"))


class _Mistake(Exception):
    pass


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        raise _Mistake(message)


def parser(of: ScrapyCommand) -> _Parser:
    """As Scrapy makes it for a command line; it raises instead of leaving."""
    made = _Parser(conflict_handler="resolve", add_help=False, prog="scrapy")
    of.add_options(made)
    return made


@cache
def parser_of(name: str) -> _Parser:
    return parser(command(name))


def options(name: str) -> list[str]:
    """The options of a command beside those that Scrapy gives to each, or to each crawl."""
    scrapys = ScrapysCrawl() if isinstance(command(name), BaseRunSpiderCommand) else _Bare()
    scrapys.settings = get_project_settings()
    known = {string for action in parser(scrapys)._actions for string in action.option_strings}
    known |= {"--output", "--verbose", *(f"--{row.replace('_', '-')}" for row in getattr(command(name), "takes", ()))}
    return [
        action.option_strings[-1]
        for action in parser(command(name))._actions
        if not known.intersection(action.option_strings)
    ]


class _Bare(ScrapyCommand):
    """What Scrapy gives to each command."""

    def short_desc(self) -> str:
        return ""

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        raise NotImplementedError


def _front_matter() -> list[str]:
    full = Article(
        1, "20210101000000", "https://www.hkcnews.com/article/1", "t", "d", "u", "a", "c", ("x",), source="mine.wacz"
    )
    return list(
        fields_of(full, "https://archive.example/web", Evidence("2021-01-01T00:00:00Z", "sha1:A", False, ("x",)))
    )


LISTS: Mapping[str, list[str]] = {
    "setting": list(SETTINGS),
    "command": COMMANDS,
    "argument": list(ARGUMENTS),
    "exit status": [str(int(status)) for status in ExitStatus],
    "verdict": [verdict.value for verdict in Verdict],
    "finding": [kind.value for kind in AuditKind],
    "finding of `verify`": [kind.value for kind in VerifyKind],
    "reason for a missing image": [str(fault) for fault in ImageFault],
    "digest result": [result.value for result in DigestResult],
    "reason of a mismatch": [reason.value for reason in MismatchReason if reason],
    "front-matter key": _front_matter(),
    "state of an article": [state.value for state in State],
    "state of an image": [state.value for state in ImageState],
    "column": list(ADDED),
}
"""What must be in the documents: the head of the tables' first column, and what they list, as the code has it."""


def faults(documents: Mapping[str, str], lists: Mapping[str, Iterable[str]]) -> list[str]:
    """What is in the code and in no document, and the other way round."""
    found = []
    for head, names in lists.items():
        there, known = {name for name, _ in listed(documents, head)}, list(names)
        found += [f"no document has the {head} {name}" for name in known if name not in there]
        found += [f"documents have a {head} {name}, the code has none" for name in sorted(there.difference(known))]
    return found


def test_everything_that_the_code_has_is_in_a_document_and_nothing_else() -> None:
    assert faults(DOCUMENTS, LISTS) == []


def test_the_one_that_is_in_no_document_is_found() -> None:
    """In every list: what is missing in the documents, and what is too much there."""
    for head, names in LISTS.items():
        name = names[-1]
        assert faults(_without(head, name), {head: names}) == [f"no document has the {head} {name}"]
        assert faults(DOCUMENTS, {head: names[:-1]}) == [f"documents have a {head} {name}, the code has none"]


def _without(head: str, name: str) -> dict[str, str]:
    """The documents without the rows that list one thing."""
    rows = {next(iter(row.values())) for listed_name, row in listed(DOCUMENTS, head) if listed_name == name}
    assert rows, name
    starts = tuple(f"| {cell} |" for cell in rows)
    return {
        page: "\n".join(line for line in text.splitlines() if not line.startswith(starts))
        for page, text in DOCUMENTS.items()
    }


# What the tables say beside the names


def test_what_is_made_from_the_code_is_as_it_would_be_made_now() -> None:
    """`make docs` writes it anew."""
    assert {page for page, text in DOCUMENTS.items() if generated(text) != text} == set()
    assert {name for text in DOCUMENTS.values() for name in re.findall(r"<!-- generated: (\w+) -->", text)} == set(
        PARTS
    )


def test_findings_of_the_audit_are_documented_in_the_words_of_the_code() -> None:
    for name, row in listed(DOCUMENTS, "finding"):
        kind = AuditKind(name)
        assert (row["class"], row["what it is"].replace("\\|", "|")) == (kind.class_.value, kind.meaning)


def test_findings_of_verify_are_documented_in_the_words_of_the_code() -> None:
    for name, row in listed(DOCUMENTS, "finding of `verify`"):
        kind = VerifyKind(name)
        assert (row["what it is"], row["what to do"]) == (kind.meaning, kind.advice)


def test_reasons_for_missing_images_are_documented_in_the_words_of_the_code() -> None:
    for name, row in listed(DOCUMENTS, "reason for a missing image"):
        assert row["what it is"] == ImageFault(name).meaning


def test_exit_statuses_are_documented_in_the_words_of_the_code() -> None:
    for name, row in listed(DOCUMENTS, "exit status"):
        status = ExitStatus(int(name))
        assert (row["meaning"], row["what to do"]) == (status.meaning, status.next_step)


def test_verdicts_are_documented_in_the_words_of_the_code() -> None:
    for name, row in listed(DOCUMENTS, "verdict"):
        assert row["what it is"].startswith(Verdict(name).meaning)


def test_front_matter_keys_are_documented_in_their_order() -> None:
    assert [name for name, _ in listed(DOCUMENTS, "front-matter key")] == _front_matter()


def test_every_threshold_and_status_is_in_the_page_on_schedules() -> None:
    told = {name: row["default"] for name, row in listed(DOCUMENTS, "threshold")}
    assert told == {name: str(getattr(settings, name)) for name in SETTINGS if name.startswith("HEALTH_")}
    assert sorted(int(name) for name, _ in listed(DOCUMENTS, "status")) == sorted(ExitStatus)


# Keys of files for programs


def keys_of(page: str) -> list[str]:
    """What a page's table of keys lists: paths such as `politeness.*.cdx.requests`."""
    return [name for name, _ in listed({page: DOCUMENTS[page]}, "key")]


def test_every_key_of_a_line_for_researchers_is_documented_in_its_order() -> None:
    assert keys_of("docs/researchers.md") == list(json.loads(SCHEMA.read_text("utf-8"))["properties"])


def test_columns_of_the_table_are_documented_in_the_words_of_the_code() -> None:
    assert {name: row["what it is"] for name, row in listed(DOCUMENTS, "column")} == ADDED


def test_every_key_of_the_audit_as_an_object_is_documented_in_its_order_and_so_is_every_class() -> None:
    shown = Audit(Path("tree")).as_object()
    assert keys_of("docs/backup.md") == list(shown)
    (about,) = [
        row["what it is"] for name, row in listed({"": DOCUMENTS["docs/backup.md"]}, "key") if name == "classes"
    ]
    assert all(f"`{group}`" in about for group in shown["classes"])


# Commands and their options


def test_every_option_is_documented_with_its_command() -> None:
    for name in filter(lambda name: not command(name).successor, COMMANDS):
        section = _section(DOCUMENTS["docs/commands.md"], f"## {name}")
        shown = {
            plain(row["option"]).split()[0].rstrip(",") for table in tables(section) for row in table if "option" in row
        }
        assert shown - {"--verbose"} == set(options(name)), name
        if command(name).syntax() != "[options]":
            assert f"`citizen-news {name} {command(name).syntax()}`" in section


def _section(text: str, heading: str) -> str:
    found = re.search(rf"^{re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1]


def blocks(text: str) -> list[str]:
    """The fenced blocks of shell in a document."""
    return [
        token.content
        for token in MarkdownIt("gfm-like", {"linkify": False}).parse(text)
        if token.type == "fence" and token.info == "sh"
    ]


def mistakes(line: str, *, in_text: bool = False) -> list[str]:
    """What is wrong with a command line of ours: `citizen-news NAME …`, or `make TARGET …`; nothing is run. In a text
    an option may stand without its value."""
    words = shlex.split(line, comments=True)
    program = Path(words[0]).name if words else ""
    if program == "make":
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
        return [f"make has no target {word}" for word in words[1:] if "=" not in word and word not in targets]
    if program not in ("scrapy", "citizen-news"):
        return []
    name, *rest = words[1:]
    if name not in COMMANDS:
        return [f"there is no command {name}"]
    of = parser_of(name)
    options_of = {string for action in of._actions for string in action.option_strings}
    unknown = [
        f"{name} has no option {word}"
        for word in rest
        if word.startswith("-") and word.partition("=")[0] not in options_of
    ]
    if unknown or (in_text and rest and rest[-1] in options_of):
        return unknown
    try:
        given, _ = of.parse_known_args(rest)
        check_settings(given)
    except (_Mistake, CommandError) as mistake:
        return [f"{line}: {mistake}"]
    arguments = (pair.partition("=")[0] for pair in getattr(given, "spargs", ()))
    return [f"there is no argument {argument}" for argument in arguments if argument not in ARGUMENTS]


def test_blocks_of_shell_are_valid_and_name_what_there_is() -> None:
    for page, text in DOCUMENTS.items():
        for block in blocks(text):
            checked = subprocess.run(["sh", "-n"], input=block, text=True, capture_output=True, check=False)
            assert checked.returncode == 0, f"{page}: {checked.stderr}"
            assert [told for line in block.replace("\\\n", " ").splitlines() for told in mistakes(line)] == [], page


def test_commands_in_the_text_name_what_there_is() -> None:
    for page, text in EVERY.items():
        for quoted in re.findall(r"`((?:\.venv/bin/)?(?:scrapy|citizen-news|make) [^`]+)`", text):
            assert mistakes(re.sub(r"\[.*?\]|[<>|()…]", "", quoted), in_text=True) == [], page


def test_a_mistaken_command_line_is_found() -> None:
    lines = (
        "citizen-news recoverr",
        "citizen-news audit --jsn",
        ".venv/bin/citizen-news crawl -s OUTPUT_DIRR=x",
        "citizen-news crawl -a idz=1",
        "make nothing",
    )
    assert [line for line in lines if not mistakes(line)] == []


# Links


def links(text: str) -> Iterator[str]:
    """Where a document's links and pictures lead."""
    for token in MarkdownIt("gfm-like", {"linkify": False}).parse(text):
        for part in token.children or ():
            target = part.attrs.get("href") or part.attrs.get("src")
            if target:
                yield str(target)
        if token.type in ("html_block", "html_inline"):
            yield from re.findall(r'(?:href|src|srcset)="([^"]+)"', token.content)


def anchors(text: str) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    headings = (re.sub(r"\[(.*?)\]\(.*?\)", r"\1", found) for found in re.findall(r"^#+ (.*)$", text, re.MULTILINE))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead_links(page: str, text: str) -> list[str]:
    """Relative links that lead nowhere."""
    dead = []
    for link in links(text):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (ROOT / page).parent / name if name else ROOT / page
        known = text if not name else target.read_text("utf-8") if target.suffix == ".md" and target.exists() else ""
        if not target.exists() or (anchor and anchor not in anchors(known)):
            dead.append(link)
    return dead


def test_relative_links_and_pictures_are_there() -> None:
    assert {page: dead for page, text in EVERY.items() if (dead := dead_links(page, text))} == {}


def test_a_dead_link_is_found() -> None:
    for link in ("nowhere.md", "docs/files.md#nothing", "#nothing", "docs/nothing.png"):
        assert dead_links("README.md", f"# Here\n\n[x]({link}) and [y](#here)\n\n![z]({link})\n") == [link, link]


def test_every_page_and_picture_is_reached_from_the_readme() -> None:
    from_readme = {link.partition("#")[0] for link in links(DOCUMENTS["README.md"])}
    assert [page for page in DOCUMENTS if page != "README.md" and page not in from_readme] == []
    shown = {Path(link).name for text in DOCUMENTS.values() for link in links(text)}
    assert [path.name for path in sorted((ROOT / "docs").iterdir()) if path.name not in shown] == []


def test_the_readme_is_read_in_two_minutes() -> None:
    assert len(DOCUMENTS["README.md"].splitlines()) <= 100
    assert blocks(DOCUMENTS["README.md"]) == [*blocks(DOCUMENTS["README.zh-Hant.md"]), "make test\n"]


# How it is built


def test_the_table_of_answers_is_the_codes_table() -> None:
    rows = listed(DOCUMENTS, "answer or failure")
    assert [name for name, _ in rows if name.isupper()] == [answer.name for answer in Answer]
    for name, row in rows:
        named = re.findall(r"`([A-Z_]+)`", row["settings"])
        assert [setting for setting in named if not hasattr(settings, setting)] == [], name
        if name.isupper():
            rule = ANSWERS[Answer[name]]
            assert (row["what it is"], row["for politeness"]) == (rule.english, rule.outcome.value), name
            assert row["what happens next"].startswith(rule.action.value), name
            assert named == list(rule.settings), name


def test_the_place_where_an_engine_would_plug_in_is_the_codes() -> None:
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "crawler").glob("**/*.py"))
    told = _section(DOCUMENTS["docs/decisions.md"], "## Beyond one machine")
    named = re.findall(r"`(?:[A-Z]\w+\.)?(_?[A-Za-z]\w+)(?:\(\w+\))?`", told)
    assert {"Extractor", "_write", "Workers", "LocalWorkers", "opened"} <= set(named)
    defined = {
        name for pair in re.findall(r"\b(?:def|class) (\w+)|^ *(\w+)(?::| =) ", source, re.MULTILINE) for name in pair
    }
    assert set(named) - defined == set()


PLACE = r"((?:crawler|tests|pipelines|deploy)/[\w/.-]+)"


def test_files_named_in_a_document_are_there_and_have_what_is_said_to_be_in_them() -> None:
    named = {name for text in EVERY.values() for name in re.findall(f"`{PLACE}`", text)}
    assert sorted(name for name in named if not (ROOT / name).exists()) == []
    told = {found for text in EVERY.values() for found in re.findall(rf"`(\w+)`,? in\s`{PLACE}`", text)}
    told |= {found for text in EVERY.values() for found in re.findall(rf"`(\w+)` \(`{PLACE}`\)", text)}
    assert {"SOURCES", "extractor_id", "WebArchive", "ANSWERS", "IsolatedReader"} <= {name for name, _ in told}
    assert (
        sorted(
            found
            for found in told
            if not re.search(rf"^(?:class |def )?{found[0]}\b", (ROOT / found[1]).read_text("utf-8"), re.M)
        )
        == []
    )


def test_documents_name_no_path_of_a_machine() -> None:
    for path in (
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("crawler/**/*.py"),
        *ROOT.glob("tests/**/*.py"),
    ):
        text = path.read_text(encoding="utf-8")
        assert "/ho" + "me/" not in text, path
        assert "/wo" + "rk/" not in text, path
