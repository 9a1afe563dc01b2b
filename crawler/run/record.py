"""The record of a run, `OUTPUT_DIR/runs/<time>.json`: what it holds, how it is written, and read again."""

import json
import math
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from crawler import __version__
from crawler.hkcnews.fields import SOURCES
from crawler.hkcnews.verdict import Verdict
from crawler.ledger import State
from crawler.politeness.rate_limiter import Endpoint
from crawler.politeness.summary import PolitenessSummary
from crawler.recovery.case import Selection
from crawler.run.health import Breach, RunNumbers
from crawler.run.session import Session
from crawler.run.status import count_articles
from crawler.utils.exit_status import RunResult
from crawler.utils.files import write_file

SCHEMA = 1
"""Grows when a key goes or changes its meaning; new keys may come without that."""
RECORDS_FOLDER = "runs"
FIELDS = (*SOURCES, "tags")
ENDPOINT_KEYS = {"requests": 0, "busiest_minute": 0, "rate": 3, "budget_used": 4}
ARCHIVE_KEYS = {
    "pauses": 0,
    "pause_seconds": 1,
    "refusals": 0,
    "breaker_trips": 0,
    "outages": 0,
    "held_seconds": 1,
    "connections": 0,
}
"""What a record has of each endpoint of an archive, and of the archive as a whole: names of `PolitenessSummary`, and
how many decimals are written."""


@dataclass(frozen=True, slots=True)
class LedgerMark:
    """Where the ledger stood when a run began: rows of the index so far, the newest capture, what each recovered file
    was made of (only for a run that may improve files); and when that was, in seconds that only go forward."""

    rows: int
    newest: int
    made_of: Mapping[int, int]
    began: float

    @classmethod
    def of(cls, session: Session) -> Self:
        """Taken before the crawl. Raises sqlite3.Error."""
        rows, newest = session.ledger.listed_so_far()
        present = session.ledger.articles(State.RECOVERED) if session.renewing else ()
        return cls(rows, newest, {row.id: row.capture for row in present if row.capture}, time.monotonic())


def gather_numbers(session: Session, mark: LedgerMark, choice: Selection, rewritten: int = 0) -> RunNumbers:
    """What a run did since its mark; `rewritten`: files that a changed extractor had written anew before. Raises
    sqlite3.Error."""
    ledger, run = session.ledger, session.run
    rows, _ = ledger.listed_so_far()
    recovered = ledger.settled_in_run(run, State.RECOVERED)
    given_up = ledger.settled_in_run(run, State.UNRECOVERABLE) - session.reopened
    new = recovered - session.reopened
    settled = len(new) + len(given_up)
    due = settled + sum(article not in session.reopened for article in ledger.due(choice.ids))  # and those due still
    reopened = [row for row in map(ledger.article, session.reopened) if row is not None]
    improved = [
        row for row in reopened if row.state is State.RECOVERED and row.capture != mark.made_of.get(row.id, row.capture)
    ]
    return RunNumbers(
        listing={"rows": rows - mark.rows, "new": ledger.listed_after(mark.newest)},
        due=due if choice.limit is None else min(due, max(choice.limit, settled)),
        recovered=len(new),
        improved=len(improved),
        rewritten=rewritten,
        given_up=len(given_up),
        verdicts={name: number for name, number in ledger.run_counts(run, "verdict").items() if name in set(Verdict)},
        answers=ledger.run_counts(run, "answer"),
        digests=ledger.run_counts(run, "digest_result"),
        fields=ledger.field_counts(run, FIELDS),
        politeness={host: one.summary() for host, one in session.politeness.hosts.items()},
        standing=count_articles(ledger),
    )


def run_record(
    session: Session, mark: LedgerMark, command: str, numbers: RunNumbers, found: Sequence[Breach], end: RunResult
) -> dict[str, Any]:
    """The run's record as it stands in its file. The run has been concluded in the ledger. Raises sqlite3.Error."""
    started, ended = session.ledger.run_times(session.run)
    return {
        "schema": SCHEMA,
        "run": session.run,
        "command": command,
        "version": __version__,
        "started": started,
        "ended": ended,
        "seconds": round(time.monotonic() - mark.began, 1),
        "arguments": session.given,
        "status": int(end.status),
        "verdict": end.message,
        "breaches": [asdict(breach) for breach in found],
        **{field.name: getattr(numbers, field.name) for field in fields(numbers)},
        "fields": {
            name: {
                "of": count.of,
                "missing": count.missing,
                "before": round(count.earlier_missing / count.earlier, 6) if count.earlier else None,
            }
            for name, count in numbers.fields.items()
        },
        "politeness": {host: _politeness(summary) for host, summary in numbers.politeness.items()},
    }


