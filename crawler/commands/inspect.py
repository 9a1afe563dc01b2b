"""`citizen-news inspect URL|FILE|ID`: one page through extraction, to see whether the selectors fit it."""

import argparse
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from crawler.commands.versions import named_article, versions_of_one
from crawler.hkcnews import page as pages
from crawler.hkcnews.fields import SOURCES, every_source, find_tags
from crawler.hkcnews.text import decode_page
from crawler.hkcnews.urls import article_id, url_hints
from crawler.ledger import Ledger
from crawler.ledger.file import ledger_path
from crawler.markdown.document import render
from crawler.markdown.front_matter import FrontMatterError
from crawler.markdown.style import SeedStyle
from crawler.recovery.judge import read_page
from crawler.recovery.store import Store
from crawler.run.command import ProjectCommand, report
from crawler.run.session import Session
from crawler.run.settings import RunSettings
from crawler.spiders.page import PageSpider
from crawler.utils.exit_status import ExitStatus, RunResult, StorageError, UsageError
from crawler.utils.text import escape_controls, shortened
from crawler.warc.record import WarcDamaged
from crawler.wayback.archive import wayback_archive
from crawler.wayback.capture import Capture, StoredCapture
from crawler.wayback.http import CodingError, declared_coding, decode_what_came, first_header


@dataclass(frozen=True, slots=True)
class Specimen:
    """A page to look at, and where it came from in words; `replay` is the address under which its archive replays
    captures."""

    page: StoredCapture
    article: int
    origin: str
    replay: str = ""


class Command(ProjectCommand):
    """Takes a capture's address in the archive, an article's address or id, or a saved page."""

    summary = "Show what is found on one page, and where; and its Markdown"
    argument, argument_hint = "<URL|FILE|ID>", "an id, an address or a file, as in `citizen-news inspect 33951`"
    options = {
        "--fetch": "fetch it even if it is in the store",
        "--versions": "show what its captures say, and how that differs",
        "--json": "with --versions: print one JSON value",
    }

    def act(self, args: list[str], opts: argparse.Namespace) -> int:
        what = args[0].strip()
        if opts.versions:
            return versions_of_one(self, what, opts.json)
        if opts.json:
            raise UsageError("--json goes with --versions")
        replay = f"{self.setting('ARCHIVE_PUBLIC_URL')}/web"
        if Path(what).is_file():
            found: Specimen | RunResult = _from_file(Path(what))
        else:
            article, capture = self._asked_for(what, replay)
            found = (None if opts.fetch else self._from_store(article, capture)) or self._fetched(article, capture)
        if isinstance(found, RunResult):
            return report(found)
        lines = (line for text in inspect(found, found.replay or replay) for line in text.split("\n"))
        print("\n".join(map(escape_controls, lines)))
        return ExitStatus.DONE

    def _asked_for(self, what: str, replay: str) -> tuple[int, Capture | None]:
        """The article, and the capture of it where that is named. Raises UsageError."""
        what = f"https://{what}" if re.match(r"[\w.-]+\.[a-z]{2,}/", what) else what
        found = wayback_archive(self.setting("ARCHIVE_URL"), replay).parse_playback_url(what)
        capture = Capture(timestamp=found[0].ljust(14, "0"), original=found[2]) if found else None
        article = named_article(capture.original if capture else what)
        if not article:
            raise UsageError(f"{what} is not a file, nor the id or address of an article of hkcnews.com")
        return article, capture

    def _from_store(self, article: int, capture: Capture | None) -> Specimen | None:
        """The capture that the article's file was made of, or the last one fetched."""
        path = ledger_path(self.output)
        if not path.exists():
            return None
        with Ledger(path) as ledger:
            rows = [row for row in ledger.captures(article) if row.warc]
            settled = ledger.article(article)
        if capture is not None:
            wanted = capture.timestamp, capture.original
            rows = [row for row in rows if (row.capture.timestamp, row.capture.original) == wanted]
        if not rows:
            return None
        row = next((row for row in rows if settled is not None and row.id == settled.capture), rows[-1])
        try:
            stored = Store(self.output / "warc").read_capture(row)
        except (OSError, WarcDamaged) as error:
            advice = "Use --fetch to fetch the page again"
            raise StorageError(f"the store cannot be read: {error}. {advice}") from error
        origin = f"the store, {row.warc} at byte {row.warc_offset}; digest: {row.digest_result}"
        return Specimen(stored, article, origin, row.replay)

    def _fetched(self, article: int, capture: Capture | None) -> Specimen | RunResult:
        with closing(Session(RunSettings(self.settings), {"inspect": str(article)})) as session:
            if not session.settings.sites:
                raise UsageError("SOURCES names no archive to fetch from; the files in it are read by a crawl")
            site = session.settings.sites[0]
            spider = self.run_quietly(PageSpider, session, site=site, article=article, capture=capture)
            reply = spider.reply if isinstance(spider, PageSpider) else None
            if reply is None:
                session.end(ExitStatus.ERROR, "no page came, and nothing said why; the log may")
        if reply is None:
            return session.ending or RunResult(ExitStatus.ERROR)
        return Specimen(reply, article, site.address, site.public)


