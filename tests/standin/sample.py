"""The sample of real articles: an archive whose troubles are those that its `truth.jsonl` names by `case`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .archive import Archive, load_archive
from .troubles import Endpoint, Kind, Trouble


def load_sample(folder: Path) -> Archive:
    """The archive in a sample folder, with the troubles that its README leaves to the stand-in."""
    archive = load_archive(folder)
    captures = [(row.original, row.timestamp) for row in archive.rows]
    with (folder / "truth.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            archive.troubles.extend(_troubles(json.loads(line), captures))
    return archive


def _troubles(article: dict[str, Any], captures: list[tuple[str, str]]) -> Iterator[Trouble]:
    of_article = rf"/article/{article['id']}(?!\d)"
    case = article["case"]
    if case == "outage_once":
        yield Trouble(Kind.OUTAGE, Endpoint.PLAYBACK, pattern=of_article, times=1, status=200)
        yield Trouble(Kind.OUTAGE, Endpoint.PLAYBACK, pattern=of_article, first=2, times=1, status=503)
    elif case == "cut_once":
        yield Trouble(Kind.CUT, Endpoint.PLAYBACK, pattern=of_article, times=1)
    elif case == "corrupt":
        good = {(original, timestamp) for timestamp, original in article["good"]}
        start = f"/article/{article['id']}/"
        for original, timestamp in captures:
            if start in original and (original, timestamp) not in good:
                yield Trouble(Kind.DAMAGED, original=original, timestamp=timestamp)
