"""The whole of a check: every article, every record of the store, every file of the manifest, each read once."""

import os
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain, groupby
from pathlib import Path
from typing import Any

from crawler.ledger.file import existing_ledger
from crawler.ledger.queries import StoreQueries
from crawler.preserve.checks import DIGEST, Expected, StoreRange, check_file, read_range, store_ranges, unknown_files
from crawler.preserve.files import ManifestFault, UnreadableFile, read_chunks, read_manifest, sha256_of, write_manifest
from crawler.preserve.findings import CheckResult, Finding, VerifyKind, printable
from crawler.recovery.store import OPEN_SUFFIX
from crawler.utils.files import atomic_file
from crawler.utils.lock import lock_output
from crawler.utils.text import counted
from crawler.utils.workers import batched, run_jobs
from crawler.wayback.digest import DigestResult

MANIFEST = "manifest-sha256.txt"
CHUNK = 200
"""Articles' files that a process is given at once."""
ENOUGH_FOR_ONE = 500
"""Articles; to begin more processes takes longer than to check so few in this one."""
_EXAMPLES = 3
_AS_IT_CAME = "what does not match its digest came so from the archive, and is kept as it came"
_OF_BAG = "take it from another copy of the bag, or make a new one with `citizen-news export --bag`"


@dataclass(slots=True, kw_only=True)
class Verification(CheckResult):
    """What was found in an output directory, or in a bag. `articles`: recovered ones; `images`: those that there are;
    `files`: those of the store; `manifest`: files in it, None when there is none; `written`: whether it was written
    just now."""

    root: Path
    articles: int = 0
    images: int = 0
    files: int = 0
    manifest: int | None = None
    written: bool = False
    is_bag: bool = False

    def by_kind(self) -> dict[VerifyKind, list[Finding]]:
        """Findings of each kind, in order; kinds of which there is none are left out."""
        ordered = sorted(self.findings, key=lambda finding: (finding.file, finding.article, finding.detail))
        grouped = {kind: [finding for finding in ordered if finding.kind is kind] for kind in VerifyKind}
        return {kind: found for kind, found in grouped.items() if found}

    def digests(self) -> dict[str, int]:
        """How many captures compare how with the digest of the index."""
        return {name.removeprefix(DIGEST): count for name, count in self.counts.items() if name.startswith(DIGEST)}

    def describe(self) -> Iterator[str]:
        """Lines for the terminal: what was read, then each kind of finding with examples and what to do."""
        if self.is_bag:
            yield f"Bag        {counted(self.manifest or 0, 'file')} in {self.root}"
        else:
            yield from self._describe_output()
        if not self.findings:
            mismatch = any(named.startswith(DigestResult.MISMATCH.value) for named in self.digests())
            yield f"Nothing is wrong: {_AS_IT_CAME}" if mismatch else "Nothing is wrong."
        for kind, found in self.by_kind().items():
            yield ""
            yield f"{len(found):>7,}  {kind.meaning}"
            for finding in found[:_EXAMPLES]:
                article = f"article {finding.article}, " if finding.article else ""
                yield f"         {article}{finding.file}{f': {finding.detail}' if finding.detail else ''}"
                yield f"           {self._advice(finding)}"
            if len(found) > _EXAMPLES:
                yield f"         … and {len(found) - _EXAMPLES:,} more; --json has all"

    def _describe_output(self) -> Iterator[str]:
        counts = self.counts
        yield f"Articles   {self.articles:,} recovered"
        if self.images:
            yield f"Images     {self.images:,}"
        known = counts["captures"] - counts["unknown"]
        others = f", {counts['unknown']:,} of other pages" if counts["unknown"] else ""
        yield f"Store      {counted(self.files, 'file')}, {counted(counts['records'], 'record')}"
        yield f"Captures   {known:,} of articles and images{others}"
        for named, number in sorted(self.digests().items(), key=lambda pair: (-pair[1], pair[0])):
            yield f"           {number:,} {named}"
        if self.manifest is not None:
            how = "written to" if self.written else "listed in"
            yield f"Manifest   {counted(self.manifest, 'file')}, {how} {self.root / MANIFEST}"

    def _advice(self, finding: Finding) -> str:
        if self.is_bag:
            return _OF_BAG
        named = f"-o {shlex.quote(str(self.root))}"  # the same command from another folder would be about another tree
        return re.sub(r"`citizen-news (\w+)", rf"`citizen-news \1 {named}", finding.advice)

    def as_object(self) -> dict[str, Any]:
        """Everything, for `--json`."""
        kinds = self.by_kind()
        return {
            "sound": not self.findings,
            "articles": self.articles,
            "images": self.images,
            "warc_files": self.files,
            **{name: self.counts[name] for name in ("records", "captures", "unknown")},
            "digests": self.digests(),
            "manifest": self.manifest,
            "manifest_written": self.written,
            "kinds": {kind.value: len(found) for kind, found in kinds.items()},
            "findings": [
                {
                    "kind": finding.kind.value,
                    "article": finding.article or None,
                    "articles": list(finding.articles),
                    "file": finding.file,
                    "detail": finding.detail,
                    "advice": self._advice(finding),
                }
                for finding in chain.from_iterable(kinds.values())
            ],
        }


