"""`python -m tests.standin`: serves an archive folder or the sample on loopback until interrupted."""

import argparse
import signal
from pathlib import Path

from .archive import load_archive
from .cdx import Listing
from .police import Limits
from .sample import load_sample
from .server import StandIn


def main(arguments: list[str] | None = None) -> None:
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        archive = load_sample(options.sample) if options.sample else load_archive(options.archive)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    limits = Limits(
        cdx=options.cdx_rate,
        playback=options.playback_rate,
        connections=options.connection_rate,
        window=options.window,
        grace=options.grace,
        ban=options.ban,
    )
    with StandIn(
        archive, limits=limits, listing=Listing(max_rows=options.max_rows), port=options.port, seed=options.seed
    ) as standin:
        if options.port_file:
            # Renamed into place: whoever waits for the file never reads half a number.
            unfinished = options.port_file.with_name(options.port_file.name + ".new")
            unfinished.write_text(f"{standin.port}\n", "ascii")
            unfinished.replace(options.port_file)
        print(f"{standin.url} serves {len(archive.rows)} captures", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m tests.standin", description="A stand-in for the Wayback Machine, on loopback only."
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--sample", type=Path, metavar="DIR", help="the sample: cdx.json, captures.warc.gz, truth.jsonl"
    )
    source.add_argument(
        "--archive", type=Path, metavar="DIR", help="cdx.json, captures.warc.gz and, if there, troubles.json"
    )
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    parser.add_argument("--port-file", type=Path, metavar="FILE", help="the port is written here once it listens")
    parser.add_argument(
        "--max-rows",
        type=int,
        default=Listing().max_rows,
        metavar="N",
        help="rows of a listing page at most (%(default)s)",
    )
    parser.add_argument("--cdx-rate", type=int, metavar="N", help="listing requests allowed in a window (no limit)")
    parser.add_argument(
        "--playback-rate", type=int, metavar="N", help="playback requests allowed in a window (no limit)"
    )
    parser.add_argument(
        "--connection-rate", type=int, metavar="N", help="new connections allowed in a window (no limit)"
    )
    parser.add_argument("--window", type=float, default=60.0, metavar="SECONDS", help="(%(default)s)")
    parser.add_argument("--grace", type=float, metavar="SECONDS", help="refuse who goes on so long after a 429 (never)")
    parser.add_argument(
        "--ban", type=float, default=3600.0, metavar="SECONDS", help="how long the first time (%(default)s)"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="for troubles that meet a share of the requests (%(default)s)"
    )
    return parser


if __name__ == "__main__":
    # Blocked before any thread starts, so that sigwait gets them.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    main()
