"""How property tests draw their examples: the same ones every time, or, with `make explore`, others; and in which order
tests begin."""

from __future__ import annotations

import gc

import pytest
from hypothesis import HealthCheck, settings

_COMMON = settings(deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])

settings.register_profile("fixed", _COMMON, derandomize=True, max_examples=40)
settings.register_profile("explore", _COMMON, max_examples=1000, print_blob=True)
settings.load_profile("fixed")

# What is imported and collected stays: looking through it for garbage again and again takes a third of that time.
gc.disable()


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that take minutes begin first: last, each would keep all processes but its own waiting."""
    items.sort(key=lambda item: item.path.parent.name != "heavy")
