"""A gateway as its users run it, and a browser in front of it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.console.browser import Tab, opened
from tests.gateway.process import Running, running


@dataclass
class House:
    """A gateway that nobody owns yet. `link` makes its first owner."""

    running: Running
    link: str

    @property
    def url(self) -> str:
        """Its address."""
        return self.link.partition("/setup")[0]

    @property
    def data_dir(self) -> Path:
        """Where it keeps its data."""
        return self.running.folder / "data"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A running gateway."""
    async with running(tmp_path / "house", {}, "--no-access-log") as started:
        assert started.process.stdout is not None
        line = (await started.process.stdout.readline()).decode()
        found = re.search(r"First owner +(http\S+/setup#\S+)", line)
        assert found, line
        yield House(started, found[1])


@pytest.fixture
async def tab(tmp_path: Path) -> AsyncIterator[Tab]:
    """A browser that has been nowhere. Whatever a page does wrong fails the test."""
    async with opened(tmp_path / "browser") as tab:
        yield tab
        assert tab.failures == []