def _politeness(summary: PolitenessSummary) -> dict[str, Any]:
    endpoints = {
        endpoint.value: {
            key: None if (value := getattr(summary, key)[endpoint]) is None else round(value, decimals)
            for key, decimals in ENDPOINT_KEYS.items()
        }
        for endpoint in summary.requests
    }
    return {**endpoints, **{key: round(getattr(summary, key), decimals) for key, decimals in ARCHIVE_KEYS.items()}}


def write_record(output: Path, content: Mapping[str, Any]) -> Path:
    """Write a record, whole or not at all; gives its absolute path. Only while the output directory is locked: the name
    is chosen by looking which is free. Raises OSError."""
    stem = "".join(char for char in content["started"] if char.isalnum())
    names = (f"{stem}{f'_{number}' if number > 1 else ''}.json" for number in range(1, 10_000))
    name = next(name for name in names if not os.path.lexists(output / RECORDS_FOLDER / name))
    # A path from the command line may hold bytes that are no UTF-8; they are written as JSON escapes them.
    data = json.dumps(content, ensure_ascii=False, indent=2).encode("utf-8", "backslashreplace")
    write_file(output, f"{RECORDS_FOLDER}/{name}", data + b"\n")
    return output.resolve() / RECORDS_FOLDER / name


LARGEST = 4 * 1024 * 1024
"""Bytes; a record has a few thousand."""
Numbers = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class ArchiveFigures:
    """How one run treated one archive, by the keys of the record; None for a number that it does not have."""

    endpoints: Mapping[str, Numbers]
    whole: Numbers


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run's record. `fault`: why it could not be read, in which case the rest is empty. `politeness`: by archive."""

    file: str
    fault: str = ""
    run: int = 0
    command: str = ""
    seconds: float | None = None
    verdict: str = ""
    recovered: float | None = None
    breaches: tuple[str, ...] = ()
    politeness: Mapping[str, ArchiveFigures] = field(default_factory=dict)


def read_records(folder: Path) -> list[RunRecord]:
    """Every record in the folder, oldest name first; none when there is no such folder. Never raises for what lies
    there."""
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".json" and not path.name.startswith("."))
    except OSError:
        return []
    return [read_record(path) for path in paths]


def read_record(path: Path) -> RunRecord:
    try:
        if not path.is_file():
            return RunRecord(path.name, "not a file")
        if path.stat().st_size > LARGEST:
            return RunRecord(path.name, "too large for a run's record")
        loaded = json.loads(path.read_bytes())
    except OSError as error:
        return RunRecord(path.name, error.strerror or "cannot be read")
    except (ValueError, RecursionError):
        return RunRecord(path.name, "not JSON, or cut off")
    if not isinstance(loaded, dict) or loaded.get("schema") != SCHEMA or isinstance(loaded["schema"], bool):
        return RunRecord(path.name, f"no record of schema {SCHEMA}")
    breaches = loaded.get("breaches")
    return RunRecord(
        file=path.name,
        run=int(_number(loaded.get("run")) or 0),
        command=_text(loaded.get("command")),
        seconds=_number(loaded.get("seconds")),
        verdict=_text(loaded.get("verdict")),
        recovered=_number(loaded.get("recovered")),
        breaches=tuple(
            " ".join(filter(None, (_text(breach.get("threshold")), _text(breach.get("message")))))
            for breach in (breaches if isinstance(breaches, list) else ())
            if isinstance(breach, dict)
        ),
        politeness={
            archive: ArchiveFigures(
                {endpoint.value: _numbers(given.get(endpoint.value), ENDPOINT_KEYS) for endpoint in Endpoint},
                _numbers(given, ARCHIVE_KEYS),
            )
            for archive, given in _mapping(loaded.get("politeness")).items()
            if isinstance(given, dict)
        },
    )


def _numbers(given: object, keys: Iterable[str]) -> Numbers:
    return {key: _number(_mapping(given).get(key)) for key in keys}


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> float | None:
    """A number that makes sense; None for any other value."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if abs(value) < 1e15 and math.isfinite(value) else None
