"""The whole of a check: every recovered article, every record of the store, every file of the manifest, each read once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path

from crawler.ledger.places import Places, Stored
from crawler.newfile import new_file
from crawler.store import OPEN
from crawler.verifying.articlefiles import Expected
from crawler.verifying.hashing import NotReadable, read_whole
from crawler.verifying.kinds import Finding, Kind
from crawler.verifying.manifest import NAME, ManifestFault, portable, read_lines, write_lines
from crawler.verifying.stretches import Told, stretches
from crawler.verifying.tree import shown, strays
from crawler.verifying.workers import Files, Job, Whole, told

CHUNK = 200
"""Articles' files that a process is given at once."""
ENOUGH_FOR_ONE = 500
"""Articles; to begin more processes takes longer than to check so few in this one."""


@dataclass(slots=True)
class Verified:
    """What was found. `articles`: recovered ones; `images`: those that there are; `files`: those of the store; `manifest`: files in it,
    None when there is none; `written`: whether it was written just now."""

    root: Path
    articles: int = 0
    images: int = 0
    files: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    manifest: int | None = None
    written: bool = False

    def by_kind(self) -> dict[Kind, list[Finding]]:
        """Findings of each kind, in order; kinds of which there is none are left out."""
        ordered = sorted(self.findings, key=lambda finding: (finding.file, finding.article, finding.detail))
        grouped = {kind: [finding for finding in ordered if finding.kind is kind] for kind in Kind}
        return {kind: found for kind, found in grouped.items() if found}


def verify(
    root: Path, ledger: Places, workers: int, *, write_manifest: bool = False, tell: Callable[[int, int], None] = lambda done, of: None
) -> Verified:
    """Check an output directory whose lock is held; changes nothing but the manifest, which is written if asked for and nothing is
    wrong. `tell` is called with the number of articles' files done and of all. Raises OSError."""
    return _Check(root, ledger, write_manifest).run(workers, tell)


