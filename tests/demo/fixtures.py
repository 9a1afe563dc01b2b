"""The fixtures in the site's chrome: page and capture of each are made from the article beside them; the wanted file is
written by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from tests.demo.pages import article_page
from tests.demo.sources import read_source, read_sources

PAGES = Path(__file__).parents[1] / "fixtures" / "pages"
_BESIDE = 4  # cards on a page


def fixture_files() -> Iterator[tuple[Path, bytes]]:
    """What belongs into each folder that has an article's source, `<id>.html`."""
    beside = read_sources()[4 : 4 + _BESIDE]
    for path in sorted(PAGES.glob("*/[0-9]*.html")):
        source = read_source(path)
        capture = source.captures[0]
        fields = {
            "timestamp": capture.timestamp,
            "original": capture.original,
            "mimetype": "text/html",
            "statuscode": "200",
        }
        yield path.with_name("page.html"), article_page(source, beside, at=capture.timestamp).encode()
        yield path.with_name("capture.json"), json.dumps(fields, indent=1).encode() + b"\n"
