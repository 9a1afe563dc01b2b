"""After a crash: captures that reached the store, but whose ledger row was not committed, are told to the ledger.

So they are read from the store and not asked for again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from crawler.archive import digest as digests
from crawler.archive.headers import declared_coding, first
from crawler.archive.holdings import Damage, Holding, NotAnArchive
from crawler.archive.playback import Answer
from crawler.archive.warc import Place
from crawler.archive.warcrecord import WarcDamaged
from crawler.hkcnews.urls import article_id
from crawler.images.reconciling import is_image, tell_answer
from crawler.learnt import learnt
from crawler.ledger import CaptureRow, Ledger
from crawler.sources import WAYBACK
from crawler.store import OPEN, Store

logger = logging.getLogger(__name__)


def reconcile(ledger: Ledger, store: Store) -> int:
    """Compare the files that a run left without marking them as known with the ledger; gives the number of captures that
    the ledger lacked. A file with captures of articles that are not listed (yet) is looked at again the next time."""
    found = 0
    for name, size in store.files().items():
        if ledger.meta(_key(name)) == str(size):
            continue
        with ledger.batch():
            lacked, unknown = _read(ledger, store, name)
            found += lacked
            if not unknown:
                ledger.set_meta(_key(name), str(size))
    if found:
        logger.info("%d captures that an earlier run fetched before it broke off are taken from the store", found)
    return found


def _read(ledger: Ledger, store: Store, name: str) -> tuple[int, int]:
    """How many captures of a file the ledger lacked, and how many are of articles that it does not list."""
    found = unknown = 0
    try:
        for thing in store.records(name):
            if isinstance(thing, Damage):
                logger.warning("the store's %s is damaged at byte %d: %s", name, thing.offset, thing.why)
                continue
            if is_image(thing):
                found += tell_answer(ledger, store, name, thing)
                continue
            article = article_id(thing.capture.original)
            rows = ledger.captures(article) if article else []
            found += _tell(ledger, store, name, rows, thing)
            unknown += article is not None and not rows
    except NotAnArchive as error:
        logger.warning("the store's %s is left alone: %s", name, error)
    return found, unknown


def mark_known(ledger: Ledger, store: Store) -> None:
    """At the end of a run: all that it stored is in the ledger."""
    sizes = store.files()
    for name in store.made:
        if name in sizes:
            ledger.set_meta(_key(name), str(sizes[name]))


def _key(name: str) -> str:
    return f"warc {name}"


def _tell(ledger: Ledger, store: Store, name: str, rows: Sequence[CaptureRow], held: Holding) -> bool:
    key = (held.capture.timestamp, held.capture.original)
    source = held.about.get("source") or WAYBACK
    mine = [row for row in rows if (row.capture.timestamp, row.capture.original) == key and row.source == source]
    seekable = Path(held.place.file).name.removesuffix(OPEN) == name
    if not mine or mine[0].warc or not seekable:
        return False
    row, place = mine[0], Place(name, held.place.offset, held.place.length)
    try:
        stored = store.read(place)
    except WarcDamaged as damage:
        logger.warning("the store cannot be read: %s", damage)
        return False
    coding = declared_coding(stored.headers) or ""
    check = digests.check(stored.payload, coding, row.capture.digest, headers=stored.headers, known=stored.digest)
    redirect = 300 <= stored.status < 400 and first(stored.headers, "location") is not None
    answer = Answer.ARCHIVED_REDIRECT if redirect else Answer.CAPTURE
    ledger.note(row.id, **learnt(answer, stored.status, stored.headers, stored.timestamp, stored.original, check, place))
    return True
