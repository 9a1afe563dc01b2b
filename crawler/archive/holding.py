"""What a file of web archives holds, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from crawler.archive.capture import Capture
from crawler.archive.warc import Place


class NotAnArchive(Exception):
    """A path that was given is no file or folder of web archives."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path
        self.why = why


@dataclass(frozen=True, slots=True)
class Links:
    """What ties a record to others, as its fields have it: its id and target, its date's digits, and what a revisit refers to.

    `checked`: its bytes have been compared with a digest that it states. `digest`: the payload's own as CDX rows have it, where the one
    that is stated is of the bytes with chunks or with the HTTP head.
    """

    record_id: str = ""
    target: str = ""
    date: str = ""
    refers_to: str = ""
    refers_to_target: str = ""
    refers_to_date: str = ""
    checked: bool = False
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Holding:
    """A capture and where its record lies.

    `capture`: timestamp and original as captured, of records of a playback too; statuscode of a revisit that is not resolved is "-"
    where its record has no HTTP head, its mimetype REVISIT; digest in base32, "" when it is not known; length is the record's.
    `place`: file as the path was given, offset and length in bytes; a record that no seeking can reach, because it is packed together
    with others, has `file#N` and its place in what is unpacked from byte N of the file. `payload`: where the payload of a revisit is.
    `rewritten`: an archive's view with its own links and toolbar, for `unrewrite`. `about`: fields of the metadata record beside it.
    `truncated`: why the record has less than the site sent, in the words of its WARC-Truncated.
    """

    capture: Capture
    place: Place
    payload: Place | None = None
    rewritten: bool = False
    about: Mapping[str, str] = field(default_factory=dict, hash=False)
    truncated: str = ""
    links: Links = field(default=Links(), repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Damage:
    """What of a file cannot be read: from which byte, and one sentence that says what is lost and where reading went on."""

    file: str
    offset: int
    why: str
    original: str = field(default="", compare=False)
    """The address of the one capture that is lost, where that is known."""

    def __str__(self) -> str:
        return f"{self.file} at byte {self.offset}: {self.why}"


class Why(StrEnum):
    """Why a whole record is no capture."""

    OTHER_KIND = "another kind of record"
    NOT_HTTP = "not HTTP"
    ARCHIVES_OWN = "an archive's own page"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A whole record that is no capture, and what kind it says it is."""

    file: str
    offset: int
    why: Why
    kind: str = field(default="", compare=False)
