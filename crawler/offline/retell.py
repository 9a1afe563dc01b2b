"""The versions of one article, told anew from the captures that the store still has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from crawler.archive.digest import DigestResult
from crawler.archive.warc import Place
from crawler.archive.warcrecord import WarcDamaged
from crawler.judging import Judge
from crawler.ledger import ArticleRow, CaptureRow, Ledger, State
from crawler.offline.job import NO_VERSION
from crawler.reading import Read
from crawler.store import Store
from crawler.versions import digest_of, said

GONE = "no longer in the store"
MISMATCH = "its bytes do not match the digest of the archive's index"


@dataclass(frozen=True, slots=True)
class Telling:
    """A capture and what it says. `text`: title and text, see `said`; None when it cannot be read again, `why` not. `sha256` is of it,
    or of what the ledger noted. `fault`: what is known to be wrong with the capture; `made`: whether the article's file is from it."""

    timestamp: str
    original: str
    replay: str
    source: str
    sha256: str
    text: str | None = None
    why: str = ""
    fault: str = ""
    made: bool = False
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class Version:
    """Captures that say the same, earliest first. `text` as in Telling: None when none of them can be read again."""

    sha256: str
    tellings: tuple[Telling, ...]

    @property
    def text(self) -> str | None:
        return next((one.text for one in self.tellings if one.text is not None), None)

    @property
    def made(self) -> bool:
        """Whether the article's file is from one of them."""
        return any(one.made for one in self.tellings)


def versions(ledger: Ledger, store: Store, row: ArticleRow, read: Read) -> list[Version]:
    """All versions of an article that are known, in the order of their first captures. Pages go through `read`, one by one."""
    found: dict[str, list[Telling]] = {}
    for one in sorted(_tellings(ledger, store, row, read), key=lambda one: (one.timestamp, one.original)):
        found.setdefault(one.sha256, []).append(one)
    return [Version(digest, tuple(tellings)) for digest, tellings in found.items()]


def _tellings(ledger: Ledger, store: Store, article: ArticleRow, read: Read) -> Iterator[Telling]:
    rows = ledger.captures(article.id)
    made = next((_served(row) for row in rows if row.id == article.capture and article.state is State.RECOVERED), None)
    noted = {(row.timestamp, row.original): row for row in ledger.versions(article.id)}
    judge = Judge(read, lambda *_, **__: None)
    seen: set[tuple[str, str]] = set()
    for row in rows:
        key = _served(row)
        if not row.warc or key in seen or (row.verdict in NO_VERSION and key not in noted):
            continue
        before = noted[key].sha256 if key in noted else ""
        if (telling := _told(judge, store, row, before, made == key)) is not None:
            seen.add(key)
            yield telling
    for key, version in noted.items():
        if key not in seen:
            of = next((row for row in rows if row.id == version.capture), None)
            yield Telling(*key, of.replay if of else "", of.source if of else "", version.sha256, why=GONE, made=made == key)


def _told(judge: Judge, store: Store, row: CaptureRow, noted: str, made: bool) -> Telling | None:
    """What a capture in the store says; None when it is no article, and never was one. `noted`: the digest in the ledger."""
    fault = MISMATCH if row.digest_result == DigestResult.MISMATCH.value else ""
    about = (*_served(row), row.replay, row.source)
    try:
        found = judge.recovered(row, store.read(Place(row.warc, row.warc_offset, row.warc_length), _served(row)))
    except FileNotFoundError:
        return Telling(*about, noted, None, GONE, fault, made) if noted else None
    except (OSError, WarcDamaged) as error:
        return Telling(*about, noted, None, f"it cannot be read: {error}", fault, made, damaged=True)
    if found.article is None or found.differences:
        why = "; ".join(found.differences) or found.judgement.because or found.verdict.value
        return Telling(*about, noted, None, f"this version of the software cannot extract it: {why}", fault, made) if noted else None
    text = said(found.article.title, found.article.body)
    return Telling(*about, digest_of(text), text, "", fault, made)


def _served(row: CaptureRow) -> tuple[str, str]:
    return row.served_timestamp or row.capture.timestamp, row.served_original or row.capture.original
