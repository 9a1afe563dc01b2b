"""One page through extraction, shown to a person: what was found, where, what else was there, and the Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from crawler.archive.coding import CodingError, decode_what_came
from crawler.hkcnews.extract import recover
from crawler.hkcnews.fields import SOURCES, every_source, find_tags
from crawler.hkcnews.hints import hints
from crawler.hkcnews.page import Page, read_page
from crawler.hkcnews.text import decode_page
from crawler.hkcnews.verdict import MEANING
from crawler.markdown.document import render
from crawler.markdown.frontmatter import FrontMatterError
from crawler.markdown.style import SeedStyle

_WIDTH = 72


@dataclass(frozen=True, slots=True)
class Specimen:
    """A page to look at: its bytes as stored, how it was archived, and where it came from in words; `replay` is the address under which
    its archive replays captures."""

    body: bytes
    coding: str
    content_type: str
    status: int
    article: int
    timestamp: str
    original: str
    whence: str
    replay: str = ""


def inspect(specimen: Specimen, replay: str) -> Iterator[str]:
    """Lines for the terminal."""
    yield f"Article   {specimen.article or 'not named on the page'}"
    yield f"Capture   {specimen.timestamp} {specimen.original}" if specimen.timestamp.strip("0") else "Capture   unknown"
    yield f"From      {specimen.whence}"
    try:
        decoded = decode_what_came(specimen.body, specimen.coding or None)
    except CodingError as error:
        yield f"Bytes     {len(specimen.body):,}, which cannot be decompressed: {error}"
        return
    text = decode_page(decoded.body, specimen.content_type)
    page = read_page(text.text, captured=specimen.timestamp)
    yield f"Bytes     {len(decoded.body):,} decoded ({', '.join(decoded.codings) or 'not compressed'}), {text.encoding}"
    style = SeedStyle(replay, specimen.timestamp, specimen.original)
    found = recover(decoded.body, specimen.content_type, specimen.status, specimen.article, specimen.timestamp, specimen.original, style)
    found = found.with_fault(decoded.fault) if decoded.fault else found
    because = f" ({found.judgement.because})" if found.judgement.because else ""
    yield f"Verdict   {found.verdict.value}: {MEANING[found.verdict]}{because}"
    yield from _fields(page)
    if found.article is None:
        return
    yield ""
    yield "Check     " + ("nothing lost, nothing added" if not found.differences else "; ".join(found.differences))
    for fault in found.article.faults:
        yield f"Fault     {fault}"
    for what, value in hints(specimen.original, found.article.body):
        yield f"Hint      {what}: {value} (not used)"
    yield ""
    try:
        yield render(found.article, replay).rstrip("\n")
    except FrontMatterError as error:
        yield f"The file cannot be written: {error}"


def _fields(page: Page) -> Iterator[str]:
    """Each field with every source in order; the arrow is at the one that won."""
    for field in SOURCES:
        won = False
        yield f"\n{field}"
        for source, value in every_source(page, field):
            mark = "->" if value and not won else "  "
            won = won or bool(value)
            yield f"  {mark} {source:<36} {_short(value)}"
    tags, source = find_tags(page)
    yield f"\ntags\n  -> {source:<36} {', '.join(tags)}" if tags else "\ntags\n     none found"


def _short(value: str) -> str:
    return (value if len(value) <= _WIDTH else value[: _WIDTH - 1] + "…") or "-"