class _Check:
    def __init__(self, root: Path, ledger: Places, write_manifest: bool) -> None:
        self._root = root
        self._ledger = ledger
        self._writes = write_manifest
        self._told = Told()
        self._known = {row.file: row.sha256 for row, _ in ledger.recovered()}
        self._images = ledger.image_files()
        self._others, self._told.findings = strays(root, {**self._known, **self._images})
        self._listed: Mapping[str, str] | None = None
        if not write_manifest:
            self._read_manifest()

    def run(self, workers: int, tell: Callable[[int, int], None]) -> Verified:
        processes = min(workers, 1 + len(self._known) // ENOUGH_FOR_ONE)
        done = 0
        for job, came in told(self._jobs(), processes):
            self._told.add(came)
            if isinstance(job, Files):
                done += len(job.expected)
                tell(done, len(self._known))
        self._name_unfinished()
        count = len(self._listed) if self._listed is not None else None
        found = Verified(self._root, len(self._known), len(self._images), len(self._warcs()), self._told.counts, self._told.findings, count)
        if self._writes and not found.findings:
            found.manifest, found.written = self._write_manifest(), True
        return found

    def _jobs(self) -> Iterator[Job]:
        yield from self._store()
        expected = self._expected()
        while chunk := tuple(islice(expected, CHUNK)):
            yield Files(self._root, chunk)
        yield from self._images_hashed()
        yield from self._others_hashed()

    def _find(self, kind: Kind, file: str, detail: str = "", article: int = 0, articles: tuple[int, ...] = ()) -> None:
        self._told.findings.append(Finding(kind, file, detail, article, articles))

    # The store

    def _warcs(self) -> dict[str, Path]:
        """The store's files by the names that the ledger has for them; a finished one goes before one that is still open."""
        names = [Path(path).name for path in self._others if path.startswith("warc/") and path.count("/") == 1]
        ending = sorted((name for name in names if name.removesuffix(OPEN).endswith(".warc.gz")), reverse=True)
        return {name.removesuffix(OPEN): self._root / "warc" / name for name in ending}

    def _store(self) -> Iterator[Job]:
        warcs = self._warcs()
        unseen = dict(warcs)
        for name, stored in groupby(self._ledger.by_place(), key=lambda one: one.place.file):
            if unseen.pop(name, None) is not None:
                yield from stretches(warcs[name], stored)
            else:
                self._gone(name, stored)
        for path in unseen.values():
            yield from stretches(path, ())

    def _gone(self, name: str, stored: Iterator[Stored]) -> None:
        lost = list(stored)
        recovered = sorted({one.article for one in lost if one.recovered})
        detail = f"{len(lost)} captures, of which {len(recovered)} are those of recovered articles"
        self._find(Kind.WARC_MISSING, f"warc/{shown(name)}", detail, articles=tuple(recovered))

    def _name_unfinished(self) -> None:
        for name, path in self._warcs().items():
            if path.name != name:
                torn = self._told.counts.pop(f"torn {path.name}", 0)
                self._find(Kind.UNFINISHED, f"warc/{path.name}", f"its last {torn} bytes are no whole record" if torn else "")

    # The articles

    def _expected(self) -> Iterator[Expected]:
        for row, capture in self._ledger.recovered():
            listed = self._listed.get(row.file) if self._listed is not None else None
            if self._listed is not None and listed is None and (self._root / row.file).exists():
                self._find(Kind.MANIFEST_ADDED, row.file, article=row.id)
            if capture is None:
                self._find(Kind.CAPTURE_MISSING, row.file, f"the ledger has no capture {row.capture} of this article", row.id)
                yield Expected(row.id, row.file, row.sha256, listed=listed)
                continue
            held = capture.held if not capture.warc else None
            if not capture.warc and held is None:
                self._find(Kind.CAPTURE_MISSING, row.file, "the ledger names no place for its capture", row.id)
            timestamp = capture.served_timestamp or capture.capture.timestamp
            original = capture.served_original or capture.capture.original
            yield Expected(row.id, row.file, row.sha256, f"{capture.replay}/{timestamp}/{original}", original, held, listed)

    def _images_hashed(self) -> Iterator[Job]:
        for path, digest in self._images.items():
            listed = self._listed.get(path, "") if self._listed is not None else digest
            if (self._root / path).is_symlink():
                self._find(Kind.LINK, path)
            elif not (self._root / path).is_file():
                self._find(Kind.IMAGE_MISSING, path)
            elif listed == digest:
                yield Whole(self._root, path, digest, Kind.IMAGE_CHANGED)
            else:
                self._find(Kind.MANIFEST_CHANGED if listed else Kind.MANIFEST_ADDED, path)
                yield Whole(self._root, path, digest, Kind.IMAGE_CHANGED)

    # The manifest

    def _read_manifest(self) -> None:
        path = self._root / NAME
        if not path.exists() and not path.is_symlink():
            return
        try:
            self._listed = read_lines(read_whole(path))
        except (NotReadable, ManifestFault) as error:
            self._find(Kind.MANIFEST, NAME, str(error))

    def _others_hashed(self) -> Iterator[Job]:
        """Files beside the articles', and those that only the manifest knows."""
        others = [path for path in self._others if not path.endswith(OPEN)]
        if self._writes:
            if not self._told.findings:
                yield from (Whole(self._root, path) for path in others)
            return
        if self._listed is None:
            return
        for path in others:
            if path in self._listed:
                yield Whole(self._root, path, self._listed[path])
            else:
                self._find(Kind.MANIFEST_ADDED, shown(path))
        beside = frozenset(others)
        missing = {finding.file for finding in self._told.findings if finding.kind is Kind.WARC_MISSING}
        for path, digest in self._listed.items():
            if path in self._known or path in self._images or path in beside:
                continue
            if (self._root / path).is_file() and not (self._root / path).is_symlink():
                yield Whole(self._root, path, digest)
            elif path not in missing:
                self._find(Kind.MANIFEST_MISSING, shown(path))

    def _write_manifest(self) -> int:
        """Raises OSError; ManifestFault when a name cannot stand in it."""
        entries = {**self._known, **self._images, **self._told.hashes}
        for path in entries:
            if not portable(path):
                raise ManifestFault(f"{shown(path)}: this name cannot stand in a manifest that all programs read alike; rename the file")
        with new_file(self._root / NAME) as out:
            return write_lines(out, sorted(entries.items()))
