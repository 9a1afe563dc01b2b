"""A bag (BagIt 1.0, RFC 8493) of everything that was recovered: written as copies, and checked; `bagit` of the Library
of Congress judges.

Copies and never links: a bag that shares its bytes with the tree is damaged with it.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import bagit  # type: ignore[import-untyped]

from crawler.ledger.queries import StoreQueries
from crawler.preserve.verify import HashJob, Job, run_jobs
from crawler.preserve.verify_files import (
    ManifestFault,
    UnreadableFile,
    printable_path,
    read_chunks,
    unknown_files,
    write_lines,
)
from crawler.preserve.verify_findings import MANIFEST, Finding, Kind, Verification
from crawler.recovery.store import OPEN_SUFFIX
from crawler.utils.exit_status import DamagedError, UsageError
from crawler.utils.files import sync_folder

logging.getLogger("bagit").addHandler(logging.NullHandler())  # what it finds is told in our own words
logging.getLogger("bagit").propagate = False

ABOUT = (
    "The articles of Citizen News (hkcnews.com) as recovered from web archives: Markdown, the captures as WARC, and the"
    " ledger (SQLite)"
)
_ALGORITHM = "sha256"
_LEDGER = "ledger.sqlite"


@dataclass(slots=True)
class BagSummary:
    """What went into a bag, and the files below the output directory that did not."""

    files: int = 0
    size: int = 0
    left_out: list[str] = field(default_factory=list)


def write_bag(output: Path, ledger: StoreQueries, bag: Path, *, software: str, now: datetime) -> BagSummary:
    """Write a bag of an output directory whose lock is held. It has its name when it is whole; broken off, nothing is
    left of it.

    Raises CommandError when there is something at `bag`, or an article's file is not as the ledger has it; OSError.
    """
    part = bag.with_name(bag.name + ".part")
    for path in (bag, part):
        if path.exists() or path.is_symlink():
            raise UsageError(f"{path} is there already: choose another name, or remove it")
    if bag.resolve().is_relative_to(output.resolve()):
        raise UsageError(f"{bag} lies in {output}: choose a place outside of it")
    part.mkdir()
    try:
        bagged = _Writer(output, ledger, part).write(software, now)
        bagit.Bag(str(part)).validate(completeness_only=True)
        os.sync()
        part.replace(bag)
    except (ManifestFault, UnreadableFile, bagit.BagError) as error:
        raise DamagedError(f"{bag} was not written: {error}") from error
    finally:
        if part.exists():
            shutil.rmtree(part)
    sync_folder(bag.parent)
    return bagged


class _Writer:
    def __init__(self, output: Path, ledger: StoreQueries, part: Path) -> None:
        self._output = output
        self._ledger = ledger
        self._part = part
        self._bagged = BagSummary()

    def write(self, software: str, now: datetime) -> BagSummary:
        known = {row.file: row.sha256 for row, _ in self._ledger.recovered()} | self._ledger.image_files()
        others, stray = unknown_files(self._output, known)
        self._bagged.left_out = [finding.file for finding in stray] + [
            path for path in others if path.endswith(OPEN_SUFFIX)
        ]
        files = sorted([*known, *(path for path in others if not path.endswith(OPEN_SUFFIX))])
        self._lines(MANIFEST, [*(self._copied(path, known.get(path)) for path in files), self._ledger_copied()])
        about = {
            "Bag-Software-Agent": software,
            "Bagging-Date": f"{now:%Y-%m-%d}",
            "External-Description": ABOUT,
            "Payload-Oxum": f"{self._bagged.size}.{self._bagged.files}",
        }
        self._tags("bagit.txt", {"BagIt-Version": "1.0", "Tag-File-Character-Encoding": "UTF-8"})
        self._tags("bag-info.txt", about)
        tagged = ("bag-info.txt", "bagit.txt", MANIFEST)
        self._lines(
            f"tag{MANIFEST}", [(name, hashlib.sha256((self._part / name).read_bytes()).hexdigest()) for name in tagged]
        )
        return self._bagged

    def _copied(self, path: str, expected: str | None) -> tuple[str, str]:
        """Copy one file; gives its line. `expected`: the SHA-256 that it must have."""
        target, digest = self._part / "data" / path, hashlib.sha256()
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with target.open("xb") as out:
                for piece in read_chunks(self._output / path):
                    digest.update(piece)
                    self._bagged.size += out.write(piece)
        except UnreadableFile as error:
            raise UnreadableFile(f"{printable_path(path)}: {error}; run `scrapy verify`") from error
        if expected is not None and digest.hexdigest() != expected:
            raise UnreadableFile(f"{path} is not as the ledger has it; run `scrapy verify`")
        self._bagged.files += 1
        return f"data/{path}", digest.hexdigest()

    def _ledger_copied(self) -> tuple[str, str]:
        target = self._part / "data" / _LEDGER
        target.parent.mkdir(exist_ok=True)
        self._ledger.copy_to(target)
        data = target.read_bytes()
        self._bagged.files += 1
        self._bagged.size += len(data)
        return f"data/{_LEDGER}", hashlib.sha256(data).hexdigest()

    def _lines(self, name: str, entries: list[tuple[str, str]]) -> None:
        with (self._part / name).open("xb") as out:
            write_lines(out, sorted(entries))

    def _tags(self, name: str, values: Mapping[str, str]) -> None:
        (self._part / name).write_text(
            "".join(f"{label}: {value}\n" for label, value in values.items()), "utf-8", newline="\n"
        )


def check_bag(path: Path, workers: int) -> Verification:
    """Check a bag of anybody's making that has SHA-256: every changed, missing and additional file is named. Raises
    CommandError, OSError."""
    try:
        bag = bagit.Bag(str(path))
        missing, added = bag.compare_manifests_with_fs()
    except (bagit.BagError, UnicodeError) as error:
        raise DamagedError(f"{path} is no bag: {error}") from error
    found = Verification(path, manifest=len(bag.payload_entries()))
    found.findings += [Finding(Kind.MANIFEST_MISSING, printable_path(file)) for file in missing]
    found.findings += [Finding(Kind.MANIFEST_ADDED, printable_path(file)) for file in added]
    for _, came in run_jobs(_hashed(path, bag, frozenset(missing)), workers):
        found.findings += came.findings
    if not found.findings:
        try:
            bag.validate(completeness_only=True)
        except bagit.BagError as error:
            found.findings.append(Finding(Kind.MANIFEST, path.name, str(error)))
    found.findings = [replace(finding, in_bag=True) for finding in found.findings]
    return found


def _hashed(path: Path, bag: bagit.Bag, missing: frozenset[str]) -> Iterator[Job]:
    for file, digests in sorted(bag.entries.items()):
        if _ALGORITHM not in digests:
            raise UsageError(
                f"{path} has no SHA-256 of {printable_path(file)}: check it with `bagit.py --validate`",
            )
        if file not in missing:
            yield HashJob(path, bag.normalized_filesystem_names.get(file, file), digests[_ALGORITHM].lower())
