"""What a check found: as lines for the terminal, and as one object for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crawler.verifying.kinds import KINDS
from crawler.verifying.manifest import NAME
from crawler.verifying.verify import Verified

_EXAMPLES = 3
_OTHER = ("records", "captures", "unknown")


def describe(verified: Verified) -> Iterator[str]:
    """Lines for the terminal on an output directory: what was read, then what is wrong."""
    counts = verified.counts
    yield f"Articles   {verified.articles:,} recovered"
    if verified.images:
        yield f"Images     {verified.images:,}"
    unknown = f", {counts['unknown']:,} of them unknown to the ledger" if counts["unknown"] else ""
    yield f"Store      {verified.files:,} files, {counts['records']:,} records, {counts['captures']:,} captures{unknown}"
    for named, number in sorted(digests(verified).items(), key=lambda pair: (-pair[1], pair[0])):
        yield f"           {number:,} {named}"
    if verified.manifest is not None:
        yield f"Manifest   {verified.manifest:,} files, {'written to' if verified.written else 'listed in'} {verified.root / NAME}"
    yield from describe_findings(verified)


def describe_bag(verified: Verified) -> Iterator[str]:
    """The same on a bag."""
    yield f"Bag        {verified.manifest:,} files in {verified.root}"
    yield from describe_findings(verified)


def describe_findings(verified: Verified) -> Iterator[str]:
    """Each kind of finding with examples and what to do."""
    if not verified.findings:
        yield "Nothing is wrong."
        return
    for kind, found in verified.by_kind().items():
        yield ""
        yield f"{len(found):>7,}  {KINDS[kind][0]}"
        for finding in found[:_EXAMPLES]:
            article = f"article {finding.article}, " if finding.article else ""
            yield f"         {article}{finding.file}{f': {finding.detail}' if finding.detail else ''}"
            yield f"           {finding.advice}"
        if len(found) > _EXAMPLES:
            yield f"         … and {len(found) - _EXAMPLES:,} more; --json has all"


def digests(verified: Verified) -> dict[str, int]:
    """How many captures compare how with the digest of the index."""
    return {name.removeprefix("digest: "): number for name, number in verified.counts.items() if name.startswith("digest: ")}


def as_object(verified: Verified) -> dict[str, Any]:
    """Everything, for `--json`."""
    kinds = verified.by_kind()
    return {
        "sound": not verified.findings,
        "articles": verified.articles,
        "images": verified.images,
        "warc_files": verified.files,
        **{name: verified.counts[name] for name in _OTHER},
        "digests": digests(verified),
        "manifest": verified.manifest,
        "manifest_written": verified.written,
        "kinds": {kind.value: len(found) for kind, found in kinds.items()},
        "findings": [
            {
                "kind": finding.kind.value,
                "article": finding.article or None,
                "articles": list(finding.articles),
                "file": finding.file,
                "detail": finding.detail,
                "advice": finding.advice,
            }
            for found in kinds.values()
            for finding in found
        ],
    }
