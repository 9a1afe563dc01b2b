"""The runs' records, OUTPUT_DIR/runs/*.json, as far as they can be read: they may be absent, of another version, or damaged."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crawler.runfile import SCHEMA

LARGEST = 4 * 1024 * 1024
"""Bytes; a record has a few thousand."""
_ENDPOINTS = ("cdx", "playback")


@dataclass(frozen=True, slots=True)
class Manner:
    """How one run treated one archive. Numbers are None where the record has none; `busiest` and `rate` are requests a minute."""

    archive: str
    requests: Mapping[str, float | None]
    busiest: Mapping[str, float | None]
    rate: Mapping[str, float | None]
    used: Mapping[str, float | None]
    pauses: float | None
    refusals: float | None
    held: float | None
    connections: float | None


@dataclass(frozen=True, slots=True)
class Record:
    """A run's record. `fault`: why it could not be read, in which case the rest is empty."""

    file: str
    fault: str = ""
    run: int = 0
    command: str = ""
    started: str = ""
    seconds: float | None = None
    status: int | None = None
    verdict: str = ""
    counts: Mapping[str, float | None] = field(default_factory=dict)
    breaches: tuple[str, ...] = ()
    manners: tuple[Manner, ...] = ()


def read_records(folder: Path) -> list[Record]:
    """Every record in the folder, oldest name first; none when there is no such folder. Never raises for what lies there."""
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".json" and not path.name.startswith("."))
    except OSError:
        return []
    return [read_record(path) for path in paths]


def read_record(path: Path) -> Record:
    """One record."""
    try:
        if not path.is_file():
            return Record(path.name, "not a file")
        if path.stat().st_size > LARGEST:
            return Record(path.name, "too large for a run's record")
        loaded = json.loads(path.read_bytes())
    except OSError as error:
        return Record(path.name, error.strerror or "cannot be read")
    except (ValueError, RecursionError):
        return Record(path.name, "not JSON, or cut off")
    if not isinstance(loaded, dict) or loaded.get("schema") != SCHEMA or isinstance(loaded["schema"], bool):
        return Record(path.name, f"no record of schema {SCHEMA}")
    return _record(path.name, loaded)


def _record(name: str, loaded: Mapping[str, Any]) -> Record:
    politeness = loaded.get("politeness")
    breaches = loaded.get("breaches")
    return Record(
        file=name,
        run=int(_number(loaded.get("run")) or 0),
        command=_text(loaded.get("command")),
        started=_text(loaded.get("started")),
        seconds=_number(loaded.get("seconds")),
        status=None if (status := _number(loaded.get("status"))) is None else int(status),
        verdict=_text(loaded.get("verdict")),
        counts={key: _number(loaded.get(key)) for key in ("due", "recovered", "improved", "rewritten", "given_up")},
        breaches=tuple(
            " ".join(filter(None, (_text(breach.get("threshold")), _text(breach.get("message")))))
            for breach in (breaches if isinstance(breaches, list) else ())
            if isinstance(breach, dict)
        ),
        manners=tuple(_manner(archive, said) for archive, said in _mapping(politeness).items() if isinstance(said, dict)),
    )


def _manner(archive: str, said: Mapping[str, Any]) -> Manner:
    def each(name: str) -> dict[str, float | None]:
        return {endpoint: _number(_mapping(said.get(endpoint)).get(name)) for endpoint in _ENDPOINTS}

    return Manner(
        archive=archive,
        requests=each("requests"),
        busiest=each("busiest_minute"),
        rate=each("rate"),
        used=each("budget_used"),
        pauses=_number(said.get("pauses")),
        refusals=_number(said.get("refusals")),
        held=_number(said.get("held_seconds")),
        connections=_number(said.get("connections")),
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> float | None:
    """A number that makes sense; None for any other value."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if abs(value) < 1e15 and math.isfinite(value) else None
