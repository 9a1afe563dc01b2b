"""What it means that no answer came: Scrapy's failures as answers of the closed set."""

from __future__ import annotations

from scrapy.exceptions import DownloadCancelledError, DownloadTimeoutError, ResponseDataLossError
from twisted.python.failure import Failure

from crawler.archive.playback import Answer

_ANSWERS = {
    ResponseDataLossError: Answer.CUT_BODY,
    DownloadTimeoutError: Answer.TIMEOUT,
    DownloadCancelledError: Answer.TOO_LARGE,  # Scrapy's way of keeping to DOWNLOAD_MAXSIZE
}


def answer_for(failure: Failure) -> Answer:
    """The trouble of the connection that a failure stands for."""
    return next((answer for kind, answer in _ANSWERS.items() if isinstance(failure.value, kind)), Answer.CONNECTION_LOST)


def in_words(failure: Failure) -> str:
    """A failure's message, or its name where it has none."""
    words = str(failure.value)
    if words.startswith("[<"):  # Twisted's list of failures, for programmers
        return "closed before it was answered"
    return words or type(failure.value).__name__
