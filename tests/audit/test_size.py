"""A tree of the public backup's size, within the time that its issue gives it."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest

from crawler.audit.kinds import Kind
from crawler.audit.tree import audit_tree
from crawler.markdown.document import relative_path
from tests.audit.drafts import PLANTS, sound

FILES = 49_118
NUMBER = 77_777
"""Stands for an article's number in the texts that are written many times."""
BACKUP = {
    Kind.FAREWELL: 537,
    Kind.OUTAGE_PAGE: 260,
    Kind.BLANK: 91,
    Kind.NO_DATE: 156,
    Kind.FOREIGN_ADDRESS: 158,
    Kind.LOST_EMAIL: 3769,
    Kind.MOJIBAKE_ADDRESS: 9159,
    Kind.INVALID_YAML: 14,
    Kind.STRAY_ASTERISKS: 397,
    Kind.CONTROL_CHARACTERS: 229,
    Kind.INJECTED_SPACES: 15_000,
}
"""How many files of each kind, as in the backup (FACTS section 2); injected spaces in fewer, each file having one kind here."""
LINES = "街坊說那隻貓每晚都在[碼頭](https://web.archive.org/web/20210712013906/https://x.example/{0})看海，**風大**也不走。" * 6


@pytest.mark.heavy
@pytest.mark.alone
def test_as_many_files_as_the_backup_has(capsys: pytest.CaptureFixture[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:  # pytest would keep the last three
        _audit_all(Path(folder), capsys)


def _audit_all(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    numbers = iter(range(1, FILES + 1))
    expected: dict[Kind, list[int]] = {}
    begun = time.monotonic()
    for kind, count in BACKUP.items():
        expected[kind] = [next(numbers) for _ in range(count)]
        _write(folder, expected[kind], kind)
    _write(folder, list(numbers), None)
    written = time.monotonic()
    audit = audit_tree(folder, workers=2)
    done = time.monotonic()
    size = sum(path.stat().st_size for path in folder.rglob("*.md"))
    with capsys.disabled():
        counts = {kind.value: count for kind, count in Counter(found.kind for _, found in audit.findings).items()}
        seconds = f"{done - written:.1f} s on 2 cores ({written - begun:.1f} s to write them)"
        print(f"\n{len(audit.files):,} files, {size / 1e6:.0f} MB, audited in {seconds}: {counts}")
    found = {kind: ids for kind, ids in audit.by_kind().items() if ids}
    assert found == expected
    assert len(audit.files) == FILES


def _write(folder: Path, numbers: list[int], kind: Kind | None) -> None:
    """Files of one kind, of the length that the backup's have."""
    draft = sound(NUMBER)
    if kind not in (Kind.FAREWELL, Kind.OUTAGE_PAGE, Kind.BLANK):
        draft.blocks += [LINES.format(f"{NUMBER}/{line}") for line in range(3)]
    if kind is not None:
        PLANTS[kind][0](draft)
    text = draft.text()
    for number in numbers:
        path = folder / relative_path(number)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.replace(str(NUMBER), str(number)).encode("utf-8"))
