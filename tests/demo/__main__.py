"""`make demo`: the main job against the bundled archive of invented articles, on loopback."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.standin import Endpoint, Kind, StandIn, Trouble, load_sample

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
}
"""What differs from a real run: images are fetched, too, and the demo takes seconds, because nobody is to be spared on loopback."""


TROUBLES = (
    Trouble(Kind.CUT_JSON, on=Endpoint.CDX, first=2, times=1),
    Trouble(Kind.GARBAGE, on=Endpoint.CDX, first=3, times=1),
    Trouble(Kind.DUPLICATES, on=Endpoint.CDX, first=4, times=1),
    Trouble(Kind.LIMIT, on=Endpoint.PLAYBACK, first=25, times=1),
    Trouble(Kind.RESET, on=Endpoint.PLAYBACK, first=35, times=1),
)
"""Troubles of the archive itself, beside those of its captures."""


def main() -> int:
    """Serve the bundled archive, crawl it, show what came of it; the crawl's exit status."""
    output = ROOT / "output" / "demo"
    shutil.rmtree(output, ignore_errors=True)
    with StandIn(load_sample(ARCHIVE), TROUBLES) as archive:
        settings = {"ARCHIVE_URL": archive.url, "ARCHIVE_PUBLIC_URL": PUBLIC, "OUTPUT_DIR": str(output.relative_to(ROOT)), **DIFFERENT}
        command = ["crawl", "articles", *(part for name, value in settings.items() for part in ("-s", f"{name}={value}"))]
        print(
            f"An archive of invented articles listens at {archive.url}. Now running:\n\n  .venv/bin/scrapy {' '.join(command)}\n",
            flush=True,
        )
        status = subprocess.call([sys.executable, "-m", "scrapy", *command], cwd=ROOT, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    files = sorted((output / "articles").glob("*/article_*.md"), key=lambda path: int(path.stem.split("_")[1]))
    if files:
        print(f"\n{len(files)} Markdown files are in {output.relative_to(ROOT)}/articles. The first of them begins:\n")
        print("\n".join(f"  {line}" for line in files[0].read_text(encoding="utf-8").split("\n")[:16]))
        images = [path for path in (output / "images").glob("*/*") if path.is_file()]
        print(f"\n{len(images)} images are in {output.relative_to(ROOT)}/images, such as {min(images, default=output).relative_to(ROOT)}")
        print("\nLook further:\n  .venv/bin/scrapy status -s OUTPUT_DIR=output/demo")
        article = files[0].stem.split("_")[1]
        print(f"  .venv/bin/scrapy inspect {article} -s OUTPUT_DIR=output/demo -s ARCHIVE_PUBLIC_URL={PUBLIC}")
    return status


if __name__ == "__main__":
    sys.exit(main())
