"""Taking an output directory for oneself, whatever is to be done in it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from crawler.ending import Fatal, Status
from crawler.lock import Lock

OWN_PARTS = ("articles", "images", "warc", "runs", "run.lock")


def hold(output: Path, *, make: bool = False) -> Lock:
    """The directory's lock; `make`: the directory too, if it is not there. Raises Fatal: when another process holds it, it cannot be
    written to, or a symbolic link leads out of it."""
    try:
        if make:
            output.mkdir(parents=True, exist_ok=True)
        refuse_links(output)
        return Lock(output)
    except OSError as error:
        about = f" ({error.filename})" if error.filename and str(error.filename) != str(output) else ""
        raise Fatal(
            Status.STORAGE, f"cannot write to {output}: {error.strerror or error}{about}. Choose another OUTPUT_DIR or make room"
        ) from error


def refuse_links(output: Path, names: Iterable[str] = OWN_PARTS) -> None:
    """Nothing is written outside of the output directory: what a symbolic link in place of one of its own parts leads out of is
    refused. Raises Fatal. The directory itself may be a link: that one the user named."""
    for name in names:
        path = output / name
        if path.is_symlink() and not path.resolve().is_relative_to(output.resolve()):
            raise Fatal(Status.STORAGE, f"{path} is a symbolic link that leads out of {output}: it is not followed. Remove it")
