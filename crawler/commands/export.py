"""`citizen-news export --wacz FILE`, `--bag DIR`, `--jsonl FILE`, `--site DIR` or `--obsidian DIR`: what was recovered,
in a form that other software reads, or any browser."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from crawler import __version__
from crawler.ledger import State
from crawler.ledger.file import ledger_path
from crawler.ledger.queries import StoreQueries
from crawler.recovery.store import OPEN_SUFFIX
from crawler.run.command import WORKERS, ProjectCommand, read_workers, report
from crawler.utils.exit_status import ExitStatus, NothingError, RunResult, UsageError
from crawler.utils.files import new_file, output_file, writing
from crawler.utils.text import counted, first_few, format_size, progress_line

SOFTWARE = f"citizen-news-recovery/{__version__}"
NEEDED = "exactly one of --wacz FILE, --bag DIR, --jsonl FILE, --site DIR, --obsidian DIR is needed"


class Command(ProjectCommand):
    """Reads OUTPUT_DIR and writes one file or directory; `--site` and `--obsidian` bring archive.db up to date first,
    and nothing else is changed."""

    summary = "Write a WACZ file, a BagIt bag, JSON lines, a static site, or a vault for Obsidian"
    argument_hint = NEEDED
    options = {
        "--wacz FILE": "all captures of the store, for pywb and ReplayWeb.page",
        "--bag DIR": "articles, captures, images and ledger as a BagIt bag, a new directory",
        "--jsonl FILE": "fields and plain text of all articles, a JSON object a line; - for standard output",
        "--site DIR": "all articles as pages with a search, for a folder, a stick or any web space",
        "--address URL": "with --site: where it will be on the web; writes a sitemap for search engines, and a feed",
        "--obsidian DIR": "all articles as notes with links by title, a vault for Obsidian",
        **WORKERS,
        "--force": "replace FILE, or a site or vault written here",
    }
    uses = ("OUTPUT_DIR", "PROGRESS_SECONDS", "PAGE_SECONDS", "PAGE_MEMORY_MB")

    def syntax(self) -> str:
        return "[options] --wacz FILE | --bag DIR | --jsonl FILE | --site DIR | --obsidian DIR"

    def act(self, args: list[str], opts: argparse.Namespace) -> int:
        if [opts.wacz, opts.bag, opts.jsonl, opts.site, opts.obsidian].count(None) != 4:
            raise UsageError(f"what to export, and where to: {NEEDED}")
        if opts.site is not None:
            return self._export_site(opts)
        if opts.address is not None:
            raise UsageError("--address is where a site will be: it goes with --site DIR")
        if opts.obsidian is not None:
            return self._export_vault(opts)
        if opts.bag is not None:
            if opts.force or not opts.bag.strip():
                raise UsageError("--bag: the name of a new directory is needed; --force is no help, none is replaced")
            return _export_bag(self.output, Path(opts.bag))
        if opts.jsonl is not None:
            path = None if opts.jsonl == "-" else new_file(opts.jsonl, "--jsonl", force=opts.force)
            return _export_jsonl(self.output, path)
        if Path(opts.wacz).suffix.lower() != ".wacz":
            raise UsageError(f"--wacz {opts.wacz}: the name of a file that ends in .wacz is needed")
        return _export_wacz(self.output, new_file(opts.wacz, "--wacz", force=opts.force))

    def _export_site(self, opts: argparse.Namespace) -> int:
        """The articles as a static site, from archive.db, which is brought up to date first."""
        from crawler.commands.browse import update
        from crawler.publish.browse.comparison import PageLimits
        from crawler.publish.site.export import SITE, check_address, write_site

        if not opts.site.strip():
            raise UsageError("--site: the name of a directory is needed")
        target, workers, address = Path(opts.site), read_workers(opts), check_address(opts.address or "")
        SITE.check_target(self.output, target, force=opts.force)
        seconds = self.setting("PROGRESS_SECONDS")
        update(self.output, seconds)
        with writing(target):
            limits = PageLimits(self.setting("PAGE_SECONDS"), self.setting("PAGE_MEMORY_MB"))
            tell = progress_line("written", "articles", seconds)
            made = write_site(self.output, target, address, workers, tell, limits)
        held = f"{counted(made.articles, 'article')}, {counted(made.files, 'file')}, {format_size(made.size)}"
        print(f"{target}: {held}")
        print(f"Open {target / 'index.html'} in a browser, or put the directory on a web space")
        return ExitStatus.DONE

    def _export_vault(self, opts: argparse.Namespace) -> int:
        """The articles as a vault, from archive.db, which is brought up to date first."""
        from crawler.commands.browse import update
        from crawler.publish.vault import VAULT, check_unchanged, write_vault

        if not opts.obsidian.strip():
            raise UsageError("--obsidian: the name of a directory is needed")
        target, workers = Path(opts.obsidian), read_workers(opts)
        VAULT.check_target(self.output, target, force=opts.force)
        with writing(target):
            check_unchanged(target)
        seconds = self.setting("PROGRESS_SECONDS")
        update(self.output, seconds)
        with writing(target):
            made = write_vault(self.output, target, workers, progress_line("written", "articles", seconds))
        print(f"{target}: {counted(made.articles, 'article')}, {counted(made.files, 'file')}, {format_size(made.size)}")
        print("Open it in Obsidian: Open folder as vault")
        if not made.left_out:
            return ExitStatus.DONE
        lost = f"{counted(len(made.left_out), 'article')} left out, whose front matter YAML cannot hold"
        return report(RunResult(ExitStatus.DAMAGED, f"{lost}: {first_few(made.left_out)}. See `citizen-news audit`"))


# Scrapy imports every command for each of them; the others need not wait for what these import.


def _export_jsonl(output: Path, path: Path | None) -> int:
    """The articles, to standard output without a path."""
    from crawler.preserve.jsonl import FOLDER, write_jsonl
    from crawler.preserve.verify import open_locked

    has_ledger = ledger_path(output).exists()
    if not has_ledger:
        if not (output / FOLDER).is_dir():
            raise NothingError(f"there is nothing to export: no ledger and no folder {FOLDER} in {output}")
        what = f"lines have what the files in {output / FOLDER} say by themselves"
        _note(f"there is no ledger {ledger_path(output)}: {what}")
    with open_locked(output) if has_ledger else nullcontext() as ledger:
        with output_file(path) as out:
            lines = write_jsonl(out, output, ledger)
        adopted = ledger.counts()[State.ADOPTED] if ledger is not None else 0
    if adopted:
        _note(f"not in it, since their files are elsewhere: {counted(adopted, 'adopted article')}")
    if lines.others:
        more = counted(len(lines.others), "further file")
        _note(f"{more} of articles that have a line left out: {first_few(lines.others)}")
    about = f"{path or 'standard output'}: {counted(lines.articles, 'article')}, {format_size(lines.size)}"
    print(about, file=sys.stdout if path is not None else sys.stderr)
    faults: dict[str, Sequence[object]] = {
        "without a line, since unreadable": lines.left_out,
        "not as in the ledger": lines.changed,
    }
    told = [f"{counted(len(files), 'file')} {what}: {first_few(files)}" for what, files in faults.items() if files]
    if not told:
        return ExitStatus.DONE
    return report(RunResult(ExitStatus.DAMAGED, f"{'; '.join(told)}. See `citizen-news verify`"))


def _export_wacz(output: Path, path: Path) -> int:
    """The store, as it is."""
    from crawler.preserve.wacz import indexed_pages, recovered_pages, write_wacz

    warcs, title, now = _warcs(output / "warc"), "Citizen News (hkcnews.com)", datetime.now(UTC)
    left_out: list[int] = []
    with _ledger(ledger_path(output)) as ledger:
        pages = indexed_pages if ledger is None else partial(recovered_pages, ledger, output, left_out)
        with output_file(path) as out:
            packed = write_wacz(out, warcs, pages, title=title, software=SOFTWARE, created=now)
        for damage in packed.damages:
            lost = ledger.articles_at(damage.file, damage.start, damage.end) if ledger is not None else ()
            which = f" (articles {', '.join(map(str, lost))})" if lost else ""
            print(f"damaged: {damage}{which}", file=sys.stderr)
    if left_out:
        why = "since its files have no capture of them"
        _note(f"{counted(len(left_out), 'recovered article')} not among its pages, {why}: {first_few(left_out)}")
    held = counted(packed.captures, "capture"), counted(packed.pages, "page"), counted(len(warcs), "WARC file")
    print(f"{path}: {', '.join(held)}, {format_size(path.stat().st_size)}")
    if not packed.damages:
        return ExitStatus.DONE
    places = f"{counted(len(packed.damages), 'damaged place')} in the store"
    whole = f"{path} has its files as they are, and everything in them that is whole in its index"
    return report(RunResult(ExitStatus.DAMAGED, f"{places}: {whole}"))


def _export_bag(output: Path, bag: Path) -> int:
    """Everything, as copies."""
    from crawler.preserve.bag import write_bag
    from crawler.preserve.verify import open_locked

    with open_locked(output) as ledger, writing(bag):
        bagged = write_bag(output, ledger, bag, software=SOFTWARE, now=datetime.now(UTC))
    if bagged.left_out:
        more = counted(len(bagged.left_out), "file")
        _note(f"{more} left out, see `citizen-news verify`: {first_few(bagged.left_out)}")
    print(f"{bag}: {counted(bagged.files, 'file')}, {format_size(bagged.size)}")
    return ExitStatus.DONE


def _warcs(folder: Path) -> list[tuple[Path, int]]:
    """The store's files with their sizes, by name; says which one is left out because it is not finished. Raises
    StorageError."""
    for unfinished in sorted(folder.glob(f"*.warc.gz{OPEN_SUFFIX}")):
        _note(f"{unfinished} is left out: a run is writing it, or left it when it was killed; the next run finishes it")
    files = ((path, path.stat().st_size) for path in sorted(folder.glob("*.warc.gz")) if path.is_file())
    warcs = [(path, size) for path, size in files if size]
    if not warcs:
        raise NothingError(f"there is nothing to export: no *.warc.gz in {folder}")
    return warcs


def _ledger(path: Path) -> AbstractContextManager[StoreQueries | None]:
    if path.exists():
        return StoreQueries(path)
    _note(f"there is no ledger {path}: every capture of an article's address is a page, with the address for a title")
    return nullcontext()


def _note(message: str) -> None:
    print(f"note: {message}", file=sys.stderr)
