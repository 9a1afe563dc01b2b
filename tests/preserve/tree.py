"""A small recovered tree made in this process, written as the pipelines write it, and what a check of it finds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import strategies as st

from crawler.ledger import ArticleRow, CaptureRow, State
from crawler.ledger.queries import StoreQueries
from crawler.markdown.document import relative_path, render
from crawler.preserve.verify import Verification, verify
from tests.pages import FAREWELL
from tests.recovering import FIRST, SECOND, Bench, capture, memento

ARTICLES = (33951, 33952, 34001)


def recovered(folder: Path) -> Path:
    """An output directory with three recovered articles, each from its older capture because the newer is a farewell
    page."""
    bench = Bench(folder)
    old = {number: capture(number, FIRST) for number in ARTICLES}
    new = {number: capture(number, SECOND, FAREWELL + str(number).encode()) for number in ARTICLES}
    bench.lists(*old.values(), *new.values())
    bench.serve({new[number]: memento(new[number], FAREWELL + str(number).encode()) for number in ARTICLES}).run()
    assert sorted(bench.written) == [*ARTICLES]
    for number, write in bench.written.items():
        file = f"articles/{relative_path(number)}"
        data = render(write.article, write.row.replay).encode()
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(data)
        bench.ledger.settle(
            ArticleRow(
                number,
                State.RECOVERED,
                capture=write.row.id,
                file=file,
                sha256=hashlib.sha256(data).hexdigest(),
                faults=write.faults,
            ),
            1,
        )
    bench.ledger.close()
    return folder


def checked(root: Path, workers: int = 1, *, write_manifest: bool = False) -> Verification:
    """A check in this process, unless more workers are asked for."""
    with StoreQueries(root / "ledger.sqlite") as ledger:
        return verify(root, ledger, workers, writes_manifest=write_manifest)


def found(root: Path) -> list[tuple[str, int, str]]:
    """What a check finds: kind, article and file of each finding."""
    return [(one.kind.value, one.article, one.file) for several in checked(root).by_kind().values() for one in several]


def file_of(number: int) -> str:
    """Where an article's file lies."""
    return f"articles/{relative_path(number)}"


def capture_of(root: Path, number: int) -> CaptureRow:
    """The capture that an article is recovered from."""
    with StoreQueries(root / "ledger.sqlite") as ledger:
        return next(row for article, row in ledger.recovered() if article.id == number and row is not None)


def warc_of(root: Path) -> Path:
    """The one file of the store."""
    (path,) = (root / "warc").iterdir()
    return path


def overwrite(path: Path, at: int, data: bytes) -> None:
    old = path.read_bytes()
    path.write_bytes(old[:at] + data + old[at + len(data) :])


@contextmanager
def one_byte_changed(data: st.DataObject, path: Path) -> Iterator[None]:
    """Any byte of a file is another one meanwhile."""
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    value = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[at]))
    try:
        overwrite(path, at, bytes([value]))
        yield
    finally:
        path.write_bytes(whole)