@dataclass(frozen=True, slots=True)
class HashJob:
    """A file to be hashed. `expected`: what it must be; `kind`: what it is called when it is not; without them the hash
    is asked for."""

    file: str
    expected: str = ""
    kind: VerifyKind = VerifyKind.MANIFEST_CHANGED


Job = Expected | StoreRange | HashJob


def check(root: Path, job: Job) -> CheckResult:
    """Do one job."""
    try:
        if isinstance(job, Expected):
            return CheckResult(list(check_file(root, job)))
        if isinstance(job, StoreRange):
            return read_range(job)
        digest = sha256_of(root / job.file)
    except UnreadableFile as error:
        return unreadable(job, str(error))
    except OSError as error:
        return unreadable(job, error.strerror or str(error))
    if not job.expected:
        return CheckResult(hashes={job.file: digest})
    return CheckResult([Finding(job.kind, "", printable(job.file))] if digest != job.expected else [])


def unreadable(job: Job, why: str) -> CheckResult:
    """What comes of a job that cannot be done."""
    if isinstance(job, StoreRange):
        detail = f"bytes {job.start} to {job.end}: {why}"
        return CheckResult([Finding(VerifyKind.UNREADABLE, detail, f"warc/{job.path.name}")])
    file, article = (job.row.file, job.row.id) if isinstance(job, Expected) else (job.file, 0)
    return CheckResult([Finding(VerifyKind.UNREADABLE, why, printable(file), article)])


