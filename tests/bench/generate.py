"""Synthetic archives of any size: as the store and the ledger of a crawl, and as an archive for the stand-in.

`python -m tests.bench.generate FOLDER --pages N` writes an output directory with a full store, ready for `scrapy
extract`.
"""

from __future__ import annotations

import argparse
import multiprocessing
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from uuid import UUID

from crawler.ledger import ArticleRow, Ledger, State
from crawler.markdown.document import relative_path
from crawler.recovery.listing import queries
from crawler.recovery.sources import WAYBACK
from crawler.recovery.store import capture_columns
from crawler.warc.writer import CaptureOrigin, RecordLocation, WarcWriter
from crawler.wayback.capture import Capture
from crawler.wayback.cdx import CdxPage
from crawler.wayback.digest import DigestCheck, DigestResult, payload_digest
from crawler.wayback.playback import Answer, Reply
from tests.bench.pages import Page, page
from tests.standin import Archive, Row

PUBLIC = "https://archive.example"
FULL = 5000
"""Pages in one WARC file; many files can be written at once."""
_HEADERS = (("Content-Type", "text/html; charset=utf-8"),)
_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Written:
    """An article's capture, and where it was written; no place if it was not."""

    article: int
    capture: Capture
    place: RecordLocation | None = None


def write_warc(path: Path, pages: Iterable[Page], seed: int = 0) -> Iterator[Written]:
    """Write pages as the store would, one after another; the same pages give the same bytes."""
    chance = Random(f"{seed}/{path.name}")

    def new_uuid() -> UUID:
        return UUID(int=chance.getrandbits(128), version=4)

    made = WarcWriter(path, software="tests.bench", clock=lambda: _MOMENT, new_uuid=new_uuid, sync=False)
    with closing(made) as writer:
        for one in pages:
            digest = payload_digest(one.body)
            address = f"{PUBLIC}/web/{one.timestamp}id_/{one.original}"
            origin = CaptureOrigin(address, WAYBACK, f"{PUBLIC}/web")
            reply = Reply(one.original, one.timestamp, 200, _HEADERS, one.body, answer=Answer.CAPTURE)
            place = writer.append(reply, DigestCheck(DigestResult.MATCH, one.body, digest=digest), origin)
            yield Written(one.number, _capture(one.original, one.timestamp, digest), place)


def write_ledger(path: Path, written: Iterable[Sequence[Written]]) -> None:
    """A ledger in which all these articles are listed, those with a place fetched, and each is settled from its last
    capture."""
    with Ledger(path, PUBLIC) as ledger:
        ledger.add_source(WAYBACK, f"{PUBLIC}/web")
        listing, _ = ledger.open_listing(f"{[*queries(None, FULL)]}")
        run = ledger.begin_run({}, "bench")
        for some in written:
            with ledger.batch():
                ledger.add_page(
                    listing, WAYBACK, [(one.article, one.capture) for one in some], 0, CdxPage(resume_key="more")
                )
                for one in some:
                    _settle(ledger, run, one)
        ledger.add_page(listing, WAYBACK, [], 0, CdxPage())
        ledger.end_run(run, 0, "done")


def _settle(ledger: Ledger, run: int, one: Written) -> None:
    row = ledger.captures(one.article)[-1]
    check = DigestCheck(DigestResult.MATCH, b"")
    reply = Reply(one.capture.original, one.capture.timestamp, 200, _HEADERS, b"", answer=Answer.CAPTURE)
    about = capture_columns(reply, check, one.place)
    ledger.note(row.id, verdict="article", because="", **about)
    file = (Path("articles") / relative_path(one.article)).as_posix()
    sources = dict.fromkeys(("title", "date", "author", "category", "tags"), "markup")
    ledger.settle(ArticleRow(one.article, State.RECOVERED, capture=row.id, file=file, sha256="0" * 64), run, sources)


def write_store(output: Path, numbers: range, seed: int = 0) -> None:
    """An output directory whose store has the pages of these articles and whose ledger knows them; memory does not grow
    with them."""
    (output / "warc").mkdir(parents=True)
    parts = [(output / "warc", numbers[start : start + FULL], seed) for start in range(0, len(numbers), FULL)]
    if len(parts) == 1:
        write_ledger(output / "ledger.sqlite", map(_write_part, parts))
        return
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        write_ledger(output / "ledger.sqlite", pool.imap(_write_part, parts))


def _write_part(part: tuple[Path, range, int]) -> list[Written]:
    folder, numbers, seed = part
    path = folder / f"hkcnews-bench-{numbers[0]:05}.warc.gz"
    return list(write_warc(path, (page(number, seed) for number in numbers), seed))


def write_settled(output: Path, articles: int) -> None:
    """An output directory in which so many articles are settled, as the ledger and the files' names tell; nothing is in
    the store."""
    output.mkdir(parents=True)
    rows = [Written(article, capture) for article in range(1, articles + 1) for capture in _listed(article)]
    write_ledger(output / "ledger.sqlite", (rows[start : start + FULL] for start in range(0, len(rows), FULL)))
    for article in range(1, articles + 1):
        path = output / "articles" / relative_path(article)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def settled_archive(articles: int) -> Archive:
    """What lists the captures of `write_settled`, and can replay none."""
    archive = Archive()
    for article in range(1, articles + 1):
        archive.list(
            *(
                Row(c.urlkey, c.timestamp, c.original, c.mimetype, c.statuscode, c.digest, c.length)
                for c in _listed(article)
            )
        )
    return archive


def page_archive(numbers: range, seed: int = 0) -> Archive:
    """An archive that has the pages of these articles."""
    archive = Archive()
    for one in (page(number, seed) for number in numbers):
        archive.add(one.original, one.timestamp, one.body, headers=_HEADERS)
    return archive


def _listed(article: int) -> Iterator[Capture]:
    """Two captures of an article, as many as real articles have on average, without making its page."""
    for timestamp in ("20190304050607", "20210304050607"):
        digest = payload_digest(f"{article} {timestamp}".encode())
        yield _capture(f"https://www.hkcnews.com/article/{article}/%E7%87%88%E5%A1%94", timestamp, digest)


def _capture(original: str, timestamp: str, digest: str) -> Capture:
    key = f"com,hkcnews)/{original.partition('hkcnews.com/')[2].lower()}"
    return Capture(
        urlkey=key,
        timestamp=timestamp,
        original=original,
        mimetype="text/html",
        statuscode="200",
        digest=digest,
        length="14000",
    )


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.bench.generate", description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder that does not exist yet")
    parser.add_argument(
        "--pages", type=int, default=1000, metavar="N", help="articles, one page each (default: %(default)s)"
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="the same seed, the same bytes (default: %(default)s)"
    )
    options = parser.parse_args()
    write_store(options.folder, range(1, options.pages + 1), options.seed)


if __name__ == "__main__":
    main()
