"""What it takes to show an article as archived: ReplayWeb.page's component, and a WACZ that holds its capture."""

import base64
import gzip
import hashlib
import io
import json
import os
import re
import tarfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Self
from zipfile import BadZipFile, ZipFile

from crawler.hkcnews.urls import article_id
from crawler.wayback.playback import escape, split_replay

VERSION = "2.5.3"
PACKAGE = f"replaywebpage-{VERSION}.tgz"
"""The file as `npm pack` leaves it."""
INTEGRITY = "sha512-nCj2PSON3BxeSJKE8AsYPyULv0XPZKJWfy4l9PyQre9SqwLZ+WKZVs/sfLqPOQ4GrH+0YkjbwOhr8cSTH08gsQ=="
"""What the registry says of it, and every package manager prints."""
SCRIPTS = ("ui.js", "sw.js")
"""What of the package is served: the component, and its service worker."""
_LARGEST_PACKAGE = 64 * 1024 * 1024
_LINE = 64 * 1024
_LARGEST_INDEX = 1024 * 1024 * 1024
"""Bytes that an index may unpack to: that of the whole site has some thirty million."""
_INDEX = (".cdx", ".cdxj", ".cdx.gz", ".cdxj.gz")
_TIMESTAMP = 14
_ADDRESS = re.compile(
    r"(?P<scheme>https?)://[a-z0-9.-]+(?::(?P<port>\d+))?(?P<path>/[^\"<>`{}|^\\#?]*)(?:\?[^\"<>`{}|^\\#']*)?"
)
_DOTS = re.compile(r"/(?:\.|%2e){1,2}(?:/|\Z)", re.IGNORECASE)


class Unusable(Exception):
    """A file that is there and cannot be used, and why."""


@dataclass(frozen=True, slots=True)
class ArchivedPage:
    """A capture of an article in a WACZ: that file's name as `Wacz.name` has it, the address as the component is told
    it, the timestamp."""

    wacz: str
    url: str
    timestamp: str


def read_component(output: Path) -> Mapping[str, bytes] | None:
    """The component's scripts by name, out of its package in an output directory; None without one. Raises
    Unusable."""
    path = output / PACKAGE
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST_PACKAGE)
    except FileNotFoundError:
        others = sorted(each.name for each in output.glob("replaywebpage-*.tgz"))
        if others:
            raise Unusable(f"{others[-1]}: only version {VERSION} of the package is known here") from None
        return None
    except OSError as error:
        raise Unusable(f"{PACKAGE}: {error.strerror or error}") from error
    if f"sha512-{base64.b64encode(hashlib.sha512(data).digest()).decode()}" != INTEGRITY:
        raise Unusable(f"{PACKAGE} is not the package that was published: its SHA-512 differs. Fetch it again")
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as package:
        return {name: _member(package, name) for name in SCRIPTS}


def _member(package: tarfile.TarFile, name: str) -> bytes:
    file = package.extractfile(f"package/{name}")
    assert file is not None, name
    return file.read()


class Wacz:
    """A WACZ that stays open, so that what its index says holds for all that is read of it."""

    def __init__(self, path: Path) -> None:
        """Raises Unusable for what is no WACZ with an index that can be read, OSError."""
        self._file: BinaryIO = path.open("rb")
        try:
            about = os.fstat(self._file.fileno())
            self.size = about.st_size
            named = f"{path.name} {about.st_size} {about.st_mtime_ns}"
            self.name = hashlib.sha256(named.encode("utf-8", "surrogateescape")).hexdigest()[:16]
            """Another one whenever the file is: a browser keeps what it has read under a name."""
            self._captures = _captures(self._file)
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        self._file.close()

    def read(self, offset: int, length: int) -> bytes:
        """Up to so many bytes; fewer at the end, and where the system gives no more at once."""
        return os.pread(self._file.fileno(), length, offset)

    def page(self, number: int, timestamp: str, original: str) -> ArchivedPage | None:
        """The capture of an article at that time, if it is here and the component finds it; the one of that address,
        should there be several."""
        found = sorted(self._captures.get((number, timestamp), ()), key=lambda url: url != original)
        shown = next(filter(None, map(_component_address, found)), None)
        return ArchivedPage(self.name, shown, timestamp) if shown else None


