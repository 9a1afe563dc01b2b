"""Where captures are looked for: web archives behind an address, and files of web archives on this machine."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from crawler.hkcnews.urls import article_id
from crawler.ledger import CaptureRow, Ledger
from crawler.utils.text import counted
from crawler.warc.captures import ArchivedCapture, Damage, resolve_revisits
from crawler.warc.files import find_files, read_archived, scan_file
from crawler.warc.record import WarcDamaged
from crawler.warc.remote import Location
from crawler.warc.streams import state_of
from crawler.warc.writer import REWRITTEN_VIEW
from crawler.wayback.archive import WebArchive
from crawler.wayback.playback import Reply, reply_of

logger = logging.getLogger(__name__)

WAYBACK = "wayback"
PYWB = "pywb+"
_UNPREFIXED = ("content-type", "location")
_SOME = 2000
"""Captures that are handed over at once."""
Indexed = list[tuple[int, ArchivedCapture]]
"""Captures with the articles that they are of."""


@dataclass(frozen=True, slots=True)
class WebArchiveFiles:
    """A file of web archives (WARC, WACZ), or a folder of them; `name` is that of the file or folder alone."""

    name: str
    path: Location


Source = WebArchive | WebArchiveFiles


def index_files(source: WebArchiveFiles, ledger: Ledger) -> None:
    """Tell the ledger what a file holds, unless nothing changed since it was told. Raises OSError, CommandError."""
    # Changes when a file is added, taken away, moved or written.
    seal = ";".join(f"{path} {state_of(path)}" for path in find_files([source.path]))
    key = f"holdings {source.name}"
    if ledger.meta(key) == seal:
        return
    with ledger.batch():
        ledger.forget_file_captures(source.name)
        passed: Counter[str] = Counter()
        indexed = index_captures([source.path], lambda damage: logger.warning("%s", damage), passed)
        new = sum(ledger.add_file_captures(source.name, some) for some in indexed)
        ledger.set_meta(key, seal)
    skipped = describe_counts(passed) or "nothing"
    logger.info("%s holds %s not known before; passed over: %s", source.name, counted(new, "capture"), skipped)


def index_captures(
    paths: Sequence[Location], damaged: Callable[[Damage], object], passed: Counter[str]
) -> Iterator[Indexed]:
    """What files hold of articles, some at a time, so that any number of captures fits into memory.

    `damaged` is told what cannot be read of articles, or of what is not known; `passed` counts the records that are
    passed over, by words for one of their kind. Raises OSError, CommandError.
    """
    files = find_files(paths)
    revisits: list[ArchivedCapture] = []
    some: Indexed = []
    for thing in (thing for path in files for thing in scan_file(path, passed)):
        original = thing.original if isinstance(thing, Damage) else thing.capture.original
        article = article_id(original)
        if isinstance(thing, Damage):
            if original and article is None:
                passed["damaged record of other addresses"] += 1
            else:
                damaged(thing)
        elif article is None:
            passed["capture of other addresses"] += 1
        elif thing.capture.is_revisit:
            revisits.append(thing)
        else:
            some.append((article, _as_listed(thing)))
            if len(some) == _SOME:
                yield some
                some = []
    yield some
    if revisits:
        yield _resolved(files, revisits, damaged)


def describe_counts(passed: Mapping[str, int]) -> str:
    """How many records of which kind were passed over, the most frequent first."""
    ordered = sorted(passed.items(), key=lambda pair: (-pair[1], pair[0]))
    parted = ((count, *what.partition(" of ")) for what, count in ordered)
    return ", ".join(f"{counted(count, thing)}{of}{rest}" for count, thing, of, rest in parted)


def _resolved(
    files: Sequence[Location], revisits: Sequence[ArchivedCapture], damaged: Callable[[Damage], object]
) -> Indexed:
    """Revisits with the records that have their payloads, which may stand anywhere in the files."""
    wanted = {revisit.capture.digest for revisit in revisits}
    payloads = [
        thing
        for path in files
        for thing in scan_file(path)
        if isinstance(thing, ArchivedCapture)
        and not thing.capture.is_revisit
        and ("" in wanted or thing.capture.digest in wanted)
    ]
    found = []
    for thing in resolve_revisits([*payloads, *revisits]):
        if isinstance(thing, Damage):
            damaged(thing)
        elif thing.payload is not None and (article := article_id(thing.capture.original)) is not None:
            found.append((article, _as_listed(thing)))
    return found


def _as_listed(held: ArchivedCapture) -> ArchivedCapture:
    """A capture with the digest to compare its bytes with, and whether it is a rewritten view: as the metadata of a
    store like ours says, which has what the index gave; the digest else the payload's own, where the record states one
    of other bytes."""
    digest = held.about.get("cdxDigest") or held.links.digest or held.capture.digest
    rewritten = held.rewritten or held.about.get("view") == REWRITTEN_VIEW
    return replace(held, capture=replace(held.capture, digest=digest), rewritten=rewritten)


def reply_from_file(row: CaptureRow) -> Reply:
    """A capture out of a file, as an archive's playback would answer. Raises WarcDamaged, OSError."""
    if row.from_file is None:
        raise WarcDamaged(f"{row.source} was changed and has it no more")
    reply = reply_of(read_archived(row.from_file))
    headers = (
        (name if name.lower() in _UNPREFIXED else f"x-archive-orig-{name}", value) for name, value in reply.headers
    )
    return replace(reply, headers=tuple(headers))


def describe_location(row: CaptureRow) -> str:
    """Where a file has the capture, in words that name no folder of this machine."""
    if row.from_file is None:
        return row.source
    place = row.from_file.place
    return f"{Path(place.file).name} at byte {place.offset}"
