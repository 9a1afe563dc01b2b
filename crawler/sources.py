"""Where captures are looked for: web archives behind an address, and files of web archives on this machine, in one order."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from crawler.archive.headers import first
from crawler.archive.holdings import Damage, Holding, NotAnArchive, Skipped, Why, find_files, read, resolve, scan
from crawler.archive.playback import Answer, Reply
from crawler.archive.site import Site, pywb, wayback
from crawler.archive.warc import REWRITTEN_VIEW
from crawler.archive.warcrecord import WarcDamaged
from crawler.hkcnews.urls import article_id
from crawler.ledger import CaptureRow, Ledger
from crawler.options import archive_address, check_address, wrong

logger = logging.getLogger(__name__)

WAYBACK = "wayback"
PYWB = "pywb+"
_UNPREFIXED = ("content-type", "location")
_SOME = 2000
"""Captures that are handed over at once."""


@dataclass(frozen=True, slots=True)
class Files:
    """A file of web archives (WARC, WACZ), or a folder of them; `name` is that of the file or folder alone."""

    name: str
    path: Path

    @property
    def seal(self) -> str:
        """Changes when a file is added, taken away, moved or written."""
        stats = [(path, path.stat()) for path in find_files([self.path])]
        return ";".join(f"{path} {stat.st_size} {stat.st_mtime_ns}" for path, stat in stats)


Source = Site | Files


def read_sources(settings: Mapping[str, object]) -> tuple[Source, ...]:
    """SOURCES in order; raises Fatal naming the mistake."""
    value = settings.get("SOURCES")
    parts = value if isinstance(value, (list, tuple)) else str(value or "").split(",")
    sources = tuple(_source(str(part).strip(), settings) for part in parts)
    names = [source.name for source in sources]
    for name in names:
        if names.count(name) > 1:
            raise wrong(f"SOURCES={value}: {name} is named twice")
    return sources


def _source(text: str, settings: Mapping[str, object]) -> Source:
    if text == WAYBACK:
        return wayback(archive_address(settings, "ARCHIVE_URL"), f"{archive_address(settings, 'ARCHIVE_PUBLIC_URL')}/web")
    if text.startswith(PYWB):
        address, _, public = text.removeprefix(PYWB).partition("=")
        return pywb(check_address(address, "SOURCES"), check_address(public, "SOURCES") if public else "")
    path = Path(text)
    if not text or not path.exists():
        raise wrong(f"SOURCES={text}: {WAYBACK}, {PYWB}ADDRESS of a collection, or an existing WARC or WACZ file or folder is needed")
    return Files(path.resolve().name, path.resolve())


def take_stock(source: Files, ledger: Ledger) -> None:
    """Tell the ledger what a file holds, unless it was told and the file has not changed since. Raises OSError, NotAnArchive."""
    key, seal = f"holdings {source.name}", source.seal
    if ledger.meta(key) == seal:
        return
    with ledger.batch():
        ledger.forget_holdings(source.name)
        passed: Counter[str] = Counter()
        new = sum(ledger.hold(source.name, some) for some in index([source.path], _warn, lambda what: passed.update([what])))
        ledger.set_meta(key, seal)
    logger.info("%s holds %d captures that were not known; passed over: %s", source.name, new, in_words(passed) or "nothing")


def _warn(damage: Damage) -> None:
    logger.warning("%s at byte %d: %s", damage.file, damage.offset, damage.why)


def index(
    paths: Sequence[Path], damaged: Callable[[Damage], None], passed: Callable[[str], None] = lambda what: None
) -> Iterator[list[tuple[int, Holding]]]:
    """What files hold of articles, with the articles, some at a time, so that any number of captures fits into memory.

    `damaged` is told what cannot be read of articles, or of what is not known; `passed` of each record that is passed over, in words for
    several of its kind. Raises OSError, NotAnArchive.
    """
    files = find_files(paths)
    revisits: list[Holding] = []
    some: list[tuple[int, Holding]] = []
    for thing in (thing for path in files for thing in scan(path, skipped=lambda record: passed(_kind(record)))):
        original = thing.original if isinstance(thing, Damage) else thing.capture.original
        article = article_id(original)
        if isinstance(thing, Damage):
            if original and article is None:
                passed("damaged records of other addresses")
            else:
                damaged(thing)
        elif article is None:
            passed("captures of other addresses")
        elif thing.capture.is_revisit:
            revisits.append(thing)
        else:
            some.append((article, as_listed(thing)))
            if len(some) == _SOME:
                yield some
                some = []
    yield some
    if revisits:
        yield _resolved(files, revisits, damaged)


def _kind(record: Skipped) -> str:
    if record.why is Why.ARCHIVES_OWN:
        return "pages of an archive's own"
    return f"{record.kind} records" + (" of another protocol" if record.why is Why.NOT_HTTP else "")


def in_words(passed: Mapping[str, int]) -> str:
    """How many records of which kind were passed over, the most frequent first."""
    return ", ".join(f"{count:,} {what}" for what, count in sorted(passed.items(), key=lambda pair: (-pair[1], pair[0])))


def _resolved(files: Sequence[Path], revisits: Sequence[Holding], damaged: Callable[[Damage], None]) -> list[tuple[int, Holding]]:
    """Revisits with the records that have their payloads, which may stand anywhere in the files."""
    wanted = {revisit.capture.digest for revisit in revisits}
    others = (thing for path in files for thing in scan(path) if isinstance(thing, Holding) and not thing.capture.is_revisit)
    payloads = [thing for thing in others if "" in wanted or thing.capture.digest in wanted]
    found = []
    for thing in resolve([*payloads, *revisits]):
        if isinstance(thing, Damage):
            damaged(thing)
        elif thing.payload is not None and (article := article_id(thing.capture.original)) is not None:
            found.append((article, as_listed(thing)))
    return found


def as_listed(held: Holding) -> Holding:
    """A holding with the digest to compare its bytes with, and whether it is a rewritten view: as the metadata of a store like ours says,
    which has what the index gave; the digest else the payload's own, where the record states one of other bytes."""
    digest, rewritten = held.about.get("cdxDigest") or held.links.digest, held.rewritten or held.about.get("view") == REWRITTEN_VIEW
    return replace(held, capture=replace(held.capture, digest=digest or held.capture.digest), rewritten=rewritten)


def reply_of(row: CaptureRow) -> Reply:
    """A capture out of a file, as an archive's playback would answer. Raises WarcDamaged, OSError."""
    if row.held is None:
        raise WarcDamaged(f"{row.source} was changed and has it no more")
    stored = read(row.held)
    target = first(stored.headers, "location") if 300 <= stored.status < 400 else None
    headers = tuple((name if name.lower() in _UNPREFIXED else f"x-archive-orig-{name}", value) for name, value in stored.headers)
    answer = Answer.ARCHIVED_REDIRECT if target else Answer.CAPTURE
    location = (stored.timestamp, target) if target else None
    return Reply(answer, stored.status, stored.timestamp, stored.original, location, headers, stored.payload)


def where_held(row: CaptureRow) -> str:
    """Where a file has the capture, in words that name no folder of this machine."""
    return f"{Path(row.held.place.file).name} at byte {row.held.place.offset}" if row.held is not None else row.source


__all__ = ["WAYBACK", "Files", "NotAnArchive", "Source", "index", "read_sources", "reply_of", "take_stock", "where_held"]
