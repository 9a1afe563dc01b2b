"""Judging what a capture holds: its page is read in a child process, judged, and compared with its digest."""

from __future__ import annotations

import logging
import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import TimeoutError as TookTooLong
from dataclasses import replace
from http import HTTPStatus

from pebble import ProcessExpired, ProcessPool

from crawler.hkcnews.extract import Extraction, extract_capture
from crawler.hkcnews.verdict import ANY_ARTICLE, Judgement, Verdict
from crawler.ledger import CaptureRow
from crawler.ledger.ledger import VersionRow
from crawler.markdown.reader import version_digest
from crawler.markdown.style import SeedStyle, Style
from crawler.recovery.case import Case
from crawler.wayback.capture import StoredCapture
from crawler.wayback.digest import DigestCheck, cdx_digest
from crawler.wayback.http import CodingError, declared_coding, decode_what_came, first_header
from crawler.wayback.unrewrite import unrewrite

logger = logging.getLogger(__name__)

ReadPage = Callable[[StoredCapture, int, Style], Extraction]
"""Reads what was served when this article was asked for."""


def read_page(served: StoredCapture, article: int, style: Style) -> Extraction:
    """Decode, judge and extract. Whatever a page holds costs this page only: a failure of ours is a verdict."""
    try:
        decoded = decode_what_came(served.payload, declared_coding(served.headers))
    except CodingError as error:
        return Extraction(Judgement(Verdict.UNDECODABLE, str(error)))
    content_type = first_header(served.headers, "content-type") or ""
    try:
        found = extract_capture(
            decoded.body, content_type, served.status, article, served.timestamp, served.original, style
        )
        return found.with_fault(decoded.fault) if decoded.fault else found
    except MemoryError:
        return _failed("it needs more memory than a page may have")
    except Exception as error:
        logger.exception("extraction of article %d, capture %s failed", article, served.timestamp)
        return _failed(f"{type(error).__name__}: {error}")


class IsolatedReader:
    """Calls `read_page` in a child process that is killed when a page takes more than so many `seconds`, and replaced
    when one crashes it; `megabytes` is the memory of a page, which only Linux enforces."""

    def __init__(self, seconds: float, megabytes: int) -> None:
        self._seconds = seconds
        self._pool = ProcessPool(
            max_workers=1, initializer=limit_process, initargs=[megabytes], context=multiprocessing.get_context("spawn")
        )

    def __call__(self, *page: object, again: bool = True) -> Extraction:
        """As `read_page`. Raises only what is not the page's fault."""
        try:
            found: Extraction = self._pool.schedule(read_page, args=page, timeout=self._seconds).result()
        except TookTooLong:
            return _failed(f"it takes longer than {self._seconds:g} s")
        except ProcessExpired as error:
            if again:  # by somebody's signal, perhaps: once more, in a new process
                return self(*page, again=False)
            return _failed(f"it crashed the parser twice (exit code {error.exitcode})")
        except MemoryError:
            return _failed("it needs more memory than a page may have")
        return found

    def close(self) -> None:
        """End the child process."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()


def _failed(because: str) -> Extraction:
    return Extraction(Judgement(Verdict.EXTRACTION_FAILED, because))


def limit_process(megabytes: int) -> None:
    """In the child: leave Ctrl-C, and what else goes to the whole group, to the parent; limit memory on Linux."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.setpgid(0, 0)
    if sys.platform == "linux":
        size = megabytes * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (size, size))


LAYOUT_PAGES = 30
"""So many pages at the start of a run tell whether the layout is the one that is known."""
EXTRACTED = (Verdict.ARTICLE, Verdict.UNFAITHFUL, Verdict.UNKNOWN_LAYOUT, Verdict.EXTRACTION_FAILED)
"""Verdicts on pages that tell whether the layout is known; the others say nothing of it."""
REWRITTEN_FAULT = "taken from the archive's rewritten view, not from the bytes that it stored"

StyleFor = Callable[[str, str, str], Style]
"""How a format writes addresses, for a capture: (replay address of its archive, timestamp, original)."""