def _component_address(url: str) -> str | None:
    """How the component is told of a capture's address, which it looks for as a browser spells it; None for one that
    no browser spells so.

    One with the port that goes without saying, as older captures have it, is found without its scheme.
    """
    url = escape(url)
    found = _ADDRESS.fullmatch(url)
    if found is None or _DOTS.search(found["path"]):
        return None
    if found["scheme"] == "http" and found["port"] == "80":
        return url.removeprefix("http:")
    return None if found["scheme"] == "https" and found["port"] == "443" else url


def _captures(file: BinaryIO) -> Mapping[tuple[int, str], Sequence[str]]:
    """The addresses of articles' captures that were answered with a page, by article and timestamp."""
    found: dict[tuple[int, str], list[str]] = {}
    try:
        with ZipFile(file) as archive:
            names = [name for name in archive.namelist() if name.startswith("indexes/") and name.endswith(_INDEX)]
            for name in names:
                with archive.open(name) as member:
                    index = gzip.GzipFile(fileobj=member) if name.endswith(".gz") else member
                    for number, timestamp, url in _articles(index):
                        found.setdefault((number, timestamp), []).append(url)
    except (BadZipFile, EOFError, zlib.error, NotImplementedError, RuntimeError, ValueError) as error:
        raise Unusable(f"its index cannot be read: {error}") from error
    if not names:
        raise Unusable("there is no index in it")
    return found


def _articles(index: gzip.GzipFile | IO[bytes]) -> Iterator[tuple[int, str, str]]:
    """Article, timestamp and address of the lines of an index that are captures of articles."""
    size = 0
    while line := index.readline(_LINE):
        size += len(line)
        if size > _LARGEST_INDEX:
            raise Unusable("its index is too large")
        if b"/article" not in line:
            continue
        _, _, rest = line.decode("utf-8", "replace").partition(" ")
        timestamp, _, about = rest.partition(" ")
        try:
            fields = json.loads(about)
            url, status = fields["url"], str(fields.get("status", "200"))
            number = article_id(url)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            continue
        if number is not None and status in ("200", "-", ""):
            yield number, timestamp[:_TIMESTAMP], url


@dataclass(frozen=True)
class Replay:
    """The component and the WACZ files, whose scripts and bytes are served. A context manager, which closes them."""

    scripts: Mapping[str, bytes]
    files: Sequence[Wacz]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in self.files:
            each.close()

    def page(self, number: int, url: str) -> ArchivedPage | None:
        """The capture that an article is from, by the `url` of its front matter; None where no WACZ has it."""
        _, timestamp, original = split_replay(url)
        return next((page for each in self.files if (page := each.page(number, timestamp, original))), None)

    def file(self, name: str) -> Wacz | None:
        """The WACZ of that name."""
        return next((each for each in self.files if each.name == name), None)


def find_replay(output: Path, others: Sequence[Path] = ()) -> tuple[Replay | None, list[str]]:
    """What is at hand in an output directory, `*.wacz` and the package, and WACZ files elsewhere; None unless there is
    both. Beside it, in words, what is there and cannot be used, or is wanted and not there. Raises Unusable for one of
    `others`."""
    try:
        scripts = read_component(output)
    except Unusable as error:
        return None, [str(error)]
    if scripts is None:
        return None, [f"--wacz: {output / PACKAGE} is needed to replay it, and not there"] if others else []
    faults: list[str] = []
    with ExitStack() as stack:
        files = []
        for path in (*sorted(output.glob("*.wacz")), *others):
            given = path in others
            try:
                if path.is_symlink() and not given:
                    raise Unusable("links are not followed; name the file with --wacz")
                files.append(stack.enter_context(closing(Wacz(path))))
            except (Unusable, OSError) as error:
                why = f"{path}: {getattr(error, 'strerror', None) or error}"
                if given:
                    raise Unusable(why) from error
                faults.append(why)
        stack.pop_all()  # they stay open
        return (Replay(scripts, files) if files else None), faults
