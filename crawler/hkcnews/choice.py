"""Which capture of an article to take first: one order over all its captures."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from crawler.archive.capture import EMPTY_DIGEST, Capture
from crawler.hkcnews.urls import misspelling

SHARED_BY = 100
"""A digest under this many articles is the farewell page or its like. Fewer may be an article that was published under several ids: two to
twenty, as far as is known."""

_REAL, _UNKNOWN, _REDIRECT, _ERROR, _BAD = range(5)


def ranked(captures: Sequence[Capture], bad_digests: Collection[str] = ()) -> list[Capture]:
    """The captures of one article, best first; see `order`."""
    return [captures[i] for i in order(captures, bad_digests)]


def order(captures: Sequence[Capture], bad_digests: Collection[str] = (), preference: Sequence[int] = ()) -> list[int]:
    """In which order to take the captures of one article: their places in `captures`, best first.

    Real answers (200, and revisits of them) before unresolved revisits, redirects and errors; digests known bad last of all;
    then newest first, because articles were corrected; among captures of the same bytes the preferred source first (`preference`
    has a number for each capture, lower is better), then the well-spelt address. No
    date excludes a capture: 6,519 articles of the public backup were captured after the site's closing.
    """
    if len(captures) == 1:
        return [0]
    statuses = resolved(captures)
    newest: dict[tuple[int, str], int] = {}
    places: dict[Capture, tuple[int, str]] = {}
    for capture in captures:
        bytes_of = capture.digest or f"{capture.timestamp} {capture.original}"  # without a digest nothing is known to be the same
        place = places[capture] = _kind(capture, statuses, bad_digests), bytes_of
        newest[place] = max(newest.get(place, 0), _time(capture))

    def key(number: int) -> tuple[int, int, str, int, int, int, str, bool, str]:
        capture = captures[number]
        kind, bytes_of = places[capture]
        wanted = preference[number] if preference else 0
        spelling, is_revisit = misspelling(capture.original), not capture.statuscode.isdigit()
        return kind, -newest[kind, bytes_of], bytes_of, wanted, spelling, -_time(capture), capture.original, is_revisit, capture.statuscode

    return sorted(range(len(captures)), key=key)


def _time(capture: Capture) -> int:
    return int(capture.timestamp) if capture.timestamp.isascii() and capture.timestamp.isdigit() else 0


def resolved(captures: Sequence[Capture]) -> Mapping[Capture, str]:
    """The archived status of each capture; a revisit has that of a capture with the same digest, `-` if there is none."""
    known: dict[str, str] = {}
    for capture in captures:
        if capture.statuscode.isdigit() and capture.digest:  # the lowest, if it has several: bytes that were the article once are
            known[capture.digest] = min(capture.statuscode, known.get(capture.digest, capture.statuscode))
    return {capture: capture.statuscode if capture.statuscode.isdigit() else known.get(capture.digest, "-") for capture in captures}


def _kind(capture: Capture, statuses: Mapping[Capture, str], bad_digests: Collection[str]) -> int:
    status = statuses[capture]
    if status in ("200", "-"):
        is_bad = capture.digest in bad_digests or capture.digest == EMPTY_DIGEST
        return _BAD if is_bad else _REAL if status == "200" else _UNKNOWN
    return _REDIRECT if status.startswith("3") else _ERROR
