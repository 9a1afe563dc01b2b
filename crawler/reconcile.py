"""After a crash: captures that reached the store, but whose ledger row was not committed, are told to the ledger.

So they are read from the store and not asked for again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from crawler.archive import digest as digests
from crawler.archive.headers import declared_coding, first
from crawler.archive.playback import Answer
from crawler.archive.warc import Place, StoredCapture, WarcDamaged
from crawler.hkcnews.urls import article_id
from crawler.learnt import learnt
from crawler.ledger import CaptureRow, Ledger
from crawler.store import Store

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
        for place, stored in store.records(name):
            article = article_id(stored.original)
            rows = ledger.captures(article) if article else []
            found += _tell(ledger, rows, place, stored)
            unknown += article is not None and not rows
    except WarcDamaged as damage:
        logger.warning("the store's %s is not whole (%s); what comes before is kept", name, damage)
    return found, unknown


def mark_known(ledger: Ledger, store: Store) -> None:
    """At the end of a run: all that it stored is in the ledger."""
    size = store.files().get(store.current)
    if size is not None:
        ledger.set_meta(_key(store.current), str(size))


def _key(name: str) -> str:
    return f"warc {name}"


def _tell(ledger: Ledger, rows: Sequence[CaptureRow], place: Place, stored: StoredCapture) -> bool:
    row = next((row for row in rows if (row.capture.timestamp, row.capture.original) == (stored.timestamp, stored.original)), None)
    if row is None or row.warc:
        return False
    coding = declared_coding(stored.headers) or ""
    check = digests.check(stored.payload, coding, row.capture.digest, headers=stored.headers)
    redirect = 300 <= stored.status < 400 and first(stored.headers, "location") is not None
    answer = Answer.ARCHIVED_REDIRECT if redirect else Answer.CAPTURE
    ledger.note(row.id, **learnt(answer, stored.status, stored.headers, stored.timestamp, stored.original, check, place))
    return True
