"""What files of web archives hold, of anybody's making: found, listed, and read without trusting a short or damaged record."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from crawler.archive.archivefile import find_files, sources
from crawler.archive.holding import Damage, Holding, NotAnArchive, Skipped, Why
from crawler.archive.recorded import address_of, fields_in, held_in, stored_in
from crawler.archive.revisits import resolve
from crawler.archive.unpack import Broken
from crawler.archive.warc import Place
from crawler.archive.warcframe import MAX_RECORD, Frame, Gap, Proven, fetch, frames
from crawler.archive.warcread import last_whole
from crawler.archive.warcrecord import Malformed, StoredCapture, WarcDamaged

__all__ = ["Damage", "Holding", "NotAnArchive", "Skipped", "Why", "find_files", "last_whole", "read", "resolve", "scan"]


def scan(
    path: Path, *, max_bytes: int = MAX_RECORD, skipped: Callable[[Skipped], None] = lambda record: None
) -> Iterator[Holding | Damage]:
    """The captures in one file, in order, and what of it cannot be read. Revisits are not resolved yet.

    Where checksums of the packing vouch for a record its digests are left to `read`; else they are compared here. A record larger
    than `max_bytes` when unpacked is Damage. `skipped` is told of whole records that are no captures. Raises OSError only.
    """
    for source in sources(path):
        if isinstance(source, Damage):
            yield source
        else:
            yield from _trusted(_described(frames(source, max_bytes), skipped), source.name)


def read(holding: Holding, *, max_bytes: int = MAX_RECORD) -> StoredCapture:
    """The capture with its payload, chunks taken off and content coding left on, after comparing lengths and digests: that of
    the payload always, that of the block where no checksum of the packing vouches for it.

    A digest of the payload may have been taken over the bytes with chunks, without, decoded, or over the whole block: writers differ. Of a
    record of the Wayback Machine's playback, headers are those archived. Raises WarcDamaged naming file and offset; OSError.
    """
    capture, place = holding.capture, holding.place
    if capture.is_revisit and holding.payload is None:
        raise WarcDamaged(f"{place.file} at byte {place.offset}: a revisit whose payload has not been looked for")
    frame = _fetch(place, max_bytes)
    payload = _fetch(holding.payload, max_bytes) if holding.payload else None
    try:
        stored = stored_in(frame, payload)
        if (stored.original, stored.timestamp) != (capture.original, capture.timestamp):
            raise Malformed(f"this is {stored.original} at {stored.timestamp}, not {capture.original} at {capture.timestamp}")
    except Malformed as error:
        raise WarcDamaged(f"{place.file} at byte {place.offset}: {error}") from error
    return stored


def _fetch(place: Place, max_bytes: int) -> Frame:
    try:
        return fetch(place.file, place.offset, place.length, max_bytes)
    except (Malformed, Broken) as error:
        raise WarcDamaged(f"{place.file} at byte {place.offset}: {error}") from error


_USUAL = 50
"""After so many digests of payloads in a row nothing else is expected of a writer: comparing all would take a fifth of the time."""
_Thing = Holding | Damage | Gap | Proven


def _described(items: Iterable[Frame | Gap | Proven], skipped: Callable[[Skipped], None]) -> Iterator[_Thing]:
    """Records as holdings; each waits for the metadata record that follows it."""
    last: Holding | None = None
    usual = 0
    for item in items:
        if isinstance(item, Frame) and item.head.kind == "warcinfo":
            usual = 0  # another writer's records may follow
        if isinstance(item, Frame) and last is not None and _is_beside(item, last):
            if item.head.kind == "metadata":
                last = replace(last, about={**last.about, **fields_in(item)})
            skipped(Skipped(item.file, item.offset, Why.OTHER_KIND, item.head.kind))
            continue
        thing = _thing(item, trusted=usual >= _USUAL) if isinstance(item, Frame) else item
        if isinstance(thing, Holding) and isinstance(item, Frame) and item.head.get("warc-payload-digest"):
            usual = 0 if thing.links.digest else usual + 1
        if isinstance(thing, Skipped):
            skipped(thing)
            continue
        if last is not None:
            yield last
        last = thing if isinstance(thing, Holding) else None
        if not isinstance(thing, Holding):
            yield thing
    if last is not None:
        yield last


def _is_beside(frame: Frame, held: Holding) -> bool:
    head, wanted = frame.head, held.links.record_id
    beside = head.get("warc-concurrent-to"), head.get("warc-refers-to")
    return bool(wanted) and head.kind in ("metadata", "request") and wanted in beside


def _thing(frame: Frame, *, trusted: bool) -> Holding | Skipped | Damage:
    try:
        return held_in(frame, trusted=trusted)
    except Malformed as error:
        behind = frame.offset + frame.length
        why = f"one capture is lost: {error}; reading went on at byte {behind}"
        return Damage(frame.file, frame.offset, why, address_of(frame.head))


def _trusted(things: Iterable[_Thing], name: str) -> Iterator[Holding | Damage]:
    """Holdings that share a compressed stream are given when its checksum has come; if it is wrong, those that their own digests prove."""
    waiting: list[Holding | Damage] = []
    for thing in things:
        if isinstance(thing, Proven):
            yield from waiting
            waiting.clear()
        elif isinstance(thing, Gap):
            if thing.file == name:
                yield from map(_proven, waiting)
                waiting.clear()
            damage = _damage(thing)
            if thing.file == name:
                yield damage
            else:
                waiting.append(damage)
        elif (thing.place.file if isinstance(thing, Holding) else thing.file) != name:
            waiting.append(thing)
        else:
            yield thing
    yield from map(_proven, waiting)


def _proven(thing: Holding | Damage) -> Holding | Damage:
    if isinstance(thing, Damage) or thing.links.checked:
        return thing
    why = "one capture is lost: what it is packed in is damaged further on, and it has no digest of its own; reading went on behind it"
    return Damage(thing.place.file, thing.place.offset, why, thing.capture.original)


def _damage(gap: Gap) -> Damage:
    end = "the rest of the file cannot be read" if gap.following is None else f"reading went on at byte {gap.following}"
    return Damage(gap.file, gap.offset, f"{gap.why}; {end}", address_of(gap.head) if gap.head is not None else "")
