"""The versions of one article side by side, read again from the captures in the store when somebody asks."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crawler.ledger import Ledger
from crawler.ledger.file import ledger_path
from crawler.publish.addresses import replay_address
from crawler.recovery.judge import IsolatedReader, ReadPage
from crawler.recovery.store import Store
from crawler.recovery.versions import Version, diff_places, versions_of


@dataclass(frozen=True, slots=True)
class PageLimits:
    """What a stored page may take to be read: seconds, and MiB of memory."""

    seconds: float = 20
    megabytes: int = 1500


PAGE_LIMITS = PageLimits()
"""Those of the settings PAGE_SECONDS and PAGE_MEMORY_MB when nobody sets them."""


def comparison(output: Path, number: int, asked: Mapping[str, str], limits: PageLimits) -> dict[str, Any] | None:
    """What the page shows: all `versions`, the numbers (from 1) of the `old` and the `new` one that were asked for, and
    the `rows` of both texts, None when one of them cannot be read again. None as a whole where there is one version or
    none. Raises OSError, CommandError."""
    with closing(IsolatedReader(limits.seconds, limits.megabytes)) as reader:
        versions = several_versions(output, number, reader)
    return side_by_side(number, versions, asked) if versions else None


def several_versions(output: Path, number: int, read_page: ReadPage) -> list[Version]:
    """The versions of an article, none where there are not several. Raises OSError, CommandError."""
    path = ledger_path(output)
    if not path.exists():
        return []
    with Ledger(path) as ledger:
        row = ledger.article(number)
        if row is None or len({each.sha256 for each in ledger.versions(number)}) < 2:
            return []
        versions = versions_of(ledger, Store(output / "warc"), row, read_page)
    return versions if len(versions) > 1 else []


def side_by_side(number: int, versions: Sequence[Version], asked: Mapping[str, str]) -> dict[str, Any]:
    """What the page of an article's versions shows; see `comparison`."""
    new = _chosen(asked.get("new", ""), versions, len(versions))
    old = _chosen(asked.get("old", ""), versions, new - 1 or new + 1)
    before, after = versions[old - 1].text, versions[new - 1].text
    rows = None
    if before is not None and after is not None:
        # So many equal lines around a change are the whole text.
        rows = [row for _, place in diff_places(before, after, sys.maxsize // 2) for row in place]
    return {
        "number": number,
        "versions": [_shown(each) for each in versions],
        "old": old,
        "new": new,
        "rows": rows,
        "title": next((each.text.partition("\n")[0] for each in reversed(versions) if each.text), ""),
    }


def _chosen(asked: str, versions: Sequence[Version], otherwise: int) -> int:
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 0
    return number if 0 < number <= len(versions) else otherwise


def _shown(version: Version) -> dict[str, Any]:
    return {
        "current": version.is_current,
        "captures": [
            {
                "timestamp": each.timestamp,
                "address": replay_address(each.replay, each.timestamp, each.original),
                "why": each.why or each.fault,
            }
            for each in version.captures
        ],
    }
