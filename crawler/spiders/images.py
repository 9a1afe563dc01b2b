"""The part of the crawl that fetches images, after the articles: requests with the archive's flag for images, and its
index."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import nullcontext

from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.ledger.images import ImageState
from crawler.politeness.handler import answer_of_failure, failure_message
from crawler.recovery.image_case import ImageLookup, ImageRequest
from crawler.recovery.image_recovery import ImageRecovery, estimate_images, look_for_images
from crawler.run.settings import SpiderArguments
from crawler.spiders.archive import ArchiveSpider, read_listing
from crawler.utils.exit_status import ExitStatus
from crawler.utils.text import counted
from crawler.wayback.cdx import CdxAnswer, CdxQuery
from crawler.wayback.playback import Answer

logger = logging.getLogger(__name__)

FLAG = "im_"
"""What playback addresses have behind the timestamp when the page would have shown the capture as an image."""
_AT_ONCE = 50
"""Pages are looked through for images in such portions; between them the run can be interrupted."""


class ImagesSpider(ArchiveSpider):
    """Fetches the images of recovered articles; `images` is what it does, from when it has begun."""

    images: ImageRecovery | None = None

    async def _fetch_images(self, arguments: SpiderArguments) -> AsyncIterator[Request]:
        """Ask for the images of the articles that are chosen, until none is left that can be had now; in a dry run only
        say how many there are."""
        session, settings, choice, dry_run = self.session, self.session.settings, arguments.choice, arguments.dry_run
        if not settings.sites:
            logger.warning("images are not looked for: none of the SOURCES is an archive that can be asked for them")
            return
        there = session.ledger.images(ImageState.HAVE)
        gone = [] if dry_run else [row.file for row in there if not (session.output / row.file).is_file()]
        if gone:
            logger.warning("without their files, and written again: %s", counted(len(gone), "image"))
            session.ledger.reopen_images(gone)
        with session.ledger.trial() if dry_run else nullcontext():
            # Those of articles recovered before images were looked for are read from the store.
            for number, total in look_for_images(session.ledger, session.store, session.read):
                if number == 1:
                    logger.info("reading %s recovered pages from the store for the images that they have", f"{total:,}")
                if number % _AT_ONCE == 0:
                    await asyncio.sleep(0)
            files = session.ledger.due_images(choice.ids, choice.limit)
            if files:
                self._say_estimate(estimate_images(session.ledger, len(files), settings.playback_rate))
        if dry_run:
            return
        self.images = images = ImageRecovery(
            session.ledger,
            session.store,
            session.output,
            session.run,
            files,
            time.monotonic,
            settings.retry_seconds,
            [site.name for site in settings.sites],
        )
        async for request in self._work_off(images, self._image_requests):
            yield request

    def _say_estimate(self, line: str) -> None:
        """How much is to be fetched; what that may take only for those who want to know."""
        logger.info("%s", line if self.session.verbose else line.partition(". An estimate")[0])

    def _image_requests(self, step: ImageRequest | ImageLookup) -> Iterator[Request]:
        site = self.session.site(step.source)
        assert site is not None
        if isinstance(step, ImageRequest):
            yield self._ask(site, step.capture, self.parse_image, self.image_failed, flag=FLAG, step=step)
        else:
            query = CdxQuery(step.url, "exact", self.session.settings.page_rows)
            yield self._ask(site, query, self.parse_image_listing, self.image_failed, step=step)

    def parse_image(self, response: Response) -> None:
        """The archive's answer to a request for an image."""
        step: ImageRequest = response.meta["step"]
        assert self.images is not None
        with self._answered(f"image {step.file}"):
            counted, whole = self._counted(step.source), "partial" not in response.flags
            self.images.received(step, self._reply(response), response.url, counted, whole)

    def parse_image_listing(self, response: Response) -> None:
        """What an archive's index has under an image's address."""
        step: ImageLookup = response.meta["step"]
        assert self.images is not None
        with self._answered(f"image {step.file}"):
            reply = read_listing(response)
            if reply.answer is CdxAnswer.PAGE and reply.page is not None:
                self.images.listed(step, reply.page.captures)
            elif reply.answer is CdxAnswer.REFUSED:
                self.images.abandoned(step)
                about = f"the archive {step.source} refuses to list an image: {reply.detail}"
                self.session.end(ExitStatus.REFUSING, about)
            elif reply.answer in (CdxAnswer.EXCLUDED, CdxAnswer.NOT_AUTHORISED, CdxAnswer.BAD_REQUEST):
                self.images.listed(step, ())
            else:
                self.images.troubled(step, Answer.SERVER_ERROR, self._counted(step.source))

    def image_failed(self, failure: Failure) -> None:
        """No answer came to a request for an image, or to a question for one."""
        step: ImageRequest | ImageLookup = failure.request.meta["step"]  # type: ignore[attr-defined]
        assert self.images is not None
        with self._answered(f"image {step.file}"):
            if self._ends(failure):
                self.images.abandoned(step)
            else:
                answer = answer_of_failure(failure.value)
                logger.info("%s: %s (%s)", step.file, answer.value, failure_message(failure))
                self.images.troubled(step, answer, self._counted(step.source))
