"""A tree with the public backup's proportions: what is due is what another capture can mend, and nothing else."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from contextlib import nullcontext
from itertools import cycle
from pathlib import Path

import pytest

from crawler.markdown.document import relative_path
from crawler.preserve.audit import audit_tree
from crawler.preserve.findings import REFETCH, AuditKind
from tests.e2e.processes import children_are_forked
from tests.preserve.drafts import PLANTS, place, sound

FILES = 49_118
NUMBER = 77_777
"""Stands for an article's number in the texts that are written many times."""
BACKUP = {
    AuditKind.FAREWELL: 537,
    AuditKind.OUTAGE_PAGE: 260,
    AuditKind.BLANK: 91,
    AuditKind.NO_DATE: 156,
    AuditKind.LOST_EMAIL: 3740,
    AuditKind.MOJIBAKE: 16,
    AuditKind.MOJIBAKE_ADDRESS: 9159,
    AuditKind.INVALID_YAML: 14,
    AuditKind.STRAY_ASTERISKS: 397,
    AuditKind.CONTROL_CHARACTERS: 229,
    AuditKind.INJECTED_SPACES: 15_000,
    AuditKind.PUBLISHED_AGAIN: 5546,
}
"""How many files of each kind, as in the backup (FACTS sections 1 and 2); injected spaces in fewer, each file having
one kind here."""
DUE = 537 + 260 + 91 + 156 + 3740 + 16
LINES = (
    "街坊說那隻貓每晚都在[碼頭](https://web.archive.org/web/20210712013906/https://x.example/{0})看海，**風大**也不走。"
    * 6
)


@pytest.mark.parametrize("part", [pytest.param(1, marks=[pytest.mark.heavy, pytest.mark.alone]), 200])
def test_as_many_files_as_the_backup_has_or_a_part_of_them(capsys: pytest.CaptureFixture[str], part: int) -> None:
    with tempfile.TemporaryDirectory() as folder:  # pytest would keep the last three
        _audit_all(Path(folder), part, capsys)


def _audit_all(folder: Path, part: int, capsys: pytest.CaptureFixture[str]) -> None:
    numbers = iter(range(1, FILES // part + 1))
    expected: dict[AuditKind, list[int]] = {}
    begun = time.monotonic()
    for kind, count in BACKUP.items():
        expected[kind] = [next(numbers) for _ in range(-(-count // part))]
        if kind is AuditKind.PUBLISHED_AGAIN:
            _publish_again(folder, expected[kind])
        else:
            _write(folder, expected[kind], kind)
    _write(folder, list(numbers), None)
    written = time.monotonic()
    with nullcontext() if part == 1 else children_are_forked():
        audit = audit_tree(folder, workers=2)
    done = time.monotonic()
    size = sum(path.stat().st_size for path in folder.rglob("*.md"))
    with capsys.disabled():
        counts = {kind.value: count for kind, count in Counter(found.kind for _, found in audit.findings).items()}
        seconds = f"{done - written:.1f} s on 2 cores ({written - begun:.1f} s to write them)"
        print(
            f"\n{len(audit.files):,} files, {size / 1e6:.0f} MB, {len(audit.refetch):,} due, audited in {seconds}:"
            f" {counts}"
        )
    found = {kind: ids for kind, ids in audit.by_kind().items() if ids}
    assert found == expected
    assert len(audit.files) == FILES // part
    assert audit.refetch == {number for kind, ids in expected.items() if kind.class_ is REFETCH for number in ids}
    assert DUE <= part * len(audit.refetch) <= DUE + part * len(BACKUP)


def _write(folder: Path, numbers: list[int], kind: AuditKind | None) -> None:
    """Files of one kind, of the length that the backup's have."""
    draft = sound(NUMBER)
    if kind not in (AuditKind.FAREWELL, AuditKind.OUTAGE_PAGE, AuditKind.BLANK):
        draft.blocks += [LINES.format(f"{NUMBER}/{line}") for line in range(3)]
    if kind is not None:
        PLANTS[kind][0](draft)
    text = draft.text()
    for number in numbers:
        path = folder / relative_path(number)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.replace(str(NUMBER), str(number)).encode("utf-8"))


def _publish_again(folder: Path, numbers: list[int]) -> None:
    """The same text under two to twenty ids: 2, 3, … 20, 2, 3, …; what is left over at the end has at least two."""
    sizes = cycle(range(2, 21))
    while numbers:
        size = next(sizes)
        ids, numbers = (numbers, []) if len(numbers) <= size + 1 else (numbers[:size], numbers[size:])
        draft = sound(ids[0])
        for number in ids:
            draft.number = number
            draft.fields |= {key: sound(number).fields[key] for key in ("url", "original_url")}
            place(folder, draft)
