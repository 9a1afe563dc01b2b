"""A table of cases walked in one test: cheaper than a test for each of thousands, and every row that fails is named."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

Test = Callable[..., None]


def walked(
    names: str | Sequence[str], rows: Iterable[Any], ids: Iterable[object] | None = None
) -> Callable[[Test], Test]:
    """Like `pytest.mark.parametrize`, for tests that take nothing else: above one another, each row of one goes with
    each of the other.

    All rows are walked, whatever fails. The errors come in one group, each with its row (or its name from `ids`) as a
    note.
    """
    of_one = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    cases = [(row,) if len(of_one) == 1 else tuple(row) for row in rows]
    told = [repr(case) for case in cases] if ids is None else [str(one) for one in ids]
    assert cases, "a table without rows shows nothing"

    def decorate(test: Test) -> Test:
        @functools.wraps(test)
        def walk(**given: Any) -> None:
            failed: list[Exception] = []
            for case, name in zip(cases, told, strict=True):
                try:
                    test(**given, **dict(zip(of_one, case, strict=True)))
                except Exception as error:
                    error.add_note(f"in the row {name[:500]}")
                    failed.append(error)
            if failed:
                raise ExceptionGroup(f"{len(failed)} of {len(cases)} rows", failed)

        signature = inspect.signature(test)
        left = [parameter for name, parameter in signature.parameters.items() if name not in of_one]
        walk.__signature__ = signature.replace(parameters=left)  # type: ignore[attr-defined]
        return walk

    return decorate
