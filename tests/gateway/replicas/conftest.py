"""Two servers of one installation: started once for the tests of this folder, on each store."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.gateway.replicas.fleet import STORES, Replicas, on, serving


@pytest_asyncio.fixture(scope="package", loop_scope="session", params=STORES)
async def replicas(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Replicas]:
    """Both servers, running. Each test makes a workspace of its own, and leaves the servers as they are."""
    with on(request.param, tmp_path_factory.mktemp("replicas"), request) as prepared:
        async with serving(prepared) as started:
            yield started
