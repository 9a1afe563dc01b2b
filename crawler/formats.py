"""The formats that files are written in: what they are called, and the style that each gives a capture."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from crawler.hkcnews.urls import article_id
from crawler.images.paths import image_file
from crawler.ledger import Ledger, State
from crawler.markdown.readingstyle import ReadingStyle
from crawler.markdown.style import SeedStyle, Style, Video

_META = "format"
_BROKEN_OFF = " (its change was broken off)"


class FormatName(StrEnum):
    """What FORMAT may be."""

    SEED = "seed"
    READING = "reading"


@dataclass(frozen=True, slots=True)
class Format:
    """A format as FORMAT and VIDEO name it."""

    name: FormatName = FormatName.SEED
    video: Video = Video.SHORTCODE

    @property
    def for_reading(self) -> bool:
        """Whether links lead to other files, and the front matter tells the evidence."""
        return self.name is FormatName.READING

    def __str__(self) -> str:
        return f"FORMAT={self.name}" + (f" VIDEO={self.video}" if self.for_reading else "")


@dataclass(frozen=True, slots=True)
class LocalImages:
    """The path, below the output directory, of an image that is there; None for any other."""

    output: str

    def __call__(self, url: str) -> str | None:
        file = image_file(url).as_posix()
        return file if os.path.isfile(f"{self.output}/{file}") else None  # noqa: PTH113 - a Path for each takes longer than the look


def as_bits(articles: Iterable[int]) -> int:
    """Articles as bits of one number: few enough bytes to go to another process with every page."""
    bits = bytearray(1)
    for article in articles:
        bits.extend(bytes(max(0, article // 8 + 1 - len(bits))))
        bits[article // 8] |= 1 << article % 8
    return int.from_bytes(bits, "little")


@dataclass(slots=True)
class Styles:
    """Gives each capture its style. `recovered` has a bit for each article that links may lead to; it grows while a crawl goes on."""

    format: Format
    output: Path
    recovered: int = 0

    def __call__(self, replay: str, timestamp: str, original: str) -> Style:
        if not self.format.for_reading:
            return SeedStyle(replay, timestamp, original)
        return ReadingStyle(replay, original, article_id, self.recovered, self.images, self.format.video)

    @property
    def images(self) -> LocalImages:
        """Where images lie, if they do."""
        return LocalImages(str(self.output.resolve()))

    def has_image(self, url: str) -> bool:
        """Whether an image is there."""
        return self.images(url) is not None

    def add(self, article: int) -> None:
        """From now on links may lead to this article."""
        if self.format.for_reading:
            self.recovered |= 1 << article


def format_of(ledger: Ledger) -> str:
    """What the files are written in that the ledger tells of; empty when there is none. Trees of versions before this are the seed's."""
    if next(ledger.articles(State.RECOVERED), None) is None:
        return ""
    return ledger.meta(_META) or str(Format())


def begin_change(ledger: Ledger, wanted: Format) -> None:
    """From now on files may be of another format than others."""
    ledger.set_meta(_META, f"{wanted}{_BROKEN_OFF}")


def written_in(ledger: Ledger, wanted: Format) -> None:
    """All files are of this format."""
    ledger.set_meta(_META, str(wanted))
    if not wanted.for_reading:
        ledger.forget_references()
