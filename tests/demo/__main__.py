"""`make demo`: the main job against the bundled archive of invented articles, on loopback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from crawler.markdown.document import relative_path
from crawler.run.config import FILE
from tests.standin import Archive, Endpoint, Kind, StandIn, Trouble, load_sample
from tests.standin.troubles import Asked

ARCHIVE = Path(__file__).parent / "archive"
PUBLIC = "https://archive.example"
SETTINGS = {
    "PLAYBACK_RATE": "1200",
    "PLAYBACK_RATE_START": "1200",
    "CDX_RATE": "600",
    "LISTING_PAGE_ROWS": "20",
    "LISTING_RETRY_SECONDS": "1,1,1",
    "RETRY_SECONDS": "1,2,4,8",
    "PAUSE_SECONDS": "3",
    "PROGRESS_SECONDS": "2",
    "CONTACT": "mailto:demo@archive.example",
    "IMAGES": "1",
    "GAP_REQUESTS": "28",
}
"""What differs from a real run: images are fetched, too, and the demo takes seconds, because nobody is to be spared on
loopback."""


TROUBLES = (
    Trouble(Kind.CUT_JSON, on=Endpoint.CDX, first=2, times=1),
    Trouble(Kind.GARBAGE, on=Endpoint.CDX, first=3, times=1),
    Trouble(Kind.DUPLICATES, on=Endpoint.CDX, first=4, times=1),
    Trouble(Kind.LIMIT, on=Endpoint.PLAYBACK, first=25, times=1),
    Trouble(Kind.RESET, on=Endpoint.PLAYBACK, first=35, times=1),
)
"""Troubles of the archive itself, beside those of its captures."""


STAGED = {
    Kind.CUT_JSON: "the archive cuts off a page of its index",
    Kind.LIMIT: "the archive answers 429, too many requests",
    Kind.RESET: "the archive breaks off a connection",
}
"""Troubles that are announced: what is said about them may look like a fault."""
CORRECTED, BEFORE = 13009, "20180608141500"
"""An article, and the time of its capture from before its correction."""
OVERLOOKED = (612, 7218, 30303)
"""The listing leaves these articles out. Others link to the first; only lists of the site's name the second (a page of
JSON) and the third (the bloggers' page)."""
SPOILED = {36963: ("# ", "# \ufffd"), 33900: ('category: "', 'categorie: "')}
"""What is wrong in the backup of the demo: replaced characters, a field that is missing."""


def archive_of_the_demo() -> Archive:
    """The bundled archive, whose listing overlooks some articles."""
    archive = load_sample(ARCHIVE)
    overlooked = tuple(f"/article/{number}/" for number in OVERLOOKED)
    archive.overlooked |= {row.original for row in archive.rows if any(path in row.original for path in overlooked)}
    return archive


def program(*arguments: str, quietly: bool = False) -> int:
    """Show a command of ours and run it; its exit status. Quietly: run it without a word."""
    line = [sys.executable, "-c", "from crawler.commands import main; main()", *arguments]
    if quietly:
        return subprocess.call(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    print(f"\n$ citizen-news {' '.join(arguments)}", flush=True)
    return subprocess.call(line, env={**os.environ, "PYTHONUNBUFFERED": "1"})


def announce_troubles(archive: StandIn) -> None:
    """From now on it is said beforehand which of the archive's troubles are on purpose."""
    pick = archive.script.pick

    def announced(asked: Asked, now: float) -> Trouble | None:
        trouble = pick(asked, now)
        if trouble is not None and trouble.kind in STAGED and trouble in TROUBLES:
            print(f"(on purpose: {STAGED[trouble.kind]})", file=sys.stderr, flush=True)
        return trouble

    archive.script.pick = announced  # type: ignore[method-assign]


def spoiled_backup(output: Path) -> Path:
    """A copy of the articles as somebody else may have them, two of them spoiled."""
    backup = output / "backup"
    shutil.copytree(output / "articles", backup)
    for article, (sound, spoiled) in SPOILED.items():
        path = backup / relative_path(article)
        path.write_text(path.read_text("utf-8").replace(sound, spoiled, 1), "utf-8")
    return backup


def remember(output: Path, url: str, **different: object) -> None:
    """Give an output directory its settings, so that the commands need none."""
    output.mkdir(parents=True)
    values = {"ARCHIVE_URL": url, "ARCHIVE_PUBLIC_URL": PUBLIC, **SETTINGS, **different}
    lines = (f"{name.lower()} = {json.dumps(value)}\n" for name, value in values.items())
    (output / FILE).write_text(f"# A demo: see README.md\n{''.join(lines)}", "utf-8")


def main() -> int:
    """Serve the bundled archive, crawl it, then repair a backup from it; the exit status."""
    output, there = Path("output", "demo").absolute(), "output/demo"
    shutil.rmtree(output, ignore_errors=True)
    with StandIn(archive_of_the_demo(), TROUBLES) as archive:
        remember(output, archive.url)
        print("An archive of invented articles listens on this machine.")
        announce_troubles(archive)
        status = program("crawl", "-o", there, "-L", "WARNING")
        if status:
            return status
        (first,) = (row.original for row in archive.archive.rows if row.timestamp == BEFORE)
        program("inspect", f"{archive.url}/web/{BEFORE}/{first}", "--fetch", "-o", there, quietly=True)
        spoiled_backup(output)
        remember(output / "new", archive.url, IMAGES=0)
        print("\nSomebody has these files already, two of them spoiled. They are repaired:", flush=True)
        status = program("repair", f"{there}/backup", "--in-place", "-o", f"{there}/new", "-L", "ERROR")
    print("\nWhat came of it, in a browser, and an article that was corrected:")
    called = ".venv/bin/citizen-news" if Path(".venv/bin/citizen-news").exists() else "citizen-news"
    print(f"  {called} inspect {CORRECTED} --versions -o {there}")
    print(f"  {called} browse --open -o {there}")
    return status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
