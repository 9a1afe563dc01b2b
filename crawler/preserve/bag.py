"""A bag (BagIt 1.0, RFC 8493) of everything that was recovered: written as copies, and checked; `bagit` of the Library
of Congress judges.

Copies and never links: a bag that shares its bytes with the tree is damaged with it.
"""

import hashlib
import logging
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

import bagit  # type: ignore[import-untyped]

from crawler.ledger.queries import StoreQueries
from crawler.preserve.checks import unknown_files
from crawler.preserve.files import ManifestFault, UnreadableFile, read_chunks, sha256_of, write_manifest
from crawler.preserve.findings import Finding, VerifyKind, printable
from crawler.preserve.verify import MANIFEST, HashJob, Job, Verification, check, unreadable
from crawler.recovery.store import OPEN_SUFFIX
from crawler.utils.exit_status import DamagedError, UsageError
from crawler.utils.files import sync_folder
from crawler.utils.workers import run_jobs

logging.getLogger("bagit").addHandler(logging.NullHandler())  # what it finds is told in our own words
logging.getLogger("bagit").propagate = False

ABOUT = (
    "The articles of Citizen News (hkcnews.com) as recovered from web archives:"
    " Markdown, the captures as WARC, and the ledger (SQLite)"
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
        bagged = _write_payload(output, ledger, part)
        about = {
            "Bag-Software-Agent": software,
            "Bagging-Date": f"{now:%Y-%m-%d}",
            "External-Description": ABOUT,
            "Payload-Oxum": f"{bagged.size}.{bagged.files}",
        }
        _write_tags(part / "bagit.txt", {"BagIt-Version": "1.0", "Tag-File-Character-Encoding": "UTF-8"})
        _write_tags(part / "bag-info.txt", about)
        tag_files = ("bag-info.txt", "bagit.txt", MANIFEST)
        _write_sums(part / f"tag{MANIFEST}", {name: sha256_of(part / name) for name in tag_files})
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


def _write_payload(output: Path, ledger: StoreQueries, part: Path) -> BagSummary:
    """The files of the bag, and their manifest."""
    known = {row.file: row.sha256 for row, _ in ledger.recovered()} | ledger.image_files()
    others, stray = unknown_files(output, known)
    unfinished = [path for path in others if path.endswith(OPEN_SUFFIX)]
    sums: dict[str, str] = {}
    for path in sorted({*known, *others} - {*unfinished}):
        target = part / "data" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        try:
            with target.open("xb") as out:
                for chunk in read_chunks(output / path):
                    digest.update(chunk)
                    out.write(chunk)
        except UnreadableFile as error:
            raise UnreadableFile(f"{printable(path)}: {error}; run `citizen-news verify`") from error
        sums[f"data/{path}"] = digest.hexdigest()
        if path in known and known[path] != digest.hexdigest():
            raise UnreadableFile(f"{path} is not as the ledger has it; run `citizen-news verify`")
    (part / "data").mkdir(exist_ok=True)
    ledger.copy_to(part / "data" / _LEDGER)
    sums[f"data/{_LEDGER}"] = sha256_of(part / "data" / _LEDGER)
    _write_sums(part / MANIFEST, sums)
    size = sum((part / path).stat().st_size for path in sums)
    return BagSummary(len(sums), size, [finding.file for finding in stray] + unfinished)


def _write_sums(path: Path, sums: Mapping[str, str]) -> None:
    with path.open("xb") as out:
        write_manifest(out, sums.items())


def _write_tags(path: Path, values: Mapping[str, str]) -> None:
    lines = "".join(f"{label}: {value}\n" for label, value in values.items())
    path.write_text(lines, "utf-8", newline="\n")


def check_bag(path: Path, workers: int) -> Verification:
    """Check a bag that has SHA-256, whoever made it: every changed, missing and additional file is named. Raises
    CommandError, OSError."""
    try:
        bag = bagit.Bag(str(path))
        missing, added = bag.compare_manifests_with_fs()
    except (bagit.BagError, UnicodeError) as error:
        raise DamagedError(f"{path} is no bag: {error}") from error
    found = Verification(root=path, manifest=len(bag.payload_entries()), is_bag=True)
    found.findings += [Finding(VerifyKind.MANIFEST_MISSING, "", printable(file)) for file in missing]
    found.findings += [Finding(VerifyKind.MANIFEST_ADDED, "", printable(file)) for file in added]
    gone, jobs = frozenset(missing), list[list[Job]]()
    for file, digests in sorted(bag.entries.items()):
        if _ALGORITHM not in digests:
            raise UsageError(f"{path} has no SHA-256 of {printable(file)}: check it with `bagit.py --validate`")
        if file not in gone:
            jobs.append([HashJob(bag.normalized_filesystem_names.get(file, file), digests[_ALGORITHM].lower())])
    for _, came in run_jobs(jobs, partial(check, path), unreadable, workers):
        found.add(came)
    if not found.findings:
        try:
            bag.validate(completeness_only=True)
        except bagit.BagError as error:
            found.findings.append(Finding(VerifyKind.MANIFEST, str(error), path.name))
    return found