def _from_file(path: Path) -> Specimen:
    body = path.read_bytes()
    if body.startswith((b"WARC/", b"PK")) or path.name.endswith((".warc.gz", ".wacz")):
        advice = "name one of its articles by id, as in `citizen-news inspect 33951`"
        raise UsageError(f"{path} is an archive, not a page: {advice}")
    page = pages.read_page(decode_page(body).text)
    link = page.tree.css_first('link[rel="canonical"]')
    original = pages.metadata(page, "og:url") or ((link.attributes.get("href") or "") if link is not None else "")
    original = original if article_id(original) else "https://www.hkcnews.com/"
    article = article_id(original) or 0
    return Specimen(StoredCapture(original, "0" * 14, 200, (), body), article, f"the file {path}")


def inspect(specimen: Specimen, replay: str) -> Iterator[str]:
    """What is found on a page, and its Markdown; texts of one line or several."""
    stored = specimen.page
    yield f"Article   {specimen.article or 'not named on the page'}"
    yield f"Capture   {f'{stored.timestamp} {stored.original}' if stored.timestamp.strip('0') else 'unknown'}"
    yield f"From      {specimen.origin}"
    try:
        decoded = decode_what_came(stored.payload, declared_coding(stored.headers))
    except CodingError as error:
        yield f"Bytes     {len(stored.payload):,}, which cannot be decompressed: {error}"
        return
    text = decode_page(decoded.body, first_header(stored.headers, "content-type") or "")
    yield f"Bytes     {len(decoded.body):,} decoded ({', '.join(decoded.codings) or 'not compressed'}), {text.encoding}"
    found = read_page(stored, specimen.article, SeedStyle(replay, stored.timestamp, stored.original))
    because = f" ({found.judgement.because})" if found.judgement.because else ""
    yield f"Verdict   {found.verdict.value}: {found.verdict.meaning}{because}"
    yield from _fields(pages.read_page(text.text, captured=stored.timestamp))
    if found.article is None:
        return
    yield ""
    yield "Check     " + ("nothing lost, nothing added" if not found.differences else "; ".join(found.differences))
    for fault in found.article.faults:
        yield f"Fault     {fault}"
    for what, value in url_hints(stored.original, found.article.body):
        yield f"Hint      {what}: {value} (not used)"
    yield ""
    try:
        yield render(found.article, replay).rstrip("\n")
    except FrontMatterError as error:
        yield f"The file cannot be written: {error}"


def _fields(page: pages.Page) -> Iterator[str]:
    """Each field with every source in order; the arrow is at the one that won."""
    for field in SOURCES:
        won = False
        yield f"\n{field}"
        for source, value, _ in every_source(page, field):
            mark = "->" if value and not won else "  "
            won = won or bool(value)
            yield f"  {mark} {source:<36} {shortened(value, 72) or '-'}"
    tags, source = find_tags(page)
    yield f"\ntags\n  -> {source:<36} {', '.join(tags)}" if tags else "\ntags\n     none found"
