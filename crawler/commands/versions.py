"""`scrapy versions [ID]`: what archived captures of an article say, where they do not say the same."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crawler.hkcnews.urls import article_id
from crawler.ledger import ArticleRow, Ledger
from crawler.ledger.file import ledger_path
from crawler.ledger.ledger import VersionRow
from crawler.recovery.store import Store
from crawler.recovery.versions import diff_lines
from crawler.run.command import ProjectCommand, report
from crawler.utils.exit_status import ExitStatus, RunResult, StorageError, UsageError
from crawler.utils.text import counted, escape_controls, json_line
from crawler.utils.timestamps import read_moment

if TYPE_CHECKING:
    from crawler.recovery.versions import Version


class Command(ProjectCommand):
    """Reads the ledger and the store of OUTPUT_DIR; changes nothing."""

    uses = ("OUTPUT_DIR", "PAGE_SECONDS", "PAGE_MEMORY_MB")

    def syntax(self) -> str:
        return "[options] [ID]"

    def short_desc(self) -> str:
        return "List the versions of an article that the archived captures have, and show the difference"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="print one JSON value")

    def act(self, args: list[str], opts: argparse.Namespace) -> int:
        if len(args) > 1:
            raise UsageError("one article at most, by its id or address, as in `scrapy versions 33951`")
        path = ledger_path(self.setting("OUTPUT_DIR"))
        if not path.exists():
            raise StorageError(f"there is no ledger {path}: nothing was crawled into this OUTPUT_DIR yet")
        with Ledger(path) as ledger:
            return self._of_one(ledger, args[0], opts.json) if args else _of_all(ledger, opts.json)

    def _of_one(self, ledger: Ledger, what: str, as_json: bool) -> int:
        number = int(what) if what.isascii() and what.isdigit() and len(what) < 10 else article_id(what)
        if number is None:
            raise UsageError(f"{what} is not the id or address of an article of hkcnews.com")
        row = ledger.article(number)
        if row is None:
            raise UsageError(f"the ledger {ledger.path} knows no article {number}: no source that was asked lists it")
        versions = self._versions(ledger, row)
        if as_json:
            print(json_line(_as_json(row, versions)))
        else:
            print("\n".join(map(escape_controls, _described(row, versions))))
        damaged = [one for version in versions for one in version.tellings if one.damaged]
        if damaged:
            return report(
                RunResult(ExitStatus.DAMAGED, f"{len(damaged)} captures in the store cannot be read: {damaged[0].why}")
            )
        return ExitStatus.DONE

    def _versions(self, ledger: Ledger, row: ArticleRow) -> list[Version]:
        # Scrapy imports every command for each of them; the other ones need not wait for what reads pages.
        from crawler.recovery.judge import IsolatedReader
        from crawler.recovery.versions import versions_of as versions

        memory = self.setting("PAGE_MEMORY_MB")
        reader = IsolatedReader(self.setting("PAGE_SECONDS"), memory)
        try:
            return versions(ledger, Store(self.setting("OUTPUT_DIR") / "warc"), row, reader)
        finally:
            reader.close()


def _described(row: ArticleRow, versions: Sequence[Version]) -> Iterator[str]:
    """Lines for the terminal."""
    captures = sum(len(version.tellings) for version in versions)
    if not versions:
        because = f" ({row.reason})" if row.reason else ""
        yield f"Article {row.id}: no capture of it was extracted; it is {row.state}{because}"
        return
    yield f"Article {row.id}: {counted(len(versions), 'version')} in {counted(captures, 'capture')}"
    for number, version in enumerate(versions, 1):
        title = f": {version.text.partition(chr(10))[0]}" if version.text is not None else ""
        yield ""
        yield f"Version {number}{title}"
        yield f"  SHA-256 {version.sha256 or 'unknown'}{', which the file is of' if version.made else ''}"
        for one in version.tellings:
            mark = "*" if one.made else " "
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
    told = [(number, version.text) for number, version in enumerate(versions, 1) if version.text is not None]
    for (old, before), (new, after) in itertools.pairwise(told):
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
            "file": one.made,
            "comparable": one.text is not None,
            "why": one.why or None,
            "fault": one.fault or None,
        }
        for one in version.tellings
    ]
    made, digest = version.made, version.sha256 or None
    return {
        "sha256": digest,
        "file": made,
        "title": title if known else None,
        "text": text if known else None,
        "captures": captures,
    }


def _of_all(ledger: Ledger, as_json: bool) -> int:
    """The articles with more than one version, as the ledger notes them; gives the exit status."""
    found = []
    noted = 0
    for number, rows in itertools.groupby(ledger.all_versions(), key=lambda row: row.article):
        noted += 1
        captures = list(rows)
        if len({row.sha256 for row in captures}) > 1:
            found.append(_summary(number, captures))
    if as_json:
        print(json_line(found))
        return ExitStatus.DONE
    for one in found:
        about = f"{counted(one['versions'], 'version')} in {counted(one['captures'], 'capture')}"
        print(f"{one['article']:>7}  {about}, {_moment(one['first'])} to {_moment(one['last'])}")
    print(f"{counted(len(found), 'article')} with more than one version, of {noted:,} of which a version is noted")
    if not noted and next(ledger.files(), None) is not None:
        print(
            "None is noted: the ledger is of an older version of this software. `scrapy extract --changed` notes them,"
            " without a request"
        )
    return ExitStatus.DONE


def _summary(number: int, rows: Sequence[VersionRow]) -> dict[str, Any]:
    versions = len({row.sha256 for row in rows})
    return {
        "article": number,
        "versions": versions,
        "captures": len(rows),
        "first": rows[0].timestamp,
        "last": rows[-1].timestamp,
    }


def _moment(timestamp: str) -> str:
    moment: datetime | None = read_moment(timestamp)
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment is not None else timestamp


def _address(replay: str, timestamp: str, original: str) -> str:
    return f"{replay}/{timestamp}/{original}" if replay else original
