"""How the files of a tree are written: the format, and the extractor that they are of."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path

from crawler.hkcnews.urls import article_id, is_of_site
from crawler.ledger import Ledger, State
from crawler.markdown.hugo import HUGO, PLAIN, Spelling
from crawler.markdown.style import ReadingStyle, SeedStyle, Style, Video
from crawler.recovery.image_files import image_file
from crawler.utils.files import read_file, write_file

_META = "format"


class FormatName(StrEnum):
    """What FORMAT may be."""

    SEED = "seed"
    READING = "reading"
    HUGO = "hugo"


@dataclass(frozen=True, slots=True)
class Format:
    """A format as FORMAT and VIDEO name it."""

    name: FormatName = FormatName.SEED
    video: Video = Video.SHORTCODE

    @property
    def for_reading(self) -> bool:
        """Whether links lead to other files, and the front matter tells the evidence."""
        return self.name is not FormatName.SEED

    @property
    def spelling(self) -> Spelling:
        """How its files are spelt."""
        return HUGO if self.name is FormatName.HUGO else PLAIN

    def __str__(self) -> str:
        return f"FORMAT={self.name}" + (f" VIDEO={self.video}" if self.name is FormatName.READING else "")


def local_image(output: str, url: str) -> str | None:
    """The path, below the output directory, of an image that is there; None for any other."""
    file = image_file(url).as_posix()
    return file if os.path.isfile(f"{output}/{file}") else None  # noqa: PTH113 - a Path for each takes longer than the look


def as_bits(articles: Iterable[int]) -> int:
    """Articles as bits of one number: few enough bytes to go to another process with every page."""
    bits = bytearray(1)
    for article in articles:
        bits.extend(bytes(max(0, article // 8 + 1 - len(bits))))
        bits[article // 8] |= 1 << article % 8
    return int.from_bytes(bits, "little")


@dataclass(slots=True)
class Styles:
    """Gives each capture its style. `recovered` has a bit for each article that links may lead to, and grows."""

    format: Format
    output: Path
    recovered: int = 0

    def __call__(self, replay: str, timestamp: str, original: str) -> Style:
        if not self.format.for_reading:
            return SeedStyle(replay, timestamp, original)
        images = partial(local_image, str(self.output.resolve()))
        about = (article_id, self.recovered, images, is_of_site)
        one_markup = self.format.spelling is HUGO
        return ReadingStyle(replay, timestamp, original, *about, video=self.format.video, one_markup=one_markup)

    def has_image(self, url: str) -> bool:
        """Whether an image is there."""
        return local_image(str(self.output), url) is not None

    def add(self, article: int) -> None:
        """From now on links may lead to this article."""
        if self.format.for_reading:
            self.recovered |= 1 << article


def format_of(ledger: Ledger) -> str:
    """What the ledger's files are written in, empty without any. Trees of versions before this are the seed's."""
    if next(ledger.articles(State.RECOVERED), None) is None:
        return ""
    return ledger.meta(_META) or str(Format())


def begin_change(ledger: Ledger, wanted: Format) -> None:
    """From now on files may be of another format than others."""
    ledger.set_meta(_META, f"{wanted} (its change was broken off)")


def written_in(ledger: Ledger, wanted: Format) -> None:
    """All files are of this format."""
    ledger.set_meta(_META, str(wanted))
    if not wanted.for_reading:
        ledger.forget_references()


_SITE = Path(__file__).parent / "hugo_site"


def put_site_files(output: Path, wanted: Format) -> None:
    """Beside files for Hugo: their shortcodes, and what makes the directory a site, or a theme. Raises OSError."""
    for path in sorted(_SITE.rglob("*.*")) if wanted.name is FormatName.HUGO else ():
        file, data = str(path.relative_to(_SITE)), path.read_bytes()
        if read_file(output, file) != data:
            write_file(output, file, data)


EXTRACTOR_KEY = "extractor"
"""Where the ledger has the extractor that all files of recovered articles are of; empty when they are of several."""
_SHAPING = ("recovery/case.py", "recovery/formats.py", "recovery/judge.py", "wayback/http.py", "wayback/unrewrite.py")
"""What decides with the site's and the format's rooms what a file says."""
_LIBRARIES = ("beautifulsoup4", "charset-normalizer", "lxml", "markdownify", "selectolax")


@cache
def extractor_id() -> str:
    """What tells this extractor from another, in hexadecimal: its source, and its libraries' versions."""
    here = Path(__file__).parents[1]
    files = [here / name for name in _SHAPING]
    files += (path for room in ("hkcnews", "markdown") for path in (here / room).rglob("*.py"))
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path.relative_to(here).as_posix()} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    for library in _LIBRARIES:
        digest.update(f"{library} {version(library)}\n".encode())
    return digest.hexdigest()


def note_extractor(ledger: Ledger) -> None:
    """Before a crawl writes anything: files that it adds to those of another extractor make the tree one of several."""
    if ledger.meta(EXTRACTOR_KEY) != extractor_id():
        ledger.set_meta(EXTRACTOR_KEY, "" if ledger.recovered_ids() else extractor_id())


def is_current_extractor(ledger: Ledger) -> bool:
    """Whether all files are of this extractor."""
    return ledger.meta(EXTRACTOR_KEY) == extractor_id()
