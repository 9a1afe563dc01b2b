"""The images of recovered articles: which are wanted, which request comes next, what follows from each answer."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from crawler.ledger import Ledger
from crawler.ledger.images import ImageAnswer, ImageRow, ImageState
from crawler.recovery.case import CaseQueue
from crawler.recovery.image_case import ImageCase, ImageLookup, ImageRequest, nearest
from crawler.recovery.image_content import ImageFault, read_content
from crawler.recovery.image_files import image_places, write_image
from crawler.recovery.judge import Judge, ReadPage
from crawler.recovery.store import IMAGE_RECORD, Store, compare_served
from crawler.utils.text import counted, format_duration, format_size
from crawler.warc.record import WarcDamaged
from crawler.warc.writer import CaptureOrigin
from crawler.wayback.capture import Capture
from crawler.wayback.digest import DigestCheck, DigestResult, payload_digest
from crawler.wayback.http import declared_coding
from crawler.wayback.playback import ANSWERS, Action, Answer, Reply

FAULT_OF = {Answer.NOT_ARCHIVED.value: ImageFault.NOT_ARCHIVED, Answer.EXCLUDED.value: ImageFault.EXCLUDED}
GONE = (404, 410)
MOST_OPEN = 1000
"""So many images may wait for the index or for a later pass before no further one is begun."""


class ImageRecovery(CaseQueue[str, ImageCase]):
    """The images of a run, from the first request to the file, by the files' names."""

    def __init__(
        self,
        ledger: Ledger,
        store: Store,
        output: Path,
        run: int,
        files: Collection[str],
        now: Callable[[], float],
        retry_seconds: Sequence[float],
        sources: Sequence[str],
    ) -> None:
        """`files`: the images to fetch; `sources`: the names of the archives that may be asked, the preferred first."""
        super().__init__(files, now, retry_seconds)
        self._ledger = ledger
        self._store = store
        self._output = output
        self._run = run
        self._sources = sources
        self._to_look: dict[str, None] = {}
        self._looking = False
        self.done: Counter[ImageState] = Counter()
        """Where the images of this run have come to."""

    # What to do

    def steps(self, room: int) -> Iterator[ImageRequest | ImageLookup]:
        """What can be asked now, with at most `room` images under way. What needs no request is settled on the way.

        One question to an index at a time: those are rarer by far, and would fill all the connections while they wait
        for their turn.
        """
        for case in self._due():
            yield from self._advance(case)
        while self._to_look and not self._looking:
            file = next(iter(self._to_look))
            del self._to_look[file]
            yield from self._advance(self._cases[file])
        while self._coming and len(self._busy) < room and len(self._cases) < MOST_OPEN:
            row = self._ledger.image(self._coming.popleft())
            if row is not None:
                first, timestamp = self._ledger.image_use(row.file)
                sources = sorted(self._sources, key=lambda name: name != first)
                case = self._cases[row.file] = ImageCase(row, timestamp, sources)
                yield from self._advance(case)

    def _idle(self) -> list[ImageCase]:
        return [case for case in super()._idle() if case.row.file not in self._to_look]

    def _advance(self, case: ImageCase) -> Iterator[ImageRequest | ImageLookup]:
        """Go on with what is known already, until something has to be asked or the image is settled."""
        while case.row.file in self._cases:
            step = case.step
            if step is None and case.best is not None:  # nothing is left to ask for
                self._settle(case.best, case.best_data)
            elif step is None:
                fault = "; ".join(case.details)
                self._settle(replace(case.row, state=ImageState.MISSING, reason=case.reason(), fault=fault))
            elif self._take_known(case, step):
                continue
            elif isinstance(step, ImageLookup) and self._looking:
                self._to_look[step.file] = None
                return
            else:
                self._looking = self._looking or isinstance(step, ImageLookup)
                self._busy.add(step.file)
                yield step
                return

    def _take_known(self, case: ImageCase, step: ImageRequest | ImageLookup) -> bool:
        """Take the answer to a step, where this run or another has it already; False where not."""
        if isinstance(step, ImageLookup):
            known = self._ledger.image_index(step.file, step.source)
            if known is not None:
                case.listed(known)
            return known is not None
        said = self._ledger.image_answer(*step.key)
        if said is None:
            return False
        check = None
        if said.answer == Answer.CAPTURE.value:
            try:
                assert said.place is not None
                stored = self._store.read(said.place)
            except (OSError, WarcDamaged):
                self._ledger.forget_image_answer(*step.key)
                return False
            check = compare_served(stored, step.digest_of(said.timestamp), said.coding)
        self._take(case, said, check)
        return True

    # What came of it

    def received(
        self, step: ImageRequest, reply: Reply, fetched_from: str, counted: bool = True, whole: bool = True
    ) -> None:
        """An answer to a request for an image. `whole`: whether HTTP told where the body ends. Raises OSError."""
        action = ANSWERS[reply.answer].action
        if action is Action.STOP:
            self.abandoned(step)
            return
        if action not in (Action.JUDGE, Action.FOLLOW, Action.NEXT_CAPTURE):
            self.troubled(step, reply.answer, counted)
            return
        check = compare_served(reply, step.digest_of(reply.timestamp))
        if (
            not whole
            and action is Action.JUDGE
            and (check.result is DigestResult.MISMATCH or read_content(check.payload).flaw is ImageFault.CUT)
        ):
            self.troubled(step, Answer.CUT_BODY, counted)
            return
        place = None
        if reply.answer in (Answer.CAPTURE, Answer.ARCHIVED_REDIRECT):
            place = self._store.add(reply, check, CaptureOrigin(fetched_from, step.source, found=IMAGE_RECORD))
        coding = "" if place is not None and check.matches else declared_coding(reply.headers) or ""
        served = (reply.answer.value, reply.status, reply.timestamp, reply.original)
        self._answered(step, ImageAnswer(*served, coding, reply.location, place), check)

    def listed(self, step: ImageLookup, captures: Sequence[Capture]) -> None:
        """What the index has under an image's address."""
        case = self._cases[step.file]
        good = nearest(captures, case.wanted)
        with self._ledger.batch():
            self._ledger.image_attempt(step.file)
            self._ledger.note_image_index(step.file, step.source, good)
        case.listed(good)
        self._free(step)

    def troubled(self, step: ImageRequest | ImageLookup, answer: Answer, counted: bool = True) -> None:
        """The archive had troubles of its own: the same again, later; in the end, in the next run. `counted`: as for
        `Recovery.troubled`."""
        case = self._cases[step.file]
        if ANSWERS[answer].action is Action.NEXT_CAPTURE and isinstance(step, ImageRequest):
            self._answered(step, ImageAnswer(answer.value))
            return
        self._ledger.image_attempt(step.file)
        if not self._retry_later(case, counted):
            self._settle(replace(case.row, state=ImageState.WAITING, reason=answer.value, fault=""))
        self._free(step)

    def abandoned(self, step: ImageRequest | ImageLookup) -> None:
        """The request was never sent or its answer never came, because the run ends; the image stays due."""
        self._cases.pop(step.file, None)
        self._free(step)

    def _free(self, step: ImageRequest | ImageLookup) -> None:
        self._busy.discard(step.file)
        if isinstance(step, ImageLookup):
            self._looking = False

    def _answered(self, step: ImageRequest, said: ImageAnswer, check: DigestCheck | None = None) -> None:
        with self._ledger.batch():
            self._ledger.image_attempt(step.file)
            self._ledger.note_image_answer(*step.key, said, step.file)
        self._take(self._cases[step.file], said, check)
        self._free(step)

    def _take(self, case: ImageCase, said: ImageAnswer, check: DigestCheck | None = None) -> None:
        """What follows from an answer, whether it came now or was known; `check` of a capture's bytes."""
        if said.target is not None:
            case.redirected_to(*said.target)
        elif said.answer in FAULT_OF:
            case.not_archived(FAULT_OF[said.answer])
        elif said.answer == Answer.TOO_LARGE.value:
            case.reject(ImageFault.TOO_LARGE)
        elif said.status != 200 or check is None:
            fault = ImageFault.NOT_FOUND if said.status in GONE else ImageFault.ARCHIVED_ERROR
            case.reject(fault, f"archived with status {said.status}", said.timestamp)
        else:
            self._judge(case, said, check)

    def _judge(self, case: ImageCase, said: ImageAnswer, check: DigestCheck) -> None:
        content = read_content(check.payload)
        if content.flaw is not None:
            case.reject(content.flaw, content.because, said.timestamp)
            return
        row = replace(
            case.row,
            state=ImageState.HAVE,
            reason="",
            timestamp=said.timestamp,
            original=said.original,
            digest=payload_digest(check.payload),
            type=content.type,
            size=len(check.payload),
            sha256=hashlib.sha256(check.payload).hexdigest(),
            place=said.place,
        )
        if check.result is not DigestResult.MISMATCH:
            self._settle(row, check.payload)
            return
        if case.best is None:
            fault = f"the bytes do not match the digest of the archive's index: {check.reason.value}"
            case.best, case.best_data = replace(row, fault=fault), check.payload
        case.reject("mismatch", check.reason.value, said.timestamp)

    def _settle(self, row: ImageRow, data: bytes = b"") -> None:
        """How it ends: with a file of these bytes, missing, or waiting."""
        if row.state is ImageState.HAVE:
            write_image(self._output, row.file, data, self._ledger.same_image(row.sha256))
        self._ledger.settle_image(row, self._run)
        self._cases.pop(row.file, None)
        self.done[row.state] += 1


