"""`make bench`: everything about speed in one run. Prints a Markdown table; see `--help`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from tests.bench.measuring import (
    Sizes,
    of_cluster,
    of_crawl,
    of_extraction,
    of_hugo,
    of_pages,
    of_reading,
    of_site,
    of_start_up,
)
from tests.bench.processes import Failed, Neighbours
from tests.bench.table import Figure, as_json, markdown

Part = Callable[[Path], Iterator[Figure]]


def parts(sizes: Sizes, sample: Path) -> Mapping[str, Part]:
    """The measurements by name; each is given a folder of its own."""
    return {
        "pages": lambda folder: of_pages(sizes, sample, folder),
        "extract": partial(of_extraction, sizes),
        "cluster": partial(of_cluster, sizes),
        "start": partial(of_start_up, sizes),
        "crawl": partial(of_crawl, sizes),
        "browse": partial(of_reading, sizes),
        "site": partial(of_site, sizes),
        "hugo": partial(of_hugo, sizes),
    }


def main(arguments: list[str] | None = None, sizes: Sizes | None = None) -> int:
    """Measure, print the table; the status is 1 when something that is measured fails."""
    options = _parser().parse_args(arguments)
    wanted = parts(sizes or Sizes(many=options.pages), options.sample)
    figures: list[Figure] = []
    neighbours = Neighbours()
    try:
        for name, part in wanted.items():
            if name in (options.only or wanted):
                with tempfile.TemporaryDirectory(prefix="citizen-news-bench-", dir=options.folder) as folder:
                    for figure in part(Path(folder)):
                        print(f"{figure.what}: {figure.figure}", file=sys.stderr)
                        figures.append(figure)
    except Failed as failure:
        print(failure, file=sys.stderr)
        return 1
    used = neighbours.cores()
    print("\n".join(markdown(figures, used)))
    if options.json:
        options.json.write_text(json.dumps(as_json(figures, used), ensure_ascii=False, indent=2) + "\n", "utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--pages",
        type=int,
        default=Sizes().many,
        metavar="N",
        help="pages of the large extraction, and articles that are searched (default: %(default)s)",
    )
    parser.add_argument(
        "--sample",
        type=Path,
        default=Path("../shared/sample"),
        metavar="DIR",
        help="real articles, where there are any",
    )
    parser.add_argument(
        "--only", action="append", choices=list(parts(Sizes(), Path())), help="measure only this; may be given again"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON too")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="where temporary files go: 10 kB a page")
    return parser


if __name__ == "__main__":
    sys.exit(main())
