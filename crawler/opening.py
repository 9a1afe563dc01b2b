"""Taking an output directory for oneself, whatever is to be done in it."""

from __future__ import annotations

from pathlib import Path

from crawler.ending import Fatal, Status
from crawler.lock import Lock
from crawler.session import refuse_links


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
