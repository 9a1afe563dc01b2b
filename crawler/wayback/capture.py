"""What a capture is: one row of an archive's CDX index, by its wire names, and the odd timestamps such rows hold."""

from dataclasses import dataclass
from datetime import datetime

from crawler.utils.timestamps import read_moment

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
