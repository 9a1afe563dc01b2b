"""A tree of files that the user has: what is sound is adopted, what is not is recovered anew, and may take the old
file's place."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from crawler.ledger import Ledger, State
from crawler.preserve.audit import Audit, AuditedFile, examine
from crawler.preserve.findings import INFORMATION, badness
from crawler.recovery.case import MATCHES
from crawler.utils.exit_status import StorageError
from crawler.utils.files import write_file
from crawler.utils.text import by_reason


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one article that was to be repaired; `why` is empty when its file was replaced."""

    article: int
    why: str = ""
    after: AuditedFile | None = None


def adopt_sound(ledger: Ledger, audit: Audit) -> int:
    """Settle the tree's sound articles; those that are not sound (any more) are due. Gives how many were adopted
    anew."""
    ledger.unadopt(audit.refetch)
    return ledger.adopt(sorted(audit.files.keys() - audit.refetch), f"in {audit.folder.resolve().name}")


def recovered(audit: Audit, ledger: Ledger, output: Path) -> Iterator[Outcome]:
    """What the ledger has for each article that is to be refetched, and whether it is better than the tree's file."""
    for article in sorted(audit.refetch):
        yield _recovered(audit.files[article], ledger, output)


def _recovered(old: AuditedFile, ledger: Ledger, output: Path) -> Outcome:
    row = ledger.article(old.article)
    if row is None:
        return Outcome(old.article, "no source lists it")
    if row.state is not State.RECOVERED:
        return Outcome(old.article, f"{row.state.value}: {row.reason}" if row.reason else row.state.value)
    capture = next((capture for capture in ledger.captures(old.article) if capture.id == row.capture), None)
    if capture is None or capture.digest_result not in MATCHES:
        return Outcome(old.article, "recovered, but its bytes are not those of the archive's digest")
    try:
        data = (output / row.file).read_bytes()
    except OSError as error:
        return Outcome(old.article, f"recovered, but its file cannot be read: {error.strerror}")
    if hashlib.sha256(data).hexdigest() != row.sha256:
        return Outcome(old.article, "recovered, but its file was changed since")
    after = replace(old, findings=examine(data.decode("utf-8"), old.article).findings)
    if badness(after.findings) >= badness(old.findings):
        return Outcome(old.article, "recovered, but no better than the file that is there")
    return Outcome(old.article, after=after)


def put_in_place(
    audit: Audit, outcomes: list[Outcome], ledger: Ledger, output: Path, now: Callable[[], datetime]
) -> tuple[int, Path]:
    """Replace files by better ones; the old ones go to a dated folder beside the tree, with a number behind the name
    where an older one has it already. Gives how many, and that folder.

    Raises StorageError; each file is replaced whole or left as it is, and the old one is safe before that.
    """
    folder = audit.folder.resolve()
    aside = folder.with_name(f"{folder.name}.replaced-{now():%Y-%m-%d}")
    done = 0
    for outcome in outcomes:
        row = ledger.article(outcome.article)
        if outcome.why or row is None:
            continue
        file = moved = Path(audit.files[outcome.article].file)
        number = 1
        try:
            old = (folder / file).read_bytes()
            aside.mkdir(exist_ok=True)
            while os.path.lexists(aside / moved):
                number += 1
                moved = file.with_name(f"{file.name}.{number}")
            write_file(aside, moved, old)
            write_file(folder, file, (output / row.file).read_bytes())
        except OSError as error:
            what = f"article {outcome.article}: {folder / file}"
            raise StorageError(f"{what} was not replaced: {error}. {done} others were") from error
        done += 1
    return done, aside


def describe(audit: Audit, outcomes: list[Outcome], replaced: tuple[int, Path] | None) -> Iterator[str]:
    """Before and after, for the terminal."""
    better = {outcome.article: outcome.after for outcome in outcomes if outcome.after is not None}
    before = {kind: ids for kind, ids in audit.by_kind().items() if ids and kind.class_ is not INFORMATION}
    yield f"Repair of {audit.folder}: {len(audit.refetch):,} to refetch, {len(better):,} recovered and better"
    yield f"{'before':>9} {'after':>9}"
    for kind, ids in before.items():
        left = [i for i in ids if i not in better or any(finding.kind is kind for finding in better[i].findings)]
        yield f"{len(ids):>9,} {len(left):>9,}  {kind}"
    reasons: dict[str, list[int]] = {}
    for outcome in outcomes:
        if outcome.why:
            reasons.setdefault(outcome.why, []).append(outcome.article)
    yield from by_reason(reasons, "Left      ", 9)
    if replaced is None:
        yield "The tree was left as it is: the recovered files are in OUTPUT_DIR. -a in_place=1 puts them in place"
    elif replaced[0]:
        yield f"Replaced {replaced[0]:,} files; the old ones are in {replaced[1]}"
