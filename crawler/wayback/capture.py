"""What a capture is: one row of an archive's CDX index, by its wire names; and what it holds, as served or stored."""

from dataclasses import dataclass, field
from datetime import datetime

from crawler.utils.timestamps import read_moment
from crawler.wayback.http import first_header

EMPTY_DIGEST = "3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ"
"""Base32 SHA-1 of an empty payload."""

REVISIT = "warc/revisit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One CDX row, every field as the archive sent it."""

    urlkey: str = ""
    timestamp: str
    original: str
    mimetype: str = ""
    statuscode: str = ""
    digest: str = ""
    length: str = ""

    @property
    def is_revisit(self) -> bool:
        """Whether the row points to an earlier payload (its status is then "-")."""
        return self.mimetype == REVISIT

    @property
    def moment(self) -> datetime | None:
        """The aware UTC time of the capture, or None when the timestamp is hopeless."""
        return read_moment(self.timestamp)


@dataclass(frozen=True, slots=True)
class StoredCapture:
    """A capture as it is served or stored: archived status and headers (rebuilt), and the payload's bytes. `digest` is
    that of the payload as CDX rows have it, where reading has compared it already; else the empty string."""

    original: str
    timestamp: str
    status: int
    headers: tuple[tuple[str, str], ...]
    payload: bytes
    digest: str = field(default="", compare=False)

    @property
    def redirect_target(self) -> str | None:
        """Where an archived redirect leads; None for any other capture."""
        return first_header(self.headers, "location") if 300 <= self.status < 400 else None
