"""A gateway with its management API, on each installation, and people who use it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.gateway.api.site import Site
from tests.gateway.serving import serving


@pytest.fixture
async def site(tmp_path: Path, installation: str) -> AsyncIterator[Site]:
    """A running gateway without upstreams."""
    async with running(tmp_path) as started:
        yield started


@asynccontextmanager
async def running(folder: Path, *families: str, **settings: Any) -> AsyncIterator[Site]:
    """Run a gateway in front of fakes."""
    async with serving(folder, *families, **settings) as served:
        site = Site(served)
        try:
            yield site
        finally:
            site.now.close()
