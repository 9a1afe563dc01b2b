"""A tree of files that the user has: what is sound is adopted, what is not is recovered anew, and may take the old
file's place."""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from crawler.ledger import Ledger, State
from crawler.preserve.audit import Audit, AuditedFile, examine
from crawler.preserve.findings import REFETCH, Kind, badness
from crawler.recovery.case import MATCHES
from crawler.utils.exit_status import StorageError
from crawler.utils.files import write_file
from crawler.utils.text import by_reason, counted


def adopt_sound(ledger: Ledger, audit: Audit) -> int:
    """Settle the tree's sound articles; those that are not sound (any more) are due. Gives how many were adopted
    anew."""
    ledger.unadopt(audit.refetch)
    return ledger.adopt(sorted(audit.files.keys() - audit.refetch), f"in {audit.folder.resolve().name}")


def recovered(audit: Audit, ledger: Ledger, output: Path) -> dict[int, AuditedFile | str]:
    """What the ledger has for each article that is to be refetched: where that is better than the tree's file, as it is
    judged, else why not."""
    return {article: _better(audit.files[article], ledger, output) for article in sorted(audit.refetch)}


def _better(old: AuditedFile, ledger: Ledger, output: Path) -> AuditedFile | str:
    row = ledger.article(old.article)
    if row is None:
        return "no source lists it"
    if row.state is not State.RECOVERED:
        return f"{row.state.value}: {row.reason}" if row.reason else row.state.value
    capture = next((capture for capture in ledger.captures(old.article) if capture.id == row.capture), None)
    if capture is None or capture.digest_result not in MATCHES:
        return "recovered, but its bytes are not those of the archive's digest"
    try:
        data = (output / row.file).read_bytes()
    except OSError as error:
        return f"recovered, but its file cannot be read: {error.strerror}"
    if hashlib.sha256(data).hexdigest() != row.sha256:
        return "recovered, but its file was changed since"
    new = examine(data.decode("utf-8"), old.article, row.file)
    if badness(new.findings) >= badness(old.findings):
        return "recovered, but no better than the file that is there"
    return new


def put_in_place(
    audit: Audit, outcomes: Mapping[int, AuditedFile | str], output: Path, now: Callable[[], datetime]
) -> tuple[int, Path]:
    """Replace files by better ones; the old ones go to a dated folder beside the tree, with a number behind the name
    where an older one has it already. Gives how many, and that folder.

    Raises StorageError; each file is replaced whole or left as it is, and the old one is safe before that.
    """
    folder = audit.folder.resolve()
    aside = folder.with_name(f"{folder.name}.replaced-{now():%Y-%m-%d}")
    done = 0
    for article, better in outcomes.items():
        if isinstance(better, str):
            continue
        file = moved = Path(audit.files[article].file)
        number = 1
        try:
            old = (folder / file).read_bytes()
            aside.mkdir(exist_ok=True)
            while os.path.lexists(aside / moved):
                number += 1
                moved = file.with_name(f"{file.name}.{number}")
            write_file(aside, moved, old)
            write_file(folder, file, (output / better.file).read_bytes())
        except OSError as error:
            what = f"article {article}: {folder / file}"
            raise StorageError(f"{what} was not replaced: {error}. {done} others were") from error
        done += 1
    return done, aside


def describe_repair(
    audit: Audit, outcomes: Mapping[int, AuditedFile | str], replaced: tuple[int, Path] | None
) -> Iterator[str]:
    """Before and after, for the terminal."""
    reasons: dict[str, list[int]] = {}
    after: dict[int, set[Kind]] = {}
    for article, outcome in outcomes.items():
        if isinstance(outcome, str):
            reasons.setdefault(outcome, []).append(article)
        else:
            after[article] = {finding.kind for finding in outcome.findings}
    yield f"Repair of {audit.folder}: {len(audit.refetch):,} to refetch, {len(after):,} recovered and better"
    yield f"{'before':>9} {'after':>9}"
    for kind, ids in audit.by_kind().items():
        if ids and kind.class_ is REFETCH:
            left = [article for article in ids if article not in after or kind in after[article]]
            yield f"{len(ids):>9,} {len(left):>9,}  {kind}"
    yield from by_reason(reasons, "Left      ", 9)
    if replaced is None:
        yield "The tree was left as it is; the recovered files are in the output directory. --in-place replaces them"
    elif replaced[0]:
        yield f"Replaced {counted(replaced[0], 'file')}; what was there is in {replaced[1]}"
