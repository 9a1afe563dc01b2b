"""`python -m tests.sample DIR`: the sample of real articles, crawled from the stand-in with its troubles acted out,
then judged.

DIR holds the sample; the judge lies beside it, in `../judge/judge.py`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.standin import StandIn, load_sample

ROOT = Path(__file__).parents[1]
DIFFERENT = {
    "PLAYBACK_RATE": "100000",
    "CDX_RATE": "100000",
    "RETRY_SECONDS": "0.2,0.5,1,2",
    "LISTING_RETRY_SECONDS": "0.5,1",
}
"""What differs from a real run: nobody is to be spared on loopback."""
FAULTLESS = ("missing", "junk", "duplicates", "unreadable")


@dataclass(frozen=True)
class Judged:
    """The crawl's exit status and what the judge said; `faults` is empty when every article is perfect."""

    crawl: int
    report: str
    faults: tuple[str, ...]


def judge_sample(sample: Path, output: Path) -> Judged:
    """Crawl the sample into a folder and have the files judged. Raises FileNotFoundError when there is no sample or no
    judge."""
    judge = sample.resolve().parent / "judge" / "judge.py"
    for needed in (sample / "truth.jsonl", judge):
        if not needed.exists():
            raise FileNotFoundError(f"{needed} is not here")
    with StandIn(load_sample(sample)) as archive:
        settings = {"ARCHIVE_URL": archive.url, "OUTPUT_DIR": str(output), **DIFFERENT}
        options = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
        crawl = subprocess.run([sys.executable, "-m", "scrapy", "crawl", "articles", *options], cwd=ROOT, check=False)
    judged = subprocess.run(
        [sys.executable, str(judge), str(sample), str(output / "articles"), "-v"],
        capture_output=True,
        text=True,
        check=False,
    )
    report = judged.stdout + judged.stderr
    return Judged(crawl.returncode, report, tuple(_faults(crawl.returncode, judged.returncode, report)))


def _faults(crawl: int, judge: int, report: str) -> list[str]:
    if judge:
        return [f"the judge failed with status {judge}"]
    counts = json.loads(report.splitlines()[0])
    faults = [f"the crawl ended with status {crawl}"] if crawl else []
    if not 0 < counts["perfect"] == counts["articles"]:
        faults.append(f"{counts['perfect']} of {counts['articles']} articles are perfect")
    return faults + [f"{counts[name]} {name}" for name in FAULTLESS if counts[name]]


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        try:
            judged = judge_sample(Path(arguments[0]), Path(folder) / "output")
        except FileNotFoundError as error:
            print(error, file=sys.stderr)
            return 2
    print(judged.report, end="")
    for fault in judged.faults:
        print(f"not as it should be: {fault}", file=sys.stderr)
    return int(bool(judged.faults))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
