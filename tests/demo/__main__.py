"""`make demo`: the main job against the bundled archive of invented articles, on loopback."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from crawler.markdown.document import relative_path
from tests.standin import Archive, Endpoint, Kind, StandIn, Trouble, load_sample

ROOT = Path(__file__).resolve().parents[2]
ARCHIVE = Path(__file__).parent / "archive"
PUBLIC = "https://archive.example"
DIFFERENT = {
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


def scrapy(*arguments: str, **settings: str) -> int:
    """Show a command of ours and run it; its exit status."""
    command = [*arguments, *(part for name, value in settings.items() for part in ("-s", f"{name}={value}"))]
    print(f"\n  .venv/bin/scrapy {' '.join(command)}\n", flush=True)
    return subprocess.call(
        [sys.executable, "-m", "scrapy", *command], cwd=ROOT, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    )


def spoiled_backup(output: Path) -> Path:
    """A copy of the articles as somebody else may have them, two of them spoiled."""
    backup = output / "backup"
    shutil.copytree(output / "articles", backup)
    for article, (sound, spoiled) in SPOILED.items():
        path = backup / relative_path(article)
        path.write_text(path.read_text("utf-8").replace(sound, spoiled, 1), "utf-8")
    return backup


def main() -> int:
    """Serve the bundled archive, crawl it, repair a backup from it, show what came of it; the crawl's exit status."""
    output = ROOT / "output" / "demo"
    shutil.rmtree(output, ignore_errors=True)
    with StandIn(archive_of_the_demo(), TROUBLES) as archive:
        settings = {
            "ARCHIVE_URL": archive.url,
            "ARCHIVE_PUBLIC_URL": PUBLIC,
            "OUTPUT_DIR": str(output.relative_to(ROOT)),
            **DIFFERENT,
        }
        print(f"An archive of invented articles listens at {archive.url}. Now running:", flush=True)
        status = scrapy("crawl", "articles", **settings)
        if status:
            return status
        backup = str(spoiled_backup(output).relative_to(ROOT))
        print("\nSomebody has these files already, two of them spoiled. The repair:", flush=True)
        elsewhere = {**settings, "OUTPUT_DIR": f"{settings['OUTPUT_DIR']}/repair", "IMAGES": "0"}
        status = scrapy("crawl", "articles", "-a", f"repair={backup}", "-a", "in_place=1", **elsewhere)
    files = sorted((output / "articles").glob("*/article_*.md"), key=lambda path: int(path.stem.split("_")[1]))
    if files:
        print(f"\n{len(files)} Markdown files are in {output.relative_to(ROOT)}/articles. The first of them begins:\n")
        print("\n".join(f"  {line}" for line in files[0].read_text(encoding="utf-8").split("\n")[:16]))
        images = [path for path in (output / "images").glob("*/*") if path.is_file()]
        print(
            f"\n{len(images)} images are in {output.relative_to(ROOT)}/images, such as"
            f" {min(images, default=output).relative_to(ROOT)}"
        )
        print("\nLook further:\n  .venv/bin/scrapy status -s OUTPUT_DIR=output/demo")
        article = files[0].stem.split("_")[1]
        print(f"  .venv/bin/scrapy inspect {article} -s OUTPUT_DIR=output/demo -s ARCHIVE_PUBLIC_URL={PUBLIC}")
        for command in ("browse", "report", "verify", "extract -s FORMAT=reading"):
            print(f"  .venv/bin/scrapy {command} -s OUTPUT_DIR=output/demo")
    return status


if __name__ == "__main__":
    sys.exit(main())
