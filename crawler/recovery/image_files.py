"""Where an image lies, and its bytes on the disk, once."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from crawler.utils.files import read_file, write_file

FOLDER = "images"
"""The folder of the output directory that holds them all."""

_PARTS = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?(?://)?([^/?#]*)([^?#]*)(\?[^#]*)?", re.DOTALL)
_PORT = re.compile(r":(?:80|443)?\Z")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$'()*,:@")
"""Means the same written out or percent-encoded, in the addresses of images."""
_DELIMITERS = frozenset(b"/?&=+;")
"""Means one thing written out and another one percent-encoded."""
_ODD = re.compile(rb"((?:%[0-9A-Fa-f]{2})+)|[^" + re.escape(bytes(sorted(_PLAIN | _DELIMITERS))) + rb"]", re.DOTALL)
_MAY_BE_PLAIN = re.compile(rb"%[2-7]")
_UNREADABLE = re.compile("[^0-9A-Za-z_\u4e00-\u9fff]+")
_TYPES = ("jpg", "jpeg", "png", "gif", "webp", "svg", "bmp", "tif", "tiff", "ico", "avif")
_LONGEST = 60
"""Bytes (UTF-8) of the readable beginning."""
_DIGITS = 16
"""Hexadecimal digits of the address's SHA-256: two of 119,000 images share them once in 2,000 million archives."""


@lru_cache(maxsize=4096)  # avatars stand on hundreds of pages
def image_file(url: str) -> PurePosixPath:
    """The path of an image below the output directory: `images/3f/燈塔-20210712-3f…c2.jpg`. `url` is absolute, as the
    page spells it.

    The same for every spelling of one address: http or https, with or without `www.`, default port and fragment,
    percent-encoded or not. Different addresses have different paths, also where file names ignore case or are
    normalised: the end is a digest of the address. The beginning is for people: of the address's last part only ASCII
    letters, digits, `_` and the common Chinese characters are taken, which no system normalises, refuses or folds into
    one another beyond their case, and no version of Unicode changes.
    """
    address = identity(url)
    digest = hashlib.sha256(address).hexdigest()[:_DIGITS]
    last = unquote(address.partition(b"?")[0].rpartition(b"/")[2].decode("ascii"), errors="replace")
    stem, dot, suffix = last.rpartition(".")
    if not (dot and suffix.lower() in _TYPES):
        stem, suffix = last, ""
    beginning = _UNREADABLE.sub("-", stem).strip("-").encode()[:_LONGEST].decode("utf-8", "ignore").rstrip("-")
    name = f"{beginning}-{digest}" if beginning else digest
    return PurePosixPath(FOLDER, digest[:2], f"{name}.{suffix.lower()}" if suffix else name)


def image_places(urls: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Each image's file, relative to the output directory, and its address."""
    return tuple((str(image_file(url)), url) for url in urls)


def identity(url: str) -> bytes:
    """What all spellings of an image's address share: no scheme, `www.`, default port or fragment; one encoding."""
    found = _PARTS.match(url)
    assert found is not None  # every part may be empty
    host = _PORT.sub("", found[1].lower()).removeprefix("www.").rstrip(".")
    try:
        named = _encoded(host) if host.isascii() else host.encode("idna")
    except UnicodeError:
        named = _encoded(host)
    return b"".join((named, _encoded(found[2] or "/"), _encoded(found[3]) if found[3] not in (None, "?") else b""))


def _encoded(text: str) -> bytes:
    """Everything but plain characters and delimiters percent-encoded, what was so already only once."""
    return _ODD.sub(_one_way, text.encode("utf-8", "surrogatepass"))


def _one_way(found: re.Match[bytes]) -> bytes:
    """What is encoded already, in upper case and without what need not be; or a character that must be."""
    run = found[0]
    if not found[1]:
        return b"%%%02X" % run[0]
    if not _MAY_BE_PLAIN.search(run):  # as nearly always: Chinese
        return run.upper()
    return _ESCAPE.sub(lambda one: bytes((code,)) if (code := int(one[1], 16)) in _PLAIN else one[0].upper(), run)


def write_image(output: Path, file: str, data: bytes, same: str = "") -> None:
    """Put an image at `output/file`, and take away what a killed run left beside it. `same` is a file that should have
    these bytes: if it has, the new one is a hard link to it, where the file system can; so each address has its file,
    and any copy of the tree is complete. Raises OSError."""
    beside = (output / file).with_name(f".{Path(file).name}.part")  # what `write_file` writes first, too
    if read_file(output, file) == data:
        if _is_inside(output, file):
            beside.unlink(missing_ok=True)
    elif not (same and same != file and _linked(output, file, same, data, beside)):
        write_file(output, file, data)


def _linked(output: Path, file: str, same: str, data: bytes, beside: Path) -> bool:
    """Put a hard link in place; False where that cannot be, as not on every file system, nor any number of times."""
    there, here = output / same, output / file
    if there.is_symlink() or not (_is_inside(output, file) and _is_inside(output, same)):
        return False
    if read_file(output, same) != data:
        return False
    try:
        here.parent.mkdir(parents=True, exist_ok=True)
        beside.unlink(missing_ok=True)
        os.link(there, beside, follow_symlinks=False)
        beside.replace(here)
    except OSError:
        beside.unlink(missing_ok=True)
        return False
    return True


def _is_inside(output: Path, file: str) -> bool:
    return (output / file).parent.resolve().is_relative_to(output.resolve())
