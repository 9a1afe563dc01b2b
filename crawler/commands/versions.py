"""What archived captures of an article say, where they do not say the same: `inspect ID --versions` for one article,
`status --versions` for all; and `versions [ID]`, the former name of both."""

import argparse
import itertools
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

from crawler.hkcnews.urls import article_id
from crawler.ledger import ArticleRow, Ledger
from crawler.ledger.file import existing_ledger
from crawler.recovery.judge import IsolatedReader
from crawler.recovery.store import Store
from crawler.recovery.versions import Version, diff_lines, versions_of
from crawler.run.command import ProjectCommand, report
from crawler.utils.exit_status import ExitStatus, RunResult, UsageError
from crawler.utils.text import counted, escape_controls, json_line
from crawler.utils.timestamps import read_moment

USES = ("OUTPUT_DIR", "PAGE_SECONDS", "PAGE_MEMORY_MB")
"""The settings that it takes to read captures again."""


class Command(ProjectCommand):
    """For one more release."""

    summary = "List the versions of an article that the archived captures have, and show the difference"
    argument, argument_hint = "[ID]", "the id or address of an article, as in `inspect 33951 --versions`"
    uses = USES
    successor = "inspect ID --versions, or status --versions"
    options = {"--json": "print one JSON value"}

    def act(self, args: list[str], opts: argparse.Namespace) -> int:
        return versions_of_one(self, args[0], opts.json) if args else versions_of_all(self, opts.json)


def named_article(what: str) -> int | None:
    """The article with this id or address."""
    return int(what) if what.isascii() and what.isdigit() and len(what) < 10 else article_id(what)


def versions_of_one(command: ProjectCommand, what: str, as_json: bool) -> int:
    """Print the versions of an article and what differs; gives the exit status. Raises CommandError."""
    number = named_article(what)
    if number is None:
        raise UsageError(f"{what} is not the id or address of an article of hkcnews.com")
    output = command.output
    with Ledger(existing_ledger(output)) as ledger:
        row = ledger.article(number)
        if row is None:
            raise UsageError(f"the ledger {ledger.path} knows no article {number}: no source that was asked lists it")
        with closing(IsolatedReader(command.setting("PAGE_SECONDS"), command.setting("PAGE_MEMORY_MB"))) as reader:
            versions = versions_of(ledger, Store(output / "warc"), row, reader)
    print(json_line(_as_json(row, versions)) if as_json else "\n".join(map(escape_controls, _lines(row, versions))))
    damaged = [one for version in versions for one in version.captures if one.damaged]
    if not damaged:
        return ExitStatus.DONE
    message = f"{counted(len(damaged), 'capture')} in the store cannot be read: {damaged[0].why}"
    return report(RunResult(ExitStatus.DAMAGED, message))


def versions_of_all(command: ProjectCommand, as_json: bool) -> int:
    """Print the articles with more than one version, as the ledger notes them; gives the exit status."""
    found, noted = [], 0
    with Ledger(existing_ledger(command.output)) as ledger:
        for number, captures in itertools.groupby(ledger.all_versions(), key=lambda row: row.article):
            noted += 1
            rows = list(captures)
            versions, first, last = len({row.sha256 for row in rows}), rows[0].timestamp, rows[-1].timestamp
            if versions > 1:
                summary = {"article": number, "versions": versions, "captures": len(rows), "first": first, "last": last}
                found.append(summary)
                if not as_json:
                    about = f"{counted(versions, 'version')} in {counted(len(rows), 'capture')}"
                    print(f"{number:>7}  {about}, {_moment(first)} to {_moment(last)}")
        is_older = not noted and next(ledger.files(), None) is not None
    if as_json:
        print(json_line(found))
        return ExitStatus.DONE
    print(f"{counted(len(found), 'article')} with more than one version, of {noted:,} of which a version is noted")
    if is_older:
        advice = (
            "`citizen-news extract --changed` notes them, and writes anew what it reads otherwise, without a request"
        )
        print(f"None is noted: the ledger is of an older version of this software. {advice}")
    return ExitStatus.DONE


def _lines(row: ArticleRow, versions: Sequence[Version]) -> Iterator[str]:
    """For the terminal."""
    if not versions:
        because = f" ({row.reason})" if row.reason else ""
        yield f"Article {row.id}: no capture of it was extracted; it is {row.state}{because}"
        return
    captures = sum(len(version.captures) for version in versions)
    yield f"Article {row.id}: {counted(len(versions), 'version')} in {counted(captures, 'capture')}"
    for number, version in enumerate(versions, 1):
        title, _, _ = (version.text or "").partition("\n")
        yield ""
        yield f"Version {number}{': ' if version.text is not None else ''}{title}"
        yield f"  SHA-256 {version.sha256 or 'unknown'}{', which the file is of' if version.is_current else ''}"
        for one in version.captures:
            mark = "*" if one.is_current else " "
            yield f"  {mark} {_moment(one.timestamp)}  {_address(one.replay, one.timestamp, one.original)}"
            if one.why:
                yield f"      not comparable: {one.why}"
            if one.fault:
                yield f"      {one.fault}"
    for old, new, lines in _differences(versions):
        yield ""
        yield f"From version {old} to version {new}"
        yield from lines


def _differences(versions: Sequence[Version]) -> Iterator[tuple[int, int, list[str]]]:
    """Between each version that can be read again and the next one, with their numbers."""
    readable = [(number, version.text) for number, version in enumerate(versions, 1) if version.text is not None]
    for (old, before), (new, after) in itertools.pairwise(readable):
        yield old, new, list(diff_lines(before, after))


def _as_json(row: ArticleRow, versions: Sequence[Version]) -> dict[str, Any]:
    return {
        "article": row.id,
        "state": row.state.value,
        "versions": [_version(version) for version in versions],
        "differences": [{"from": old, "to": new, "lines": lines} for old, new, lines in _differences(versions)],
    }


def _version(version: Version) -> dict[str, Any]:
    title, _, text = (version.text or "").partition("\n")
    known = version.text is not None
    captures = [
        {
            "timestamp": one.timestamp,
            "original_url": one.original,
            "url": _address(one.replay, one.timestamp, one.original),
            "source": one.source or None,
            "file": one.is_current,
            "comparable": one.text is not None,
            "why": one.why or None,
            "fault": one.fault or None,
        }
        for one in version.captures
    ]
    return {
        "sha256": version.sha256 or None,
        "file": version.is_current,
        "title": title if known else None,
        "text": text if known else None,
        "captures": captures,
    }


def _moment(timestamp: str) -> str:
    moment = read_moment(timestamp)
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment is not None else timestamp


def _address(replay: str, timestamp: str, original: str) -> str:
    return f"{replay}/{timestamp}/{original}" if replay else original
