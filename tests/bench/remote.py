"""`citizen-news extract` from files of this machine and from S3 on loopback, in turns.

`python -m tests.bench.remote --pages N` prints what each costs; the server is in this process and no part of it.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.bench.extracting import of_pages
from tests.bench.generate import PUBLIC
from tests.bench.processes import Cost, scrapy
from tests.bench.rounds import interleaved
from tests.s3 import BUCKET, s3_server

HERE, S3 = "files here", "S3 on loopback"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with TemporaryDirectory() as name, s3_server() as s3:
        folder = Path(name)
        warcs = of_pages(given.pages, folder) / "warc"
        os.environ.update(s3.environment())
        for warc in warcs.iterdir():
            s3.put(f"warc/{warc.name}", warc.read_bytes())

        def extract(place: str) -> Cost:
            with TemporaryDirectory(dir=folder) as output:
                settings = {"OUTPUT_DIR": output, "ARCHIVE_PUBLIC_URL": PUBLIC, "PROGRESS_SECONDS": 0}
                return scrapy("extract", place, "--workers", "1", settings=settings)

        places = {HERE: str(warcs), S3: f"s3://{BUCKET}/warc"}
        steps = {each: lambda place=place: extract(place) for each, place in places.items()}
        rounds = interleaved(steps, given.rounds)
        for each in places:
            memory = median(cost.megabytes for cost in rounds.costs[each])
            print(f"{each}: {rounds.wall(each):.1f} s, {rounds.cpu(each):.1f} s of CPU, {memory:.0f} MiB")
        sent = sum(part.sent for part in s3.parts) / given.rounds
        size = sum(warc.stat().st_size for warc in warcs.iterdir())
        print(f"{len(s3.asked) / given.rounds:.0f} requests, {sent / size:.2f} times the files' {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