logger = logging.getLogger(__name__)

TYPICAL_BYTES = 150_000
"""Of an image, where none is there yet to tell: the site's names say `_large`, and news sites' pictures of 2017 to 2021
have some hundred kilobytes. A supposition."""
TYPICAL_REQUESTS = 2
"""For an image: the jump from the time of the article to the nearest capture, then that capture. A supposition."""
ENOUGH = 20
"""So many images tell what an image has in bytes."""


def look_for_images(ledger: Ledger, store: Store, read_page: ReadPage) -> Iterator[tuple[int, int]]:
    """Read the pages of articles whose images are not known, and tell the ledger. Gives, after each, how many were
    looked at and how many there are. Articles whose page cannot be read any more are left out, with a warning."""
    articles = ledger.without_images()
    judge = Judge(read_page)
    for number, article in enumerate(articles, 1):
        settled = ledger.article(article)
        row = next((row for row in ledger.captures(article) if settled is not None and row.id == settled.capture), None)
        if row is not None and (row.warc or row.from_file is not None):
            try:
                found = judge.extract(row, store.read_capture(row))
                why = found.judgement.because
            except (OSError, WarcDamaged) as error:
                found, why = None, str(error)
            if found is not None and found.article is not None:
                ledger.want_images(article, row.id, image_places(found.article.images))
            else:
                logger.warning("the images of article %d are not known: its page cannot be read: %s", article, why)
        yield number, len(articles)


def estimate_images(ledger: Ledger, images: int, rate: float) -> str:
    """What fetching so many images may come to at `rate` requests a minute, in words."""
    count, size = ledger.image_bytes()
    measured = count >= ENOUGH
    each, how = (size // count, "measured so far") if measured else (TYPICAL_BYTES, "supposed")
    requests = images * TYPICAL_REQUESTS
    return (
        f"{counted(images, 'image')} to fetch. An estimate: {counted(requests, 'request')},"
        f" {format_duration(requests * 60 / rate)}"
        f" at least, {format_size(2 * images * each)} on the disk"
        f" ({format_size(each)} each is {how}, in the store and as a file)"
    )
