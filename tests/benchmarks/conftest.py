"""What all benchmarks' tests share."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def small_heap() -> Iterator[None]:
    """Leave what other tests have made out of the collections that each load begins with."""
    gc.freeze()
    yield
    gc.unfreeze()
