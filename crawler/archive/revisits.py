"""Finding the payloads of revisits among all that files hold, and leaving one of captures that several files hold."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from crawler.archive.holding import Damage, Holding

_Key = tuple[str, ...]


def resolve(holdings: Iterable[Holding]) -> list[Holding | Damage]:
    """All captures in order of time, each once, whatever the order in which they come.

    Of holdings with the same timestamp, original and digest the best is left: as stored, whole, with its own payload, then the first
    by file and offset. Revisits get `payload` and what they lack from the record that they refer to by its id, else by address and
    date, else by digest. One that finds none is Damage, once; so is one of another host's page if that was left out before.
    """
    ordered = sorted(holdings, key=_order)
    index = _index(held for held in ordered if not held.capture.is_revisit)
    found: dict[_Key, Holding] = {}
    lost: dict[_Key, Damage] = {}
    for given in ordered:
        held = _found(given, index)
        capture = held.capture if held is not None else given.capture
        key = capture.timestamp, capture.original, capture.digest
        if held is None:
            lost.setdefault(key, _lost(given))
        elif key not in found or _worth(held) < _worth(found[key]):
            found[key] = held
    return [*sorted(found.values(), key=_order), *(damage for key, damage in lost.items() if key not in found)]


def _order(held: Holding) -> tuple[str, str, str, str, int]:
    capture, place = held.capture, held.place
    return capture.timestamp, capture.original, capture.digest, place.file, place.offset


def _worth(held: Holding) -> tuple[bool, bool, bool, str, int]:
    return held.rewritten, bool(held.truncated), held.payload is not None, held.place.file, held.place.offset


def _index(payloads: Iterable[Holding]) -> dict[_Key, list[Holding]]:
    index: dict[_Key, list[Holding]] = {}
    for held in payloads:
        links = held.links
        for key in (("id", links.record_id), ("at", links.target, links.date), ("digest", held.capture.digest)):
            if all(key):
                index.setdefault(key, []).append(held)
    return index


def _payload(revisit: Holding, index: dict[_Key, list[Holding]]) -> Holding | None:
    links, digest = revisit.links, revisit.capture.digest
    fits: Callable[[Holding], bool] = lambda held: not digest or held.capture.digest in ("", digest)  # noqa: E731
    keys: list[_Key] = [("id", links.refers_to), ("at", links.refers_to_target, links.refers_to_date), ("digest", digest)]
    for key in keys:
        candidates = [held for held in index.get(key, ()) if all(key) and fits(held)]
        if candidates:
            return min(candidates, key=lambda held: (held.capture.original != revisit.capture.original, _worth(held)))
    return None


def _found(held: Holding, index: dict[_Key, list[Holding]]) -> Holding | None:
    if not held.capture.is_revisit or held.payload is not None:
        return held
    payload = _payload(held, index)
    return _joined(held, payload) if payload else None


def _joined(revisit: Holding, payload: Holding) -> Holding:
    own, other = revisit.capture, payload.capture
    capture = replace(
        own,
        mimetype=other.mimetype,
        statuscode=other.statuscode if own.statuscode in ("-", "304") else own.statuscode,
        digest=own.digest or other.digest,
    )
    links = replace(revisit.links, digest=payload.links.digest if capture.digest == other.digest else "")
    return replace(revisit, capture=capture, payload=payload.place, truncated=payload.truncated, rewritten=payload.rewritten, links=links)


def _lost(revisit: Holding) -> Damage:
    of = f" with the digest {revisit.capture.digest}" if revisit.capture.digest else ""
    why = f"the revisit of {revisit.capture.original} at {revisit.capture.timestamp} is lost: its payload{of} is in none of the files"
    return Damage(revisit.place.file, revisit.place.offset, why)
