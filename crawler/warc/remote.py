"""Files of web archives elsewhere, by an address with a protocol that fsspec knows (`s3://bucket/key.warc.gz`): found,
and read by ranges.

fsspec is needed for these only. What gives access is what fsspec and the protocol's library find by themselves, in the
environment and in files of their own; here it is never asked for, noted or told.
"""

from __future__ import annotations

import errno
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from crawler.utils.exit_status import StorageError, UsageError

Location = Path | str
"""A file or folder: on this machine by its path, elsewhere by its address, as text."""

_PROTOCOL = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_PATTERN = re.compile(r"[*?\[]")
_SECRET = re.compile(r"(?<=//)[^/@\s]+@|\?[^\s\"']+")
_CHANGES = ("ETag", "etag", "md5Hash", "content_md5", "mtime", "LastModified", "last_modified", "modified", "created")
"""What stores call that which changes when a file is written, the surest first."""
_SCAN: dict[str, Any] = {"cache_type": "background", "block_size": 4 << 20, "cache_options": {"maxblocks": 3}}
"""Through a file from its beginning: the next piece comes while one is read; five at most are in memory."""
_RECORD: dict[str, Any] = {"cache_type": "readahead", "block_size": 128 << 10}
"""A record here and there: in one request with what follows it, which often is the next one's."""
_MOST_OPEN = 64
FRESH = 60.0
"""Seconds for which a file is taken to be as it was."""


class RemoteError(StorageError):
    """A file elsewhere cannot be had now: denied, unreachable, or changed while it was read. Ends the command, since
    what else lies there could not be had either."""


def location(text: str) -> Location:
    """The path or the address that somebody gave. Raises UsageError for an address that is not to be used."""
    if (found := _PROTOCOL.match(text)) is None:
        return Path(text)
    protocol, shown = found[1].lower(), _SECRET.sub("", text)
    host = text[found.end() :].partition("/")[0]
    if ":" in host.rpartition("@")[0]:
        where = "in the environment, or in the configuration of the protocol's library"
        raise UsageError(f"{shown}: a password has no place in an address; give it {where}")
    if protocol in ("http", "https"):
        why = "a web server may be an archive's, whose limits only a crawl keeps"
        raise UsageError(f"{shown}: not read from there, since {why}; download the file")
    if "::" in text or re.search(r"#\d+\Z", text):
        raise UsageError(f"{shown}: one protocol and one file, folder or pattern are needed")
    return text


def is_address(name: str) -> bool:
    """Whether the name of a file is an address; any other is a path."""
    return "://" in name and _PROTOCOL.match(name) is not None


def find_remote(address: str, endings: tuple[str, ...]) -> list[str] | None:
    """The addresses of the files that an address means: its own, else those below it whose names end so, at any depth
    where it is a folder; sorted. None where nothing is there. Raises UsageError, RemoteError."""
    with _reaching(address):
        files, path = _file_system(address)
        try:
            info = files.info(path)
        except FileNotFoundError:
            if not _PATTERN.search(path):
                return None
            below = files.glob(path, detail=True)
        else:
            if info["type"] != "directory":
                return [address]
            below = files.find(path, detail=True)
    names = sorted(name for name, each in below.items() if each["type"] == "file" and name.endswith(endings))
    before = address.rstrip("/").removesuffix(path.rstrip("/"))
    return [f"{before}{name}" for name in names]


class RemoteFile:
    """A file elsewhere, opened. `scan`: it is read from its beginning to its end. Raises UsageError, RemoteError;
    FileNotFoundError, also once it is gone."""

    def __init__(self, address: str, *, scan: bool = False) -> None:
        self._address = address
        with _reaching(address):
            files, path = _file_system(address)
            self._file = files.open(path, "rb", **(_SCAN if scan else _RECORD))
            self._file.seek(0, os.SEEK_END)
            self.size: int = self._file.tell()

    def read(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes; fewer only at the end."""
        with _reaching(self._address):
            self._file.seek(offset)
            part: bytes = self._file.read(length)
            if len(part) < min(length, self.size - offset):
                raise OSError(f"{len(part)} of {length} bytes came from byte {offset} on")
        return part

    def close(self) -> None:
        self._file.close()


def read_remote(address: str, offset: int, length: int) -> bytes:
    """Bytes of a file elsewhere, which stays open as long as it has not changed. Raises as `RemoteFile`."""
    return _opened(address, remote_state(address)).read(offset, length)


def remote_state(address: str) -> str:
    """Changes when a file elsewhere is written: size, and ETag or time, once a minute. Raises as `RemoteFile`."""
    return _state(address, int(time.monotonic() / FRESH))


@lru_cache(_MOST_OPEN)
def _state(address: str, minute: int) -> str:
    with _reaching(address):
        files, path = _file_system(address)
        info = files.info(path)
        return f"{info['size']} {next((info[name] for name in _CHANGES if info.get(name)), '')}"


@lru_cache(_MOST_OPEN)
def _opened(address: str, state: str) -> RemoteFile:
    return RemoteFile(address)


def _file_system(address: str) -> tuple[Any, str]:
    """What reaches an address, knowing nothing from before, and the path there. Raises UsageError."""
    try:
        from fsspec.core import url_to_fs  # noqa: PLC0415 - an extra, and slow to import

        files, path = url_to_fs(address)
    except ImportError as error:
        ours = isinstance(error, ModuleNotFoundError) and error.name == "fsspec"
        what = "reading it needs fsspec" if ours else str(error).rstrip(".")
        advice = "`pip install fsspec s3fs` is enough for s3://, or `pip install .[remote]` in a checkout"
        raise UsageError(f"{address}: {what}; {advice}") from error
    except ValueError as error:
        raise UsageError(f"{address}: {error}") from error
    files.invalidate_cache()
    return files, path


@contextmanager
def _reaching(address: str) -> Iterator[None]:
    """What libraries raise, each in its own way, becomes one sentence that names the address and nothing secret."""
    try:
        yield
    except UsageError:
        raise
    except FileNotFoundError as error:
        raise FileNotFoundError(errno.ENOENT, "it is not there", address) from error
    except Exception as error:
        kind = type(error).__name__
        denied = isinstance(error, PermissionError) or "Credential" in kind
        said = _SECRET.sub("", " ".join(str(error).split()))[:300].rstrip(".") or kind
        changed = kind == "FileExpired"
        what = "access is denied" if denied else "it has changed meanwhile" if changed else "it cannot be read"
        advice = "Look at the credentials of the protocol's library, and run again" if denied else "Run again later"
        raise RemoteError(f"{address}: {what} ({said}). {advice}; what is written stays whole") from error
