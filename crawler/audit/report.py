"""An audit for people, for programs, and as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, BinaryIO

from crawler.audit.kinds import MEANING, Class, Kind, class_of
from crawler.audit.tree import Audit, Named
from crawler.wording import some

EXAMPLES = 6
_HEADINGS = {
    Class.REFETCH: "To refetch",
    Class.COSMETIC: "Cosmetic, no reason for a request",
    Class.INFORMATION: "For information, no defect and no reason for a request",
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def describe(audit: Audit) -> Iterator[str]:
    """Lines for the terminal."""
    refetch = len(audit.refetch)
    yield f"{audit.seen:,} files: {len(audit.files) - refetch:,} articles sound, {refetch:,} to refetch"
    found = audit.by_kind()
    width = max(map(len, Kind))
    for group, heading in _HEADINGS.items():
        kinds = [kind for kind in Kind if class_of(kind) is group and found[kind]]
        yield ""
        yield f"{heading}:{'' if kinds else ' nothing'}"
        for kind in kinds:
            yield f"{len(found[kind]):>7,}  {kind:<{width}}  {MEANING[kind]}: {some(found[kind], EXAMPLES)}"
    for named, what in ((audit.others, "more files of the same article"), (audit.unidentified, "files left out")):
        if named:
            yield ""
            yield f"{len(named):,} {what}"
            yield from (f"         {shown(one.file)}: {one.why}" for one in named[:EXAMPLES])
            if len(named) > EXAMPLES:
                yield "         …"


def as_object(audit: Audit) -> dict[str, Any]:
    """The same as one JSON object, complete."""
    found = audit.by_kind()
    refetch = audit.refetch
    classes = {group: [found[kind] for kind in Kind if class_of(kind) is group] for group in Class}
    return {
        "directory": shown(str(audit.folder)),
        "files": audit.seen,
        "articles": len(audit.files),
        "sound": len(audit.files) - len(refetch),
        "kinds": {kind.value: {"class": class_of(kind).value, "count": len(found[kind]), "ids": found[kind]} for kind in Kind},
        "refetch": sorted(refetch),
        "classes": {
            group.value: {"findings": sum(map(len, ids)), "articles": len(set(chain.from_iterable(ids)))} for group, ids in classes.items()
        },
        "others": _listed(audit.others),
        "unidentified": _listed(audit.unidentified),
    }


def write_csv(audit: Audit, out: BinaryIO) -> None:
    """One row a finding; raises OSError."""
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    rows = csv.writer(text)
    rows.writerow(("id", "file", "kind", "class", "detail"))
    for file, finding in audit.findings:
        rows.writerow((file.article, *map(_cell, (shown(file.file), finding.kind, class_of(finding.kind), finding.detail))))
    text.detach()


def shown(name: str) -> str:
    """A file's name as it may stand on a terminal: no control characters, and bytes that are no UTF-8 as escapes."""
    plain = name.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in plain)


def _cell(value: str) -> str:
    """Spreadsheets take some first characters for those of a formula."""
    return f"'{value}" if value.startswith(_FORMULA) else value


def _listed(named: Sequence[Named]) -> list[dict[str, str]]:
    return [{"file": shown(one.file), "why": one.why} for one in named]
