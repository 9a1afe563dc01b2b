"""`scrapy inspect URL|FILE|ID`: one page through extraction, to see whether the selectors fit it."""

from __future__ import annotations

import argparse
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scrapy.crawler import AsyncCrawlerProcess

from crawler.hkcnews.extract import extract_capture
from crawler.hkcnews.fields import SOURCES, every_source, find_tags
from crawler.hkcnews.page import Page, metadata, read_page
from crawler.hkcnews.text import decode_page
from crawler.hkcnews.urls import article_id, url_hints
from crawler.hkcnews.verdict import VERDICT_MEANING
from crawler.ledger import Ledger
from crawler.ledger.file import ledger_path
from crawler.markdown.document import render
from crawler.markdown.front_matter import FrontMatterError
from crawler.markdown.style import SeedStyle
from crawler.recovery.store import Store
from crawler.run.command import ProjectCommand, report
from crawler.run.session import Session
from crawler.spiders.page import PageSpider
from crawler.utils.exit_status import ExitStatus, RunResult, StorageError, UsageError
from crawler.utils.text import escape_controls, shortened
from crawler.warc.record import WarcDamaged
from crawler.warc.writer import RecordLocation
from crawler.wayback.archive import wayback_archive
from crawler.wayback.capture import Capture
from crawler.wayback.http import CodingError, declared_coding, decode_what_came, first_header

_WIDTH = 72


@dataclass(frozen=True, slots=True)
class Specimen:
    """A page to look at: its bytes as stored, how it was archived, and where it came from in words; `replay` is the
    address under which its archive replays captures."""

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
    yield (
        f"Capture   {specimen.timestamp} {specimen.original}" if specimen.timestamp.strip("0") else "Capture   unknown"
    )
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
    found = extract_capture(
        decoded.body,
        specimen.content_type,
        specimen.status,
        specimen.article,
        specimen.timestamp,
        specimen.original,
        style,
    )
    found = found.with_fault(decoded.fault) if decoded.fault else found
    because = f" ({found.judgement.because})" if found.judgement.because else ""
    yield f"Verdict   {found.verdict.value}: {VERDICT_MEANING[found.verdict]}{because}"
    yield from _fields(page)
    if found.article is None:
        return
    yield ""
    yield "Check     " + ("nothing lost, nothing added" if not found.differences else "; ".join(found.differences))
    for fault in found.article.faults:
        yield f"Fault     {fault}"
    for what, value in url_hints(specimen.original, found.article.body):
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
            yield f"  {mark} {source:<36} {shortened(value, _WIDTH) or '-'}"
    tags, source = find_tags(page)
    yield f"\ntags\n  -> {source:<36} {', '.join(tags)}" if tags else "\ntags\n     none found"


_NOWHEN = "00000000000000"


