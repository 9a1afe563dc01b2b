"""`scrapy inspect URL|FILE|ID`: one page through extraction, to see whether the selectors fit it."""

from __future__ import annotations

import argparse
import logging
import re
from pathlib import Path

from scrapy.crawler import AsyncCrawlerProcess

from crawler.archive.capture import Capture
from crawler.archive.headers import declared_coding, first
from crawler.archive.site import wayback
from crawler.archive.warc import Place
from crawler.archive.warcrecord import WarcDamaged
from crawler.command import ProjectCommand, report
from crawler.ending import Ending, Fatal, Status
from crawler.hkcnews.page import metadata, read_page
from crawler.hkcnews.text import decode_page
from crawler.hkcnews.urls import article_id
from crawler.inspection import Specimen, inspect
from crawler.ledger import Ledger, LedgerError
from crawler.options import archive_address, wrong
from crawler.plainly import plainly
from crawler.session import Session, ledger_path
from crawler.spiders.page import PageSpider
from crawler.store import Store

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
            raise wrong("one page is needed: an id, an address or a file, as in `scrapy inspect 33951`")
        what = args[0].strip()
        specimen = self._from_file(Path(what)) if Path(what).is_file() else self._from_archive(what, opts.fetch)
        if specimen is None:
            return int(self.exitcode)
        texts = inspect(specimen, specimen.replay or f"{archive_address(self._settings, 'ARCHIVE_PUBLIC_URL')}/web")
        print("\n".join(plainly(line) for text in texts for line in text.split("\n")))
        return Status.DONE

    @property
    def _settings(self) -> dict[str, object]:
        assert self.settings is not None
        return dict(self.settings)

    def _from_file(self, path: Path) -> Specimen:
        body = path.read_bytes()
        if body.startswith((b"WARC/", b"PK")) or path.name.endswith((".warc.gz", ".wacz")):
            raise wrong(f"{path} is an archive, not a page: name one of its articles by id, as in `scrapy inspect 33951`")
        page = read_page(decode_page(body).text)
        link = page.tree.css_first('link[rel="canonical"]')
        original = metadata(page, "og:url") or ((link.attributes.get("href") or "") if link is not None else "")
        original = original if article_id(original) else "https://www.hkcnews.com/"
        return Specimen(body, "", "", 200, article_id(original) or 0, _NOWHEN, original, f"the file {path}")

    def _from_archive(self, what: str, fetch: bool) -> Specimen | None:
        what = f"https://{what}" if re.match(r"[\w.-]+\.[a-z]{2,}/", what) else what
        site = wayback(archive_address(self._settings, "ARCHIVE_URL"), f"{archive_address(self._settings, 'ARCHIVE_PUBLIC_URL')}/web")
        found = site.parse_playback_url(what)
        capture = Capture(timestamp=found[0].ljust(14, "0"), original=found[2]) if found else None
        article = int(what) if what.isascii() and what.isdigit() else article_id(capture.original if capture else what)
        if not article:
            raise wrong(f"{what} is not a file, nor the id or address of an article of hkcnews.com")
        return (None if fetch else self._from_store(article, capture)) or self._fetched(article, capture)

    def _from_store(self, article: int, capture: Capture | None) -> Specimen | None:
        """The capture that the article's file was made of, or the last one fetched."""
        output = Path(str(self.setting("OUTPUT_DIR")))
        if not ledger_path(output).exists():
            return None
        try:
            with Ledger(ledger_path(output)) as ledger:
                rows = [row for row in ledger.captures(article) if row.warc]
                settled = ledger.article(article)
        except LedgerError as error:
            raise Fatal(Status.STORAGE, str(error)) from error
        if capture is not None:
            rows = [row for row in rows if (row.capture.timestamp, row.capture.original) == (capture.timestamp, capture.original)]
        rows.sort(key=lambda row: settled is not None and row.id == settled.capture)
        if not rows:
            return None
        row = rows[-1]
        try:
            stored = Store(output / "warc").read(Place(row.warc, row.warc_offset, row.warc_length))
        except (OSError, WarcDamaged) as error:
            raise Fatal(Status.STORAGE, f"the store cannot be read: {error}. Use --fetch to fetch the page again") from error
        content_type = first(stored.headers, "content-type") or ""
        whence = f"the store, {row.warc} at byte {row.warc_offset}; digest: {row.digest_result}"
        return Specimen(
            stored.payload, row.coding, content_type, stored.status, article, row.served_timestamp, row.served_original, whence, row.replay
        )

    def _fetched(self, article: int, capture: Capture | None) -> Specimen | None:
        logging.getLogger("scrapy").setLevel(logging.ERROR)
        session = Session(self._settings, {"inspect": str(article)})
        try:
            if not session.sites:
                raise wrong("SOURCES names no archive to fetch from; the files in it are read by a crawl")
            site = session.sites[0]
            assert self.settings is not None
            settings = self.settings.copy()
            settings.setdict({"LOG_ENABLED": True, "LOG_LEVEL": "WARNING", "USER_AGENT": session.user_agent}, priority="cmdline")
            process = AsyncCrawlerProcess(settings)
            crawler = process.create_crawler(PageSpider)
            process.crawl(crawler, session=session, site=site, article=article, capture=capture)
            process.start()
            reply = crawler.spider.reply if isinstance(crawler.spider, PageSpider) else None
            if reply is None:
                session.end(Status.ERROR, "no page came, and nothing said why; the log may")
        finally:
            session.close()
        if reply is None:
            self.exitcode = report(session.ending or Ending(Status.ERROR))
            return None
        content_type = first(reply.headers, "content-type") or ""
        coding = declared_coding(reply.headers) or ""
        return Specimen(reply.body, coding, content_type, reply.status, article, reply.timestamp, reply.original, site.address, site.public)
