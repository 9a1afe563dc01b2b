"""After a crash: captures that reached the store, but whose ledger row was not committed, are told to the ledger.

So they are read from the store and not asked for again.
"""

from __future__ import annotations

import logging

from crawler.archive import digest as digests
from crawler.archive.headers import declared_coding, first
from crawler.archive.playback import Answer
from crawler.archive.warc import Place, StoredCapture, WarcDamaged
from crawler.hkcnews.urls import article_id
from crawler.ledger import Ledger
from crawler.store import Store

logger = logging.getLogger(__name__)


def reconcile(ledger: Ledger, store: Store) -> int:
    """Compare the files that a run left without marking them as known with the ledger; gives the number of captures that
    the ledger lacked."""
    found = 0
    for name, size in store.files().items():
        if ledger.meta(_key(name)) == str(size):
            continue
        with ledger.batch():
            found += _read(ledger, store, name)
            ledger.set_meta(_key(name), str(size))
    if found:
        logger.info("%d captures that an earlier run fetched before it broke off are taken from the store", found)
    return found


def _read(ledger: Ledger, store: Store, name: str) -> int:
    found = 0
    try:
        for place, stored in store.records(name):
            found += _tell(ledger, place, stored)
    except WarcDamaged as damage:
        logger.warning("the store's %s is not whole (%s); what comes before is kept", name, damage)
    return found


def mark_known(ledger: Ledger, store: Store) -> None:
    """At the end of a run: everything in the store is in the ledger."""
    with ledger.batch():
        for name, size in store.files().items():
            ledger.set_meta(_key(name), str(size))


def _key(name: str) -> str:
    return f"warc {name}"


def _tell(ledger: Ledger, place: Place, stored: StoredCapture) -> bool:
    article = article_id(stored.original)
    rows = ledger.captures(article) if article else []
    row = next((row for row in rows if (row.capture.timestamp, row.capture.original) == (stored.timestamp, stored.original)), None)
    if row is None or row.warc:
        return False
    coding = declared_coding(stored.headers) or ""
    check = digests.check(stored.payload, coding, row.capture.digest, headers=stored.headers)
    redirect = 300 <= stored.status < 400 and first(stored.headers, "location") is not None
    ledger.note(
        row.id,
        answer=(Answer.ARCHIVED_REDIRECT if redirect else Answer.CAPTURE).value,
        status=stored.status,
        digest_result=check.result.value,
        digest_reason=check.reason.value,
        served_timestamp=stored.timestamp,
        served_original=stored.original,
        coding=coding,
        warc=place.file,
        warc_offset=place.offset,
        warc_length=place.length,
    )
    return True
