"""The recovered articles as a vault for Obsidian, with links by title: written in one pass over archive.db, which knows
all titles."""

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from urllib.parse import unquote

from crawler.markdown.front_matter import FrontMatterError, front_matter
from crawler.preserve.article_file import split_parts
from crawler.preserve.files import walk
from crawler.publish.browse import queries
from crawler.publish.browse.database import open_for_reading
from crawler.publish.browse.render import Links
from crawler.publish.folder import FEW, FolderKind, all_done, sizes
from crawler.publish.note import NoteText, note_name, properties
from crawler.publish.site.pages import CopiedPictures
from crawler.recovery.image_files import FOLDER as IMAGES
from crawler.utils.exit_status import NothingError, UsageError
from crawler.utils.files import write_file
from crawler.utils.text import first_few
from crawler.utils.workers import batched

NOTES = "articles"
_MARK = ".citizen-news-vault.json"
"""Obsidian shows no file whose name begins with a dot."""
VAULT = FolderKind("vault", _MARK, frozenset({NOTES, IMAGES, _MARK}))
_BATCH = 250
_DIGITS = 16
"""Hexadecimal digits that tell a note as it was written from any other."""


@dataclass(slots=True)
class VaultSummary:
    """What a vault has: articles; files and bytes in all. `left_out`: articles whose properties YAML cannot hold."""

    articles: int = 0
    files: int = 0
    size: int = 0
    left_out: list[int] = field(default_factory=list)


def check_unchanged(target: Path) -> None:
    """Refuse to replace a vault in whose notes somebody wrote, or among which he put his own. Raises UsageError,
    OSError."""
    if not target.exists():
        return
    try:
        known = {*json.loads((target / _MARK).read_text("utf-8"))["notes"]}
    except (ValueError, LookupError, TypeError):
        known = set()
    files = [
        file
        for file, entry in walk(target, NOTES, hidden=False)
        if not isinstance(entry, OSError) and entry.is_file() and not entry.name.startswith(".")
    ]
    others = [file for file in files if _digest(file, (target / file).read_bytes()) not in known]
    if others:
        what = f"{first_few(others)} in {target} changed since they were written, or are not of this software"
        raise UsageError(f"{what}: move them out of {NOTES}, or choose another name")


def write_vault(output: Path, target: Path, workers: int, tell: Callable[[int, int], None]) -> VaultSummary:
    """Write a vault of what archive.db has; what of ours is at `target` is replaced by it. `tell`: articles done and in
    all. Broken off, nothing of it is left.

    Raises CommandError, OSError, sqlite3.Error.
    """
    with closing(open_for_reading(output)) as db:
        ids = [number for (number,) in db.execute("SELECT id FROM article ORDER BY id")]
    if not ids:
        raise NothingError(f"there is nothing to export in {output}: no article was recovered into it yet")
    summary, digests = VaultSummary(), list[str]()
    with VAULT.replacing(target) as part:
        jobs = ([some] for some in batched(ids, _BATCH))
        for some, written in all_done(jobs, partial(_write_notes, output, part), workers if len(ids) >= FEW else 1):
            done = [digest for digest in written if digest]
            digests += done
            summary.left_out += [number for number, digest in zip(some, written, strict=True) if not digest]
            summary.articles += len(done)
            tell(summary.articles, len(ids))
        about = {"vault": "citizen-news export --obsidian", "notes": sorted(digests)}
        write_file(part, _MARK, f"{json.dumps(about)}\n".encode(), sync=False)
        made = sizes(part)
    summary.files, summary.size = len(made), sum(made)
    return summary


def _digest(file: str, data: bytes) -> str:
    return hashlib.sha256(file.encode() + b"\0" + data).hexdigest()[:_DIGITS]


def _write_notes(output: Path, vault: Path, articles: Sequence[int]) -> list[str]:
    """Write the notes of some articles with their pictures; a digest of each, '' for one that is left out. Raises
    OSError, sqlite3.Error."""
    pictures = CopiedPictures(output, vault)
    with closing(open_for_reading(output)) as db:

        @cache
        def path_of(number: int) -> str | None:
            """Where an article's note lies in the vault, without its ending: months in years keep lists short."""
            found = db.execute("SELECT title, date FROM article WHERE id = ?", (number,)).fetchone()
            if found is None:
                return None
            title, date = found
            folder = f"{date[:4]}/{date[:7]}" if date else "undated"
            return f"{NOTES}/{folder}/{note_name(title, number)}"

        def write(number: int) -> str:
            article = queries.article(db, number)
            assert article is not None, number
            url, original = article["url"] or "", article["original_url"] or ""
            file = f"{path_of(number)}.md"

            def picture(src: str) -> str | None:
                address = pictures.address(src, url, original)
                return unquote(address[1:]) if address else None

            text = NoteText(
                url,
                Links(url, original, partial(queries.is_known, db)),
                path_of,
                picture,
                "../" * file.count("/"),
            )
            try:
                head = front_matter(properties(article))
            except FrontMatterError:
                return ""
            body, _, bloggers = split_parts(article["body"])
            parts = [text.of(body), *(["---", text.of(bloggers)] if bloggers else [])]
            data = "\n\n".join((head.rstrip("\n"), *parts)).encode() + b"\n"
            write_file(vault, file, data, sync=False)
            return _digest(file, data)

        return [write(number) for number in articles]
