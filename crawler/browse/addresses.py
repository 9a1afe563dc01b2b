"""Where the links and pictures of an article lead when it is read here: to pages and files of this tree where they can."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urljoin

from crawler.hkcnews.urls import article_id
from crawler.images.content import Flaw, read_content
from crawler.images.paths import FOLDER, image_file
from crawler.markdown.original import absolute, without_archive

_REPLAYED = re.compile(r"(https?://[^/?#]+(?:/[^?#]*?)?)/\d{1,14}(?:[a-z]{2}_)?/(?:https?:|/|[\w-]+\.)", re.IGNORECASE)
_OF_THE_TREE = re.compile(r"(?:\.\./\d+-\d+/)?article_(\d{1,9})\.md(#.*)?\Z")
_PICTURE_OF_THE_TREE = re.compile(rf"(?:\.\./)+{FOLDER}/(.+)\Z")
_NAME = re.compile(r"[^/\\\x00-\x1f\x7f]+")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def is_web(address: str) -> bool:
    """Whether an address may be linked to: http or https, nothing that a browser would run."""
    return re.match(r"https?://[^/\s]", address, re.IGNORECASE) is not None


@dataclass(frozen=True, slots=True)
class Pictures:
    """The pictures of an output directory."""

    output: Path

    def address(self, src: str, url: str, original: str) -> str | None:
        """Where a picture of an article is served; None when it is not in the tree. `url` and `original`: the article's addresses."""
        found = _PICTURE_OF_THE_TREE.match(src)
        if found:
            path = f"{FOLDER}/{unquote(found[1])}"
        elif src[:5].lower() == "data:":
            return None
        else:
            path = str(image_file(absolute(src, original, _replay(url))))
        return f"/{quote(path)}" if self._file(path.removeprefix(f"{FOLDER}/")) else None

    def read(self, path: str) -> tuple[bytes, str] | None:
        """The bytes and the media type of `images/<path>`; None when there is no such picture, or it lies outside of that folder.

        The type is that of the bytes, whatever the name says. A drawing with scripts in it is no picture. Raises OSError.
        """
        file = self._file(path)
        if file is None:
            return None
        data = file.read_bytes()
        content = read_content(data)
        return None if content.type is None or content.flaw is Flaw.SCRIPT else (data, content.type.value)

    def _file(self, path: str) -> Path | None:
        parts = path.split("/")
        if not all(_NAME.fullmatch(part) and part not in (".", "..") for part in parts):
            return None
        folder = self.output / FOLDER
        try:
            file = folder.joinpath(*parts).resolve()
            return file if file.is_relative_to(folder.resolve()) and file.is_file() else None
        except OSError:  # a name that is too long
            return None


@dataclass(frozen=True, slots=True)
class Links:
    """The links of one article. `url`, `original`: its addresses; `known` tells whether an article is in the tree."""

    url: str
    original: str
    known: Callable[[int], bool]

    def address(self, href: str) -> str:
        """Where a link leads: `/article/<id>` for articles that are here, into the archive for what the page's own archive holds."""
        href = href.strip()
        if href.startswith("#"):
            return href
        found = _OF_THE_TREE.match(href)
        if found:
            return f"/article/{int(found[1])}{found[2] or ''}"
        if href.startswith("//"):
            href = f"https:{href}"
        elif not _SCHEME.match(href):
            # What begins with a slash is of the archive that the capture is from.
            href = urljoin(self.url if href.startswith("/") else self.original, href)
        number = article_id(without_archive(href, _replay(self.url)))
        return f"/article/{number}" if number is not None and self.known(number) else href


def _replay(url: str) -> str:
    """Under which address the archive of a capture's address replays captures; '' when that is none."""
    found = _REPLAYED.match(url)
    return found[1] if found else ""
