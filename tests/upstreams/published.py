"""The published descriptions as assertions about what a fake answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.upstreams.described import specification


def as_published(file: str) -> Callable[[Any, str], None]:
    """Make the assertion that a value fits a schema of a file; without the file the test is skipped."""

    def fits(value: Any, name: str) -> None:
        published = specification(file)
        if published is None:
            pytest.skip("the published descriptions are not there")
        complaint = published.of(name).complaint(value, closed=False)
        assert complaint is None, f"{complaint} in {value}"

    return fits
