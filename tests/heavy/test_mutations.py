"""A hundred thousand damaged pages: none raises, and none gives a file that is not sound."""

from __future__ import annotations

import multiprocessing
import random
import re
from collections import Counter
from functools import partial
from pathlib import Path

import pytest
import yaml

from crawler.hkcnews.extract import extract_capture
from crawler.markdown.document import render
from crawler.markdown.style import SeedStyle
from tests.heavy.mutator import mutate

pytestmark = [pytest.mark.heavy, pytest.mark.alone]

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
PAGES = 100_000
SEED = 174_49930
PUBLIC = "https://archive.example/web"
KEYS = ["title", "date", "last_updated", "author", "category", "tags", "url", "original_url"]
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
LINKS = re.compile(
    r"""\]\(\s*(?:java|vb)script:|<[a-z][^<>]*\shref="\s*(?:java|vb)script:|\]\(data:|<script|<[a-z][^<>]*\sonerror=""",
    re.IGNORECASE,
)
"""What no file may hold. A tag's name begins with a letter: `<3 href=` is text, to a browser and in CommonMark."""
SHORTCODES = re.compile(r"\{\{[<%](?! video src=\"[^\"]*\" >\}\})")


def _fixtures() -> list[bytes]:
    """The pages, without the address in their heads by which each is the article of one number only."""
    return [
        re.sub(rb'<meta property="og:url"[^>]*>', b"", path.read_bytes())
        for path in sorted(FIXTURES.rglob("page.html"))
    ]


def _unescaped(body: str) -> str:
    return re.sub(r"\\.", "", body)


def _one(number: int, pages: list[bytes]) -> str:
    chance = random.Random(SEED + number)
    page = mutate(chance.choice(pages), pages, chance)
    original = f"https://www.hkcnews.com/article/{number}/x"
    style = SeedStyle(PUBLIC, "20210712002329", original)
    found = extract_capture(page, "text/html", 200, number, "20210712002329", original, style)
    if found.article is None:
        return found.verdict.value
    if not found.article.body:
        return "no body"
    text = render(found.article, PUBLIC)
    _sound(text.encode("utf-8").decode("utf-8"), number)
    return "written with differences" if found.differences else "written"


def _sound(text: str, number: int) -> None:
    """The file has its structure, whatever the page held."""
    where = f"seed {SEED}, page {number}"
    opening, front, rest = text.split("---\n", 2)
    assert opening == "", where
    fields = yaml.load(front, yaml.CSafeLoader)
    assert list(fields) == [key for key in KEYS if key in fields], where
    assert all(isinstance(value, (str, list)) for value in fields.values()), where
    assert fields["original_url"] == f"https://www.hkcnews.com/article/{number}/x", where
    assert rest.startswith("\n# "), where
    assert text.endswith("\n"), where
    assert not CONTROLS.search(text), where
    body = _unescaped(rest)
    assert not LINKS.search(body), f"{where}: {LINKS.search(body)}"
    assert not SHORTCODES.search(body), f"{where}: {SHORTCODES.search(body)}"


@pytest.mark.timeout(5400)
def test_damaged_pages_cost_only_themselves(capsys: pytest.CaptureFixture[str]) -> None:
    pages = _fixtures()
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        work = partial(_one, pages=pages)
        outcomes = Counter(pool.imap_unordered(work, range(1, PAGES + 1), chunksize=250))
    written = outcomes["written"] + outcomes["written with differences"]
    with capsys.disabled():
        print(
            f"\n{sum(outcomes.values()):,} damaged pages, {written:,} reached a file ({written / PAGES:.0%}):"
            f" {dict(outcomes)}"
        )
    assert sum(outcomes.values()) == PAGES
    assert written >= 0.3 * PAGES
