"""`scrapy verify`: the recovered files, the ledger and the store held against each other; and the manifest."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from crawler.command import ProjectCommand, report
from crawler.ending import Ending, Fatal, Status
from crawler.options import check_whole, read_output, read_seconds, wrong
from crawler.wording import many


class Command(ProjectCommand):
    """Reads OUTPUT_DIR, or a bag; writes nothing but the manifest, when that is asked for."""

    def short_desc(self) -> str:
        return "Hold the recovered files, the ledger and the store against each other"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--manifest", action="store_true", help="if nothing is wrong, write the SHA-256 of every file, in BagIt's form")
        parser.add_argument("--bag", metavar="DIR", help="check a bag, as `export --bag` writes it, instead")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--workers", metavar="N", default=str(os.cpu_count() or 1), help="processes (one for each core by default)")

    def act(self, args: list[str], opts: argparse.Namespace) -> int:
        if args:
            raise wrong(f"verify takes no arguments ({' '.join(args)}): OUTPUT_DIR is what it looks at")
        if opts.bag is not None and (opts.manifest or not opts.bag):
            raise wrong("--bag: the directory of a bag is needed, and no --manifest: a bag has one")
        assert self.settings is not None
        settings = dict(self.settings)
        workers = check_whole(opts.workers, "--workers", 1, 256)
        tell = _teller(read_seconds(settings, "PROGRESS_SECONDS"))
        if opts.bag is not None:
            return _check_bag(Path(opts.bag), workers, as_json=opts.json)
        return _check(read_output(settings), workers, tell, manifest=opts.manifest, as_json=opts.json)


def _check(output: Path, workers: int, tell: Callable[[int, int], None], *, manifest: bool, as_json: bool) -> int:
    # Scrapy imports every command for each of them; the others need not wait for these.
    from crawler.verifying.manifest import NAME, ManifestFault  # noqa: PLC0415
    from crawler.verifying.opened import open_places  # noqa: PLC0415
    from crawler.verifying.report import as_object, describe  # noqa: PLC0415
    from crawler.verifying.verify import verify  # noqa: PLC0415

    with open_places(output) as ledger:
        try:
            found = verify(output, ledger, workers, write_manifest=manifest, tell=tell)
        except OSError as error:
            raise Fatal(Status.STORAGE, f"{output} cannot be checked: {error}") from error
        except ManifestFault as error:
            raise Fatal(Status.DAMAGED, f"{output / NAME} was not written: {error}") from error
        except KeyboardInterrupt as error:
            raise Fatal(Status.INTERRUPTED, "interrupted; nothing was changed") from error
    print(json.dumps(as_object(found), ensure_ascii=False) if as_json else "\n".join(describe(found)))
    if not found.findings:
        return Status.DONE
    unwritten = f"; {output / NAME} was not written" if manifest else ""
    return report(Ending(Status.DAMAGED, f"{many(len(found.findings), 'finding')} in {output}{unwritten}"))


def _check_bag(bag: Path, workers: int, *, as_json: bool) -> int:
    from crawler.bag import check_bag  # noqa: PLC0415
    from crawler.verifying.report import as_object, describe_bag  # noqa: PLC0415

    try:
        found = check_bag(bag, workers)
    except OSError as error:
        raise Fatal(Status.STORAGE, f"{bag} cannot be checked: {error}") from error
    except KeyboardInterrupt as error:
        raise Fatal(Status.INTERRUPTED, "interrupted; nothing was changed") from error
    print(json.dumps(as_object(found), ensure_ascii=False) if as_json else "\n".join(describe_bag(found)))
    return report(Ending(Status.DAMAGED, f"{many(len(found.findings), 'finding')} in {bag}")) if found.findings else Status.DONE


def _teller(seconds: float) -> Callable[[int, int], None]:
    """Tells on standard error how far it is, every so many seconds; 0 for never."""
    last = time.monotonic()

    def tell(done: int, of: int) -> None:
        nonlocal last
        if seconds and time.monotonic() - last >= seconds:
            last = time.monotonic()
            print(f"verified {done:,} of {of:,} articles", file=sys.stderr)

    return tell
