"""Files that stop or kill the process that reads them cost themselves only."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TookTooLong
from pathlib import Path
from typing import Any

import pytest
from pebble import ProcessExpired

from crawler.preserve import audit as workers
from crawler.preserve.article_file import FoundFile
from crawler.preserve.findings import AuditKind, Finding
from crawler.utils import workers as pools
from tests.preserve.drafts import place, sound


class _Pool:
    """Runs what it is given at once, but for chunks that hold a certain file."""

    error: BaseException
    timeouts: list[float]

    def __init__(self, **_: object) -> None:
        type(self).timeouts = []

    def schedule(self, function: Callable[..., object], args: list[Any], timeout: float) -> Future[object]:
        self.timeouts.append(timeout)
        future: Future[object] = Future()
        if any(file.file == "article_3.md" for file in args[1]):
            future.set_exception(self.error)
        else:
            future.set_result(function(*args))
        return future

    def close(self) -> None: ...

    def stop(self) -> None: ...

    def join(self) -> None: ...


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (TookTooLong(), "took too long to read"),
        (ProcessExpired("killed"), "stopped the process that read it"),  # type: ignore[no-untyped-call]
        (MemoryError(), "stopped the process that read it"),
    ],
)
def test_the_others_of_its_chunk_are_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, why: str
) -> None:
    monkeypatch.setattr(pools, "ProcessPool", _Pool)
    monkeypatch.setattr(_Pool, "error", error, raising=False)
    files = [place(tmp_path, sound(number), flat=True).name for number in range(1, 6)]
    found = {file.file: result for file, result in workers.examined(tmp_path, map(FoundFile, files), 2)}
    assert list(found) == files
    assert {file: result.findings for file, result in found.items() if result.findings} == {
        "article_3.md": (Finding(AuditKind.UNREADABLE, why),)
    }
    assert found["article_3.md"].article == 3
    assert _Pool.timeouts == [workers.CHUNK_SECONDS] + [workers.FILE_SECONDS] * 5
