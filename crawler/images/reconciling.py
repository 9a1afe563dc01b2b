"""After a crash: answers to requests for images that reached the store, but whose ledger row was not committed."""

from __future__ import annotations

import logging
import re
from pathlib import Path

from crawler.archive.headers import declared_coding, first
from crawler.archive.holdings import Holding
from crawler.archive.playback import Answer, escape
from crawler.archive.warc import Place
from crawler.archive.warcrecord import WarcDamaged
from crawler.images.fetching import FOUND
from crawler.ledger import Ledger
from crawler.ledger.images import ImageAnswer
from crawler.store import OPEN, Store

logger = logging.getLogger(__name__)

_ASKED = re.compile(r"/(\d{1,14})im_/(.+)\Z", re.DOTALL)


def is_image(held: Holding) -> bool:
    """Whether a record of our store came from a request for an image."""
    return held.about.get("found") == FOUND


def tell_answer(ledger: Ledger, store: Store, name: str, held: Holding) -> bool:
    """Tell the ledger of a record in the store's file `name`; gives whether it lacked it."""
    asked, source = _ASKED.search(held.about.get("fetchedFrom", "")), held.about.get("source", "")
    seekable = Path(held.place.file).name.removesuffix(OPEN) == name
    if asked is None or not seekable:
        return False
    timestamp, original = asked[1], escape(asked[2])
    if ledger.image_answer(source, timestamp, original) is not None:
        return False
    place = Place(name, held.place.offset, held.place.length)
    try:
        stored = store.read(place)
    except WarcDamaged as damage:
        logger.warning("the store cannot be read: %s", damage)
        return False
    location = first(stored.headers, "location") if 300 <= stored.status < 400 else None
    answer = Answer.CAPTURE if location is None else Answer.ARCHIVED_REDIRECT
    coding, target = declared_coding(stored.headers) or "", (stored.timestamp, location) if location else None
    said = ImageAnswer(answer.value, stored.status, stored.timestamp, stored.original, coding, target, place)
    ledger.tell_image_answer(source, timestamp, original, said, None)
    return True