class Judge:
    """Has pages read, and tells what it learns of captures to their cases, to `note` (by the capture's id) and to
    `note_version`. `known` has the verdicts that hold for the same bytes under any article, by digest: those on a page,
    not those on the status with which it was archived."""

    def __init__(
        self,
        read_page: ReadPage,
        note: Callable[..., None] = lambda *_, **__: None,
        known: Mapping[str, tuple[str, str]] | None = None,
        style_for: StyleFor = SeedStyle,
        note_version: Callable[[VersionRow], object] | None = None,
    ) -> None:
        self._read_page = read_page
        self._note = note
        self._note_version = note_version
        self._style_for = style_for
        self.known = dict(known or {})
        self.pages = 0
        self.unread = 0
        self.example = 0
        """The last article whose page could not be read."""

    def judge_by_digest(self, case: Case, row: CaptureRow) -> bool:
        """Reject a capture whose very bytes were judged already, under this article or any; False for any other."""
        if not cdx_digest(row.capture.digest):
            return False
        known = self.known.get(row.capture.digest)
        if known is None and (verdict := case.verdict_on_twin(row)):
            known = (verdict, "the same bytes as another capture")
        if known is not None:
            self._note(row.id, verdict=known[0], because=known[1])
            case.reject(row, *known)
        return known is not None

    def judge(self, case: Case, row: CaptureRow, served: StoredCapture, check: DigestCheck) -> None:
        """Judge what was served, as it was compared with its digest; the case takes the judgement."""
        found = self.extract(row, served)
        verdict, because = found.verdict, found.judgement.because
        if found.differences:
            verdict, because = Verdict.UNFAITHFUL, "; ".join(found.differences)
        self._note(row.id, verdict=verdict.value, because=because)
        self.note_version(row, found)
        if verdict in ANY_ARTICLE and served.status == HTTPStatus.OK and check.matches:
            self.known[check.digest] = (verdict.value, because)
        if verdict in EXTRACTED and self.pages < LAYOUT_PAGES:
            self.pages += 1
            if verdict is not Verdict.ARTICLE:
                self.unread += 1
                self.example = row.article
        case.judged(row, found, served.status, check)

    def note_version(self, row: CaptureRow, found: Extraction) -> None:
        """Tell what a capture says, if it was extracted without loss."""
        article = found.article
        if self._note_version is not None and article is not None and not found.differences:
            digest = version_digest(article)
            self._note_version(VersionRow(article.id, article.timestamp, article.original, digest, row.id))

    def extract(self, row: CaptureRow, served: StoredCapture) -> Extraction:
        """What a capture gives, of which nothing is told."""
        style = self._style_for(row.replay, served.timestamp, served.original)
        faults = []
        if row.from_file is not None and row.from_file.rewritten:
            served, cut = _as_sent(served)
            faults += [*filter(None, [cut]), REWRITTEN_FAULT]
        if row.from_file is not None and row.from_file.truncated:
            faults.append(f"the file that holds it says that it was cut off ({row.from_file.truncated})")
        found = self._read_page(served, row.article, style)
        article = found.article
        if article is not None and not (article.title and article.body):
            return Extraction(Judgement(Verdict.BLANK, "no title or no body is left of it"))
        if article is not None and (row.source_file or faults):
            return replace(found, article=replace(article, source=row.source_file, faults=(*article.faults, *faults)))
        return found

    def layout_unknown(self, at_end: bool = False) -> bool:
        """Whether most of the first pages could not be read, so that going on would only burn requests."""
        enough = self.pages >= LAYOUT_PAGES or (at_end and self.pages >= 5)
        return enough and self.unread * 2 > self.pages


def _as_sent(view: StoredCapture) -> tuple[StoredCapture, str]:
    """A rewritten view without its coding and what the archive added, and what is wrong with one that is cut off. Bytes
    that cannot be decoded stay as they are."""
    headers = tuple((name, value) for name, value in view.headers if name.lower() != "content-encoding")
    try:
        decoded = decode_what_came(view.payload, declared_coding(view.headers))
    except CodingError:
        return replace(view, headers=headers), ""
    payload = unrewrite(decoded.body, view.timestamp)
    return replace(view, headers=headers, payload=payload), decoded.fault if decoded.codings else ""