def verify(
    root: Path,
    ledger: StoreQueries,
    workers: int,
    *,
    writes_manifest: bool = False,
    tell: Callable[[int, int], None] = lambda done, of: None,
) -> Verification:
    """Check an output directory whose lock is held; changes nothing but the manifest, which is written if asked for and
    nothing is wrong. `tell` is given the number of articles' files done and of all. Raises OSError,
    ManifestFault."""
    checked = _Check(root, ledger, writes_manifest)
    found, done = checked.found, 0
    processes = min(workers, 1 + found.articles // ENOUGH_FOR_ONE)
    for job, came in run_jobs(checked.jobs(), partial(check, root), unreadable, processes):
        found.add(came)
        if isinstance(job, Expected):
            done += 1
            tell(done, found.articles)
    for name, path in checked.warcs.items():
        if path.name != name:
            torn = found.counts.pop(f"torn {path.name}", 0)
            detail = f"its last {torn} bytes are no whole record" if torn else ""
            found.findings.append(Finding(VerifyKind.UNFINISHED, detail, f"warc/{path.name}"))
    if writes_manifest and not found.findings:
        entries = {**checked.articles, **checked.images, **found.hashes}
        try:
            with atomic_file(root / MANIFEST) as out:
                found.manifest = write_manifest(out, entries.items())
        except ManifestFault as error:
            raise ManifestFault(f"{root / MANIFEST} was not written: {error}") from error
        found.written = True
    return found


class _Check:
    """What there is to be checked. Files that are missing or too many are findings before anything is read."""

    def __init__(self, root: Path, ledger: StoreQueries, writes_manifest: bool) -> None:
        self._root = root
        self._ledger = ledger
        self._writes = writes_manifest
        self.articles = {row.file: row.sha256 for row, _ in ledger.recovered()}
        self.images = ledger.image_files()
        self._others, stray = unknown_files(root, {**self.articles, **self.images})
        # The store's files by the names that the ledger has for them; a finished one goes before one still open.
        names = [path.removeprefix("warc/") for path in self._others if path.count("/") == 1]
        warcs = sorted((name for name in names if name.removesuffix(OPEN_SUFFIX).endswith(".warc.gz")), reverse=True)
        self.warcs = {name.removesuffix(OPEN_SUFFIX): root / "warc" / name for name in warcs}
        self.found = Verification(stray, root=root, articles=len(self.articles), images=len(self.images))
        self.found.files = len(self.warcs)
        self._listed: Mapping[str, str] | None = None
        if not writes_manifest and os.path.lexists(root / MANIFEST):
            try:
                self._listed = read_manifest(b"".join(read_chunks(root / MANIFEST)))
                self.found.manifest = len(self._listed)
            except (UnreadableFile, ManifestFault) as error:
                self._find(VerifyKind.MANIFEST, MANIFEST, str(error))

    def _find(self, kind: VerifyKind, file: str, detail: str = "") -> None:
        self.found.findings.append(Finding(kind, detail, file))

    def jobs(self) -> Iterator[list[Job]]:
        """Those of the store first: they are the largest. What the manifest wants to know of other files comes last,
        when all else is known to be sound."""
        yield from ([job] for job in self._store())
        listed = self._listed
        articles: Iterator[Job] = (
            Expected(row, capture, None if listed is None else listed.get(row.file, ""))
            for row, capture in self._ledger.recovered()
        )
        yield from batched(articles, CHUNK)
        yield from ([job] for job in chain(self._image_hashes(), self._other_hashes()))

    def _store(self) -> Iterator[Job]:
        unseen = dict(self.warcs)
        for name, stored in groupby(self._ledger.stored_captures(), key=lambda one: one.place.file):
            if unseen.pop(name, None) is not None:
                yield from store_ranges(self.warcs[name], stored)
                continue
            lost = list(stored)
            recovered = tuple(sorted({one.article for one in lost if one.recovered}))
            detail = f"{counted(len(lost), 'capture')}, of which {len(recovered):,} are those of recovered articles"
            file = f"warc/{printable(name)}"
            self.found.findings.append(Finding(VerifyKind.WARC_MISSING, detail, file, articles=recovered))
        for path in unseen.values():
            yield from store_ranges(path, ())

    def _image_hashes(self) -> Iterator[Job]:
        for path, digest in self.images.items():
            listed = self._listed.get(path, "") if self._listed is not None else digest
            if (self._root / path).is_symlink():
                self._find(VerifyKind.LINK, path)
            elif not (self._root / path).is_file():
                self._find(VerifyKind.IMAGE_MISSING, path)
            else:
                if listed != digest:
                    self._find(VerifyKind.MANIFEST_CHANGED if listed else VerifyKind.MANIFEST_ADDED, path)
                yield HashJob(path, digest, VerifyKind.IMAGE_CHANGED)

    def _other_hashes(self) -> Iterator[Job]:
        """Files beside the articles', and those that only the manifest knows."""
        others = [path for path in self._others if not path.endswith(OPEN_SUFFIX)]
        if self._writes and not self.found.findings:
            yield from map(HashJob, others)
        if self._listed is None:
            return
        for path in others:
            if path not in self._listed:
                self._find(VerifyKind.MANIFEST_ADDED, printable(path))
        missing = {one.file for one in self.found.findings if one.kind is VerifyKind.WARC_MISSING}
        for path, digest in self._listed.items():
            if path in self.articles or path in self.images:
                continue
            if (self._root / path).is_file() and not (self._root / path).is_symlink():
                yield HashJob(path, digest)
            elif path not in missing:
                self._find(VerifyKind.MANIFEST_MISSING, printable(path))


@contextmanager
def open_locked(output: Path) -> Iterator[StoreQueries]:
    """The ledger, with the lock held. Raises CommandError when that cannot be."""
    path = existing_ledger(output)
    with lock_output(output), StoreQueries(path) as ledger:
        yield ledger
