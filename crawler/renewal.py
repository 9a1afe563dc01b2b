"""The renewal of files from the store when the extractor has changed."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from crawler import extractor
from crawler.ending import Ending, Fatal, Status
from crawler.ledger import Ledger, LedgerError
from crawler.offline import FromStore, Limits, Report, extract
from crawler.offline.job import Outcome
from crawler.options import read_format, read_seconds, read_whole
from crawler.session import LEAST_MEMORY, ledger_path


@dataclass(frozen=True, slots=True)
class Renewed:
    """What a renewal did: captures read, files that are different now, and how it ended."""

    read: int = 0
    rewritten: int = 0
    ending: Ending = field(default_factory=lambda: Ending(Status.DONE))


def renew_files(output: Path, settings: Mapping[str, object], tell: Callable[[str], object]) -> Renewed:
    """Write anew what this extractor makes otherwise of the captures in the store; nothing where all files are of it, or there is no
    ledger or no store. Takes the lock. Trouble is told in the ending; raises nothing but errors of ours."""
    try:
        if not _is_due(output):
            return Renewed()
        tell("the extractor has changed since the files were written: what it makes otherwise is written anew from the store")
        return _renew(output, settings, tell)
    except Fatal as fatal:
        return Renewed(ending=fatal.ending)
    except LedgerError as error:
        return Renewed(ending=Ending(Status.STORAGE, str(error)))
    except KeyboardInterrupt:
        return Renewed(ending=Ending(Status.INTERRUPTED, "interrupted while files were written anew; run again to go on"))


def _is_due(output: Path) -> bool:
    if not ledger_path(output).exists():
        return False
    with Ledger(ledger_path(output)) as ledger:
        return not extractor.is_present(ledger) and bool(ledger.recovered_ids()) and bool(ledger.at_hand())


def _renew(output: Path, settings: Mapping[str, object], tell: Callable[[str], object]) -> Renewed:
    """As `scrapy extract --changed` does it."""
    limits = Limits(
        os.cpu_count() or 1, read_seconds(settings, "PAGE_SECONDS", zero=False), read_whole(settings, "PAGE_MEMORY_MB", LEAST_MEMORY)
    )
    told = Report(read_seconds(settings, "PROGRESS_SECONDS"))
    ending = extract(FromStore(output, dry_run=False), told, limits, read_format(settings), only_changed=True)
    for line in told.describe(dry_run=False, only_changed=True):
        tell(line)
    return Renewed(told.captures, told.outcomes[Outcome.NEW] + told.outcomes[Outcome.CHANGED], ending)
