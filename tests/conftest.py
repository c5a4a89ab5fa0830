"""Settings of all tests."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

# A slow machine is no fault of the code, so nothing is timed; the build tries the same examples every time.
settings.register_profile("here", deadline=None)
settings.register_profile("build", deadline=None, derandomize=True)
settings.load_profile("build" if os.environ.get("CI") else "here")


@pytest.fixture(autouse=True, scope="module")
def _short_collections() -> Iterator[None]:
    """Keep what earlier modules have left out of every later collection.

    Thousands of tests in one process make a heap of which a full collection takes longer than the deadlines
    that some tests set.
    """
    gc.collect()
    gc.freeze()
    yield
