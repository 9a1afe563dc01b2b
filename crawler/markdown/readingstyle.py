"""The format for reading: links lead to the files of this tree where they can, everything else to where the site led."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

from crawler.markdown.document import relative_path
from crawler.markdown.original import absolute, with_scheme, without_archive
from crawler.markdown.style import References, Video, leads_somewhere, plain
from crawler.markdown.video import watchable

NOWHERE = "about:invalid"
"""Stands for the address of a picture or frame that is a script: what the page shows there stays, what it does goes."""
_ABOVE_ARTICLES = "../../"
_NOT_IN_PATH = re.compile(r"[%?#]")


@dataclass(frozen=True, slots=True)
class ReadingStyle:
    """Addresses for a reader of the tree. `references` collects, while a page is converted, what its file refers to.

    `replay` is the public address under which the archive replays captures, `original` the capture's own address. `number_of` gives the
    id of the article that an address names, None for anything else; bit n of `recovered` says whether article n has a file. `image_path`
    gives the path of a picture below the output directory, None while it is not there.
    """

    replay: str
    original: str
    number_of: Callable[[str], int | None]
    recovered: int
    image_path: Callable[[str], str | None]
    video: Video = Video.SHORTCODE
    references: References = field(default_factory=References)

    keeps_note: ClassVar[bool] = False
    captions_describe: ClassVar[bool] = True

    def link(self, href: str) -> str | None:
        href = plain(href)
        if not leads_somewhere(href):
            return None
        if href.startswith("#"):
            return href
        target = absolute(with_scheme(href), self.original, self.replay)
        number = self.number_of(target)
        if number is None:
            return target
        local = bool(self.recovered >> number & 1)
        self.references.articles[number] = local
        address, sharp, fragment = target.partition("#")
        return f"{self._path_to(number) if local else address}{sharp}{fragment}"

    def image(self, src: str) -> str:
        if plain(src).lower().startswith("data:image/"):
            return plain(src)
        address = self._resource(src)
        if not address.lower().startswith(("http://", "https://")):
            return address
        path = self.image_path(address)
        self.references.pictures[address] = path is not None
        return address if path is None else _ABOVE_ARTICLES + _NOT_IN_PATH.sub(lambda found: f"%{ord(found[0]):02X}", path)

    def frame(self, src: str) -> str:
        address = self._resource(src)
        return without_archive(watchable(address), self.replay) if self.video is Video.LINK else address

    def _resource(self, src: str) -> str:
        address = absolute(src, self.original, self.replay)
        return address if leads_somewhere(address) else NOWHERE

    def _path_to(self, number: int) -> str:
        folder, _, name = relative_path(number).partition("/")
        here = self.number_of(self.original)
        return name if here is not None and relative_path(here).startswith(f"{folder}/") else f"../{folder}/{name}"
