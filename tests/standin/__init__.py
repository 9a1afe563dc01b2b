"""A stand-in for the Wayback Machine on loopback: listing, playback, and all that goes wrong with them, on a script."""

from .archive import Archive, Capture, Row, load_archive, sha1
from .cdx import Edge, Listing
from .police import Limits
from .record import Connection, Logged, Record
from .sample import load_sample
from .server import StandIn
from .troubles import Endpoint, Kind, Trouble, read_troubles

__all__ = [
    "Archive",
    "Capture",
    "Connection",
    "Edge",
    "Endpoint",
    "Kind",
    "Limits",
    "Listing",
    "Logged",
    "Record",
    "Row",
    "StandIn",
    "Trouble",
    "load_archive",
    "load_sample",
    "read_troubles",
    "sha1",
]