class Command(ProjectCommand):
    """Takes a capture's address in the archive, an article's address or id, or a saved page."""

    def syntax(self) -> str:
        return "[options] <URL|FILE|ID>"

    def short_desc(self) -> str:
        return "Show what is found on one page, and where; and its Markdown"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--fetch", action="store_true", help="fetch it even if it is in the store")

    def act(self, args: list[str], opts: argparse.Namespace) -> int:
        if len(args) != 1:
            raise UsageError("one page is needed: an id, an address or a file, as in `scrapy inspect 33951`")
        what = args[0].strip()
        specimen = self._from_file(Path(what)) if Path(what).is_file() else self._from_archive(what, opts.fetch)
        if specimen is None:
            return int(self.exitcode)
        texts = inspect(specimen, specimen.replay or f"{self.setting('ARCHIVE_PUBLIC_URL')}/web")
        print("\n".join(escape_controls(line) for text in texts for line in text.split("\n")))
        return ExitStatus.DONE

    def _from_file(self, path: Path) -> Specimen:
        body = path.read_bytes()
        if body.startswith((b"WARC/", b"PK")) or path.name.endswith((".warc.gz", ".wacz")):
            raise UsageError(
                f"{path} is an archive, not a page: name one of its articles by id, as in `scrapy inspect 33951`"
            )
        page = read_page(decode_page(body).text)
        link = page.tree.css_first('link[rel="canonical"]')
        original = metadata(page, "og:url") or ((link.attributes.get("href") or "") if link is not None else "")
        original = original if article_id(original) else "https://www.hkcnews.com/"
        return Specimen(body, "", "", 200, article_id(original) or 0, _NOWHEN, original, f"the file {path}")

    def _from_archive(self, what: str, fetch: bool) -> Specimen | None:
        what = f"https://{what}" if re.match(r"[\w.-]+\.[a-z]{2,}/", what) else what
        site = wayback_archive(self.setting("ARCHIVE_URL"), f"{self.setting('ARCHIVE_PUBLIC_URL')}/web")
        found = site.parse_playback_url(what)
        capture = Capture(timestamp=found[0].ljust(14, "0"), original=found[2]) if found else None
        article = int(what) if what.isascii() and what.isdigit() else article_id(capture.original if capture else what)
        if not article:
            raise UsageError(f"{what} is not a file, nor the id or address of an article of hkcnews.com")
        return (None if fetch else self._from_store(article, capture)) or self._fetched(article, capture)

    def _from_store(self, article: int, capture: Capture | None) -> Specimen | None:
        """The capture that the article's file was made of, or the last one fetched."""
        output = self.setting("OUTPUT_DIR")
        if not ledger_path(output).exists():
            return None
        with Ledger(ledger_path(output)) as ledger:
            rows = [row for row in ledger.captures(article) if row.warc]
            settled = ledger.article(article)
        if capture is not None:
            rows = [
                row
                for row in rows
                if (row.capture.timestamp, row.capture.original) == (capture.timestamp, capture.original)
            ]
        rows.sort(key=lambda row: settled is not None and row.id == settled.capture)
        if not rows:
            return None
        row = rows[-1]
        try:
            stored = Store(output / "warc").read(RecordLocation(row.warc, row.warc_offset, row.warc_length))
        except (OSError, WarcDamaged) as error:
            raise StorageError(f"the store cannot be read: {error}. Use --fetch to fetch the page again") from error
        content_type = first_header(stored.headers, "content-type") or ""
        whence = f"the store, {row.warc} at byte {row.warc_offset}; digest: {row.digest_result}"
        return Specimen(
            stored.payload,
            row.coding,
            content_type,
            stored.status,
            article,
            row.served_timestamp,
            row.served_original,
            whence,
            row.replay,
        )

    def _fetched(self, article: int, capture: Capture | None) -> Specimen | None:
        logging.getLogger("scrapy").setLevel(logging.ERROR)
        session = Session(self.given_settings, {"inspect": str(article)})
        try:
            if not session.sites:
                raise UsageError("SOURCES names no archive to fetch from; the files in it are read by a crawl")
            site = session.sites[0]
            assert self.settings is not None
            settings = self.settings.copy()
            settings.setdict(
                {"LOG_ENABLED": True, "LOG_LEVEL": "WARNING", "USER_AGENT": session.user_agent}, priority="cmdline"
            )
            process = AsyncCrawlerProcess(settings)
            crawler = process.create_crawler(PageSpider)
            process.crawl(crawler, session=session, site=site, article=article, capture=capture)
            process.start()
            reply = crawler.spider.reply if isinstance(crawler.spider, PageSpider) else None
            if reply is None:
                session.end(ExitStatus.ERROR, "no page came, and nothing said why; the log may")
        finally:
            session.close()
        if reply is None:
            self.exitcode = report(session.ending or RunResult(ExitStatus.ERROR))
            return None
        content_type = first_header(reply.headers, "content-type") or ""
        coding = declared_coding(reply.headers) or ""
        return Specimen(
            reply.body,
            coding,
            content_type,
            reply.status,
            article,
            reply.timestamp,
            reply.original,
            site.address,
            site.public,
        )
